//! Races that rs-lsns must not lose: at each of its system calls a process makes room for another one with the same
//! number, and at each read(2) somebody mounts and unmounts. `tests/support/step.c` holds it there.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use support::stepping::{MOUNTS, Race, Races, Run};
use support::{Program, ours, require};

fn lsns() -> Program {
    ours("lsns", env!("CARGO_BIN_EXE_rs-lsns"))
}

/// What shows the process 4000, and what is shared with it; the columns are the same.
const LINES: &[&str] = &[
    "lsns -r -o NS,PID,USER,COMMAND,TYPE",
    "lsns -r -o NS,PID,USER,COMMAND,TYPE -p 4000",
    "lsns -r -o NS,PID,USER,COMMAND,TYPE $mnt",
];

/// While the first's namespaces are open, the second's get other numbers.
const REUSE: &str = "cd /proc/4000/ns; exec 3<mnt 4<uts 5<ipc 6<net 7<pid 8<cgroup 9<time
    step end 4000; step twin 4000 second >/tmp/log/second";

/// The rows of process 4000 must be the first's or the second's, each of them as a whole. Gives how many rows there were.
fn mixtures(race: &Race) -> (usize, Vec<String>) {
    let rows: Vec<Vec<&str>> = race.lines("out").iter().map(|line| line.split(' ').collect()).collect();
    let of_twin = rows.iter().filter(|row| row.get(1) == Some(&"4000"));
    let is_whole = |row: &&Vec<&str>| {
        ["first", "second"].iter().any(|name| {
            let twin = race.twin(name);
            row.len() == 5
                && twin.get(row[4]) == Some(row[0])
                && twin.get("uid") == Some(row[2])
                && row[3] == format!("{name}\\x20stay")
        })
    };
    let (whole, others): (Vec<_>, Vec<_>) = of_twin.partition(is_whole);
    (whole.len(), others.iter().map(|row| row.join(" ")).collect())
}

fn each_line(what: &str, hostile: &'static str) {
    let (mut tried, mut rows, mut findings) = (0, 0, Vec::new());
    for line in LINES {
        let races = Races {
            setup: "",
            before: "step twin 4000 first >/tmp/log/first",
            line,
            hostile,
            after: "step end 4000",
            stages: 6,
        };
        let runs = races.run(&lsns());
        for Run { calm, .. } in &runs {
            let (shown, _) = mixtures(calm);
            if calm.status != 0 || shown == 0 {
                findings.push(format!("{line}: does not show it when undisturbed: {calm:?}"));
            }
        }
        for race in runs.iter().flat_map(|run| &run.races) {
            let (whole, mixed) = mixtures(race);
            (tried, rows) = (tried + 1, rows + whole);
            // What was asked for by its number may be gone.
            let fails_well = race.status == 1 && race.lines("err").len() == 1;
            let fails = !(race.status == 0 || fails_well) || !race.lines("left").is_empty();
            if !mixed.is_empty() || fails {
                findings.push(format!("{line}: {}: {mixed:?} {race:?}", race.index));
            }
        }
    }
    let (lines, found) = (LINES.len(), findings.len());
    eprintln!("{what}: {lines} command lines, {tried} races, {rows} rows of the process, {found} findings");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn a_row_is_of_one_process() {
    require!(root, cc);
    each_line("reused", REUSE);
}

#[test]
fn a_process_that_ends_leaves_its_row() {
    require!(root, cc);
    each_line("ended", "step end 4000");
}

#[test]
fn what_is_mounted_throughout_is_listed() {
    require!(root, cc, unshare);
    let places: BTreeSet<String> = (1..=12).map(|number| format!("/tmp/pins/{number}0")).collect();
    let (mut disturbed, mut findings) = (0, Vec::new());
    for line in ["lsns -r -n -t net -o NSFS", "lsns -r -n -A -t net -o NSFS"] {
        let races = Races { setup: MOUNTS, before: "", line, hostile: "noise", after: "", stages: 1 };
        let race = races.run_at_reads(&lsns());
        let shown: BTreeSet<String> =
            race.lines("out").iter().filter(|line| line.starts_with("/tmp/pins")).cloned().collect();
        disturbed += race.held();
        if race.status != 0 || shown != places {
            findings.push(format!("{line}: {shown:?} {race:?}"));
        }
    }
    eprintln!("mounts: 2 command lines, {disturbed} reads disturbed, {} findings", findings.len());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert!(disturbed > 10);
}
