//! What there is very much of, and what there is hardly any of: descriptors, mounts, levels, words; and a /proc, /etc, /dev or stdout that is
//! not what it should be.
//!
//! Whatever is lacking, a run does what was asked, or fails with a status and one line that say so; it never does half of
//! it, and leaves no process, mount or file.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

#[path = "limits/crowds.rs"]
mod crowds;
#[path = "limits/levels.rs"]
mod levels;
#[path = "limits/outputs.rs"]
mod outputs;
#[path = "limits/resources.rs"]
mod resources;
#[path = "limits/surroundings.rs"]
mod surroundings;
#[path = "limits/words.rs"]
mod words;

use std::time::Instant;

use support::{Line, Outcome, Program, Stage, Status, User, oracle, ours};

/// The program of the crate that this is compiled for.
fn program() -> Program {
    let built = [
        ("unshare", option_env!("CARGO_BIN_EXE_rs-unshare")),
        ("nsenter", option_env!("CARGO_BIN_EXE_rs-nsenter")),
        ("lsns", option_env!("CARGO_BIN_EXE_rs-lsns")),
    ];
    let found = built.into_iter().find_map(|(name, built)| Some(ours(name, built?)));
    found.expect("compiled for one of the three programs")
}

/// util-linux's.
fn theirs() -> Program {
    oracle(program().name).expect("util-linux")
}

/// Of tables for each program, that of this one.
fn of_program<T>(unshare: T, nsenter: T, lsns: T) -> T {
    match program().name {
        "unshare" => unshare,
        "nsenter" => nsenter,
        _ => lsns,
    }
}

/// A command line to go through.
#[derive(Clone, Copy)]
struct Case {
    /// Who runs it; root if not.
    is_nsuser: bool,
    /// What root does before.
    setup: &'static str,
    /// The arguments up to the program's.
    options: &'static str,
}

const fn root(options: &'static str) -> Case {
    Case { is_nsuser: false, setup: "", options }
}

const fn nsuser(options: &'static str) -> Case {
    Case { is_nsuser: true, setup: "", options }
}

const fn after(setup: &'static str, case: Case) -> Case {
    Case { setup, ..case }
}

/// A place of mounts to pin namespaces in, and files for that.
const PINS: &str = "mount -t tmpfs pins dir; mount --make-private dir; : >dir/a; : >dir/b; : >dir/c; chmod 777 dir";

/// What is lacking takes a step here: each program has to have one.
const UNSHARE: &[Case] = &[
    root("-m"),
    root("-f --kill-child"),
    nsuser("-rpf --mount-proc --init --kill-child"),
    nsuser("--map-auto -r"),
    after(PINS, root("--uts=dir/a --ipc=dir/b")),
    after(PINS, root("-f --pid=dir/a --net=dir/c")),
    root("--map-users=0:100000:5 --map-groups=0:100000:5 --owner 4242:4242"),
    nsuser("-r -T --monotonic 5 --boottime 6 -f"),
    nsuser("-U --setgroups deny"),
    nsuser("-f --pid-file new"),
    nsuser("-f --forward-signals=all"),
];

const NSENTER: &[Case] = &[
    root("-t 100 -a"),
    root("-t 100 -m -u -i -n -p -C -F"),
    nsuser("-t 200 -a --preserve-credentials"),
    root("-t 100 -u -e -S follow -G follow"),
    root("--uts=/proc/100/ns/uts --wd=dir"),
    root("-t 100 -m -p --mount-proc --kill-child"),
    root("-t 100 -u --forward-signals"),
    root("-t @$(stat -L -c %i /proc/100/ns/uts) -u"),
    root("--uts=@$(stat -L -c %i /proc/100/ns/uts)"),
];

/// What only a descriptor, a socket, a mount elsewhere or a descendant keeps.
const HIDDEN: &str = "wait_for() { read -r up <r; [ $up = up ]; }
mkfifo r; chmod 666 r
unshare -n sh -c 'exec 7</proc/self/ns/net; exec nsenter --net=/proc/1/ns/net sh -c \"echo up; exec >&-; exec sleep 1000\"' >r & wait_for
unshare -m sh -c 'mount -t tmpfs more dir; : >dir/i; mount --make-private dir; unshare --ipc=dir/i true; echo up; exec >&-; exec sleep 1000' >r & wait_for
unshare -r unshare -r unshare -rpf sh -c 'echo up; exec >&-; exec sleep 1000' >r & wait_for
rm r";

const LSNS: &[Case] = &[
    after(HIDDEN, root("-n -l -r -o NS,NPROCS")),
    after(HIDDEN, root("-A -n -l -r -o NS,TYPE,NPROCS,NETNSID,ONS,PNS,NSFS,HELDBY")),
    after(HIDDEN, root("-T -o NS,TYPE,ONS,PNS,USER")),
    after(HIDDEN, root("-J -t net -t uts -o NS,TYPE,NETNSID,USER")),
    after(HIDDEN, root("--limits")),
    after(HIDDEN, root("--dot")),
    after(HIDDEN, root("--pid-map 1")),
    nsuser("-n -l -r -o NS,NPROCS"),
];

/// The command lines of the program.
fn cases() -> &'static [Case] {
    of_program(UNSHARE, NSENTER, LSNS)
}

/// Words for a line. `tried TITLE COMMAND...` makes a record of what came of a command, which begins with `== TITLE`.
///
/// What is to be carried out before, to lack something, stands in `$under`; `$as` makes it somebody else's.
const FUNCTIONS: &str = r#"
export NS_HINTS=never
mkdir -m 777 /tmp/log; : >/tmp/log/nothing
as="setpriv --reuid 4242 --regid 4242 --clear-groups"
state() { sed 's/^[0-9]* [0-9]* //' /proc/self/mountinfo; find /tmp/stage /tmp/root -printf '%p %M %U\n' | sort; } 2>/tmp/log/gone
seen() {
    for process in /proc/[0-9]*; do
        grep -qsx "${process#/proc/}" /tmp/log/before && continue
        case ${process#/proc/} in 1 | $$) continue ;; esac
        grep -qs '^State:.[^ZX]' $process/status && tr '\0' ' ' <$process/cmdline
    done 2>/tmp/log/gone
}
# Who is told to end by another's end may take a moment, on a busy machine a longer one. Not in $(), whose process would be seen.
left() {
    late=$(($(date +%s) + 5))
    while seen >/tmp/log/seen; [ -s /tmp/log/seen ] && [ $(date +%s) -lt $late ]; do :; done
    cat /tmp/log/seen
}
clean() {
    rm -f new
    for pin in dir/a dir/b dir/c; do while umount $pin; do :; done; done 2>/tmp/log/gone
}
begin() { ls /proc | grep '^[0-9]' >/tmp/log/before; state >/tmp/log/then; }
tried() {
    title=$1; shift
    timeout -v -s KILL 5 "$@" </tmp/log/nothing >/tmp/log/out 2>/tmp/log/err
    status=$?
    echo "== $title"; echo "status: $status"
    sed 's/^/out: /' /tmp/log/out; sed 's/^/err: /' /tmp/log/err
    left >/tmp/log/left; sed 's/^/left: /' /tmp/log/left
    # What has succeeded leaves what was asked for.
    [ $status = 0 ] || { state >/tmp/log/now; diff /tmp/log/then /tmp/log/now | sed -n 's/^[<>]/left: &/p'; }
    clean
}
"#;

/// What came of one command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Record {
    title: String,
    /// As a shell has it: from 128 on a signal.
    status: i32,
    out: String,
    err: Vec<String>,
    left: Vec<String>,
}

impl Record {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut record = Record { title: lines.next().unwrap_or_default().to_owned(), status: -1, ..Record::default() };
        for line in lines {
            match line.split_once(": ") {
                Some(("status", status)) => record.status = status.parse().unwrap_or(-1),
                Some(("out", text)) => record.out.extend([text, "\n"]),
                Some(("err", text)) => record.err.push(text.to_owned()),
                _ => record.left.push(line.to_owned()),
            }
        }
        record
    }

    /// Whether it has not ended by itself, nor by the kernel's hand: timeout(1) says so.
    fn hangs(&self) -> bool {
        self.err.iter().any(|line| line.starts_with("timeout: sending signal"))
    }

    /// What is wrong with it. `whole` is what is written where nothing is lacking.
    fn complaint(&self, whole: &str) -> Option<&'static str> {
        match self.status {
            124 | 137 => Some("does not end"),
            _ if !self.left.is_empty() => Some("leaves something"),
            0 if self.out != whole => Some("says success, and did not do it"),
            0 if !self.err.is_empty() => Some("says success, and complains"),
            0 => None,
            status if status > 128 => Some("is killed"),
            _ if !self.out.is_empty() => Some("fails, and did something"),
            _ if self.err.len() != 1 => Some("is not told in one line"),
            _ => None,
        }
    }
}

/// What came of a line that calls `tried`.
fn records(outcome: &Outcome) -> Vec<Record> {
    assert_eq!(outcome.status, Status::Exit(0), "{outcome}");
    outcome.stdout.split("== ").skip(1).map(Record::parse).collect()
}

/// A line of shell, by root, beside the processes that it names, where nsenter is what is tried.
fn line(program: &Program, setup: &str, text: &str) -> Line {
    let line = Line::of_root(program.clone(), FUNCTIONS, text).after(setup);
    if program.name == "nsenter" { line.beside_targets() } else { line }
}

impl Case {
    /// What is run inside; of a static program, which needs nothing itself. `lsns` runs nothing.
    fn command(&self, program: &Program) -> String {
        let inside = if program.name == "lsns" { "" } else { " busybox echo ran" };
        format!("{} {}{inside}", program.name, self.options)
    }

    /// Tries it under each of these: a title, and what comes before the command. `{}` in that is who runs it.
    fn try_under(&self, program: &Program, functions: &str, under: &[(String, String)]) -> Vec<Record> {
        let user = if self.is_nsuser { "$as " } else { "" };
        let command = self.command(program);
        let tries = under.iter().map(|(title, before)| {
            let before = if before.contains("{}") { before.replace("{}", user) } else { format!("{user}{before}") };
            format!("tried '{title}' {before} {command}\n")
        });
        let text = format!("{functions}\nbegin\n{}", tries.collect::<String>());
        records(&line(program, self.setup, &text).outcome())
    }
}

/// Prints what was found, and fails if something was.
fn report(what: &str, tried: usize, begun: Instant, findings: &[String]) {
    let (name, seconds, found) = (program().name, begun.elapsed().as_secs_f32(), findings.len());
    eprintln!("{name}: {what}: {tried} runs in {seconds:.1} s, {found} findings");
    assert!(tried > 0 && findings.is_empty(), "{what}\n{}", findings.join("\n"));
}

/// Tries all command lines under each of these. The first one lacks nothing; of the others, some must fail if it `is_felt`.
fn try_all(
    what: &str,
    functions: &str,
    under: &[(String, String)],
    is_felt: bool,
    passes: impl Fn(&Case, &Record) -> bool,
) {
    let (program, begun) = (program(), Instant::now());
    let (mut tried, mut failed, mut findings) = (0, 0, Vec::new());
    for case in cases() {
        let records = case.try_under(&program, functions, under);
        let Some(whole) = records.first().cloned() else { continue };
        assert_eq!((whole.status, records.len()), (0, under.len()), "{}: {whole:?}", case.options);
        for record in records {
            tried += 1;
            failed += usize::from(record.status != 0);
            if let Some(complaint) = record.complaint(&whole.out).filter(|_| !passes(case, &record)) {
                findings.push(format!("{} {}: {complaint}: {record:?}", program.name, case.options));
            }
        }
    }
    report(what, tried, begun, &findings);
    assert!(failed > 0 || !is_felt, "{what}: nothing was lacking");
}

/// The helper that makes crowds.
const CROWD: &str = concat!("cc -O1 -o /tmp/bin/crowd -x c - <<'END'\n", include_str!("support/crowd.c"), "\nEND\n");

/// What comes of a line in which ours is known by its name, and util-linux's as `theirs`.
fn beside_theirs(setup: &str, text: &str) -> Outcome {
    let theirs = Program { name: "theirs", ..theirs() };
    let text = format!("{FUNCTIONS}{text}");
    Stage { setup, ..Stage::new(User::Root) }.run_sh_with(&[program(), theirs], &text)
}
