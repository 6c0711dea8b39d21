//! Id maps: 561 command lines of util-linux 2.43-devel with what came of them (tests/data/idmap.tsv), asked of ours whichever util-linux is installed.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use std::fmt::Write;
use std::process::Command;

use support::scenario::in_full;
use support::stage::ACCOUNTS;
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

/// What `--dry-run` plans for each row, by its user. Of a fresh user namespace nothing is asked but that somebody else is
/// who calls there, and that the accounts are those of the table: so it takes no root.
fn plans(user: User, arguments: &[&str]) -> Vec<Effect> {
    // Each row's plan ends in a line with its status.
    let script = format!(
        "for file in passwd group subuid subgid; do mount --bind $file /etc/$file; done
        exec {} sh -c 'while read -r line; do \"$0\" --dry-run $line true 2>&1; echo \"= $?\"; done <rows' \"$0\"",
        if user == User::Root { "env" } else { "unshare --map-user=4242 --map-group=4242" }
    );
    let directory = std::env::temp_dir().join(format!("golden-{user:?}-{}", std::process::id()));
    // What a test that was killed has left there, whose process had the same number.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir(&directory).expect("a directory");
    for (name, text) in ACCOUNTS.iter().copied().chain([("rows", &*arguments.join("\n"))]) {
        std::fs::write(directory.join(name), format!("{}\n", text.trim_end())).expect("a file");
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-ec", &script, env!("CARGO_BIN_EXE_rs-unshare")]);
    let output = command.current_dir(&directory).output().expect("unshare");
    std::fs::remove_dir_all(&directory).expect("a directory");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.split_inclusive("\n= ").collect::<Vec<_>>().windows(2).map(|pair| planned(pair[0], pair[1])).collect()
}

/// What a plan comes to, if the kernel takes it all. Before `plan` stands the status of the one before, and its own before `next`.
fn planned(plan: &str, next: &str) -> Effect {
    let status = next.lines().next().and_then(|status| status.parse().ok()).expect("a status");
    let ([mut uids, mut gids], mut setgroups) = ([String::new(), String::new()], "allow");
    for line in plan.lines() {
        // write("/proc/self/uid_map", "0 0 1"), or "newuidmap" "PID" "0" "0" "1" …
        let is_of_users = line.contains("/uid_map\"") || line.starts_with("\"newuidmap");
        let (name, map) = if is_of_users { ("uid", &mut uids) } else { ("gid", &mut gids) };
        let numbers = match line.split_once("_map\", ").or_else(|| line.split_once("idmap\" \"PID\"")) {
            Some((_, numbers)) => numbers.replace("\\n", " "),
            None => String::new(),
        };
        let numbers = numbers.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
        for range in numbers.collect::<Vec<_>>().chunks(3) {
            writeln!(map, "{name} {}", range.join(":")).expect("a string takes text");
        }
        if line.ends_with("/setgroups\", \"deny\")") {
            setgroups = "deny";
        }
    }
    let maps = format!("{uids}{gids}{setgroups}\n");
    let complaint = plan.lines().find(|line| line.starts_with("rs-unshare: ")).unwrap_or("").replacen("rs-", "", 1);
    Effect { status: Status::Exit(status), maps, complaint }
}

fn compare_plans(user: User) {
    // "all" means what is mapped where one calls, which is not as on the stage.
    let rows: Vec<Row> = rows(user).filter(|row| !row.arguments.contains("=all")).collect();
    let arguments: Vec<&str> = rows.iter().map(|row| row.arguments).collect();
    let plans = plans(user, &arguments);
    assert_eq!(plans.len(), rows.len());
    let mut compared = 0;
    for (row, plan) in rows.into_iter().zip(plans) {
        let Some(expected) = row.mended.or(row.theirs) else { continue };
        let title = format!("{user:?}: unshare {}", row.arguments);
        if plan.status != Status::Exit(0) {
            assert_eq!((plan.status, plan.complaint), (expected.status, expected.complaint), "{title}");
        } else if expected.status == Status::Exit(0) {
            assert_eq!(plan.maps, expected.maps, "{title}");
        } else {
            // For the kernel to refuse, or for the mapper.
            continue;
        }
        compared += 1;
    }
    assert!(compared > 90, "{compared}");
}

#[test]
fn plans_of_root() {
    require!(unshare, user_namespaces);
    compare_plans(User::Root);
}

#[test]
fn plans_of_nsuser() {
    require!(unshare, user_namespaces);
    compare_plans(User::Nsuser);
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
