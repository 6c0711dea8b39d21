//! Every system call fails once: of each command line, the calls of each of its processes fail in turn.
//!
//! Whatever fails, the run must end in time, with a status and one line that say so, and leave nothing: no process,
//! mount or file. What is interrupted goes on. `tests/support/inject.c` makes the calls fail, and says why not strace.
//! Only calls that the table `HARMLESS` names may fail without a word.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use nix::errno::Errno;
use support::{Line, Outcome, Program, Status, ours, require};

/// A command line to go through.
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
const PINS: &str = "mount -t tmpfs pins dir; mount --make-private dir; : >dir/a; : >dir/b; : >dir/c";

/// What is run in the other root.
const ECHO: &str = "ln -s busybox /tmp/root/bin/echo";

const UNSHARE: &[Case] = &[
    root("-m"),
    nsuser("-rimnuCT"),
    nsuser("-rpf --mount-proc"),
    nsuser("-rpf --mount-proc --init --kill-child"),
    nsuser("-c --keep-caps --setgroups deny -w dir"),
    nsuser("--map-auto -r -S 0 -G 0"),
    root("--map-users=0:100000:5 --map-groups=0:100000:5 --owner 4242:4242"),
    root("-fS 7 -G 8 --kill-child=TERM"),
    after(PINS, root("--uts=dir/a --ipc=dir/b")),
    after(PINS, root("-f --pid=dir/a --net=dir/c")),
    after(ECHO, root("-m --propagation=slave -R /tmp/root --mount-proc")),
    nsuser("-r -T --monotonic 5 --boottime 6 -f"),
    nsuser("-ru --hostname there -n --loopback"),
    nsuser("-f --pid-file new --info-fd 1"),
    nsuser("--pid-file new --info-fd 1"),
    nsuser("-f --forward-signals=all"),
];

const NSENTER: &[Case] = &[
    root("-t 100 -a"),
    root("-t 100 -m -u -i -n -p -C -F"),
    nsuser("-t 200 -a --preserve-credentials"),
    root("-t 200 -a -S 0 -G 0"),
    after(ECHO, root("-t 500 -m -p -r -w")),
    after(ECHO, root("-t 500 -m -r --wdns=/tmp")),
    root("-t 500 -u -e -S follow -G follow"),
    root("--uts=/proc/100/ns/uts --wd=dir"),
    root("-t 100 -m -p --mount-proc --kill-child"),
    root("-t 100 -u -c --forward-signals"),
    root("-t 200 --user-parent -u"),
];

/// Calls that may fail and still come to success: whose program, what stands in the options, the call, and why.
const HARMLESS: &[(&str, &str, &str, &str)] = &[
    ("", "", "close", "the descriptor is gone all the same"),
    ("", "", "fcntl:1", "F_GETFD asks which of 0, 1 and 2 are closed, which only EBADF says; std asks before a close"),
    ("", "", "ioctl:21523", "TIOCGWINSZ asks for the width of the help text"),
    ("", "", "statx", "std asks how much there is to read, and reads without an answer"),
    ("", "", "lseek", "std asks how much has been read, and reads without an answer"),
    ("unshare", "--init", "recvfrom", "the reins are emptied so that the next signal finds room"),
    ("unshare", "--pid-file", "recvfrom", "asked when the program has ended; without an answer the PID file goes"),
    ("unshare", "--pid-file", "newfstatat", "what cannot be made without a name is made with one"),
    ("unshare", "--pid-file", "openat", "as before"),
    ("nsenter", "-t ", "pidfd_open", "/proc stands in, as on kernels that have no pidfd"),
    ("nsenter", "-t ", "pidfd_send_signal", "EPERM says that the process is there"),
    (
        "nsenter",
        "-t ",
        "fcntl:1030",
        "what cannot be had of /proc/PID is missed where it is needed; here the pidfd does",
    ),
    ("nsenter", "-p", "openat", "as before: /proc/PID"),
    ("nsenter", "-p", "fstatfs", "as before: /proc/PID"),
    ("nsenter", "-a", "newfstatat", "what cannot be compared is entered"),
    ("nsenter", "-t 200", "setgroups", "tried outside and inside; one of both is enough"),
    ("nsenter", "-t 500", "setgroups", "there are none"),
    ("nsenter", "-t 200", "setns", "tried before the user namespace and after it"),
    ("nsenter", "-t 200", "openat", "libc opens ngroups_max, and has a default"),
    ("nsenter", "-t 200", "read", "libc reads ngroups_max, and has a default"),
];

/// Goes through a line. A record of a run begins with `== PROCESS INDEX CALL ERRNO STATUS`.
const FUNCTIONS: &str = r#"
export NS_HINTS=never
state() { cut -d' ' -f5- /proc/self/mountinfo; find /tmp/stage /tmp/root -printf '%p %M %U %s\n' | sort; }
left() {
    for process in /proc/[0-9]*; do
        grep -qsx "${process#/proc/}" /tmp/log/before && continue
        case ${process#/proc/} in 1 | $$) continue ;; esac
        grep -qs '^State:.[^ZX]' $process/status && tr '\0' ' ' <$process/cmdline
    done 2>/tmp/log/gone
}
clean() {
    rm -f new
    for pin in dir/a dir/b dir/c; do while umount $pin; do :; done; done 2>/tmp/log/gone
}
through() {
    ls /proc | grep '^[0-9]' >/tmp/log/before
    state >/tmp/log/then
    timeout 5 inject /tmp/log/calls "$@" echo ran >/tmp/log/out 2>/tmp/log/err || { echo "== fails $?"; cat /tmp/log/err; return; }
    clean
    while read -r process index call errno; do
        timeout 5 inject /tmp/log/hit $process $index $errno "$@" echo ran >/tmp/log/out 2>/tmp/log/err
        status=$?
        echo "== $process $index $call $errno $status"
        sed 's/^/out: /' /tmp/log/out; sed 's/^/err: /' /tmp/log/err
        read -r hit </tmp/log/hit; [ "$hit" = $call ] || echo "miss: $hit"
        left >/tmp/log/left; sed 's/^/left: /' /tmp/log/left
        # What has succeeded leaves what was asked for.
        [ $status = 0 ] || { state >/tmp/log/now; diff /tmp/log/then /tmp/log/now | sed -n 's/^[<>]/left: &/p'; }
        clean
    done </tmp/log/calls
}
"#;

/// Makes a place for notes that is no part of what is looked at, and the injector.
const INJECTOR: &str =
    concat!("mkdir /tmp/log; cc -O1 -o /tmp/bin/inject -x c - <<'END'\n", include_str!("support/inject.c"), "\nEND\n");

/// What one failing call came to.
#[derive(Debug, Default)]
struct Run<'a> {
    /// `PROCESS INDEX CALL ERRNO STATUS`.
    title: &'a str,
    call: &'a str,
    interrupted: bool,
    /// The process did not come to that call this time.
    missed: bool,
    status: i32,
    out: Vec<&'a str>,
    err: Vec<&'a str>,
    left: Vec<&'a str>,
}

impl<'a> Run<'a> {
    fn parse(record: &'a str) -> Self {
        let mut lines = record.lines();
        let title = lines.next().unwrap_or_default();
        let words: Vec<&str> = title.split(' ').collect();
        let number = |index: usize| words.get(index).and_then(|word| word.parse().ok()).unwrap_or(-1);
        let mut run = Run { title, call: words.get(2).unwrap_or(&""), status: number(4), ..Run::default() };
        run.interrupted = number(3) == Errno::EINTR as i32;
        for line in lines {
            match line.split_once(": ") {
                Some(("out", text)) => run.out.push(text),
                Some(("err", text)) => run.err.push(text),
                Some(("miss", _)) => run.missed = true,
                _ => run.left.push(line),
            }
        }
        run
    }

    /// What is wrong with it.
    fn complaint(&self, program: &str, options: &str) -> Option<&'static str> {
        let ran = self.out.contains(&"ran");
        match self.status {
            124 => Some("does not end"),
            _ if self.missed => None,
            _ if self.leaves_something() => Some("leaves something"),
            0 if !ran => Some("says success, and did not run"),
            0 if self.err.is_empty() && (self.interrupted || self.is_harmless(program, options)) => None,
            0 if self.is_warned_of() => None,
            0 => Some("is passed over"),
            _ if self.interrupted && self.is_unhandled(program) => None,
            _ if self.interrupted => Some("is not retried"),
            status if status >= 128 => Some("kills"),
            _ if ran => Some("fails, and ran"),
            _ if self.err.len() != 1 => Some("is not told in one line"),
            _ => None,
        }
    }

    /// As with util-linux, a namespace stays kept when what comes after fails: in both its files, or in none.
    fn leaves_something(&self) -> bool {
        let mounted = |line: &&&str| line.starts_with("left: > ") && line.contains(" - nsfs ");
        let kept = self.left.iter().filter(mounted).count() == 2;
        self.left.iter().any(|line| !(kept && line.contains("/dir/")))
    }

    fn is_harmless(&self, program: &str, options: &str) -> bool {
        HARMLESS
            .iter()
            .any(|(whose, option, call, _)| program.contains(whose) && options.contains(option) && *call == self.call)
    }

    /// The loopback device can be done without.
    fn is_warned_of(&self) -> bool {
        matches!(*self.err, [line] if line.contains("warning: cannot bring up the loopback device"))
    }

    /// What was named is opened by one call, which on FUSE or NFS a signal with a handler can interrupt. The program has no handlers.
    fn is_unhandled(&self, program: &str) -> bool {
        program == "nsenter" && self.call == "openat"
    }
}

/// The program of the crate that this is compiled for, and its command lines.
fn program() -> (Program, &'static [Case]) {
    match (option_env!("CARGO_BIN_EXE_rs-unshare"), option_env!("CARGO_BIN_EXE_rs-nsenter")) {
        (Some(built), _) => (ours("unshare", built), UNSHARE),
        (_, Some(built)) => (ours("nsenter", built), NSENTER),
        _ => panic!("compiled for rs-unshare or rs-nsenter"),
    }
}

impl Case {
    /// The records of all its runs.
    fn go_through(&self, program: &Program) -> Outcome {
        let user = if self.is_nsuser { "nsuser" } else { "root" };
        let line = format!("{INJECTOR}USER={user}\nexport USER\nthrough {} {}", program.name, self.options);
        let line = Line::of_root(program.clone(), FUNCTIONS, line).after(self.setup);
        let line = if program.name == "nsenter" { line.beside_targets() } else { line };
        line.outcome()
    }
}

#[test]
fn every_system_call_fails_once() {
    require!(root, newuidmap, cc);
    if cfg!(not(target_arch = "x86_64")) {
        return support::skip(support::test_name!(), "tests/support/inject.c knows the registers of x86-64 only");
    }
    let (program, cases) = program();
    let (mut runs, mut missed, mut findings) = (0, 0, Vec::new());
    for case in cases {
        let outcome = case.go_through(&program);
        if outcome.status != Status::Exit(0) || !outcome.stdout.starts_with("== 0 ") {
            findings.push(format!("{} {}: cannot be gone through: {outcome}", program.name, case.options));
            continue;
        }
        for run in outcome.stdout.split("== ").skip(1).map(Run::parse) {
            runs += 1;
            missed += u32::from(run.missed);
            if let Some(complaint) = run.complaint(program.name, case.options) {
                findings.push(format!("{} {}: {}: {complaint}: {run:?}", program.name, case.options, run.title));
            }
        }
    }
    let (lines, found) = (cases.len(), findings.len());
    eprintln!("{}: {lines} command lines, {runs} runs, {missed} missed their call, {found} findings", program.name);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    // Processes side by side do not always make the same calls.
    assert!(missed * 20 <= runs, "{missed} of {runs} runs missed their call");
}
