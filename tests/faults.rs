//! Every system call fails once: of each command line, the calls of each of its processes fail in turn, with every error
//! that they can give.
//!
//! Whatever fails, the run must end in time, with a status and one line that say so, and leave nothing: no process,
//! mount, file or namespace. What is interrupted goes on. A list is whole, or it fails. `tests/support/inject.c` makes the
//! calls fail, and says why not strace; `tests/support/through.c` goes through a command line with it. Only what stands in
//! the tables of `tests/faults/harmless.rs` may fail without a word.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

#[path = "faults/cases.rs"]
mod cases;
#[path = "faults/harmless.rs"]
mod harmless;
#[path = "faults/run.rs"]
mod run;
mod support;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use cases::Case;
use run::Run;
use support::{Program, Stage, Status, User, ours, require, targets};

/// How long one stage goes through a line, in seconds; another one goes on. A stage must end in time, see `support::LIMIT`.
const PORTION: u32 = 5;

/// The program of the crate that this is compiled for, and its command lines.
fn program() -> (Program, &'static [Case]) {
    let built = [
        ("unshare", option_env!("CARGO_BIN_EXE_rs-unshare"), cases::UNSHARE),
        ("nsenter", option_env!("CARGO_BIN_EXE_rs-nsenter"), cases::NSENTER),
        ("lsns", option_env!("CARGO_BIN_EXE_rs-lsns"), cases::LSNS),
    ];
    let this = built.into_iter().find_map(|(name, path, cases)| Some((ours(name, path?), cases)));
    this.expect("compiled for one of the programs")
}

/// Compiles a program of `tests/support` for the stage.
fn compiled(name: &'static str, for_whom: &str) -> Program {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support").join(name).with_extension("c");
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{for_whom}-{name}"));
    let built = Command::new("cc").args(["-O1", "-pthread", "-o"]).arg(&path).arg(&source).status();
    assert!(built.expect("cc").success(), "{} cannot be compiled", source.display());
    Program { path, name }
}

/// What came of a program's command lines.
#[derive(Debug, Default)]
struct Tally {
    calls: usize,
    errnos: BTreeSet<i32>,
    runs: usize,
    missed: usize,
    findings: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.calls += other.calls;
        self.errnos.extend(other.errnos);
        self.runs += other.runs;
        self.missed += other.missed;
        self.findings.extend(other.findings);
    }
}

/// Goes through a line, on as many stages as that takes.
fn go_through(case: &Case, programs: &[Program]) -> Tally {
    let program = programs[0].name;
    let user = if case.is_nsuser { "nsuser" } else { "root" };
    let heading = format!("{program} {}", case.options);
    let operands = if program == "lsns" { "" } else { "echo ran" };
    let (mut tally, mut calls, mut from) = (Tally::default(), BTreeSet::new(), 0);
    loop {
        let setup = targets::setup(&[case.options, case.before, case.setup], case.setup);
        let line = format!(
            "export NS_HINTS=never USER={user}; {}\nthrough {from} {PORTION} inject {program} {} {operands}\nstatus=$?; {}\nexit $status",
            case.before, case.options, case.behind
        );
        let stage = Stage { setup: &setup, ..Stage::new(User::Root) };
        let outcome = stage.run_sh_with(programs, &line);
        let records: Vec<&str> = records(&outcome.stdout);
        let (Some(whole), Some(last)) = (records.first().map(|record| Run::parse(record)), records.last()) else {
            tally.findings.push(format!("{heading}: cannot be gone through: {outcome}"));
            break;
        };
        if outcome.status != Status::Exit(0)
            || whole.status != case.status
            || whole.err.iter().any(|line| line.starts_with("inject"))
        {
            tally.findings.push(format!("{heading}: cannot be gone through: {}: {whole:?}", outcome.stderr));
            break;
        }
        for run in records[1..records.len() - 1].iter().map(|record| Run::parse(record)) {
            calls.insert((run.process.to_owned(), run.index.to_owned()));
            tally.errnos.insert(run.errno);
            tally.runs += 1;
            tally.missed += usize::from(run.missed);
            if let Some(complaint) = run.complaint(&whole, program, case) {
                tally.findings.push(format!("{heading}: {}: {complaint}{}", run.title, run.differences(&whole)));
            }
        }
        match last.strip_prefix("next ").and_then(|number| number.trim().parse().ok()) {
            Some(next) => from = next,
            None => break,
        }
    }
    if calls.is_empty() && tally.findings.is_empty() {
        tally.findings.push(format!("{heading}: no call was made to fail"));
    }
    tally.calls = calls.len();
    tally
}

/// What `tests/support/through.c` says of each run.
fn records(text: &str) -> Vec<&str> {
    text.strip_prefix("== ").map(|text| text.split("\n== ").collect()).unwrap_or_default()
}

/// Each of the processors takes one line after the other.
fn go_through_all(cases: &[Case], programs: &[Program]) -> Tally {
    let (tally, next) = (Mutex::new(Tally::default()), AtomicUsize::new(0));
    let all = sched_getaffinity(Pid::from_raw(0)).expect("processors");
    let processors = (0..CpuSet::count()).filter(|number| all.is_set(*number).unwrap_or(false));
    thread::scope(|scope| {
        for number in processors {
            let (tally, next) = (&tally, &next);
            scope.spawn(move || {
                let mut this = CpuSet::new();
                this.set(number).and_then(|()| sched_setaffinity(Pid::from_raw(0), &this)).expect("a processor");
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let of_line = go_through(case, programs);
                    if env::var_os("NS_SHOW").is_some() {
                        eprintln!(
                            "{}: {} calls, {} runs, {} findings",
                            case.options,
                            of_line.calls,
                            of_line.runs,
                            of_line.findings.len()
                        );
                    }
                    tally.lock().unwrap_or_else(PoisonError::into_inner).add(of_line);
                }
            });
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn every_system_call_fails_once() {
    require!(root, newuidmap, cc, unshare, setpriv, hostname);
    if cfg!(not(target_arch = "x86_64")) {
        return support::skip(support::test_name!(), "tests/support/inject.c knows the registers of x86-64 only");
    }
    let (program, cases) = program();
    let only = env::var("NS_CASE").ok();
    let cases: Vec<Case> =
        cases.iter().filter(|case| only.as_ref().is_none_or(|only| case.options == only)).copied().collect();
    assert!(!cases.is_empty(), "no line is {only:?}");
    let name = program.name;
    let helpers = ["inject", "through", "hold"].map(|helper| compiled(helper, name));
    let programs: Vec<Program> = [program].into_iter().chain(helpers).collect();
    let Tally { calls, errnos, runs, missed, findings } = go_through_all(&cases, &programs);
    // `cargo xtask faults` reads this line.
    eprintln!(
        "faults: {name}: {} command lines, {calls} calls, {} errnos, {runs} runs, {missed} missed, {} findings",
        cases.len(),
        errnos.len(),
        findings.len()
    );
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    // Processes side by side do not always make the same calls.
    assert!(missed * 20 <= runs, "{missed} of {runs} runs missed their call");
}

/// An option as the help shows it: `-n, --net[=<NS>]  Network devices`.
struct Shown {
    short: Option<char>,
    long: String,
    takes_value: bool,
}

impl Shown {
    fn read(line: &str) -> Option<Self> {
        let names = line.trim_start().split("  ").next().filter(|names| names.starts_with('-'))?;
        let short = names.strip_prefix('-')?.chars().next().filter(|short| *short != '-');
        let (_, long) = names.split_once("--")?;
        let end = long.find(['[', ' ', '.']).unwrap_or(long.len());
        Some(Self { short, long: long[..end].to_owned(), takes_value: names.contains('<') })
    }

    /// Whether it stands in a word, and what does so behind it cannot.
    fn is_in(&self, word: &str, all: &[Shown]) -> bool {
        if let Some(long) = word.strip_prefix("--") {
            return long.split('=').next() == Some(&*self.long);
        }
        let Some(cluster) = word.strip_prefix('-') else { return false };
        let value = |letter: char| all.iter().any(|option| option.short == Some(letter) && option.takes_value);
        let end = cluster.find(value).map_or(cluster.len(), |place| place + 1);
        self.short.is_some_and(|short| cluster.get(..end).is_some_and(|letters| letters.contains(short)))
    }
}

#[test]
fn every_option_is_in_a_line() {
    let (program, cases) = program();
    let help = Command::new(&program.path).arg("--help").output().expect("its help");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let all: Vec<Shown> = help.lines().filter_map(Shown::read).collect();
    assert!(all.len() > 20, "{help}");
    let words: Vec<&str> = cases.iter().flat_map(|case| case.options.split(' ')).collect();
    let missing: Vec<&str> = all
        .iter()
        .filter(|option| !words.iter().any(|word| option.is_in(word, &all)))
        .map(|option| &*option.long)
        .collect();
    assert!(missing.is_empty(), "no line has {missing:?}");
}
