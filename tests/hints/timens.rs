//! Clocks that could not be set: section 5 of the list of causes.

use crate::support::{Line, require};
use crate::{nsuser, remedies, root};

/// The first hint, its numbers left out: the clock goes on.
fn reason(line: &Line) -> String {
    let text = remedies(line, "").remove(0);
    text.split(' ').filter(|word| word.parse::<i64>().is_err()).collect::<Vec<_>>().join(" ")
}

/// ERANGE: below 0. What is said to be possible is.
#[test]
fn clock_negative() {
    require!(root);
    for clock in ["boottime", "monotonic"] {
        let line = nsuser(format!("unshare -rT --{clock}=-999999999 true"));
        let would = "would make it negative";
        assert_eq!(reason(&line), format!("the {clock} clock stands at seconds, and {would}"));
        let possible = remedies(&line, "from ").remove(0);
        let seconds = possible.strip_suffix(" seconds on it is possible").expect("a number");
        nsuser(format!("unshare -rT --{clock}={seconds} true")).prints("");
    }
}

/// ERANGE: past 146 years.
#[test]
fn clock_too_late() {
    require!(root);
    let line = nsuser("unshare -rT --monotonic=9000000000 true");
    assert_eq!(reason(&line), "the monotonic clock stands at seconds, and more would take it past years");
    let possible = remedies(&line, "up to ").remove(0);
    let seconds: u64 = possible.strip_suffix(" seconds are possible").and_then(|it| it.parse().ok()).expect("a number");
    // The clock has gone on since.
    nsuser(format!("unshare -rT --monotonic={} true", seconds - 100)).prints("");
    let outcome = nsuser(format!("unshare -rT --monotonic={} true", seconds + 100)).outcome();
    assert!(outcome.stderr.contains("hint: up to"), "{outcome}");
}

/// EPERM.
#[test]
fn needs_cap_sys_time() {
    require!(root);
    let reason = "to shift the clocks of a time namespace needs CAP_SYS_TIME, which you do not have";
    root("setpriv --bounding-set -sys_time unshare -T --boottime 5 true")
        .is_explained("failed to write to /proc/self/timens_offsets: Operation not permitted", &[reason]);
}

/// EACCES of the file.
#[test]
fn not_dumpable() {
    require!(root);
    let reason = "after a change of its ids this process is not dumpable, so its files in /proc are root's";
    root("unshare --owner 4242:4242 -T --boottime 5 true")
        .is_explained("failed to open /proc/self/timens_offsets: Permission denied", &[reason]);
}

/// ENOENT of the file.
#[test]
fn proc_missing() {
    require!(root);
    root("unshare -T --boottime 5 true").after("mount -t tmpfs none /proc").is_explained(
        "failed to open /proc/self/timens_offsets: No such file or directory",
        &["there is no /proc here", "try, as root: mount -t proc proc /proc"],
    );
}
