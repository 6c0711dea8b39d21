//! How long the programs take, beside util-linux's and beside the least that is possible.

mod crowd;
mod list;
mod options;
mod plot;
mod programs;
mod race;
mod start;
mod verdict;

use std::process::ExitCode;

use crate::error::{Error, Result};

/// `cargo xtask bench`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((name, arguments)) if name == "start" => start::run(arguments),
        Some((name, arguments)) if name == "list" => list::run(arguments),
        Some((name, _)) => Err(Error::Usage(format!("bench: no such benchmark: {name}"))),
        None => Err(Error::Usage("bench: which one? There are: start, list".into())),
    }
}
