//! The program `rs-nsenter`: options (what was typed), then a plan (what will be done), then the run.

mod check;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod join;
pub mod options;
pub mod plan;
pub mod run;

use std::ffi::OsString;

use nscore::{arguments, child, logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    // The first thing that is done there as well, where nobody is told.
    let children_were_ignored = child::expect_children();
    program::main(args, "rs-nsenter", &options::DIALECT, options::read, |options, reporter| {
        logging::start(options.verbose);
        let checking = arguments::checking(options.check, options.json)?;
        let plan = Plan::from_options(options);
        if let Some(format) = checking {
            return reporter.show_check(format, |case| check::check(plan?, case));
        }
        let plan = plan?;
        reporter.note(|| plan.note());
        run::run(plan, children_were_ignored?)
    })
}
