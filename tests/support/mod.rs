//! What every behaviour test needs: programs to ask, a stage to ask them on, and an honest way to say that something is missing here.
//!
//! Variables, all optional:
//! * `NS_ORACLE=DIR` where util-linux's programs are (else `target/oracle/bin`, else the installed ones);
//! * `NS_OURS=PATH` a program, or a directory of programs, to be tested in the place of ours;
//! * `NS_SHOW` prints what came of each scenario, under `--nocapture`;
//! * `NS_TEST_SKIPS=FILE` gets a line `test: what was missing` for each test that could not run;
//! * `NS_NO_SKIPS` turns a skip into a failure.
#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses its part")]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

pub mod compiled;
pub mod line;
pub mod programs;
pub mod random;
pub mod scenario;
pub mod stage;
pub mod stepping;
pub mod targets;
pub mod terminal;

pub use line::Line;
pub use programs::{Program, Version, oracle, ours};
pub use scenario::{Comparison, Scenario, Why, args, each_begins, each_has_a_scenario, options_in_help, shell};
pub use stage::{LIMIT, Outcome, Stage, Status, User};

use std::io::Write;

/// Leaves the test, and says so, unless everything named is here: `require!(root, newuidmap)`.
macro_rules! require {
    ($($thing:ident),+) => {
        $(if let Some(missing) = $crate::support::missing(stringify!($thing)) {
            return $crate::support::skip($crate::support::test_name!(), missing);
        })+
    };
}
pub(crate) use require;

/// The name of the test function that this stands in.
macro_rules! test_name {
    () => {{
        fn here() {}
        let path = std::any::type_name_of_val(&here).trim_end_matches("::here");
        path.rsplit("::").next().unwrap_or(path)
    }};
}
pub(crate) use test_name;

/// Records that `test` could not run here, or fails if `NS_NO_SKIPS` forbids that.
pub fn skip(test: &str, reason: &str) {
    assert!(std::env::var_os("NS_NO_SKIPS").is_none(), "{test}: {reason}, and NS_NO_SKIPS is set");
    eprintln!("skipped {test}: {reason}");
    if let Some(list) = std::env::var_os("NS_TEST_SKIPS") {
        let mut list =
            std::fs::File::options().append(true).create(true).open(list).expect("NS_TEST_SKIPS can be written");
        // One write, so that tests running side by side do not mix their lines.
        list.write_all(format!("{test}: {reason}\n").as_bytes()).expect("NS_TEST_SKIPS can be written");
    }
}

/// Why `thing` cannot be used here; None if it can. `root` means all that building a stage takes; any other name is a program.
pub fn missing(thing: &str) -> Option<&'static str> {
    match thing {
        "root" => stage::unavailable(),
        "newuidmap" => {
            let ready = ["newuidmap", "newgidmap"]
                .iter()
                .all(|name| programs::find(name).is_some_and(|path| programs::is_setuid_root(&path)));
            (!ready).then_some("no newuidmap and newgidmap with set-user-ID root")
        }
        "new_lsns" => {
            let version = oracle("lsns").and_then(|lsns| lsns.version());
            version.is_none_or(|version| version < (2, 42, 4)).then_some("no lsns of util-linux 2.42.4 or later")
        }
        "pids_cgroup" => {
            let usable = std::path::Path::new("/sys/fs/cgroup/pids/cgroup.procs").exists();
            (!usable).then_some("no pids controller of cgroup version 1")
        }
        "user_namespaces" => {
            let tried = std::process::Command::new("unshare").args(["--map-root-user", "--mount", "true"]).status();
            (!tried.is_ok_and(|status| status.success())).then_some("no user namespaces for everybody")
        }
        "util_linux" => oracle("unshare").is_none().then_some("no util-linux to compare with"),
        program => programs::find(program).is_none().then(|| &*format!("no {program} in PATH").leak()),
    }
}
