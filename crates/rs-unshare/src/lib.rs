//! The program `rs-unshare`: options (what was typed), then a plan (what will be done), then the run.

mod check;
mod dry_run;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
pub mod options;
pub mod plan;
pub mod run;
mod step;

use std::ffi::OsString;

use nscore::child::Ending;
use nscore::{Doing, Error, arguments, logging, program, report};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-unshare", &options::DIALECT, options::read, |options, reporter| {
        logging::start(options.verbose);
        let checking = arguments::checking(options.check, options.json)?;
        let dry_run = options.dry_run;
        if dry_run && checking.is_some() {
            return Err(Error::new(Doing::CombiningOptions { first: "check", second: "dry-run" }));
        }
        let plan = Plan::from_options(options);
        if let Some(format) = checking {
            return reporter.show_check(format, |case| check::check(&plan?, case));
        }
        let plan = plan?;
        if dry_run {
            let lines = dry_run::lines(&plan)?.join("\n") + "\n";
            return report::to_stdout(lines.as_bytes()).map(|()| Ending::Exit(0));
        }
        reporter.note(|| plan.note());
        run::run(&plan, &|error| reporter.warn(error))
    })
}
