//! What the target in `fuzz/` calls.

use std::cell::RefCell;

use clap::builder::OsStringValueParser;
use clap::{Arg, Command, CommandFactory};

use crate::options::{self, Options};

/// A command line, words between NULs, as far as it can be read without a file or process being opened: that is what
/// the parsers of this program's values do.
///
/// # Panics
/// Where a property does not hold.
pub fn arguments(data: &[u8]) {
    thread_local!(static COMMAND: RefCell<Command> = RefCell::new(command()));
    let (_, mut respelt) = nscore::fuzzing::words_of::<Options>("nsenter", &options::DIALECT, data);
    let _ = options::refuse_contradictions(&mut respelt);
    let matched = COMMAND.with_borrow_mut(|command| command.try_get_matches_from_mut(respelt.args));
    // What getopt has let through, clap has nothing to say against.
    let is_help = |error: &clap::Error| !error.use_stderr();
    assert!(matched.as_ref().err().is_none_or(is_help), "{matched:?}");
}

/// The options, each with any value.
fn command() -> Command {
    let mut command = Options::command();
    command.build();
    let takes_value = |arg: &Arg| arg.get_num_args().is_some_and(|values| values.takes_values());
    command.mut_args(|arg| if takes_value(&arg) { arg.value_parser(OsStringValueParser::new()) } else { arg })
}
