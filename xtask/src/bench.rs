//! How long the programs take, beside util-linux's and beside the least that is possible.

mod options;
mod programs;
mod race;
mod start;

use std::process::ExitCode;

use crate::error::{Error, Result};

/// `cargo xtask bench`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((name, arguments)) if name == "start" => start::run(arguments),
        Some((name, _)) => Err(Error::Usage(format!("bench: no such benchmark: {name}"))),
        None => Err(Error::Usage("bench: which one? There is: start".into())),
    }
}
