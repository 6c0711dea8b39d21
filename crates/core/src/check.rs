//! Finding out what would work: steps are taken for real, in a child that ends with their effects, and each is reported.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;

use serde_json::{Map, Value, json};

use crate::error::{Doing, Error, Result, While};
use crate::exec::Program;
use crate::hints::{self, Case, Remedy};
use crate::sys::{self, Fork};

/// What has become of the steps of a plan: an object for each, as [`Report::json`] shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(Vec<Map<String, Value>>);

/// No further step is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// In the process that tries: where it reports to.
#[derive(Debug)]
pub struct Trial<'a> {
    report: UnixStream,
    case: Case<'a>,
}

/// Has `work` take the `steps`, in a process that ends when it comes back, and so do those that it forks.
///
/// # Errors
/// [`Doing::OpeningSockets`], [`Doing::Forking`], [`Doing::Waiting`]: nothing was tried.
pub fn examine(
    case: Case<'_>,
    steps: Vec<String>,
    work: impl FnOnce(&Trial<'_>) -> Result<(), Stopped>,
) -> Result<Report> {
    let (mut reader, writer) = UnixStream::pair().doing(|| Doing::OpeningSockets)?;
    let pid = match sys::fork().doing(|| Doing::Forking)? {
        Fork::Parent(pid) => pid,
        Fork::Child => {
            drop(reader);
            let outcome = work(&Trial { report: writer, case });
            sys::end(u8::from(outcome.is_err()))
        }
    };
    drop(writer);
    let mut told = Vec::new();
    let read = reader.read_to_end(&mut told);
    let status = sys::wait(pid, 0).doing(|| Doing::Waiting)?;
    read.doing(|| Doing::Waiting)?;
    Ok(Report::new(steps, &told, status))
}

impl Trial<'_> {
    /// Tries to execute the program, which is the last step.
    ///
    /// # Errors
    /// [`Stopped`] where that failed.
    pub fn program(&self, program: &Program) -> Result<(), Stopped> {
        match program.try_out() {
            // Not told, it counts as not tried.
            Ok(false) => Ok(()),
            outcome => self.step(program, || outcome.map(drop)),
        }
    }

    /// Takes a step, and reports how that went.
    ///
    /// # Errors
    /// [`Stopped`] where it failed.
    pub fn step(&self, step: impl ToString, take: impl FnOnce() -> Result<()>) -> Result<(), Stopped> {
        let failure = take().err();
        let verdict = verdict(step, failure.as_ref(), self.case);
        let told = (&self.report).write_all(format!("{}\n", Value::Object(verdict)).as_bytes());
        // What cannot be told of must not count as not tried.
        if failure.is_some() || told.is_err() { Err(Stopped) } else { Ok(()) }
    }
}

const STEP: &str = "step";
const WORKS: &str = "works";
const ERROR: &str = "error";
const REASON: &str = "reason";
const OBSTACLE: &str = "obstacle";

/// What can be done, by the kind of remedy: the key, and the words before it in text.
const REMEDIES: [(&str, &str); 3] = [("try", "try: "), ("try_as_root", "try, as root: "), ("advice", "")];

fn verdict(step: impl ToString, failure: Option<&Error>, case: Case<'_>) -> Map<String, Value> {
    let mut verdict = failure.map_or_else(Map::new, |error| describe(error, case));
    verdict.insert(WORKS.into(), failure.is_none().into());
    verdict.insert(STEP.into(), step.to_string().into());
    verdict
}

fn describe(error: &Error, case: Case<'_>) -> Map<String, Value> {
    let message = error.message().to_string_lossy().into_owned();
    let mut verdict = Map::new();
    let message = if message.is_empty() { "it failed, as said on stderr".into() } else { message };
    verdict.insert(ERROR.into(), message.into());
    verdict.extend(error.errno.map(|errno| ("errno".into(), format!("{errno:?}").into())));
    let Some(cause) = hints::explain(error, case) else { return verdict };
    verdict.insert("cause".into(), cause.name.into());
    verdict.insert(REASON.into(), cause.reason.into());
    verdict.extend(cause.obstacle.map(|obstacle| (OBSTACLE.into(), obstacle.into())));
    verdict.extend(cause.remedy.map(|remedy| {
        let [command, command_of_root, advice] = REMEDIES;
        let (key, text) = match remedy {
            Remedy::Command(text) => (command.0, text),
            Remedy::CommandOfRoot(text) => (command_of_root.0, text),
            Remedy::Advice(text) => (advice.0, text),
        };
        (key.into(), text.into())
    }));
    verdict
}

impl Report {
    /// That none was tried, because of `error`.
    pub fn unprepared(error: &Error, case: Case<'_>) -> Self {
        Self(vec![verdict("prepare", Some(error), case)])
    }

    fn new(steps: Vec<String>, told: &[u8], status: Option<ExitStatus>) -> Self {
        let lines = told.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        let mut told = lines.peekable();
        let mut list = Vec::new();
        for step in steps {
            let is_this = |told: &Map<String, Value>| told.get(STEP).and_then(Value::as_str) == Some(&step);
            let known = told.next_if(is_this);
            list.push(
                known.unwrap_or_else(|| Map::from_iter([(STEP.into(), step.into()), (WORKS.into(), Value::Null)])),
            );
        }
        list.extend(told);
        let mut report = Self(list);
        // Whoever was killed did not say so.
        if report.works() && !status.is_some_and(|status| status.success()) {
            let message = "the process that tried it was ended";
            let killed = [(STEP, "check".into()), (WORKS, false.into()), (ERROR, message.into())];
            report.0.push(killed.into_iter().map(|(key, value)| (key.into(), value)).collect());
        }
        report
    }

    /// Whether all would work, as far as it can be tried.
    pub fn works(&self) -> bool {
        !self.0.iter().any(|step| step.get(WORKS) == Some(&false.into()))
    }

    /// A line for each step: `STEP: ok`, or what fails and why, or `not tried`, because one before it failed.
    pub fn text(&self) -> String {
        self.0.iter().map(|step| hints::printable(&words(step)) + "\n").collect()
    }

    /// The same as one object on one line: `works`, and `steps` with `step`, `works` (null: not tried) and, of what
    /// fails, `error`, `errno`, `cause`, `reason`, `obstacle`, and one of `try`, `try_as_root`, `advice`, as far as known.
    pub fn json(&self) -> String {
        format!("{}\n", json!({ WORKS: self.works(), "steps": self.0 }))
    }
}

fn words(step: &Map<String, Value>) -> String {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let verdict = match step.get(WORKS) {
        Some(Value::Bool(true)) => "ok".to_owned(),
        Some(Value::Bool(false)) => {
            let reason = text(REASON).map(|reason| format!(": {reason}"));
            let obstacle = text(OBSTACLE).map(|obstacle| format!("; {obstacle}"));
            let remedy = REMEDIES.iter().find_map(|(key, before)| text(key).map(|it| format!("; {before}{it}")));
            let error = text(ERROR).unwrap_or_default().to_owned();
            [Some(error), reason, obstacle, remedy].into_iter().flatten().collect()
        }
        _ => "not tried".into(),
    };
    format!("{}: {verdict}", text(STEP).unwrap_or_default())
}
