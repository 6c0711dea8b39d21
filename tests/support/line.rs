//! A line of shell that somebody runs on a stage, and what must come of it.

use super::programs::Program;
use super::stage::{Outcome, Stage, Status, User};
use super::targets;

/// A line of shell, in which the program is known by its name.
#[derive(Clone, Debug)]
pub struct Line {
    /// What the line is about.
    pub program: Program,
    /// Who runs it.
    pub user: User,
    /// Shell functions that it may call.
    pub functions: &'static str,
    /// Shell commands that root carries out before.
    pub setup: String,
    /// The line.
    pub line: String,
    /// Whether it finds the targets that it names, see `targets`.
    beside_targets: bool,
}

impl Line {
    /// What root runs.
    pub fn of_root(program: Program, functions: &'static str, line: impl Into<String>) -> Self {
        Line { program, user: User::Root, functions, setup: String::new(), line: line.into(), beside_targets: false }
    }

    /// The same, run by an ordinary user, uid and gid 4242.
    pub fn of_nsuser(self) -> Self {
        Line { user: User::Nsuser, ..self }
    }

    /// Shell commands that root carries out before, behind those that are there already.
    pub fn after(self, setup: &str) -> Self {
        Line { setup: format!("{}{setup}\n", self.setup), ..self }
    }

    /// The same, beside the processes to enter that it and its setup name.
    pub fn beside_targets(self) -> Self {
        Line { beside_targets: true, ..self }
    }

    /// What comes of it.
    pub fn outcome(&self) -> Outcome {
        let line = format!("{}{}", self.functions, self.line);
        let setup = match self.beside_targets {
            true => &targets::setup(&[&self.line, &self.setup], &self.setup),
            false => &self.setup,
        };
        Stage { setup, ..Stage::new(self.user) }.run_sh(&self.program, &line)
    }

    /// It ends so, and says this.
    pub fn comes_to(&self, status: Status, stdout: &str, stderr: &str) {
        self.outcome().must_be(&format!("{:?}: {}", self.user, self.line), status, stdout, stderr);
    }

    /// It fails with this complaint, and these hints explain it: what stands behind `hint: `, a line each.
    ///
    /// The same without a word of explanation where `NS_HINTS=never`. A complaint of `/proc/PID` is of any process.
    pub fn is_explained(&self, complaint: &str, hints: &[&str]) {
        let program = self.program.name;
        let told = |line: &Line| {
            let outcome = line.outcome();
            let stderr = if complaint.contains("/proc/PID") { without_pids(&outcome.stderr) } else { outcome.stderr };
            Outcome { stderr, ..outcome }
        };
        let outcome = told(self);
        let lines = hints.iter().map(|hint| format!("{program}: hint: {hint}\n"));
        let expected: String = std::iter::once(format!("{program}: {complaint}\n")).chain(lines).collect();
        assert_eq!(outcome.stderr, expected, "{:?}: {}\n  came to: {outcome}", self.user, self.line);
        let silent = told(&Line { line: format!("export NS_HINTS=never; {}", self.line), ..self.clone() });
        assert_eq!((silent.status, &*silent.stderr), (outcome.status, &*format!("{program}: {complaint}\n")));
    }

    /// It ends well, prints this, and complains of nothing.
    pub fn prints(&self, stdout: &str) {
        self.comes_to(Status::Exit(0), stdout, "");
    }

    /// It prints nothing, complains of this, and ends with `status`.
    pub fn fails(&self, status: i32, complaint: &str) {
        self.comes_to(Status::Exit(status), "", &format!("{complaint}\n"));
    }
}

/// The text with `/proc/PID` in the place of `/proc/4711`.
fn without_pids(text: &str) -> String {
    let mut pieces = text.split("/proc/");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        let pid = if rest.len() < piece.len() { "PID" } else { "" };
        format!("{text}/proc/{pid}{rest}")
    })
}
