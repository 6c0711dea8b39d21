//! The program `rs-lsns`: options (what was typed), a plan (what will be listed), the inventory (what was found), rows and a table.

mod cells;
mod columns;
pub mod filter;
mod inventory;
mod options;
mod plan;
mod rows;
mod run;
mod sources;
mod table;
mod tree;

use std::ffi::OsString;

use nscore::{logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-lsns", options::read, |options, _| {
        logging::start(options.verbose);
        run::run(Plan::from_options(options)?)
    })
}
