//! The programs on other kernels than this machine's: Debian's, booted under qemu with tests/kernels inside.

mod apparmor;
mod cpio;
mod emulator;
mod guest;
mod image;
mod results;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use apparmor::Policy;
use emulator::Emulator;
use guest::Guest;
use image::Image;
use results::{Column, Table};

use crate::error::{Error, Result};
use crate::{cargo, files, say};

/// The releases of Debian whose kernels are booted, oldest first, and what they have.
const SUITES: [(&str, &str); 4] =
    [("bullseye", "5.10"), ("bookworm", "6.1"), ("trixie", "6.12"), ("trixie-backports", "7")];

/// How many guests run at a time; each has two processors.
const AT_A_TIME: usize = 2;

/// `cargo xtask kernels`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    let directory = cargo::target_directory()?.join("kernels");
    files::create_directory(&directory)?;
    // Two of us would write into each other's files.
    let _lock = files::lock(&directory.join("lock"))?;
    let mut skipped = Vec::new();
    let table = match Machine::find(&directory) {
        Ok(machine) => machine.run(&options.suites, &mut skipped)?,
        Err(why) => {
            skipped.push(format!("all kernels: {why}"));
            Table::default()
        }
    };
    report(&table, &skipped, options.no_skips)
}

/// What was typed after `cargo xtask kernels`.
#[derive(Debug, PartialEq)]
struct Options {
    no_skips: bool,
    suites: Vec<&'static str>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options { no_skips: false, suites: Vec::new() };
        for argument in arguments {
            match argument.as_str() {
                "--no-skips" => options.no_skips = true,
                option if option.starts_with('-') => {
                    return Err(Error::Usage(format!("kernels: unknown option: {option}")));
                }
                name => options.suites.push(known_suite(name)?),
            }
        }
        if options.suites.is_empty() {
            options.suites = SUITES.map(|(suite, _)| suite).to_vec();
        }
        Ok(options)
    }
}

fn known_suite(name: &str) -> Result<&'static str> {
    SUITES.iter().find(|(suite, _)| *suite == name).map(|(suite, _)| *suite).ok_or_else(|| {
        let known = SUITES.map(|(suite, version)| format!("{suite} ({version})")).join(", ");
        Error::Usage(format!("kernels: no such release: {name}; there are {known}"))
    })
}

/// What this machine has to have.
struct Machine {
    emulator: Emulator,
    busybox: PathBuf,
    ask: PathBuf,
    /// target/kernels
    directory: PathBuf,
}

impl Machine {
    /// Find everything, or say what is missing.
    fn find(directory: &Path) -> Result<Machine> {
        if env::consts::ARCH != "x86_64" {
            let message = format!("the guests are x86_64, and programs built here are {}", env::consts::ARCH);
            return Err(Error::Missing(message));
        }
        Ok(Machine {
            emulator: Emulator::find()?,
            busybox: guest::busybox()?,
            ask: guest::compile_ask(directory)?,
            directory: directory.to_owned(),
        })
    }

    /// Run the tests on the kernels of these releases; what cannot be fetched is written to `skipped`.
    fn run(&self, suites: &[&str], skipped: &mut Vec<String>) -> Result<Table> {
        let mut images = Vec::new();
        for suite in suites {
            match Image::fetch(&self.directory, suite) {
                Ok(image) => images.push(image),
                Err(why) => skipped.push(format!("{suite}: {why}")),
            }
        }
        if images.is_empty() {
            return Ok(Table::default());
        }
        let policy = Policy::fetch(&self.directory).map_err(|why| skipped.push(format!("AppArmor's denials: {why}")));
        let guest = Guest::build(&self.busybox, &self.ask, policy.ok())?;
        let initramfs = self.directory.join("initramfs");
        files::write(&initramfs, guest.archive()?)?;
        for image in &images {
            say(format_args!("kernel: {image}"))?;
        }
        Ok(self.boot_all(&images, &initramfs))
    }

    /// Boot every image, a few at a time, and put the results side by side.
    fn boot_all(&self, images: &[Image], initramfs: &Path) -> Table {
        let waiting = Mutex::new(images.iter().enumerate());
        let done = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..AT_A_TIME {
                scope.spawn(|| {
                    while let Some((place, image)) = next(&waiting) {
                        let column = Column::new(&image.version, self.emulator.boot(image, initramfs));
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((place, column));
                    }
                });
            }
        });
        let mut columns = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        columns.sort_by_key(|(place, _)| *place);
        Table::new(columns.into_iter().map(|(_, column)| column).collect())
    }
}

/// The next of those that wait; the lock is not held beyond this.
fn next<I: Iterator>(waiting: &Mutex<I>) -> Option<I::Item> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// Print the table, what failed, what was skipped, and the count, which is the last line.
fn report(table: &Table, skipped: &[String], no_skips: bool) -> Result<ExitCode> {
    if !table.is_empty() {
        say(table)?;
    }
    for why in skipped {
        say(format_args!("skipped: {why}"))?;
    }
    let forbidden = no_skips && !skipped.is_empty();
    if forbidden {
        say("xtask: --no-skips allows none of these")?;
    }
    let count = table.count();
    let (passed, failed, lacking) = (count.passed, count.failed, count.lacking);
    say(format_args!("{passed} passed, {failed} failed, {} skipped; {lacking} not for that kernel", skipped.len()))?;
    Ok(match count.failed > 0 || forbidden {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(arguments: &[&str]) -> crate::error::Result<Options> {
        Options::parse(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_kernels_are_booted_unless_some_are_named() {
        assert_eq!(parse(&["--no-skips"]).unwrap().suites.len(), 4);
        assert_eq!(parse(&["trixie"]).unwrap(), Options { no_skips: false, suites: vec!["trixie"] });
    }

    #[test]
    fn what_is_unknown_is_refused() {
        assert!(parse(&["--skips"]).is_err());
        assert!(parse(&["woody"]).unwrap_err().to_string().contains("bullseye (5.10), bookworm (6.1)"));
    }
}
