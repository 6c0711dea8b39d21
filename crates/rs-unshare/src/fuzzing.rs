//! What the target in `fuzz/` calls.

use nscore::arguments::Request;

use crate::dry_run;
use crate::options::{self, Options};
use crate::plan::Plan;

/// A command line up to its plan, words between NULs, and that plan in words. It makes nothing and starts nothing.
///
/// # Panics
/// Where a property does not hold.
pub fn arguments(data: &[u8]) {
    let (words, _) = nscore::fuzzing::words_of::<Options>("unshare", &options::DIALECT, data);
    let Ok(Request::Run(options)) = options::read(words) else { return };
    let Ok(plan) = Plan::from_options(*options) else { return };
    let lines = dry_run::lines(&plan).unwrap_or_default();
    assert!(lines.iter().all(|line| !line.contains(char::is_control)), "{lines:?}");
}
