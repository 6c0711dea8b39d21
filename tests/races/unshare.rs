//! Races that rs-unshare must not lose: at each of its system calls somebody swaps what it looks up, or removes.
//! `tests/support/step.c` holds it there.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write;

use support::stepping::{MOUNTS, Race, Races, Run, races};
use support::{Program, ours, require};

fn unshare() -> Program {
    ours("unshare", env!("CARGO_BIN_EXE_rs-unshare"))
}

/// What is swapped, and what is wrong with what came of it.
struct Swap {
    line: &'static str,
    before: &'static str,
    hostile: &'static str,
    after: &'static str,
    complaint: fn(&Race, &Run) -> Option<&'static str>,
}

const ACCOUNTS: &str =
    "for file in passwd subuid subgid; do umount -l /etc/$file; mount --bind /tmp/$file /etc/$file; done";

/// What the program of the line prints is the maps.
const MAPPED: &str = "unshare --map-auto -r cat /proc/self/uid_map /proc/self/gid_map";

const SWAPS: &[Swap] = &[
    Swap {
        line: MAPPED,
        before: ACCOUNTS,
        hostile: "umount -l /etc/subuid; mount --bind /tmp/stage/never /etc/subuid",
        after: "",
        complaint: is_mapped_as_before,
    },
    Swap {
        line: MAPPED,
        before: ACCOUNTS,
        hostile: "umount -l /etc/passwd; mount --bind /dev/ptmx /etc/passwd",
        after: "",
        complaint: is_mapped_as_before,
    },
    Swap {
        line: MAPPED,
        before: ACCOUNTS,
        hostile: "truncate -s 100T /tmp/huge; umount -l /etc/subgid; mount --bind /tmp/huge /etc/subgid",
        after: "",
        complaint: is_mapped_as_before,
    },
    // Somebody who may write to the directory has put his own file there.
    Swap {
        line: "unshare -f --pid-file dir/pid /no/such",
        before: "rm -rf dir; mkdir dir",
        hostile: "[ ! -e dir/pid ] || mv dir/pid dir/moved; echo theirs >dir/pid",
        after: "[ ! -e dir/moved ] || { text=removed; read -r text <dir/pid; echo \"theirs: $text\"; } 2>&-",
        complaint: does_not_remove_theirs,
    },
];

fn is_mapped_as_before(race: &Race, run: &Run) -> Option<&'static str> {
    match race.status {
        _ if race.opened().next().is_some() => Some("opens what is no plain file"),
        0 if race.lines("out") != run.calm.lines("out") => Some("has another map"),
        _ => None,
    }
}

/// What is swapped when nothing is left but unlinkat(2) is removed: no call removes a file by its descriptor.
fn does_not_remove_theirs(race: &Race, _run: &Run) -> Option<&'static str> {
    const UNLINKAT: i64 = 263;
    match race.lines("theirs") {
        _ if race.disturbed(UNLINKAT) => None,
        [text] if text != "theirs" => Some("writes to a file that is another's, or removes it"),
        _ => None,
    }
}

#[test]
fn what_is_swapped_while_it_is_looked_up() {
    require!(root, cc, newuidmap);
    let (mut tried, mut findings) = (0, String::new());
    for Swap { line, before, hostile, after, complaint } in SWAPS {
        let swap = Races { setup: "", before, line, hostile, after, stages: 6 };
        let runs = swap.run(&unshare());
        let calm = &runs[0].calm;
        eprintln!("  {line}: {} races: {:?} {:?}", races(&runs).count(), calm.lines("out"), calm.lines("err"));
        let status = if line.ends_with("/no/such") { 127 } else { 0 };
        if calm.status != status {
            let _ = writeln!(findings, "{line}: does otherwise when undisturbed: {calm:?}");
        }
        for (race, run) in races(&runs) {
            tried += 1;
            let failed = match race.status {
                142 => Some("hangs"),
                _ if !race.lines("left").is_empty() => Some("leaves something"),
                status if status > 127 => Some("is killed"),
                _ => None,
            };
            if let Some(complaint) = failed.or_else(|| complaint(race, run)) {
                let _ = writeln!(findings, "{line}: {}: {complaint}: {race:?}", race.index);
            }
        }
    }
    let (lines, found) = (SWAPS.len(), findings.lines().count());
    eprintln!("swapped: {lines} command lines, {tried} races, {found} findings");
    assert!(findings.is_empty(), "{findings}");
}

#[test]
fn namespaces_are_kept_while_mounts_come_and_go() {
    require!(root, cc, unshare);
    let kept = Races {
        setup: MOUNTS,
        before: ": >/tmp/pins/new; : >/tmp/pins/other",
        line: "unshare --net=/tmp/pins/new --ipc=/tmp/pins/other true",
        hostile: "noise",
        after: "for pin in new other; do echo \"kept: $(busybox stat -c %i /tmp/pins/$pin)\"; umount /tmp/pins/$pin; done",
        stages: 1,
    };
    let runs = kept.run(&unshare());
    for (race, _) in races(&runs) {
        let entered = race.entered();
        let kept = ["net", "ipc"].map(|kind| entered.as_ref().and_then(|who| who.get(kind)).unwrap_or_default());
        assert_eq!((race.status, race.lines("kept")), (0, &kept.map(str::to_owned)[..]), "{race:?}");
    }
    eprintln!("mounts: 1 command line, {} races, 0 findings", races(&runs).count());
}
