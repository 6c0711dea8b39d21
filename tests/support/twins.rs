//! Ours and util-linux's program in one and the same world, one after the other: what a program shows of the namespaces around it can be compared only there,
//! because their numbers differ from stage to stage.
//!
//! A world is a stage (see [`Stage`](crate::support::Stage)) on which both programs lie. Each call is carried out twice, by processes with the same
//! PIDs; `lsns` (say) is the one program or the other. PID 1 is a shell that carries out the set-up from a file, so that its command line is short, and then
//! puts the PIDs back before each run. Besides the stage's own programs there is `hold` (tests/support/hold.c).
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says loudly what is wrong")]

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{OpenptyResult, Winsize, openpty};

use crate::support::compiled::compiled;
use crate::support::scenario::Expected;
use crate::support::scenario::words;
use crate::support::stage::{self, LIMIT, Outcome, Status, User};
use crate::support::{Comparison, Program, Scenario};

/// A command to carry out in a world.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who does.
    pub user: User,
    /// Its words, the program's name first. `@PATH` stands for the number of the namespace that the path leads to.
    pub words: Vec<OsString>,
    /// Variables, besides those of every stage.
    pub variables: Vec<(&'static str, &'static str)>,
    /// Whether standard output is a terminal, and with how many columns.
    pub columns: Option<u16>,
}

impl Call {
    fn of(scenario: &Scenario, line: &str, program: &Program, user: User) -> Call {
        let words = if scenario.is_shell {
            ["/bin/sh", "-c", line].map(OsString::from).to_vec()
        } else {
            [program.name.to_owned()].into_iter().chain(words(line)).map(OsString::from).collect()
        };
        Call { user, words, variables: Vec::new(), columns: scenario.columns }
    }

    /// The call as it could be typed, and by whom and where.
    pub fn title(&self) -> String {
        let variables: String = self.variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
        let words: Vec<String> = self.words.iter().map(|word| format!("'{}'", word.display())).collect();
        let columns = self.columns.map_or_else(String::new, |columns| format!("  ({columns} columns)"));
        format!("{:?}: {variables}{}{columns}", self.user, words.join(" "))
    }
}

/// Two lines of which the outcomes are to be compared; theirs can be missing.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What ours does.
    pub ours: Call,
    /// What util-linux's program does.
    pub theirs: Option<Call>,
}

impl Comparison {
    /// Carries out each scenario, as each user that it is for, in the world that `setup` makes.
    pub fn together(mut self, setup: &str, scenarios: &[Scenario]) -> Self {
        let scenarios: Vec<&Scenario> = scenarios.iter().filter(|scenario| self.takes(scenario)).collect();
        let each: Vec<(&Scenario, User)> =
            scenarios.iter().flat_map(|scenario| scenario.users().map(|user| (*scenario, user))).collect();
        let pairs: Vec<Pair> = each.iter().map(|(scenario, user)| self.pair(scenario, *user)).collect();
        for ((scenario, user), (outcome, theirs)) in each.into_iter().zip(self.outcomes(setup, &pairs)) {
            let expected = expected(scenario, theirs);
            let title = format!("{user:?}: {}", scenario.title(&self.ours));
            self.compare(&title, outcome, expected);
        }
        self
    }

    fn pair(&self, scenario: &Scenario, user: User) -> Pair {
        let ours = Call::of(scenario, scenario.line, &self.ours, user);
        let theirs = match scenario.expected {
            Expected::Known(..) => None,
            Expected::Instead(_, line) => Some(Call::of(scenario, line, &self.theirs, user)),
            Expected::Theirs | Expected::Repaired(..) => Some(ours.clone()),
        };
        Pair { ours, theirs }
    }

    /// Ours and, if they were asked for, theirs. A machine that stood still is asked again, everything.
    pub fn outcomes(&self, setup: &str, pairs: &[Pair]) -> Vec<(Outcome, Option<Outcome>)> {
        let attempt = || in_a_world([&self.ours, &self.theirs], setup, pairs);
        attempt().or_else(|_| attempt()).unwrap_or_else(|late| panic!("not in time: {late}"))
    }
}

/// What ours must come to, now that it is known what util-linux does.
fn expected(scenario: &Scenario, theirs: Option<Outcome>) -> Outcome {
    match (scenario.expected, theirs) {
        (Expected::Known(_, status, stdout, stderr), _) => {
            Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
        }
        (Expected::Repaired(_, repair), Some(mut theirs)) => {
            repair(&mut theirs);
            theirs
        }
        (_, theirs) => theirs.expect("theirs was asked"),
    }
}

/// Builds the world, carries everything out, and ends the world. Fails with what hung.
fn in_a_world(programs: [&Program; 2], setup: &str, pairs: &[Pair]) -> Result<Vec<(Outcome, Option<Outcome>)>, String> {
    let hold = &compiled("hold");
    // Namespaces are a thread's own, so a thread goes there and does not come back.
    let all = thread::scope(|scope| {
        let there = scope.spawn(|| {
            let mut world = World::build(programs, hold, setup)?;
            let outcomes = pairs.iter().map(|pair| world.pair(pair)).collect();
            world.end();
            outcomes
        });
        there.join()
    });
    all.unwrap_or_else(|reason| std::panic::resume_unwind(reason))
}

/// The stage with both programs, around the thread that has built it.
struct World {
    to_first: ChildStdin,
    from_first: BufReader<ChildStdout>,
    beside: Beside,
    program: &'static str,
}

/// Threads that were started before the world was entered: from there, none can be.
struct Beside {
    /// Tells the watchdog that something went on.
    steps: mpsc::Sender<()>,
    watchdog: thread::JoinHandle<()>,
    /// Takes a terminal, and gives all that is written there.
    terminals: mpsc::Sender<OwnedFd>,
    shown: mpsc::Receiver<Vec<u8>>,
}

impl Beside {
    /// `first` will bring PID 1.
    fn start(first: mpsc::Receiver<Child>) -> Beside {
        let (steps, told) = mpsc::channel();
        let watchdog = thread::spawn(move || first.recv().into_iter().for_each(|first| watch(first, &told)));
        let (terminals, each) = mpsc::channel();
        let (show, shown) = mpsc::channel();
        thread::spawn(move || each.into_iter().try_for_each(|terminal| show.send(everything(terminal))));
        Beside { steps, watchdog, terminals, shown }
    }
}

impl World {
    fn build(programs: [&Program; 2], hold: &Path, setup: &str) -> Result<World, String> {
        let [ours, theirs] = programs;
        let (to_watchdog, first) = mpsc::channel();
        let beside = Beside::start(first);
        let libraries = stage::libraries();
        stage::stay_on_this_cpu();
        stage::separate().expect("namespaces for the stage");
        let places = [(&*ours.path, "bin/program.ours"), (&theirs.path, "bin/program.theirs"), (hold, "bin/hold")];
        stage::furnish(&places, libraries);
        let script = format!("set -e\nmount -t proc proc /proc\n{{ :\n{setup}\n}} >&2\nset +e\n{SERVE}");
        stage::file("/tmp/first", &script, 0o644);

        let mut shell = Command::new("/bin/sh");
        shell.arg("/tmp/first").env_clear().envs(stage::ENVIRONMENT).current_dir("/tmp/stage");
        let mut first = stage::spawn(shell.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("sh");
        let to_first = first.stdin.take().expect("a pipe");
        let from_first = BufReader::new(first.stdout.take().expect("a pipe"));
        to_watchdog.send(first).expect("the watchdog waits");
        let mut world = World { to_first, from_first, beside, program: ours.name };
        let ready = world.hear();
        ready.then_some(world).ok_or_else(|| "the set-up, or it failed, as standard error says".to_owned())
    }

    /// Waits for PID 1's word; false if it has ended.
    fn hear(&mut self) -> bool {
        let mut word = String::new();
        let heard = self.from_first.read_line(&mut word).is_ok() && word == "ready\n";
        let _ = self.beside.steps.send(());
        heard
    }

    fn pair(&mut self, pair: &Pair) -> Result<(Outcome, Option<Outcome>), String> {
        let Some(call) = &pair.theirs else {
            return Ok((self.run("ours", &pair.ours)?, None));
        };
        let mut theirs = self.run("theirs", call)?;
        let mut ours = self.run("ours", &pair.ours)?;
        // What the set-up ended may have been there still. A difference counts if the world stayed as it was.
        for _ in 0..10 {
            if ours == theirs {
                break;
            }
            let again = self.run("theirs", call)?;
            if again == theirs {
                break;
            }
            (theirs, ours) = (again, self.run("ours", &pair.ours)?);
        }
        Ok((ours, Some(theirs)))
    }

    /// Carries out a call by one of the programs.
    fn run(&mut self, whose: &str, call: &Call) -> Result<Outcome, String> {
        let late = || format!("{whose}, {}", call.title());
        self.choose(whose);
        self.to_first.write_all(b"again\n").map_err(|_| late())?;
        if !self.hear() {
            return Err(late());
        }
        let outcome = match call.columns {
            Some(columns) => self.on_terminal(columns, call),
            None => with_files(call),
        };
        // Whatever happens after the watchdog's time is because of it.
        if self.beside.steps.send(()).is_err() || outcome.status == Status::Signal(nix::libc::SIGKILL) {
            Err(late())
        } else {
            Ok(outcome)
        }
    }

    /// Standard output is a terminal.
    fn on_terminal(&self, columns: u16, call: &Call) -> Outcome {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = terminal(&size);
        self.beside.terminals.send(terminal.master).expect("the thread reads terminals");
        let mut command = command(call);
        let path = "/tmp/stderr";
        command.stdout(terminal.slave).stderr(File::create(path).expect("a file"));
        let status = status_of(&mut command);
        // The last handle on the terminal's own side.
        drop(command);
        let stdout = text(&self.beside.shown.recv().expect("the terminal is read"));
        Outcome { status: status.into(), stdout, stderr: text(&fs::read(path).expect("a file")) }
    }

    /// Puts the program under its name.
    fn choose(&self, whose: &str) {
        let link = format!("/tmp/bin/{}", self.program);
        symlink(format!("program.{whose}"), "/tmp/bin/next").expect("a link");
        fs::rename("/tmp/bin/next", link).expect("a link");
    }

    fn end(self) {
        drop(self.beside.steps);
        self.beside.watchdog.join().expect("the watchdog ends");
    }
}

/// What PID 1 does after the set-up: at each word, no process is left but those of the set-up, and the next PID is the same again.
const SERVE: &str = "echo ready
while read -r word; do echo 999 >/proc/sys/kernel/ns_last_pid; echo ready; done
";

/// Kills PID 1, and so all processes there, when nobody tells of steps any more, or not in time.
fn watch(mut first: Child, told: &mpsc::Receiver<()>) {
    while told.recv_timeout(LIMIT).is_ok() {}
    first.kill().and_then(|()| first.wait()).expect("PID 1 of the stage can be killed");
}

fn command(call: &Call) -> Command {
    let name = &call.words[0];
    let path = Path::new("/tmp/bin").join(name);
    let mut command = Command::new(if path.exists() { path } else { PathBuf::from(name) });
    command.arg0(name).args(call.words[1..].iter().map(|word| number_for(word)));
    command.env_clear().envs(stage::ENVIRONMENT).envs(call.variables.iter().copied());
    command.current_dir("/tmp/stage").stdin(Stdio::null());
    if call.user == User::Nsuser {
        // std drops the supplementary groups with it.
        command.uid(4242).gid(4242);
    }
    command
}

/// A word as the program gets it.
fn number_for(word: &OsStr) -> OsString {
    let path = word.to_str().and_then(|word| word.strip_prefix('@')).filter(|path| path.starts_with('/'));
    let number = |path: &str| fs::metadata(path).map_or_else(|_| "1".into(), |file| file.ino().to_string().into());
    path.map_or_else(|| word.to_owned(), number)
}

/// A terminal for one program alone: what another test starts meanwhile would keep it open, and nothing tell its end.
fn terminal(size: &Winsize) -> OpenptyResult {
    let _nobody_forks = stage::alone();
    let terminal = openpty(Some(size), None).expect("a terminal");
    for end in [&terminal.master, &terminal.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("an open descriptor");
    }
    terminal
}

/// Carries the command out.
fn status_of(command: &mut Command) -> ExitStatus {
    let status = stage::spawn(command).and_then(|mut running| running.wait());
    status.expect("the program can be started in the world")
}

/// Standard output and error are files.
fn with_files(call: &Call) -> Outcome {
    let [stdout, stderr] = ["/tmp/stdout", "/tmp/stderr"];
    let mut command = command(call);
    command.stdout(File::create(stdout).expect("a file")).stderr(File::create(stderr).expect("a file"));
    let status = status_of(&mut command);
    let read = |path| text(&fs::read(path).expect("a file"));
    Outcome { status: status.into(), stdout: read(stdout), stderr: read(stderr) }
}

/// What is written to a terminal until nobody has it open; then it cannot be read any more.
fn everything(terminal: OwnedFd) -> Vec<u8> {
    let (mut terminal, mut all, mut part) = (File::from(terminal), Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = terminal.read(&mut part) {
        all.extend_from_slice(&part[..length]);
    }
    all
}

/// What a program wrote. A byte that is not UTF-8 becomes a character that no program here writes, and its value.
fn text(bytes: &[u8]) -> String {
    let invalid = |byte: &u8| format!("\u{fffd}<{byte:02x}>");
    bytes
        .utf8_chunks()
        .map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().iter().map(invalid).collect::<String>()))
        .collect()
}
