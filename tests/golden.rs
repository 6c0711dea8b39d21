//! Id maps: 561 command lines of util-linux 2.43-devel with what came of them (tests/data/idmap.tsv), asked of ours whichever util-linux is installed.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use std::fmt::Write;

use support::scenario::in_full;
use support::{Outcome, Program, Stage, Status, User, ours, require};

/// A row of the table.
struct Row {
    user: User,
    arguments: &'static str,
    /// What util-linux did; None where it never ended.
    theirs: Option<Effect>,
    /// What ours does instead, where util-linux errs.
    mended: Option<Effect>,
}

/// What came of a command line, in the columns of the table.
#[derive(Debug, PartialEq)]
struct Effect {
    status: Status,
    /// The maps in order, and whether setgroups(2) is allowed, as the stage's `maps` prints them.
    maps: String,
    /// The first line of standard error.
    complaint: String,
}

impl Row {
    fn parse(line: &'static str) -> Row {
        let columns: Vec<&str> = line.split('\t').chain(std::iter::repeat("")).take(8).collect();
        let mended = columns[7].split_once(": ").map(|(_, cells)| Effect::parse(cells.split('|')));
        Row {
            user: if columns[0] == "root" { User::Root } else { User::Nsuser },
            arguments: columns[1],
            theirs: (columns[2] != "hangs").then(|| Effect::parse(columns[2..7].iter().copied())),
            mended,
        }
    }
}

impl Effect {
    fn parse(columns: impl Iterator<Item = &'static str>) -> Effect {
        let [status, uids, gids, setgroups, complaint] =
            columns.chain(std::iter::repeat("")).take(5).collect::<Vec<_>>()[..]
        else {
            unreachable!()
        };
        let mut maps = String::new();
        for (name, map) in [("uid", uids), ("gid", gids)] {
            for line in map.split_whitespace() {
                writeln!(maps, "{name} {line}").expect("a string takes text");
            }
        }
        for line in setgroups.split_whitespace() {
            writeln!(maps, "{line}").expect("a string takes text");
        }
        Effect { status: Status::Exit(status.parse().expect("a status")), maps, complaint: complaint.to_owned() }
    }
}

impl From<Outcome> for Effect {
    fn from(outcome: Outcome) -> Effect {
        let complaint = outcome.stderr.lines().next().unwrap_or("");
        let complaint = complaint.split('/').map(|part| if part.parse::<u32>().is_ok() { "PID" } else { part });
        Effect { status: outcome.status, maps: outcome.stdout, complaint: complaint.collect::<Vec<_>>().join("/") }
    }
}

fn rows(user: User) -> impl Iterator<Item = Row> {
    let lines = include_str!("data/idmap.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(Row::parse).filter(move |row| row.user == user)
}

fn compare(user: User) {
    let ours = ours("unshare", env!("CARGO_BIN_EXE_rs-unshare"));
    let rehearsal = ours.version().is_some();
    let differences: Vec<String> = rows(user).filter_map(|row| difference(&ours, rehearsal, row)).collect();
    assert!(differences.is_empty(), "{} differences\n\n{}", differences.len(), differences.join("\n\n"));
}

fn difference(ours: &Program, rehearsal: bool, row: Row) -> Option<String> {
    let expected = row.mended.filter(|_| !rehearsal).or(row.theirs)?;
    let arguments: Vec<&str> = row.arguments.split_whitespace().chain(["maps"]).collect();
    let mut effect = Effect::from(Stage::new(row.user).run(ours, &arguments));
    if rehearsal {
        effect.complaint = in_full(&effect.complaint, &expected.complaint).to_owned();
    }
    (effect != expected)
        .then(|| format!("{:?}: unshare {}\n  ours:   {effect:?}\n  theirs: {expected:?}", row.user, row.arguments))
}

#[test]
fn root() {
    require!(root, newuidmap);
    compare(User::Root);
}

#[test]
fn nsuser() {
    require!(root, newuidmap);
    compare(User::Nsuser);
}
