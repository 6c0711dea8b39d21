//! The program `rs-lsns`: options (what was typed), a plan (what will be listed), the inventory (what was found), rows and a table.

mod cells;
pub mod columns;
pub mod filter;
pub mod inventory;
pub mod options;
pub mod plan;
pub mod rows;
pub mod run;
pub mod sources;
pub mod table;
pub mod tree;

use std::ffi::OsString;

use nscore::{logging, program};

use plan::Plan;

/// The whole program: takes argv, gives the exit status.
pub fn main(args: Vec<OsString>) -> u8 {
    program::main(args, "rs-lsns", options::read, |options| {
        logging::start(options.verbose);
        run::run(Plan::from_options(options)?)
    })
}
