//! Ours beside util-linux's in random populations of processes and namespaces, with random options: what is not alike in the same world is reported.
//!
//! Each population grows from a number. `NS_SEED=N` begins with the population of that number, which a difference names, instead of the same
//! in each run; `NS_COMPARISONS=N` compares so often, instead of 320 times.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says loudly what is wrong")]

mod support;
#[path = "support/twins.rs"]
mod twins;

use std::env;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use support::random::Random;
use support::{Comparison, Outcome, User, oracle, ours, require};
use twins::{Call, Pair};

/// How many calls a population sees.
const CALLS: u64 = 32;

/// Words for the set-up, and users with odd names.
const WORLD: &str = include_str!("support/world.sh");

const KINDS: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/// What unshare calls the kinds, the user namespace apart.
const FLAGS: [&str; 7] = ["-C", "-i", "-m", "-n", "-pf", "-T", "-u"];

const COLUMNS: [&str; 13] =
    ["NS", "TYPE", "PATH", "NPROCS", "PID", "PPID", "COMMAND", "UID", "USER", "NETNSID", "NSFS", "PNS", "ONS"];

/// Arguments that are hard to show.
const WORDS: [&str; 8] = [
    "plain",
    "'two words'",
    "'back\\slash\\x41'",
    "'tab\tbell\u{7}'",
    "日本語",
    "'\"quoted\"'",
    "''",
    "e\u{301}\u{200b}",
];

/// Names of files that namespaces are bound to.
/// ASCII, because of several places that are not util-linux takes the longest in bytes for the widest.
const FILES: [&str; 8] = ["a", "b", "'c d'", "'e,f'", "'g\\h'", "i", "'new\nline'", "]"];

const FILTERS: [&str; 22] = [
    "NS > 4026532000",
    "TYPE == 'net'",
    "TYPE =~ 'u'",
    "TYPE != 'user'",
    "NPROCS == 0",
    "NPROCS > 1",
    "PID",
    "!PID",
    "PID > 300",
    "PPID == 1",
    "USER == 'root'",
    "UID",
    "COMMAND =~ 'hold'",
    "!COMMAND",
    "COMMAND < 'i'",
    "PNS",
    "!ONS",
    "ONS == PNS",
    "NETNSID",
    "NSFS",
    "PATH =~ '/[1-5][0-9]*/ns'",
    "NPROCS < 2 and (PID > 200 or TYPE == 'pid')",
];

/// Processes, and shell commands that make them.
struct Population {
    script: String,
    /// The PIDs that were asked for; where a start failed there is no process.
    pids: Vec<u64>,
    random: Random,
}

impl Population {
    fn grow(seed: u64) -> Population {
        let mut population = Population { script: WORLD.to_owned(), pids: Vec::new(), random: Random(seed) };
        for _ in 0..8 + population.random.below(12) {
            population.add_process();
        }
        for _ in 0..population.random.below(8) {
            population.add_file();
        }
        for _ in 0..population.random.below(5) {
            population.end_process();
        }
        population
    }

    fn command(&mut self, line: &str) {
        // What is refused does not happen: a population without it.
        writeln!(self.script, "{{ {line} }} 2>/dev/null || :").expect("memory");
    }

    /// PIDs do not follow one another in the order of their births, and some are higher than the program's own.
    fn add_process(&mut self) {
        let pid = 2 + 20 * self.random.below(98);
        if self.pids.contains(&pid) || (900..1100).contains(&pid) {
            return;
        }
        let (user, prefix) = self.user();
        let place = self.place(user);
        let chain = self.chain(user);
        let steps = self.steps();
        self.command(&format!("process {pid} {prefix}{place}{chain}hold {steps};"));
        self.pids.push(pid);
    }

    fn user(&mut self) -> (User, String) {
        let uid = self.random.one(&[0, 0, 0, 4242, 4242, 1, 77]);
        if uid == 0 {
            return (User::Root, String::new());
        }
        (User::Nsuser, format!("setpriv --reuid {uid} --regid {uid} --clear-groups "))
    }

    /// Namespaces of another process to begin in.
    fn place(&mut self, user: User) -> String {
        if self.pids.is_empty() || !self.random.once_in(4) {
            return String::new();
        }
        let target = self.random.one(&self.pids);
        let flags = match user {
            User::Root => self.some(&["-C", "-i", "-m", "-n", "-p", "-T", "-u"], 3),
            User::Nsuser => format!("-U --preserve-credentials {}", self.some(&["-n", "-u", "-i"], 3)),
        };
        if flags.is_empty() { String::new() } else { format!("nsenter -t {target} {flags}") }
    }

    /// New namespaces, within one another.
    fn chain(&mut self, user: User) -> String {
        let mut chain = String::new();
        for _ in 0..self.random.below(4) {
            let flags = self.some(&FLAGS, 3);
            // Others than root can make the rest only in a user namespace of their own.
            let user = if user == User::Nsuser || self.random.once_in(4) { "-r " } else { "" };
            if !(flags.is_empty() && user.is_empty()) {
                write!(chain, "unshare {user}{flags}").expect("memory");
            }
        }
        chain
    }

    /// Each of these once in so many times, each with a blank behind it.
    fn some(&mut self, all: &[&str], times: u64) -> String {
        all.iter().filter(|_| self.random.once_in(times)).map(|one| format!("{one} ")).collect()
    }

    /// What a process does then.
    fn steps(&mut self) -> String {
        let mut steps = Vec::new();
        for _ in 0..self.random.below(5) {
            let other = if self.pids.is_empty() { 1 } else { self.random.one(&self.pids) };
            let kind = self.random.one(&KINDS);
            steps.push(match self.random.below(10) {
                0 | 1 => format!("open=/proc/{other}/ns/{kind}"),
                2 => "inet".to_owned(),
                3 => "inet new=net".to_owned(),
                4 => "unix".to_owned(),
                5 => format!("thread=/proc/{other}/ns/{}", self.random.one(&["net", "uts", "ipc"])),
                6 => "child".to_owned(),
                7 => "new=uts".to_owned(),
                _ => self.random.one(&WORDS).to_owned(),
            });
        }
        if self.random.once_in(6) {
            steps.push(self.random.one(&["zombie", "nameless", "comm='a) b' bare", "child zombie"]).to_owned());
        }
        steps.join(" ")
    }

    /// A namespace bound to a file, which another may be bound to already.
    fn add_file(&mut self) {
        let (file, kind) = (self.random.one(&FILES), self.random.one(&KINDS));
        let pid = if self.pids.is_empty() { 1 } else { self.random.one(&self.pids) };
        // A file only once: of what another mount covers util-linux says what covers it.
        self.command(&format!("[ -e {file} ] || {{ : >{file}; mount --bind /proc/{pid}/ns/{kind} {file}; }};"));
    }

    fn end_process(&mut self) {
        if !self.pids.is_empty() {
            let pid = self.random.one(&self.pids);
            self.command(&format!("end {pid};"));
        }
    }

    /// A command line for this population, and what is set around it.
    fn call(&mut self) -> Call {
        let user = if self.random.once_in(3) { User::Nsuser } else { User::Root };
        let mut variables = Vec::new();
        if self.random.once_in(2) {
            variables.push(("LC_ALL", "C.UTF-8"));
        }
        let mut words = vec!["lsns".to_owned()];
        self.format(&mut words, &mut variables);
        self.columns(&mut words);
        self.selection(&mut words);
        // util-linux prints only the first of several files (17), so JSON has them in one line.
        if words.iter().any(|word| word == "-J") {
            words.push("-W".to_owned());
        }
        let width = self.random.once_in(4).then(|| u16::try_from(self.random.below(160)).expect("a width"));
        // Where COMMAND stands twice, util-linux shares out a narrow terminal by the spread of the widths.
        let columns = width.filter(|_| !has_two_commands(&words));
        Call { user, words: words.into_iter().map(Into::into).collect(), variables, columns }
    }

    fn format(&mut self, words: &mut Vec<String>, variables: &mut Vec<(&str, &str)>) {
        let format = self.random.one(&["", "", "", "", "-l", "-l", "-r", "-J", "-J"]);
        let tree = self.random.one(&["", "", "", "", "-T", "-T", "-Tparent", "-Tparent", "-Tprocess", "--tree=owner"]);
        let rest = ["-n", "-u", "-W"].map(|option| if self.random.once_in(5) { option } else { "" });
        let all = [format, tree].into_iter().chain(rest);
        words.extend(all.filter(|option| !option.is_empty()).map(str::to_owned));
        if self.random.once_in(6) {
            variables.push(("LIBSMARTCOLS_JSON", self.random.one(&["compact", "lines", "pretty"])));
        }
    }

    fn columns(&mut self, words: &mut Vec<String>) {
        match self.random.below(5) {
            0 => words.push("--output-all".to_owned()),
            1 | 2 => {
                let plus = if self.random.once_in(2) { "+" } else { "" };
                let names: Vec<String> = (0..=self.random.below(6)).map(|_| self.column()).collect();
                words.extend(["-o".to_owned(), format!("{plus}{}", names.join(","))]);
            }
            _ => {}
        }
    }

    fn column(&mut self) -> String {
        let name = self.random.one(&COLUMNS);
        if self.random.once_in(3) { name.to_lowercase() } else { name.to_owned() }
    }

    fn selection(&mut self, words: &mut Vec<String>) {
        if self.random.once_in(3) {
            words.extend((0..=self.random.below(3)).map(|_| format!("-t{}", self.random.one(&KINDS))));
        }
        let pid = if self.random.once_in(8) { 1000 } else { self.random.one(&self.pids) };
        match self.random.below(8) {
            0 => words.push("-P".to_owned()),
            1 => words.push(format!("-p{pid}")),
            // A filter beside a namespace fails in util-linux (19).
            2 => return words.push(self.namespace(pid)),
            _ => {}
        }
        if self.random.once_in(4) {
            words.extend(["-Q".to_owned(), self.random.one(&FILTERS).to_owned()]);
        }
    }

    /// Any namespace, as [`Call`] writes it.
    fn namespace(&mut self, pid: u64) -> String {
        match self.random.below(4) {
            0 => format!("@/tmp/stage/{}", self.random.one(&FILES).trim_matches('\'')),
            1 => format!("@/proc/1/ns/{}", self.random.one(&KINDS)),
            _ => format!("@/proc/{pid}/ns/{}", self.random.one(&KINDS)),
        }
    }
}

/// Whether COMMAND stands twice among the columns, of which the default ones are one.
fn has_two_commands(words: &[String]) -> bool {
    let list = words.iter().skip_while(|word| *word != "-o").nth(1).map(|list| list.to_lowercase()).unwrap_or_default();
    let typed = list.split([',', '+']).filter(|name| *name == "command").count();
    typed > 1 || typed == 1 && list.starts_with('+')
}

/// What a line came to: the line, ours, theirs.
type Result = (String, Outcome, Outcome);

/// Compares all lines of the population of this number.
fn results(comparison: &Comparison, seed: u64) -> Vec<Result> {
    let mut population = Population::grow(seed);
    let calls: Vec<Call> = (0..CALLS).map(|_| population.call()).collect();
    let pairs: Vec<Pair> = calls.iter().map(|call| Pair { ours: call.clone(), theirs: Some(call.clone()) }).collect();
    let outcomes = comparison.outcomes(&population.script, &pairs);
    let title = |call: &Call| format!("NS_SEED={seed}: {}", call.title());
    let theirs = |theirs: Option<Outcome>| is_json(theirs.expect("theirs was asked"));
    calls.iter().zip(outcomes).map(|(call, (ours, both))| (title(call), is_json(ours), theirs(both))).collect()
}

/// util-linux forgets the colon after a key in lines of JSON (18).
fn is_json(mut outcome: Outcome) -> Outcome {
    outcome.stdout = outcome.stdout.replace("\"children\"[", "\"children\":[");
    outcome
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn populations() {
    require!(root, new_lsns, unshare, nsenter, setpriv, cc);
    let program = ours("lsns", env!("CARGO_BIN_EXE_rs-lsns"));
    let mut comparison = Comparison::new(program, oracle("lsns").expect("util-linux"));
    let first = number("NS_SEED").unwrap_or(42);
    let count = number("NS_COMPARISONS").unwrap_or(320).div_ceil(CALLS);

    let (next, all) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(place) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|place| *place < count) {
            all.lock().expect("no panic").extend(results(&comparison, first + place));
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let all = all.into_inner().expect("no panic");
    assert!(all.len() >= 320 || number("NS_COMPARISONS").is_some(), "{} comparisons", all.len());
    for (title, ours, theirs) in all {
        comparison.compare(&title, ours, theirs);
    }
    comparison.finish();
}
