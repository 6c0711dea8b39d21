//! The program `rs-unshare`: options (what was typed), then a plan (what will be done), then the run.

pub mod options;
pub mod plan;
pub mod run;
mod step;

use std::ffi::OsString;

use nscore::report::ProgramName;
use nscore::{logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    let name = ProgramName::from_args(&args, "rs-unshare");
    program::main(args, "rs-unshare", options::read, move |options| {
        logging::start(options.verbose);
        run::run(&Plan::from_options(options)?, &|error| name.warn(error))
    })
}
