//! All that the started program inherits is the caller's, to the last: descriptors, signals, capabilities, limits and what else a process has.
//!
//! From callers in many states (tests/support/caller.c), each option of ours and of util-linux's starts a program that prints its state
//! (tests/support/state.c). What ours prints must be what util-linux's does, line by line, but for what the table [`KNOWN`] says. What
//! only ours can do is compared with ours without that option: no more may differ than the option is about.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test says loudly what is wrong")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ops::AddAssign;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use support::compiled::compiled;
use support::scenario::words;
use support::{Program, Stage, Status, User, oracle, ours, require, targets};

/// The states of a caller, each by the name that `caller.c` knows it by.
const STATES: &[&str] = &[
    "plain",
    // All signals ignored; some ignored and some blocked; all blocked, and some waiting.
    "ignored",
    "mixed",
    "blocked",
    // 3 to 1023 open, some close-on-exec; of 0, 1 and 2 all or one closed.
    "descriptors",
    "closed",
    "closed-stdin",
    "closed-stderr",
    // All of them lowered.
    "limits",
    // Inheritable and ambient ones; a smaller bounding set; no fix-up of a change of ids; root is nobody special.
    "capabilities",
    "bounding",
    "securebits",
    "noroot",
    // What else a process has: umask, nice, personality, death signal, timers, locks, and so on.
    "attributes",
    // no_new_privs, and two filters of system calls.
    "filtered",
    // A session or process group of its own; a terminal, in the foreground or the background.
    "session",
    "group",
    "terminal",
    "background",
    // One child lives, and one is a zombie.
    "children",
    // Supplementary groups; ids that are not all the same.
    "groups",
    "ids",
    // Names that are there twice, and what is no name; no environment.
    "environment",
    "empty",
    // The working directory was removed.
    "gone",
];

/// Options of unshare that util-linux has as well.
const UNSHARE: &[&str] = &[
    "",
    "--mount",
    "--uts",
    "--ipc",
    "--net",
    "--pid",
    "--user",
    "--cgroup",
    "--time",
    "-rimnuCT",
    "--fork",
    "--pid --fork",
    "-rpf --mount-proc",
    "-m --mount-proc=/proc",
    "--map-root-user",
    "-rf",
    "--map-current-user",
    "-c --keep-caps",
    "-cf --keep-caps",
    "--map-user=7 --map-group=8",
    "--map-auto",
    "--map-auto -f",
    "--map-subids -f --kill-child",
    "--map-users=0:300000:10 --map-groups=0:400000:10",
    "--map-users=0:0:10 --map-groups=all -f",
    "-U --owner=4242:4242",
    "-r --owner=0:0 -f",
    "-U --setgroups=allow",
    "-U --setgroups=deny",
    "-r --setgroups=deny",
    "--setuid=5 --setgid=6",
    "-S 4242 -f",
    "-G 4242 -f",
    "-S 4242 -G 4242 --kill-child",
    "-r -S 0",
    "--map-auto -S 3 -G 4",
    "--map-auto -r -S 0 -G 0 -f --keep-caps",
    "--kill-child",
    "--kill-child=TERM -rp",
    "--forward-signals",
    "-rp --forward-signals --kill-child=INT",
    "--propagation=slave -m",
    "-m --propagation=shared -f",
    "-m --propagation=unchanged",
    "--root=/tmp/root",
    "-rR /tmp/root --wd=/tmp",
    "-pf -R /tmp/root --mount-proc",
    "--root=/tmp/root --wd=tmp",
    "--wd=dir",
    "-rf -w /tmp",
    "-pf --mount-binfmt",
    "-rpf --load-interp=:it:M::IT::/bin/cat:",
    "-T --monotonic=5",
    "-rTf --boottime=6",
    "--uts=dir/a --ipc=dir/b",
    "--net=dir/a --time=dir/b -f",
    "--pid=dir/a -f",
    "--mount=dir/a -r",
    "--user=dir/a --cgroup=dir/b",
];

/// Without a program, which is $SHELL then.
const UNSHARE_SHELLS: &[&str] = &["", "--fork", "-r --kill-child"];

/// What ours can do alone, the same without it, and with what the lines begin that this is about.
type Ours = (&'static str, &'static str, &'static [&'static str]);

/// What ours can do alone.
const UNSHARE_OURS: &[Ours] = &[
    ("-f --init", "-f", INIT),
    ("--init --kill-child", "--kill-child", INIT),
    ("--init --kill-child=TERM -r", "--kill-child=TERM -r", INIT),
    ("--init -rp", "-rpf", FIRST),
    ("--init -rp --mount-proc --kill-child", "-rp --mount-proc --kill-child", FIRST),
    ("--init --forward-signals=all", "-f", INIT),
    ("--init -S 4242 -G 4242 --kill-child", "-S 4242 -G 4242 --kill-child", INIT),
    ("--init --map-auto -S 3 -G 4 --keep-caps", "--map-auto -S 3 -G 4 --keep-caps -f", INIT),
    ("--init --pid-file=/tmp/stage/new --info-fd=0 -ru", "-ruf", INIT),
    ("--forward-signals=all", "-f", &[]),
    (
        "--forward-signals=HUP,RTMIN -r",
        "-r --forward-signals",
        &["SigIgn: ", "signal 1: ", "signal 2: ", "signal 15: ", "signal 34: "],
    ),
    ("-r --hostname=there", "-ru", &[]),
    ("-r --loopback", "-rn", &[]),
    ("-rf --hostname=there --loopback", "-runf", &[]),
    ("--pid-file=/tmp/stage/new", "", &[]),
    ("--pid-file=/tmp/stage/new -f", "-f", &[]),
    ("--info-fd=0", "", &[]),
    ("--info-fd=0 -rf", "-rf", &[]),
    ("--clear-env", "", &["variable "]),
    ("--clear-env -rf", "-rf", &["variable "]),
    ("--whitelist-env=HOME,A,Z", "", &["variable "]),
    ("--whitelist-env=PATH -f", "-f", &["variable "]),
    ("--verbose -rf", "-rf", &[]),
    ("-r --propagation=unbindable -m", "-rm", &[]),
    ("--kill-child=9", "--kill-child", &[]),
    // Who is known to a name service only.
    ("--map-user=fetched", "--map-user=4243", &[]),
];

/// The init is the parent, of the program and of nobody else.
const INIT: &[&str] = &["parent: "];

/// In a pid namespace it is the first process in the program's place.
const FIRST: &[&str] = &["parent: ", "parent as the program sees it: ", "number: "];

/// Options of nsenter that util-linux has as well.
const NSENTER: &[&str] = &[
    "--target 100 --all",
    "-t 100 --mount",
    "-t 100 --uts",
    "-t 100 --ipc",
    "-t 100 --net",
    "-t 100 --pid",
    "-t 100 --cgroup",
    "-t 100 --time",
    "-t 100 --pid --no-fork",
    "-t 100 -m -u -i -n -p -C -T",
    "-t 100 -a --wd",
    "-t 100 -a --setuid=5 --setgid=6",
    "-t 100 -u --follow-context",
    "-t 100 -u -S 4242",
    "-t 100 -p -G 4242",
    "-t 200 -a",
    "-t 200 -a --preserve-credentials",
    "-t 200 --user",
    "-t 200 -U --preserve-credentials",
    "-t 200 -U -S 0 -G 0",
    "-t 200 --user-parent -u",
    "-t 200 -a --keep-caps",
    "-t 300 --all",
    "-t 300 -u --join-cgroup",
    "-t 350 -a",
    "-t 500 -m -p --root --wd",
    "-t 500 -m -r --wdns=/tmp",
    "-t 500 -u --env",
    "-t 500 -m -r -e",
    "-t 500 -u --setuid=follow --setgid=follow",
    "-t 500 -u --root=/tmp/root",
    "-t 500 -w -u",
    "-t 600 -U",
    "-t 600 -a --preserve-credentials",
    "-t 600 --user-parent --preserve-credentials",
    "-t 700 -U",
    "-t 700 -a",
    "-t 700 -U -S 5 -G 6",
    "-t 700 -U -S 5 --keep-caps",
    "-t 700 --user-parent -n",
    "-t 800 --net-socket 9",
    "--uts=/proc/100/ns/uts",
    "--net=/proc/100/ns/net --ipc=/proc/500/ns/ipc --wd=dir",
    "--user=/proc/200/ns/user",
    "--user=/proc/700/ns/user --net=/proc/700/ns/net --preserve-credentials",
    "--mount=/proc/500/ns/mnt --root=/tmp/root",
    "--pid=/proc/500/ns/pid",
    "--time=/proc/100/ns/time --cgroup=/proc/100/ns/cgroup",
];

/// Without a program, which is $SHELL then.
const NSENTER_SHELLS: &[&str] = &["-t 100 -u", "-t 100 -a", "-t 200 -U --preserve-credentials"];

/// What ours can do alone.
const NSENTER_OURS: &[Ours] = &[
    ("-t 100 -p --kill-child", "-t 100 -p", &["death signal: "]),
    ("-t 200 -a --kill-child=TERM", "-t 200 -a", &["death signal: "]),
    ("-t 100 -p -S 4242 --kill-child", "-t 100 -p -S 4242", &["death signal: "]),
    ("-t 100 -p --forward-signals=all", "-t 100 -p", &[]),
    ("-t 100 -a --forward-signals=all --kill-child", "-t 100 -a", &["death signal: "]),
    ("-t 100 -p --forward-signals", "-t 100 -p", &["SigIgn: ", "signal 2: ", "signal 15: "]),
    ("-t 100 -p --mount-proc", "-t 100 -p", &["namespace mnt: "]),
    ("-t 200 -U -p -m --mount-proc=/proc", "-t 200 -U -p -m", &["namespace mnt: "]),
    ("-t 100 --pid-for-children", "-t 100 -p -T", &[]),
    ("-t @/proc/100/ns/net -n", "-t 100 -n", &[]),
    ("-t @/proc/100/ns/pid -a", "-t 100 -a", &[]),
    ("-n@/proc/100/ns/net", "-n/proc/100/ns/net", &[]),
    // Held by a mount in another mount namespace alone.
    ("-n@/proc/100/root/tmp/stage/dir/held", "-n/proc/100/root/tmp/stage/dir/held", &[]),
    ("-U@/proc/200/ns/user -u@/proc/200/ns/uts", "-U/proc/200/ns/user -u/proc/200/ns/uts", &[]),
    ("-t container:abcdef -u -n", "-t 100 -u -n", &[]),
    ("-t docker:abcdef -a", "-t 100 -a", &[]),
    ("-t netns:there -n", "-n/proc/100/ns/net", &[]),
    ("-t 100 -u -c", "-t 100 -u", &["cgroup: "]),
    ("-t 100 -a -c", "-t 100 -a", &["cgroup: "]),
    ("--verbose -t 100 -a", "-t 100 -a", &[]),
];

/// Options of ours with which no program starts, or that only a table of its own could try.
const START_NOTHING: &[&str] = &["--help", "--version", "--check", "--json", "--dry-run"];

/// Where ours differs from util-linux on purpose; docs/compatibility.md says so as well.
struct Known {
    /// The options; any if there are none here.
    options: &'static [&'static str],
    /// The states; all if there are none here.
    states: &'static [&'static str],
    /// Who runs it; everybody if nobody is named.
    user: Option<User>,
    /// What the lines begin with that ours alone has. How the run ends is one such, and then nothing else is compared.
    ours: &'static [&'static str],
    /// The same of util-linux.
    theirs: &'static [&'static str],
    why: &'static str,
}

impl Known {
    /// Everybody's, from each state, with these options; nothing yet that differs.
    const fn with(options: &'static [&'static str], why: &'static str) -> Self {
        Self { options, states: &[], user: None, ours: &[], theirs: &[], why }
    }

    const fn from(self, states: &'static [&'static str]) -> Self {
        Self { states, ..self }
    }

    const fn of(self, user: User) -> Self {
        Self { user: Some(user), ..self }
    }

    const fn differ(self, ours: &'static [&'static str], theirs: &'static [&'static str]) -> Self {
        Self { ours, theirs, ..self }
    }

    /// The program starts with one of both only.
    const fn start(self) -> Self {
        self.differ(&["exit "], &["exit "])
    }
}

const ANY: &[&str] = &[];

/// What is waiting for the program.
const PENDING: &[&str] = &["ShdPnd: ", "pending"];

const MASK: &str = "util-linux lets 32 and 33 through, which libc keeps for itself, when it puts the mask back";
const CHILDS: &str = "util-linux leaves the SIGCHLD of its helper to the program";
const PASSED_ON: &str = "what came before is passed on, even where the caller blocks it";
const NOT_OPEN: &str = "the descriptor to write to is not open";

const KNOWN_OF_UNSHARE: &[Known] = &[
    Known::with(ANY, MASK).from(&["mixed"]).differ(
        &["SigBlk: \t00000080800b4200", "blocked: 00000080800b4200"],
        &["SigBlk: \t00000080000b4200", "blocked: 00000080000b4200"],
    ),
    Known::with(ANY, MASK).from(&["blocked"]).differ(
        &["SigBlk: \tfffffffffffbfeff", "blocked: fffffffffffbfeff"],
        &["SigBlk: \tfffffffe7ffbfeff", "blocked: fffffffe7ffbfeff"],
    ),
    Known::with(ANY, CHILDS).from(&["mixed"]).differ(
        &["ShdPnd: \t0000000000000000", "pending: 0000000000000000"],
        &["ShdPnd: \t0000000000010000", "pending: 0000000000010000", "pending 1: signal=17 code=1 "],
    ),
    Known::with(ANY, CHILDS).from(&["blocked"]).differ(
        &["ShdPnd: \t0000000400004200", "pending: 0000000400004201", "pending 4: signal=35", "pending 5: signal=35"],
        &[
            "ShdPnd: \t0000000400014200",
            "pending: 0000000400014201",
            "pending 4: signal=17 code=1 ",
            "pending 5: signal=35",
            "pending 6: signal=35",
        ],
    ),
    Known::with(
        &[
            "--forward-signals",
            "-rp --forward-signals --kill-child=INT",
            "--forward-signals=all",
            "--forward-signals=HUP,RTMIN -r",
            "-f --init",
            "--init --kill-child",
            "--init --kill-child=TERM -r",
            "--init -rp",
            "--init -rp --mount-proc --kill-child",
            "--init --forward-signals=all",
            "--init -S 4242 -G 4242 --kill-child",
            "--init --map-auto -S 3 -G 4 --keep-caps",
            "--init --pid-file=/tmp/stage/new --info-fd=0 -ru",
        ],
        PASSED_ON,
    )
    .from(&["blocked"])
    .differ(PENDING, PENDING),
    Known::with(&["-S 4242 -G 4242 --kill-child"], "3: the change of ids clears it")
        .differ(&["death signal: 9"], &["death signal: 0"]),
    Known::with(&["-r --setgroups=deny"], "7: setgroups is denied too late").start(),
    Known::with(&["--root=/tmp/root --wd=tmp"], "10: the directory is one of the old root").start(),
    Known::with(&["--net=dir/a --time=dir/b -f", "--pid=dir/a -f"], "24: it starts before its files are there")
        .from(&["gone"])
        .start(),
    Known::with(&["--info-fd=0", "--info-fd=0 -rf", "--init --pid-file=/tmp/stage/new --info-fd=0 -ru"], NOT_OPEN)
        .from(&["closed", "closed-stdin"])
        .start(),
];

const KNOWN_OF_NSENTER: &[Known] = &[
    Known::with(&["-t 300 -u --join-cgroup"], "2: util-linux takes the first line of /proc/PID/cgroup").start(),
    Known::with(
        &["-t 200 -a", "-t 350 -a", "-t 600 -a --preserve-credentials", "-t 200 -a --keep-caps"],
        "5: what is shared",
    )
    .of(User::Nsuser)
    .start(),
    Known::with(
        &["-t 200 --user", "-t 200 -U -S 0 -G 0", "-t 600 -U", "--user=/proc/200/ns/user"],
        "6: setgroups is denied",
    )
    .of(User::Nsuser)
    .start(),
    Known::with(&["-t 200 --user-parent -u", "-t 700 --user-parent -n"], "the owner of the first kind, as in 2.43")
        .start(),
    Known::with(
        &["-t 500 -m -r -e", "-t 500 -u --root=/tmp/root", "--mount=/proc/500/ns/mnt --root=/tmp/root"],
        "14: the directory is outside the root",
    )
    .differ(
        &["directory .: ", "working directory: /"],
        // What it says of one that was removed, too.
        &["directory .: ", "working directory: (unreachable)/", "working directory: No such file or directory"],
    ),
    Known::with(&["-t 700 -U -S 5 --keep-caps"], "13: --keep-caps").differ(&["Cap"], &["Cap"]),
    Known::with(
        &[
            "-t 100 -p --forward-signals",
            "-t 100 -p --forward-signals=all",
            "-t 100 -a --forward-signals=all --kill-child",
        ],
        PASSED_ON,
    )
    .from(&["blocked"])
    .differ(PENDING, PENDING),
];

/// A run: who runs which of the programs with which options.
#[derive(Clone, Debug)]
struct Run {
    user: User,
    path: &'static str,
    options: &'static str,
    /// The name by which the program is started; without one it is $SHELL.
    program: Option<&'static str>,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// How the program ended.
    status: String,
    /// Everything that it inherits: `what: value`.
    lines: BTreeSet<String>,
    /// What must not be.
    wrong: Vec<String>,
}

impl State {
    fn parse(record: &str) -> Self {
        let (status, lines) = record.split_once('\n').unwrap_or((record, ""));
        let (wrong, lines) = lines.lines().map(str::to_owned).partition(|line: &String| line.starts_with("wrong: "));
        let lines: Vec<String> = lines;
        Self { status: status.to_owned(), lines: lines.into_iter().collect(), wrong }
    }

    /// Whether a program was started.
    fn is_started(&self) -> bool {
        self.lines.contains("end: of state")
    }

    /// What does not differ from stage to stage.
    fn beyond_the_stage(&self) -> impl Iterator<Item = String> {
        let is_fixed =
            |line: &&String| !["directory ", "session keyring: "].iter().any(|start| line.starts_with(start));
        self.lines.iter().filter(is_fixed).map(|line| line.split(" file=").next().unwrap_or_default().to_owned())
    }

    /// The lines that this one has, and `other` has not.
    fn beside<'a>(&'a self, other: &'a State) -> Vec<&'a str> {
        if self.is_started() != other.is_started() || self.status != other.status {
            return vec![&self.status];
        }
        self.lines.difference(&other.lines).map(String::as_str).collect()
    }
}

/// Two runs from the same state that must find the same.
#[derive(Clone, Debug)]
struct Pair {
    state: &'static str,
    ours: Run,
    other: Run,
    /// Beginnings of lines that may differ, because the option is about them.
    about: &'static [&'static str],
}

impl Pair {
    fn title(&self) -> String {
        let Run { user, path, options, .. } = &self.ours;
        let other = if *path == self.other.path { format!(", without: {}", self.other.options) } else { String::new() };
        format!("{:?} ({}): {options}{other}", user, self.state)
    }
}

/// The program that this is compiled for, and its tables.
struct Tool {
    ours: Program,
    lines: &'static [&'static str],
    shells: &'static [&'static str],
    alone: &'static [Ours],
    known: &'static [Known],
}

fn tool() -> Tool {
    match (option_env!("CARGO_BIN_EXE_rs-unshare"), option_env!("CARGO_BIN_EXE_rs-nsenter")) {
        (Some(built), _) => Tool {
            ours: ours("unshare", built),
            lines: UNSHARE,
            shells: UNSHARE_SHELLS,
            alone: UNSHARE_OURS,
            known: KNOWN_OF_UNSHARE,
        },
        (_, Some(built)) => Tool {
            ours: ours("nsenter", built),
            lines: NSENTER,
            shells: NSENTER_SHELLS,
            alone: NSENTER_OURS,
            known: KNOWN_OF_NSENTER,
        },
        _ => panic!("compiled for rs-unshare or rs-nsenter"),
    }
}

const OURS: &str = "/tmp/bin/ours";
const THEIRS: &str = "/tmp/bin/theirs";

impl Tool {
    /// Everything, state by state; NS_STATE names the states that are to be tried alone.
    fn pairs(&self) -> Vec<Pair> {
        let only = env::var("NS_STATE").ok();
        let is_wanted = |state: &&&str| only.as_ref().is_none_or(|only| only.split(',').any(|only| only == **state));
        let states = STATES.iter().filter(is_wanted);
        states.flat_map(|state| [User::Root, User::Nsuser].map(|user| self.pairs_of(state, user)).concat()).collect()
    }

    fn pairs_of(&self, state: &'static str, user: User) -> Vec<Pair> {
        const PATH: Option<&str> = Some("/tmp/bin/state");
        // Looked for in PATH, if there is one.
        let program = if state == "empty" { PATH } else { Some("state") };
        let run = |path, options, program| Run { user, path, options, program };
        let beside = |options: &&'static str, program| {
            let (ours, other) = (run(OURS, options, program), run(THEIRS, options, program));
            Pair { state, ours, other, about: &[] }
        };
        let alone = |(with, without, about): &Ours| Pair {
            state,
            ours: run(OURS, with, PATH),
            other: run(OURS, without, PATH),
            about,
        };
        let lines = self.lines.iter().map(|options| beside(options, program));
        let shells = self.shells.iter().map(|options| beside(options, None));
        lines.chain(shells).chain(self.alone.iter().map(alone)).collect()
    }

    /// Whether only one of both programs starts anything with these options, as the table says.
    fn starts_one(&self, options: &str) -> bool {
        self.known.iter().any(|known| known.ours == ["exit "] && known.options.contains(&options))
    }

    /// The difference that the table knows of in this line.
    fn known(&self, pair: &Pair, is_ours: bool, line: &str) -> Option<usize> {
        self.known.iter().position(|known| {
            let lines = if is_ours { known.ours } else { known.theirs };
            (known.options.is_empty() || known.options.contains(&pair.ours.options))
                && (known.states.is_empty() || known.states.contains(&pair.state))
                && known.user.is_none_or(|user| user == pair.ours.user)
                && lines.iter().any(|beginning| line.starts_with(beginning))
        })
    }

    /// Carries out pairs that are of one state. Where the machine is too busy for one stage, there are two.
    fn outcomes(&self, theirs: &Program, pairs: &[Pair]) -> Vec<(State, State)> {
        match self.on_one_stage(theirs, pairs) {
            Ok(states) => states,
            Err(reason) if pairs.len() < 2 => panic!("{reason}"),
            Err(_) => {
                let (some, others) = pairs.split_at(pairs.len() / 2);
                [self.outcomes(theirs, some), self.outcomes(theirs, others)].concat()
            }
        }
    }

    fn on_one_stage(&self, theirs: &Program, pairs: &[Pair]) -> Result<Vec<(State, State)>, String> {
        let state = pairs.first().map_or("plain", |pair| pair.state);
        let runs = pairs.iter().flat_map(|pair| [&pair.ours, &pair.other]);
        let lines: String = runs.map(|run| run.line(self.ours.name)).collect();
        let [caller, shows] = ["caller", "state"].map(|name| Program { path: compiled(name), name });
        let programs = [
            Program { name: "ours", ..self.ours.clone() },
            Program { name: "theirs", ..theirs.clone() },
            caller,
            shows,
        ];
        let place = format!("top=nsstate{}-{}", std::process::id(), STAGES.fetch_add(1, Ordering::Relaxed));
        let line = format!("{place}\n{BEFORE}caller {state} <<'END'\n{lines}END\n{AFTER}");
        let setup = match self.ours.name {
            "nsenter" => format!("{ROOM}{}{TARGETS}", targets::setup(&["100 200 300 350 500 600 700"], "")),
            _ => ROOM.to_owned(),
        };
        let outcome = Stage { setup: &setup, ..Stage::new(User::Root) }.run_sh_with(&programs, &line);
        let states: Vec<State> = outcome.stdout.split("== ").skip(1).map(State::parse).collect();
        if outcome.status != Status::Exit(0) || states.len() != 2 * pairs.len() {
            return Err(format!("{state}: {:?} after {} runs: {}", outcome.status, states.len(), outcome.stderr));
        }
        let mut states = states.into_iter();
        Ok(std::iter::from_fn(|| states.next().zip(states.next())).collect())
    }
}

/// How many stages there were.
static STAGES: AtomicUsize = AtomicUsize::new(0);

impl Run {
    /// As `caller` reads it.
    fn line(&self, name: &str) -> String {
        let user = if self.user == User::Root { "root" } else { "nsuser" };
        let options = words(self.options);
        let program = self.program.map(|program| [program, "a b", "", "--all"].map(str::to_owned).to_vec());
        let start = [user, self.path, name].map(str::to_owned).to_vec();
        [start, options, program.unwrap_or_default()].concat().join("\t") + "\n"
    }
}

/// What root prepares: a name service, files to pin namespaces in, and the program in the other root.
const ROOM: &str = "echo '#!/bin/sh
echo fetched:x:4243:4243::/:/bin/sh' >/tmp/getent; chmod 755 /tmp/getent; mount --bind /tmp/getent /usr/bin/getent
mount -t tmpfs -o mode=777 pins dir; mount --make-private dir; : >dir/a; : >dir/b; : >dir/c
mkdir -p /tmp/root/tmp/bin; cp /tmp/bin/state /tmp/root/bin; cp /tmp/bin/state /tmp/root/tmp/bin
";

/// More to enter: a network that is mounted at 100's, a name for one, and a process with a socket of another network.
const TARGETS: &str = r#"nsenter -t 100 -m -w sh -c ': >held; unshare --net=held true'
mount -t tmpfs run /run; mkdir /run/netns; : >/run/netns/there; mount --bind /proc/100/ns/net /run/netns/there
process 800 perl -MSocket -MPOSIX -e '
    open(my $net, "<", "/proc/700/ns/net"); syscall(308, fileno($net), 0x40000000) == 0 or die $!;
    socket(my $s, AF_UNIX, SOCK_STREAM, 0); dup2(fileno($s), 9) or die $!;
    open(my $back, "<", "/proc/1/ns/net"); syscall(308, fileno($back), 0x40000000) == 0 or die $!;
    $| = 1; print "up\n"; open(my $never, "+<", "/tmp/stage/never"); <$never>'
"#;

/// Target 100 is in a cgroup of its own, called as a container's.
const BEFORE: &str = r#"
if [ -e /proc/100 ]; then
    mkdir /tmp/cg; mount -t cgroup2 none /tmp/cg || exit 77
    group=/tmp/cg/$top.slice/docker-abcdef$(printf %058d 1).scope
    mkdir -p $group && echo 100 >$group/cgroup.procs || exit 77
fi
"#;

/// Leaves no cgroup.
const AFTER: &str = r#"
status=$?
if [ -e /proc/100 ]; then
    while read -r pid; do kill -KILL $pid; done <$group/cgroup.procs
    while grep -qs populated.1 $group/cgroup.events; do :; done
    rmdir $group ${group%/*} || exit 77
fi
exit $status
"#;

/// What has been compared.
#[derive(Debug, Default)]
struct Count {
    pairs: usize,
    /// Pairs in which no program came to run.
    refused: usize,
    lines: usize,
    /// Lines that differ as the table says.
    known: usize,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.pairs += other.pairs;
        self.refused += other.refused;
        self.lines += other.lines;
        self.known += other.known;
    }
}

/// All that came of the comparison.
#[derive(Debug, Default)]
struct Findings {
    count: Count,
    /// Rows of the table that were met.
    met: BTreeSet<usize>,
    /// Options with which a program has started, ours and the other.
    started: BTreeSet<&'static str>,
    /// What differs, and where.
    differences: BTreeMap<String, Vec<String>>,
    /// What root's program inherits from each state, if hardly anything else is done.
    inherited: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Findings {
    fn compare(&mut self, tool: &Tool, pair: &Pair, ours: &State, other: &State) {
        self.count += Count {
            pairs: 1,
            refused: usize::from(!ours.is_started() && !other.is_started()),
            lines: ours.lines.len(),
            known: 0,
        };
        if ours.is_started() && other.is_started() {
            self.started.insert(pair.ours.options);
        }
        let mut differences: Vec<String> = ours.wrong.iter().map(|wrong| format!("  ours is {wrong}\n")).collect();
        for (is_ours, lines) in [(true, ours.beside(other)), (false, other.beside(ours))] {
            let whose = if is_ours { "ours " } else { "other" };
            for line in lines.into_iter().filter(|line| !pair.about.iter().any(|about| line.starts_with(about))) {
                match tool.known(pair, is_ours, line) {
                    Some(row) => {
                        self.met.insert(row);
                        self.count.known += 1;
                    }
                    None => differences.push(format!("  {whose} {line}\n")),
                }
            }
        }
        if pair.ours.user == User::Root && pair.other.path == THEIRS && PLAINEST.contains(&pair.ours.options) {
            self.inherited.entry(pair.state).or_default().extend(ours.beyond_the_stage());
        }
        if !differences.is_empty() {
            self.differences.entry(differences.concat()).or_default().push(pair.title());
        }
    }
}

/// Options with which the least changes.
const PLAINEST: &[&str] = &["", "-t 100 --uts"];

/// How many pairs share a stage, which has fifteen seconds for all.
const AT_ONCE: usize = 40;

#[test]
fn the_program_inherits_what_it_would_from_its_caller() {
    require!(root, util_linux, newuidmap, cc, unshare, setpriv, hostname, perl, nsenter);
    let (tool, theirs) = (tool(), oracle(tool().ours.name).expect("util-linux"));
    if theirs.version() < Some((2, 42, 0)) {
        return support::skip(support::test_name!(), "no util-linux as new as 2.42");
    }
    let pairs = tool.pairs();
    assert!(!pairs.is_empty(), "NS_STATE names no state");
    let jobs: Vec<&[Pair]> =
        pairs.chunk_by(|one, next| one.state == next.state).flat_map(|pairs| pairs.chunks(AT_ONCE)).collect();
    let (next, findings) = (AtomicUsize::new(0), Mutex::new(Findings::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let states = tool.outcomes(&theirs, job);
                    let mut findings = findings.lock().expect("no panic");
                    for (pair, (ours, other)) in job.iter().zip(&states) {
                        findings.compare(&tool, pair, ours, other);
                    }
                }
            });
        }
    });
    let Findings { count, met, started, differences, inherited } = findings.into_inner().expect("no panic");
    eprintln!(
        "{}: {} lines from {} states, {} pairs of runs ({} start nothing), {} facts, {} known differences, {} findings",
        tool.ours.name,
        tool.pairs_of("plain", User::Root).len(),
        STATES.len(),
        count.pairs,
        count.refused,
        count.lines,
        count.known,
        differences.len()
    );
    let show = |(what, wheres): (&String, &Vec<String>)| format!("{}\n{what}", wheres.join("\n"));
    assert!(differences.is_empty(), "{}", differences.iter().map(show).collect::<Vec<_>>().join("\n"));
    if env::var_os("NS_STATE").is_some() {
        return;
    }
    // A state that is none would be tried in vain.
    let plain = &inherited["plain"];
    let same: Vec<&str> =
        inherited.iter().filter(|(state, it)| **state != "plain" && *it == plain).map(|(state, _)| *state).collect();
    assert!(inherited.len() == STATES.len() && same.is_empty(), "{same:?} leave no trace");
    // Nor is anything found out where neither starts.
    let lines = tool.lines.iter().chain(tool.shells).chain(tool.alone.iter().map(|(with, ..)| with));
    let idle: Vec<&&str> = lines.filter(|line| !started.contains(**line) && !tool.starts_one(line)).collect();
    assert!(idle.is_empty(), "start nothing: {idle:?}");
    let stale: Vec<&str> =
        (0..tool.known.len()).filter(|row| !met.contains(row)).map(|row| tool.known[row].why).collect();
    assert!(stale.is_empty(), "not seen any more: {stale:?}");
}

/// Each long option of ours and util-linux's help starts a program here.
#[test]
fn every_option_is_tried() {
    require!(util_linux);
    let tool = tool();
    let used: Vec<String> =
        tool.lines.iter().copied().chain(tool.alone.iter().map(|(with, ..)| *with)).flat_map(words).collect();
    let theirs = oracle(tool.ours.name).expect("util-linux");
    for program in [&tool.ours, &theirs] {
        let help = Command::new(&program.path).arg("--help").output().expect("its help").stdout;
        let help = String::from_utf8(help).expect("UTF-8");
        let shown = help.lines().filter(|line| line.trim_start().starts_with('-'));
        let options: BTreeSet<&str> = shown
            .filter_map(|line| line.trim_start().split("  ").next())
            .flat_map(|names| names.split([' ', ',', '[', '=', '<', '.']))
            .filter(|word| word.starts_with("--"))
            .collect();
        assert!(options.len() > 20, "{options:?}");
        let is_used = |option: &str| used.iter().any(|word| word.split('=').next() == Some(option));
        let missing: Vec<&str> =
            options.into_iter().filter(|option| !START_NOTHING.contains(option) && !is_used(option)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", program.path.display());
    }
}
