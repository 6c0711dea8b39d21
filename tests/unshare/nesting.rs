//! Namespaces in namespaces, down to where the kernel ends it: 32 levels of PID namespaces, 33 of user namespaces, below the initial one.

use std::fs;

use crate::support::{Status, require};
use crate::{Line, nsuser, root};

/// Which of its kind the namespace of these tests is: 0 for the initial one, None if that cannot be told.
///
/// The initial namespaces have fixed inodes, see include/uapi/linux/nsfs.h; /proc shows nothing of what lies above its own.
fn level(kind: &str, initial: u64) -> Option<usize> {
    let link = fs::read_link(format!("/proc/self/ns/{kind}")).unwrap();
    (link.to_str() == Some(&format!("{kind}:[{initial}]"))).then_some(0)
}

/// Counts how deep `line` gets, which prints a line for each level, and fails unless it is `levels` where that is known.
fn goes_down(line: &Line, levels: Option<usize>, limit: usize) {
    let outcome = line.outcome();
    assert_eq!(outcome.stderr.lines().next(), Some("unshare: unshare failed: No space left on device"));
    assert_eq!(outcome.status, Status::Exit(0));
    let deepest: usize = outcome.stdout.lines().filter_map(|line| line.parse().ok()).max().unwrap();
    match levels {
        Some(levels) => assert_eq!(deepest, levels),
        None => assert!((1..=limit).contains(&deepest), "{deepest}"),
    }
    // Whoever waited has ended.
    assert!(outcome.stdout.ends_with(&format!("\n{deepest}\nstatus 1\n")), "{}", outcome.stdout);
}

const DEEPER: &str = "printf '#!/bin/sh\\necho $1\\nexec unshare $OPTIONS deeper $(($1 + 1))\\n' >/tmp/bin/deeper; chmod 755 /tmp/bin/deeper";

#[test]
fn pid_namespaces() {
    require!(root);
    // The stage is one level itself.
    let levels = level("pid", 4_026_531_836).map(|level| 32 - level - 1);
    let line = "OPTIONS=-pf; export OPTIONS; deeper 0; echo status $?; left";
    goes_down(&root(line).after(DEEPER), levels, 31);
}

#[test]
fn user_namespaces() {
    require!(root);
    let levels = level("user", 4_026_531_837).map(|level| 33 - level);
    let line = "OPTIONS=-r; export OPTIONS; deeper 0; echo status $?; left";
    goes_down(&nsuser(line).after(DEEPER), levels, 33);
}
