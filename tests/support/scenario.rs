//! A scenario: a command line that ours and util-linux's program carry out on equal stages, and must carry out alike.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

use super::programs::{Program, Version, oracle};
use super::stage::{Outcome, Stage, Status, User};

/// Why ours is not asked to do what util-linux here does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// util-linux errs, and ours does not: the number in docs/compatibility.md.
    Mended(u32),
    /// Ours differs on purpose: docs/compatibility.md lists it among the other differences.
    OnPurpose,
    /// What ours follows is newer than any util-linux that can be asked.
    Since(&'static str),
}

/// A command line in given surroundings, and what is known about its outcome.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub(crate) line: &'static str,
    pub(crate) is_shell: bool,
    pub(super) setup: &'static str,
    /// Whether standard output is a terminal, and with how many columns.
    pub(crate) columns: Option<u16>,
    since: Version,
    only: Option<User>,
    pub(crate) expected: Expected,
}

/// What ours must do.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// What util-linux does.
    Theirs,
    /// This: status, stdout, stderr.
    Known(Why, Status, &'static str, &'static str),
    /// What util-linux does when another line is asked of it.
    Instead(Why, &'static str),
    /// What util-linux does, put right.
    Repaired(Why, fn(&mut Outcome)),
}

/// The program with these arguments. Blanks separate them; quotes, single or double, keep blanks.
pub const fn args(line: &'static str) -> Scenario {
    let expected = Expected::Theirs;
    Scenario { line, is_shell: false, setup: "", columns: None, since: (0, 0, 0), only: None, expected }
}

/// A line of shell that runs the program by its name.
pub const fn shell(line: &'static str) -> Scenario {
    Scenario { is_shell: true, ..args(line) }
}

impl Scenario {
    /// Shell commands that root carries out on the stage before.
    pub const fn setup(self, setup: &'static str) -> Self {
        Scenario { setup, ..self }
    }

    /// The first util-linux that does it as ours does; an older one is not asked.
    pub const fn since(self, since: Version) -> Self {
        Scenario { since, ..self }
    }

    /// Only this user.
    pub const fn only(self, user: User) -> Self {
        Scenario { only: Some(user), ..self }
    }

    /// What ours must do, where that is not what util-linux does: status, stdout, stderr.
    pub const fn ours(self, why: Why, status: Status, stdout: &'static str, stderr: &'static str) -> Self {
        Scenario { expected: Expected::Known(why, status, stdout, stderr), ..self }
    }

    /// The line by which util-linux does what ours must do by this one. Only in a world of [`crate::twins`].
    pub const fn instead(self, why: Why, line: &'static str) -> Self {
        Scenario { expected: Expected::Instead(why, line), ..self }
    }

    /// What makes of util-linux's outcome the one that ours must have. Only in a world of [`crate::twins`].
    pub const fn repaired(self, why: Why, repair: fn(&mut Outcome)) -> Self {
        Scenario { expected: Expected::Repaired(why, repair), ..self }
    }

    /// Standard output is a terminal with so many columns. Only in a world of [`crate::twins`].
    pub const fn columns(self, columns: u16) -> Self {
        Scenario { columns: Some(columns), ..self }
    }

    /// Who carries it out.
    pub(crate) fn users(&self) -> impl Iterator<Item = User> + use<> {
        let only = self.only;
        [User::Root, User::Nsuser].into_iter().filter(move |user| only.is_none_or(|only| only == *user))
    }

    /// Its words, quotes removed.
    pub fn words(&self) -> Vec<String> {
        words(self.line)
    }

    /// What is run and, of what is done before, the first line.
    pub(crate) fn title(&self, program: &Program) -> String {
        let start = if self.is_shell { String::new() } else { format!("{} ", program.name) };
        let columns = self.columns.map_or_else(String::new, |columns| format!("  ({columns} columns)"));
        let setup = self.setup.lines().next().map_or_else(String::new, |line| format!("  (after: {line})"));
        format!("{start}{}{setup}{columns}", self.line)
    }

    fn run(&self, program: &Program, user: User) -> Outcome {
        let stage = Stage { setup: self.setup, ..Stage::new(user) };
        if self.is_shell { stage.run_sh(program, self.line) } else { stage.run(program, &self.words()) }
    }
}

/// Our program and util-linux's side by side.
pub struct Comparison {
    pub(crate) ours: Program,
    pub(crate) theirs: Program,
    /// How new util-linux is.
    pub version: Version,
    /// Whether util-linux stands in for ours (NS_OURS): it errs where ours does not.
    rehearsal: bool,
    /// Scenarios that the util-linux here is too old for.
    too_new: usize,
    differences: Vec<String>,
}

impl Comparison {
    /// Compares `ours` with `theirs`, a util-linux.
    pub fn new(ours: Program, theirs: Program) -> Self {
        let version = theirs.version().expect("util-linux tells its version");
        let rehearsal = ours.version().is_some();
        Comparison { ours, theirs, version, rehearsal, too_new: 0, differences: Vec::new() }
    }

    /// Carries out each scenario as each user that it is for.
    pub fn all(mut self, scenarios: &[Scenario]) -> Self {
        for scenario in scenarios {
            for user in scenario.users() {
                self.one(scenario, user);
            }
        }
        self
    }

    /// Whether this comparison says something about a scenario.
    pub(crate) fn takes(&mut self, scenario: &Scenario) -> bool {
        let can_be_asked = match scenario.expected {
            Expected::Known(..) => true,
            _ => scenario.since <= self.version,
        };
        let differs = !matches!(scenario.expected, Expected::Theirs);
        self.too_new += usize::from(!can_be_asked);
        can_be_asked && !(differs && self.rehearsal)
    }

    fn one(&mut self, scenario: &Scenario, user: User) {
        if !self.takes(scenario) {
            return;
        }
        let expected = match scenario.expected {
            Expected::Known(_, status, stdout, stderr) => {
                Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
            }
            Expected::Theirs => scenario.run(&self.theirs, user),
            _ => panic!("{}: only beside its twin", scenario.line),
        };
        let outcome = scenario.run(&self.ours, user);
        self.compare(&format!("{user:?}: {}", scenario.title(&self.ours)), outcome, expected);
    }

    /// Carries out a command line that no scenario stands for.
    pub fn line(&mut self, user: User, words: &[String]) {
        let stage = Stage::new(user);
        let [outcome, expected] = [&self.ours, &self.theirs].map(|program| stage.run(program, words));
        let quoted: Vec<String> =
            words.iter().map(|word| if is_plain(word) { word.clone() } else { format!("'{word}'") }).collect();
        self.compare(&format!("{user:?}: {} {}", self.ours.name, quoted.join(" ")), outcome, expected);
    }

    /// Notes a difference, if there is one that matters.
    pub(crate) fn compare(&mut self, what: &str, outcome: Outcome, mut expected: Outcome) {
        if env::var_os("NS_SHOW").is_some() {
            eprintln!("{what}\n    {outcome}");
        }
        let outcome = Outcome { stderr: without_hints(&outcome.stderr), ..outcome };
        if self.version < (2, 43, 0) {
            expected.stderr = in_full(&expected.stderr, &outcome.stderr).to_owned();
        }
        if outcome != expected {
            self.differences.push(format!("{what}\n  ours:   {outcome}\n  theirs: {expected}"));
        }
    }

    /// Fails if anything differed, and says what.
    pub fn finish(self) {
        if self.too_new > 0 {
            let (major, minor, patch) = self.version;
            eprintln!(
                "{} scenarios were left out: util-linux {major}.{minor}.{patch} is too old for them",
                self.too_new
            );
        }
        assert!(
            self.differences.is_empty(),
            "{} differences\n\n{}\n",
            self.differences.len(),
            self.differences.join("\n\n")
        );
    }
}

/// A line of text as words, by a shell's rules for blanks and quotes alone.
pub fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None, None);
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_with(String::new);
            }
            None if c == ' ' => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(c),
        }
    }
    words.extend(word);
    words
}

/// Whether a shell leaves a word as it is.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c))
}

/// Standard error without the hints, which ours adds after the lines of util-linux.
fn without_hints(stderr: &str) -> String {
    stderr.split_inclusive('\n').filter(|line| !line.contains(": hint: ")).collect()
}

/// Before 2.43 util-linux ended a message about a bad user or group before the reason; ours always tells it.
pub fn in_full<'a>(theirs: &'a str, ours: &'a str) -> &'a str {
    let cut_short = ["uid", "gid"].iter().any(|id| theirs.starts_with(&format!("unshare: failed to parse {id} '")));
    match ours.strip_prefix(theirs.trim_end()).map(str::trim_end) {
        Some(": Invalid argument" | ": Numerical result out of range") if cut_short => ours,
        _ => theirs,
    }
}

/// The options in the `--help` of util-linux's `tool`.
pub fn options_in_help(tool: &'static str) -> BTreeSet<String> {
    let theirs = oracle(tool).expect("util-linux is here");
    let help = Command::new(theirs.path).arg("--help").output().expect("its help");
    let help = String::from_utf8(help.stdout).expect("ASCII");
    // " -m, --mount[=<file>]   unshare mounts namespace"
    let shown = help
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .flat_map(|line| line.split("  ").next().unwrap_or("").split([',', ' ', '[', '=', '<']));
    let shown: BTreeSet<String> = shown.filter(|word| word.starts_with('-')).map(str::to_owned).collect();
    assert!(shown.len() > 30, "{shown:?}");
    shown
}

/// Fails unless each of these options occurs in a scenario.
pub fn each_has_a_scenario(options: &BTreeSet<String>, tables: &[&[Scenario]]) {
    let used: BTreeSet<String> = tables.iter().flat_map(|table| table.iter()).flat_map(Scenario::words).collect();
    let is_used = |option: &str| {
        used.iter().any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    let missing: Vec<&String> = options.iter().filter(|option| !is_used(option)).collect();
    assert!(missing.is_empty(), "no scenario has {missing:?}");
}

/// Fails unless each of these command lines succeeds, complains of nothing, and prints what begins so.
pub fn each_begins(programs: &[Program], beginnings: &[(&str, &str)]) {
    for (program, (line, beginning)) in
        programs.iter().flat_map(|program| beginnings.iter().map(move |case| (program, case)))
    {
        let outcome = Stage::new(User::Nsuser).run(program, &words(line));
        assert_eq!((outcome.status, &*outcome.stderr), (Status::Exit(0), ""), "{} {line}", program.path.display());
        assert!(outcome.stdout.starts_with(beginning), "{} {line}: {outcome}", program.path.display());
    }
}
