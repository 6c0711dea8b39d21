//! The program `rs-lsns`: options (what was typed), a plan, what was found, and a table of it.

pub mod filter;
pub mod table;

use std::ffi::OsString;

/// The whole program: takes argv, gives the exit status.
pub fn main(_args: Vec<OsString>) -> u8 {
    1
}
