//! What every program does around its work: argv in, exit status out, and the one place that prints.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;

use crate::arguments::{self, CheckFormat, Request};
use crate::check;
use crate::child::{self, Ending};
use crate::error::{Error, Result};
use crate::getopt::{self, Dialect};
use crate::hints::{self, Case, Cause, CommandLine, System};
use crate::report::{self, ProgramName};
use crate::terminal;

/// Why a command line was not carried out.
#[derive(Debug)]
pub enum Refusal {
    /// It is no sequence of options; the text is getopt_long's.
    Usage(OsString),
    /// An option's value is wrong, or a step failed.
    Error(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Error(error)
    }
}

/// Runs the program that is called `fallback` where argv does not say: shows its help or version, or does its work.
///
/// `dialect` is how its options are read; `read` makes options of argv, `work` does what they ask for; it may come back in more processes than one.
pub fn main<Options: CommandFactory>(
    args: Vec<OsString>,
    fallback: &str,
    dialect: &'static Dialect,
    read: impl FnOnce(Vec<OsString>) -> Result<Request<Box<Options>>, Refusal>,
    work: impl FnOnce(Options, &Reporter) -> Result<Ending>,
) -> u8 {
    let reporter = Reporter::new::<Options>(&args, fallback, dialect);
    // First of all, because an option may already need a child: getent, for a name.
    let ready = child::expect_children().map_err(Refusal::from);
    let ended = ready.and_then(|_| read(args)).and_then(|request| {
        let ending = match request {
            Request::Help => print(&arguments::help::<Options>(&reporter.program.short)),
            Request::Version => print(&arguments::version(&reporter.program.short)),
            Request::Run(options) => work(*options, &reporter),
        };
        Ok(ending.and_then(end)?)
    });
    match ended {
        Ok(status) => status,
        Err(Refusal::Usage(message)) if reporter.program.complain_of_usage(&message) => 1,
        Err(Refusal::Usage(_)) => STDERR_FAILED,
        Err(Refusal::Error(error)) if reporter.complain(&error) => error.exit_status(),
        Err(Refusal::Error(_)) => STDERR_FAILED,
    }
}

/// The status when not even an error could be written.
const STDERR_FAILED: u8 = 1;

/// Prints what was asked for instead of work: the help, the version.
fn print(text: &str) -> Result<Ending> {
    report::to_stdout(text.as_bytes()).map(|()| Ending::Exit(0))
}

fn end(ending: Ending) -> Result<u8> {
    match ending {
        Ending::Exit(status) => Ok(status),
        Ending::Signal(signal) => match child::die_of(signal)? {},
    }
}

/// Says on stderr what failed, and why.
#[derive(Debug)]
pub struct Reporter {
    program: ProgramName,
    /// What the program is called at home.
    tool: String,
    args: Vec<OsString>,
    dialect: &'static Dialect,
    respell: fn(&Dialect, Vec<OsString>) -> Vec<OsString>,
    /// Whether to say why as well.
    hints: bool,
}

/// argv as getopt reads it, for the program with these options.
fn respell<Options: CommandFactory>(dialect: &Dialect, args: Vec<OsString>) -> Vec<OsString> {
    getopt::respell(&mut Options::command(), dialect, args).args
}

impl Reporter {
    /// Made first of all: later the environment may be another.
    fn new<Options: CommandFactory>(args: &[OsString], tool: &str, dialect: &'static Dialect) -> Self {
        let program = ProgramName::from_args(args, tool);
        let hints = std::env::var_os(hints::VARIABLE).is_none_or(|value| value != hints::NEVER);
        Self { program, tool: tool.into(), args: args.to_vec(), dialect, respell: respell::<Options>, hints }
    }

    /// What was typed; read again only where something has failed.
    fn command(&self) -> CommandLine {
        let respelt = (self.respell)(self.dialect, self.args.clone());
        CommandLine::new(self.program.clone(), &self.tool, &self.args, &respelt)
    }

    /// Says what failed, and then why, if that can be found out. Says whether stderr took the first.
    fn complain(&self, error: &Error) -> bool {
        let message = error.message();
        let mut told = message.as_os_str() == OsStr::new("") || self.program.complain(&message);
        for further in error.further_messages() {
            told &= self.program.complain(&further);
        }
        self.say_why(error);
        told
    }

    /// Warns of what failed though the program runs all the same, and says why, if that can be found out.
    pub fn warn(&self, error: &Error) {
        self.program.warn(error);
        self.say_why(error);
    }

    fn say_why(&self, error: &Error) {
        for line in self.explain(error).iter().flat_map(Cause::lines) {
            self.hint(&line);
        }
    }

    /// Why it failed, if that is wanted and can be found out.
    fn explain(&self, error: &Error) -> Option<Cause> {
        let explain =
            || hints::explain(error, Case { system: &System::here(), command: &self.command(), is_wanted: true });
        self.hints.then(explain).flatten()
    }

    /// Says on stdout what `examine` has found out, in place of doing it. Ends with 1 where something would fail.
    /// A script is told there as well what kept it from trying any step.
    ///
    /// # Errors
    /// Those of `examine`, unless for a script, and of writing.
    pub fn show_check(
        &self,
        format: CheckFormat,
        examine: impl FnOnce(Case<'_>) -> Result<check::Report>,
    ) -> Result<Ending> {
        let command = self.command().without_check();
        let system = System::here();
        let case = Case { system: &system, command: &command, is_wanted: self.hints };
        let report = match examine(case) {
            Err(error) if format == CheckFormat::Json => check::Report::unprepared(&error, case),
            examined => examined?,
        };
        let text = match format {
            CheckFormat::Text => report.text(),
            CheckFormat::Json => report.json(),
        };
        report::to_stdout(text.as_bytes())?;
        Ok(Ending::Exit(u8::from(!report.works())))
    }

    /// Says what somebody at a terminal may want to know though nothing has failed; `text` is asked for nobody else.
    pub fn note(&self, text: impl FnOnce() -> Option<String>) {
        self.note_also(false, text);
    }

    /// The same to whoever wants to know more (`-v`), wherever he sits.
    pub fn note_also(&self, wanted: bool, text: impl FnOnce() -> Option<String>) {
        if self.hints
            && (wanted || terminal::is_stderr())
            && let Some(text) = text()
        {
            self.hint(&text);
        }
    }

    fn hint(&self, text: &str) {
        self.program.complain(OsStr::new(&format!("hint: {text}")));
    }
}
