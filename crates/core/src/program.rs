//! What every program does around its work: argv in, exit status out, and the one place that prints.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory;

use crate::arguments::{self, Request};
use crate::child::{self, Ending};
use crate::error::{Error, Result};
use crate::hints::{self, Case, CommandLine, System};
use crate::report::{self, ProgramName};

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
/// `read` makes options of argv, `work` does what they ask for; it may come back in more processes than one.
pub fn main<Options: CommandFactory>(
    args: Vec<OsString>,
    fallback: &str,
    read: impl FnOnce(Vec<OsString>) -> Result<Request<Box<Options>>, Refusal>,
    work: impl FnOnce(Options) -> Result<Ending>,
) -> u8 {
    let program = ProgramName::from_args(&args, fallback);
    let hinter = Hinter::new(&program, fallback, &args);
    // First of all, because an option may already need a child: getent, for a name.
    let ready = child::expect_children().map_err(Refusal::from);
    let ended = ready.and_then(|()| read(args)).and_then(|request| {
        let ending = match request {
            Request::Help => print(&arguments::help::<Options>(&program.short)),
            Request::Version => print(&arguments::version(&program.short)),
            Request::Run(options) => work(*options),
        };
        Ok(ending.and_then(end)?)
    });
    match ended {
        Ok(status) => status,
        Err(Refusal::Usage(message)) if program.complain_of_usage(&message) => 1,
        Err(Refusal::Usage(_)) => STDERR_FAILED,
        Err(Refusal::Error(error)) => complain(&program, &error, &hinter),
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

/// Who says why, unless the caller does not want to know.
struct Hinter(Option<CommandLine>);

/// The variable that turns hints off, if it is `never`.
const HINTS: &str = "NS_HINTS";

impl Hinter {
    /// Made first of all: later the environment may be the program's.
    fn new(program: &ProgramName, tool: &str, args: &[OsString]) -> Self {
        let wanted = std::env::var_os(HINTS).is_none_or(|value| value != "never");
        Self(wanted.then(|| CommandLine::new(program.clone(), tool, args)))
    }

    fn explain(&self, program: &ProgramName, error: &Error) {
        let Some(command) = &self.0 else { return };
        let cause = hints::explain(error, Case { system: &System::here(), command });
        for line in cause.iter().flat_map(|cause| cause.lines()) {
            program.complain(OsStr::new(&format!("hint: {line}")));
        }
    }
}

fn complain(program: &ProgramName, error: &Error, hinter: &Hinter) -> u8 {
    let message = error.message();
    let mut told = message.as_os_str() == OsStr::new("") || program.complain(&message);
    for further in error.further_messages() {
        told &= program.complain(&further);
    }
    hinter.explain(program, error);
    if told { error.exit_status() } else { STDERR_FAILED }
}
