//! The program `rs-unshare`: options (what was typed), then a plan (what will be done), then the run.

pub mod options;
pub mod plan;
pub mod run;
mod step;

use std::ffi::OsString;

use nscore::{logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-unshare", options::read, |options, reporter| {
        logging::start(options.verbose);
        let plan = Plan::from_options(options)?;
        reporter.note(|| plan.note());
        run::run(&plan, &|error| reporter.warn(error))
    })
}
