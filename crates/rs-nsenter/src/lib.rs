//! The program `rs-nsenter`: options (what was typed), then a plan (what will be done), then the run.

use std::ffi::OsString;

/// The whole program: takes argv, gives the exit status.
pub fn main(_args: Vec<OsString>) -> u8 {
    1
}
