//! The program `rs-lsns`: options (what was typed), a plan (what will be listed), the inventory (what was found), rows and a table.

mod cells;
pub mod columns;
mod dot;
pub mod filter;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod holders;
mod inventory;
mod limits;
pub mod options;
mod pidmap;
mod plan;
mod rows;
mod run;
mod sources;
mod table;
mod tree;

/// What the tests of properties share.
#[cfg(test)]
#[allow(dead_code)]
#[path = "../../../tests/support/cases.rs"]
mod cases;

use std::ffi::OsString;

use nscore::{logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-lsns", &options::DIALECT, options::read, |options, reporter| {
        let verbose = options.verbose;
        logging::start(verbose);
        run::run(Plan::from_options(options)?, reporter, verbose > 0)
    })
}
