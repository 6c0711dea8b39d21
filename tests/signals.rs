//! Signals at every moment: to each process of each command line, at the entry of every call of any of them that changes something.
//!
//! Whatever comes, the run must end, with the status that says so, and leave nothing: no process, mount or file. Who has stopped goes on.
//! What a line promises of a signal has to reach the program. `tests/support/inject.c` sends the signals.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::libc::{SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM};
use support::{Outcome, Program, Stage, Status, User, ours, require, targets};

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
const PROGRAMS: &str = "ln -s busybox /tmp/root/bin/echo; ln -s busybox /tmp/root/bin/sleep";

const UNSHARE: &[Case] = &[
    nsuser("-rmu"),
    nsuser("-rpf --mount-proc"),
    nsuser("-rpf --init"),
    nsuser("--init --kill-child"),
    root("-fS 7 -G 8 --kill-child"),
    root("-f --kill-child=TERM"),
    nsuser("--map-auto -rf"),
    after(PINS, root("--uts=dir/a --ipc=dir/b")),
    after(PINS, root("-f --pid=dir/a --uts=dir/c")),
    nsuser("--pid-file new -r"),
    nsuser("--pid-file new -f"),
    nsuser("--pid-file new --init -rp"),
    root("--pid-file new --owner 4242:4242 -rf --kill-child"),
    nsuser("--info-fd 7 -f"),
    nsuser("-r -T --boottime 6 -f"),
    nsuser("-f --forward-signals"),
    nsuser("-f --forward-signals=all --kill-child"),
    root("--map-users=0:100000:5 --map-groups=0:100000:5 --owner 4242:4242"),
    nsuser("--check -rpf --mount-proc"),
];

const NSENTER: &[Case] = &[
    root("-t 100 -a -F"),
    root("-t 100 -a"),
    nsuser("-t 200 -a --preserve-credentials"),
    root("-t 200 -a -S 0 -G 0"),
    after(PROGRAMS, root("-t 500 -m -p -r -w")),
    root("-t 100 -p --kill-child"),
    root("-t 100 -p --kill-child --forward-signals"),
    root("-t 100 -p --forward-signals=all"),
    root("-t 100 -m -p --mount-proc"),
    root("--check -t 100 -a"),
];

/// To other processes than the one at whose call it is, INT is not sent: it stands beside TERM wherever either is named.
const SIGNALS: [i32; 5] = [SIGTERM, SIGINT, SIGHUP, SIGSTOP, SIGKILL];

/// What each run writes begins with `== ` and its words.
const FUNCTIONS: &str = r#"
export NS_HINTS=never
state() { cut -d' ' -f5- /proc/self/mountinfo; find /tmp/stage /tmp/root -type d -print -o -printf '%p %M %U %s\n'; }
clean() {
    rm -f new
    for pin in dir/a dir/b dir/c; do while umount $pin; do :; done; done 2>/tmp/log/gone
}
told() { while read -r line; do echo "$1$line"; done; }
through() {
    state >/tmp/log/then
    while read -r process index other signal program; do
        inject /tmp/log/said $process $index $signal@$other "$@" $program >/tmp/log/out 2>/tmp/log/err 7>/tmp/log/info </dev/null
        echo "== $process $index $other $signal $? $program"
        told 'out: ' </tmp/log/out; told 'err: ' </tmp/log/err; told '' </tmp/log/said; told 'info: ' </tmp/log/info
        state >/tmp/log/now
        cmp -s /tmp/log/then /tmp/log/now || { diff /tmp/log/then /tmp/log/now | sed -n 's/^[<>]/left: &/p'; clean; }
    done
}
"#;

/// How many runs share a stage, which has fifteen seconds for all.
const AT_ONCE: usize = 80;

/// A signal at a moment.
#[derive(Debug, Clone, Copy)]
struct Shot {
    /// At which call of which process.
    process: usize,
    index: usize,
    /// To which process.
    other: usize,
    signal: i32,
}

/// What came of it.
#[derive(Debug, Default)]
struct Run<'a> {
    title: &'a str,
    status: i32,
    out: Vec<&'a str>,
    err: Vec<&'a str>,
    /// What was written for `--info-fd`.
    info: Vec<&'a str>,
    left: Vec<&'a str>,
    /// Whether the moment came, and who was there.
    sent: Option<&'a str>,
    /// Whether the program was started.
    started: bool,
    /// What the test had to end, since nothing else did.
    ended: bool,
    /// Whether it had ended the program, to get to this moment.
    came_late: bool,
    hangs: Vec<&'a str>,
    /// The last moment of each process that did not become a program: number and call.
    last: Vec<(&'a str, &'a str)>,
}

impl<'a> Run<'a> {
    fn parse(record: &'a str) -> Self {
        let mut lines = record.lines();
        let title = lines.next().unwrap_or_default();
        let status = title.split(' ').nth(4).and_then(|word| word.parse().ok()).unwrap_or(-1);
        let mut run = Run { title, status, ..Run::default() };
        for line in lines {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("out:", text) => run.out.push(text),
                ("err:", text) => run.err.push(text),
                ("info:", text) => run.info.push(text),
                ("left:", text) => run.left.push(text),
                ("sent", call) => run.sent = Some(call),
                ("exec", program) => run.started |= program.ends_with("echo") || program.ends_with("sleep"),
                ("last", text) => run.last.extend(text.split_once(' ')),
                ("ended", _) if run.sent.is_some() => run.ended = true,
                ("ended", _) => run.came_late = true,
                _ => run.hangs.push(line),
            }
        }
        run
    }

    /// What is wrong with it.
    fn complaint(&self, case: &Case, normal: &str, shot: Shot, promised: bool) -> Option<&'static str> {
        let Shot { other, signal, .. } = shot;
        let is_normal = normal.lines().eq(self.out.iter().copied());
        let ran = self.out.contains(&"ran");
        let died = self.status == 128 + signal;
        match self.status {
            _ if !self.hangs.is_empty() => Some("does not end"),
            _ if self.leaves_something(case, shot) => Some("leaves something"),
            _ if !self.is_well_told(case) => Some("is told in a wrong way on the descriptor"),
            _ if self.sent.is_none() => None,
            _ if self.came_late && self.status == 128 + SIGKILL => None,
            // Neither the signal nor the death of who got it has ended the program.
            _ if self.ended => Some("is survived by the program"),
            0 if promised => Some("is said to have done nothing"),
            0 if other == 0 && signal == SIGKILL => Some("is said to have done nothing"),
            0 if case.is_check() && is_normal => None,
            0 if ran && self.err.is_empty() => None,
            0 => Some("says success, and did not run, or complains"),
            _ if signal == SIGSTOP => Some("is not the same as nothing"),
            // A helper says that it has lost whom it works for.
            _ if died && self.err.len() <= usize::from(other == 0) => None,
            // So does newuidmap.
            1 if other > 0
                && (1..=1 + usize::from(case.has("--map-auto"))).contains(&self.err.len())
                && !self.started =>
            {
                None
            }
            1 if other > 0 && case.is_check() && !is_normal => None,
            _ => Some("ends in a wrong way"),
        }
    }

    /// The line for `--info-fd` is whole, and it is there when the program starts.
    fn is_well_told(&self, case: &Case) -> bool {
        match *self.info {
            [] => !(self.started && case.has("--info-fd")),
            [line] => line.starts_with("{\"child-pid\": ") && line.ends_with("}}") || line.ends_with("{}}"),
            _ => false,
        }
    }

    /// Whether there is more than may be left:
    ///
    /// * As with util-linux, a namespace stays kept when what comes after does not come about: in both its files, or in none;
    ///   unless the helper is killed in between.
    /// * The PID file of a program that was started; or was about to be, which cannot be told from one that is killed at once;
    ///   unless the helper is killed that would remove it.
    fn leaves_something(&self, case: &Case, Shot { other, signal, .. }: Shot) -> bool {
        let mounted = |line: &&&str| line.starts_with("> ") && line.contains(" - nsfs ");
        let helper_killed = signal == SIGKILL && other == 1;
        let kept = self.left.iter().filter(mounted).count() == 2 || helper_killed;
        let about_to_start = self.last.iter().any(|(process, call)| {
            // Without a child it reaps the helper.
            let reaps = case.program() == 0 && ["wait4", "close"].contains(call);
            let is_last = ["execve", "sendto"].contains(call) || reaps;
            is_last && process.parse() == Ok(case.program())
        });
        let named = self.started || about_to_start || helper_killed;
        let is_known =
            |line: &str| kept && line.contains("/dir/") || named && line.contains("/new ") && !line.ends_with(" 0");
        self.left.iter().any(|line| !is_known(line))
    }
}

impl Case {
    fn has(&self, option: &str) -> bool {
        self.options.split([' ', '=']).any(|word| word == option)
    }

    fn is_check(&self) -> bool {
        self.has("--check")
    }

    /// Which process becomes the program.
    fn program(&self) -> usize {
        let helpers = [self.has("--pid-file"), self.has("--map-auto") || self.has("--owner"), self.setup == PINS];
        let has_child = self.has("--init") || self.has("-f") || self.has("-rf");
        match helpers.iter().filter(|is_there| **is_there).count() {
            _ if !has_child => 0,
            helpers => helpers + 1 + usize::from(self.has("--init")),
        }
    }

    /// Whether that process is the init of such a line.
    fn is_init(&self, process: usize) -> bool {
        self.has("--init") && process + 1 == self.program()
    }

    /// Whether the program must be reached by a signal that process `other` gets: because that passes it on, or because the program is tied to who dies.
    fn promises(&self, program: &str, Shot { other, signal, .. }: Shot) -> bool {
        let passes_all = self.has("--init") || self.options.contains("--forward-signals=all");
        let passes = signal != SIGKILL && (passes_all || self.has("--forward-signals") && signal != SIGHUP);
        let ignores = program == "unshare" && [SIGINT, SIGTERM].contains(&signal);
        match other {
            _ if signal == SIGSTOP || self.is_check() => false,
            0 => passes || self.has("--kill-child") && !ignores,
            _ if self.is_init(other) => passes || self.has("-rp") || self.has("-rpf") || self.has("--kill-child"),
            _ => false,
        }
    }

    /// A line of shell, on a stage, with the calls of a process to be interfered with.
    fn perform(&self, programs: &[Program; 2], line: &str) -> Result<String, String> {
        let user = if self.is_nsuser { "nsuser" } else { "root" };
        let setup = format!("mkdir /tmp/log; {}", self.setup);
        let setup = if programs[0].name == "nsenter" { targets::setup(&[self.options], &setup) } else { setup };
        let stage = Stage { setup: &setup, ..Stage::new(User::Root) };
        let outcome = stage.run_sh_with(programs, &format!("{FUNCTIONS}export USER={user}\n{line}"));
        match outcome {
            Outcome { status: Status::Exit(0), stdout, stderr } if stderr.is_empty() => Ok(stdout),
            outcome => Err(format!("{} {}: cannot be gone through: {outcome}", programs[0].name, self.options)),
        }
    }

    /// Tries some of the shots. Where the machine is too busy for one stage, there are two. What each came to, as text.
    fn fire(&self, programs: &[Program; 2], shots: &[Shot]) -> Result<Vec<String>, String> {
        let name = programs[0].name;
        let list: String = shots
            .iter()
            .map(|shot| {
                let Shot { process, index, other, signal } = *shot;
                let program = if self.promises(name, *shot) { "sleep 1000" } else { "echo ran" };
                format!("{process} {index} {other} {signal} {program}\n")
            })
            .collect();
        match self.perform(programs, &format!("through {name} {} <<'END'\n{list}END\n", self.options)) {
            Err(_) if shots.len() > 1 => {
                let (some, others) = shots.split_at(shots.len() / 2);
                Ok([self.fire(programs, some)?, self.fire(programs, others)?].concat())
            }
            output => {
                let output = output?;
                let records: Vec<String> = output.split("== ").skip(1).map(str::to_owned).collect();
                if records.len() == shots.len() {
                    return Ok(records);
                }
                Err(format!("{name} {}: {} runs of {}: {output}", self.options, records.len(), shots.len()))
            }
        }
    }

    /// All there is to be tried, and what is printed without.
    fn shots(&self, programs: &[Program; 2]) -> Result<(Vec<Shot>, String), String> {
        let line = format!(
            "inject /tmp/log/moments moments {} {} echo ran >/tmp/log/out 7>/tmp/log/info; cat /tmp/log/moments; echo ==; cat /tmp/log/out",
            programs[0].name, self.options
        );
        let output = self.perform(programs, &line)?;
        let (moments, normal) = output.split_once("==\n").unwrap_or_default();
        let mut shots = Vec::new();
        for line in moments.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |word: &&str| word.parse::<usize>().ok();
            let [Some(process), Some(index)] = [words.first(), words.get(1)].map(|word| word.and_then(number)) else {
                continue;
            };
            for other in words.iter().skip(3).filter_map(number) {
                let signals = SIGNALS.iter().filter(|signal| other == process || **signal != SIGINT);
                shots.extend(signals.map(|signal| Shot { process, index, other, signal: *signal }));
            }
        }
        if shots.is_empty() {
            Err(format!("{}: no moments: {output}", self.options))
        } else {
            Ok((shots, normal.into()))
        }
    }

    fn go_through(&self, programs: &[Program; 2]) -> Result<Tally, String> {
        let name = programs[0].name;
        let (shots, normal) = self.shots(programs)?;
        let moments = shots.iter().map(|shot| (shot.process, shot.index)).collect::<HashSet<_>>().len();
        let mut tally = Tally { moments, ..Tally::default() };
        for some in shots.chunks(AT_ONCE) {
            let records = self.fire(programs, some)?;
            let runs = records.iter().map(|record| Run::parse(record));
            for (run, shot) in runs.zip(some) {
                tally.runs += 1;
                tally.missed += usize::from(run.sent.is_none());
                if let Some(complaint) = run.complaint(self, &normal, *shot, self.promises(name, *shot)) {
                    tally.findings.push(format!("{name} {}: {}: {complaint}: {run:?}", self.options, run.title));
                }
            }
        }
        Ok(tally)
    }
}

/// What has been tried.
#[derive(Debug, Default)]
struct Tally {
    moments: usize,
    runs: usize,
    missed: usize,
    findings: Vec<String>,
}

impl Tally {
    fn and(mut self, other: Tally) -> Self {
        self.findings.extend(other.findings);
        let (moments, runs) = (self.moments + other.moments, self.runs + other.runs);
        Tally { moments, runs, missed: self.missed + other.missed, findings: self.findings }
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

/// `tests/support/inject.c`, compiled for the tests of this program.
fn injector(program: &Program) -> Program {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/support/inject.c");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inject-{}", program.name));
    let compiled = Command::new("cc").args(["-O1", "-o"]).arg(&path).arg(source).status();
    assert!(compiled.is_ok_and(|status| status.success()), "inject.c cannot be compiled");
    Program { path, name: "inject" }
}

#[test]
fn signals_at_every_moment() {
    require!(root, newuidmap, cc);
    if cfg!(not(target_arch = "x86_64")) {
        return support::skip(support::test_name!(), "tests/support/inject.c knows the registers of x86-64 only");
    }
    let (program, cases) = program();
    let injector = injector(&program);
    let programs = &[program, injector];
    let next = AtomicUsize::new(0);
    let work = || {
        let cases = std::iter::from_fn(|| cases.get(next.fetch_add(1, Ordering::Relaxed)));
        cases
            .map(|case| {
                case.go_through(programs)
                    .unwrap_or_else(|finding| Tally { findings: vec![finding], ..Tally::default() })
            })
            .fold(Tally::default(), Tally::and)
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tally = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).fold(Tally::default(), Tally::and)
    });
    let Tally { moments, runs, missed, findings } = tally;
    let (name, lines, signals, found) = (programs[0].name, cases.len(), SIGNALS.len(), findings.len());
    eprintln!(
        "{name}: {lines} command lines, {moments} moments, {signals} signals, {runs} runs, {missed} missed their moment, {found} findings"
    );
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    // Processes side by side do not always make the same calls.
    assert!(missed * 20 <= runs, "{missed} of {runs} runs missed their moment");
}
