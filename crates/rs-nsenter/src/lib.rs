//! The program `rs-nsenter`: options (what was typed), then a plan (what will be done), then the run.

mod join;
pub mod options;
pub mod plan;
pub mod run;

use std::ffi::{OsStr, OsString};

use nscore::arguments::{self, Request};
use nscore::child::Ending;
use nscore::logging;
use nscore::program::{self, Refusal};

use options::Options;
use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-nsenter", work)
}

fn work(args: Vec<OsString>, name: &OsStr) -> Result<Ending, Refusal> {
    Ok(match options::read(args)? {
        Request::Help => program::print(&arguments::help::<Options>(name))?,
        Request::Version => program::print(&arguments::version(name))?,
        Request::Run(options) => {
            logging::start(options.verbose);
            run::run(Plan::from_options(*options)?)?
        }
    })
}
