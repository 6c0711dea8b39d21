//! What comes of every system call of many command lines failing: the tests of `tests/faults.rs`, and their figures.

use std::io::{BufRead as _, BufReader};
use std::process::{ExitCode, Stdio};

use crate::error::{Doing as _, Error, Result};
use crate::shipped::PROGRAMS;
use crate::{cargo, program, say};

/// What the line begins with in which a test tells its figures.
const FIGURES: &str = "faults: ";

/// `cargo xtask faults`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let faults = match arguments {
        [] => "",
        [all] if all == "--all" => "all",
        _ => return Err(Error::Usage("faults: the only option is --all".into())),
    };
    let (mut rows, mut passed) = (Vec::new(), true);
    for program in &PROGRAMS {
        let (figures, success) = test(program.name, faults)?;
        rows.extend(figures);
        passed &= success;
    }
    say(table(&rows))?;
    let is_sound = passed && rows.len() == PROGRAMS.len() && rows.iter().all(|row| row.findings() == 0);
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the test of a package; what it says goes on to stderr. Gives its figures, and whether it passed.
fn test(package: &str, faults: &str) -> Result<(Option<Row>, bool)> {
    let mut test = cargo::command();
    test.args(["test", "--package", package, "--test", "faults", "--", "--nocapture", "every_system_call"]);
    test.env("NS_FAULTS", faults).stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child = test.spawn().doing(|| "running cargo test".into())?;
    let mut row = None;
    for line in child.stderr.take().map(BufReader::new).into_iter().flat_map(BufReader::lines) {
        let line = line.doing(|| "reading what cargo test says".into())?;
        match line.strip_prefix(FIGURES).and_then(Row::parse) {
            Some(figures) => row = Some(figures),
            None => program::pass_on(&line)?,
        }
    }
    let status = child.wait().doing(|| "waiting for cargo test".into())?;
    Ok((row, status.success()))
}

/// What the figures are of, in the order in which a test tells them.
const HEADINGS: [&str; 6] = ["command lines", "calls", "errnos", "runs", "missed", "findings"];

/// The figures of one program.
#[derive(Debug, PartialEq)]
struct Row {
    program: String,
    figures: [u64; HEADINGS.len()],
}

impl Row {
    /// `unshare: 35 command lines, 1137 calls, …`.
    fn parse(text: &str) -> Option<Self> {
        let (program, list) = text.split_once(": ")?;
        let mut parts = list.split(", ");
        let figures = HEADINGS.map(|heading| parts.next()?.strip_suffix(heading)?.trim_end().parse().ok());
        let figures: Vec<u64> = figures.into_iter().collect::<Option<_>>()?;
        Some(Self { program: program.into(), figures: figures.try_into().ok()? })
    }

    fn findings(&self) -> u64 {
        self.figures[HEADINGS.len() - 1]
    }
}

/// A line for each program, and one for all; errnos are not added up, because programs share them.
fn table(rows: &[Row]) -> String {
    let errnos = HEADINGS.iter().position(|heading| *heading == "errnos");
    let sum = |place: usize| rows.iter().map(|row| row.figures[place]).sum::<u64>().to_string();
    let total = (0..HEADINGS.len()).map(|place| if Some(place) == errnos { String::new() } else { sum(place) });
    let line = |name: &str, cells: Vec<String>| {
        let cells = cells.iter().zip(HEADINGS).map(|(cell, heading)| format!("  {cell:>0$}", heading.len()));
        format!("{name:<8}{}", cells.collect::<String>())
    };
    let of_program = |row: &Row| line(&row.program, row.figures.iter().map(u64::to_string).collect());
    let headings = line("program", HEADINGS.map(str::to_owned).into());
    let lines: Vec<_> =
        [headings].into_iter().chain(rows.iter().map(of_program)).chain([line("all", total.collect())]).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Row, table};

    #[test]
    fn figures_are_read_and_added_up() {
        let rows = [
            "unshare: 35 command lines, 1137 calls, 18 errnos, 3252 runs, 0 missed, 12 findings",
            "lsns: 2 command lines, 3 calls, 4 errnos, 5 runs, 6 missed, 0 findings",
        ];
        let rows: Vec<_> = rows.into_iter().map(|row| Row::parse(row).unwrap()).collect();
        assert_eq!((rows[0].findings(), rows[1].findings()), (12, 0));
        assert_eq!(
            table(&rows).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>(),
            [
                "program command lines calls errnos runs missed findings",
                "unshare 35 1137 18 3252 0 12",
                "lsns 2 3 4 5 6 0",
                "all 37 1140 3257 6 12",
            ]
        );
        for odd in ["unshare: no figures", "unshare: 1 command lines", "35 command lines"] {
            assert_eq!(Row::parse(odd), None);
        }
    }
}
