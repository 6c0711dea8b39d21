//! The program `rs-unshare`: options (what was typed), then a plan (what will be done), then the run.

pub mod options;
pub mod plan;
pub mod run;
mod step;

use std::ffi::{OsStr, OsString};

use nscore::child::{self, Ending};
use nscore::report::{self, ProgramName};
use nscore::{Error, logging};

use options::{Refusal, Request};
use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    let program = ProgramName::from_args(&args, "rs-unshare");
    // Before the first child, which may be a getent that an option needs.
    if let Err(error) = child::expect_children() {
        return complain(&program, &error);
    }
    let ending = match options::read(args) {
        Ok(Request::Help) => print(options::help(&program.short)),
        Ok(Request::Version) => print(options::version(&program.short)),
        Ok(Request::Run(options)) => {
            logging::start(options.verbose);
            Plan::from_options(*options).and_then(|plan| run::run(&plan))
        }
        Err(Refusal::Usage(message)) => return if program.complain_of_usage(&message) { 1 } else { STDERR_FAILED },
        Err(Refusal::Value(error)) => Err(error),
    };
    match ending.and_then(end) {
        Ok(status) => status,
        Err(error) => complain(&program, &error),
    }
}

/// The status when not even an error could be written.
const STDERR_FAILED: u8 = 1;

fn print(text: String) -> nscore::Result<Ending> {
    report::to_stdout(text.as_bytes()).map(|()| Ending::Exit(0))
}

fn end(ending: Ending) -> nscore::Result<u8> {
    match ending {
        Ending::Exit(status) => Ok(status),
        Ending::Signal(signal) => match child::die_of(signal)? {},
    }
}

fn complain(program: &ProgramName, error: &Error) -> u8 {
    let message = error.message();
    let told = message.as_os_str() == OsStr::new("") || program.complain(&message);
    if told { error.exit_status() } else { STDERR_FAILED }
}
