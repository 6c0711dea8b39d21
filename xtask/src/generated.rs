//! Files that are made from the sources and kept with them: written, or compared with what they should be.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::error::{Error, Result};
use crate::{files, say};

/// A file and what it is to say.
pub struct Generated {
    /// Where it is.
    pub path: PathBuf,
    /// What belongs in it.
    pub content: String,
}

/// `cargo xtask NAME [--check]` for a command that makes these files.
pub fn command(name: &str, arguments: &[String], wanted: &[Generated]) -> Result<ExitCode> {
    let check = match arguments {
        [] => false,
        [option] if option == "--check" => true,
        _ => return Err(Error::Usage(format!("{name} takes no more than --check"))),
    };
    let mut status = ExitCode::SUCCESS;
    for Generated { path, content } in wanted {
        let old = text(path).unwrap_or_default();
        if old == *content {
            continue;
        }
        if check {
            for (sign, line) in changes(&old, content) {
                say(format_args!("{sign}{line}"))?;
            }
            say(format_args!("{}: out of date; run `cargo xtask {name}` and commit", path.display()))?;
            status = ExitCode::FAILURE;
        } else {
            if let Some(directory) = path.parent() {
                files::create_directory(directory)?;
            }
            files::write(path, content)?;
            say(format_args!("{}: renewed", path.display()))?;
        }
    }
    Ok(status)
}

/// What a file says, as text.
pub fn text(path: &std::path::Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&files::read(path)?).into_owned())
}

/// The lines that one has and the other has not: no real comparison, but enough to see what it is about.
fn changes<'a>(old: &'a str, new: &'a str) -> impl Iterator<Item = (char, &'a str)> {
    let without = |of: &'a str, other: &'a str| of.lines().filter(move |line| !other.lines().any(|same| same == *line));
    without(old, new).map(|line| ('-', line)).chain(without(new, old).map(|line| ('+', line)))
}
