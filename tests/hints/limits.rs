//! "No space left on device": limits, and how deep namespaces nest.

use crate::support::require;
use crate::{nsuser, root};

const FULL: &str = "unshare failed: No space left on device";

#[test]
fn limit_zero() {
    require!(root);
    for (kind, options) in [("user", "-U"), ("uts", "-Uu"), ("pid", "-Upf"), ("mnt", "-rm")] {
        let file = format!("/proc/sys/user/max_{kind}_namespaces");
        let inner = format!("echo 0 >{file}; unshare {options} true");
        let word = if kind == "mnt" { "mount" } else { kind };
        nsuser(format!("unshare -rm sh -c '{inner}'")).is_explained(
            FULL,
            &[
                &format!("{file} is 0: {word} namespaces are switched off here"),
                &format!("try, as root: echo 10000 >{file}"),
            ],
        );
    }
}
