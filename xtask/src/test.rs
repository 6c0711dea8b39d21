//! The whole test suite, and an honest count of it: a test that could not run did not pass.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode, ExitStatus, Stdio};

use crate::error::{Doing as _, Error, Result};
use crate::oracle::{self, Oracle};
use crate::{cargo, program, say};

/// `cargo xtask test`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    let oracle = oracle::prepare()?;
    say(&oracle)?;

    // Tests of one package run the programs of another, and examples, which cargo test need not build.
    let mut build = cargo::command();
    build.args(["build", "--workspace", "--bins", "--examples"]);
    let status = build.status().doing(|| "running cargo build".into())?;
    program::check(&build, status)?;

    let notes = Notes::create()?;
    let mut test = options.command(&oracle, &notes.path);
    let mut tally = Tally::default();
    let status = stream(&mut test, |line| tally.read(line))?;
    tally.end_of_output();
    tally.add_skips(&notes.read()?);
    report(&test, status, &tally, options.no_skips)
}

/// What was typed after `cargo xtask test`.
#[derive(Debug, Default, PartialEq)]
struct Options {
    no_skips: bool,
    filters: Vec<String>,
    /// For `cargo test`, and after another `--` for the test programs.
    cargo: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--" => {
                    options.cargo = arguments.cloned().collect();
                    break;
                }
                "--no-skips" => options.no_skips = true,
                option if option.starts_with('-') => {
                    let message = format!("test: unknown option: {option} (cargo's go after --)");
                    return Err(Error::Usage(message));
                }
                _ => options.filters.push(argument.clone()),
            }
        }
        Ok(options)
    }

    fn command(&self, oracle: &Oracle, notes: &Path) -> Command {
        let mut split = self.cargo.splitn(2, |argument| argument == "--");
        let for_cargo = split.next().unwrap_or_default();
        let for_tests = split.next().unwrap_or_default();
        let mut command = cargo::command();
        command.args(["test", "--no-fail-fast"]).args(for_cargo);
        // Beside --workspace, cargo does not heed --package.
        let package = |argument: &String| argument.starts_with("-p") || argument.starts_with("--package");
        if !for_cargo.iter().any(package) {
            command.arg("--workspace");
        }
        command.arg("--").args(&self.filters).args(for_tests);

        command.env("NS_TEST_SKIPS", notes);
        match oracle.directory() {
            Some(directory) => command.env("NS_ORACLE", directory),
            None => command.env_remove("NS_ORACLE"),
        };
        match self.no_skips {
            true => command.env("NS_NO_SKIPS", "1"),
            false => command.env_remove("NS_NO_SKIPS"),
        };
        command
    }
}

/// The file in which a test that cannot run here writes `TEST: REASON`; it goes when this does.
struct Notes {
    path: PathBuf,
}

impl Notes {
    fn create() -> Result<Notes> {
        let target = cargo::target_directory()?;
        let path = target.join(format!("test-skips.{}", process::id()));
        fs::write(&path, "").doing(|| format!("creating {}", path.display()))?;
        Ok(Notes { path })
    }

    fn read(&self) -> Result<String> {
        let bytes = fs::read(&self.path).doing(|| format!("reading {}", self.path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        // A file too many below the target directory does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// Run `command`, pass its standard output on as it comes, and show `each` line of it.
fn stream(command: &mut Command, each: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut child = command.stdout(Stdio::piped()).spawn().doing(|| "running cargo test".into())?;
    let copied = match child.stdout.take() {
        Some(output) => pass_on(output, each),
        None => Ok(()),
    };
    // Also when nobody reads our output any more, nothing is to run on behind our back.
    let status = child.wait().doing(|| "waiting for cargo test".into())?;
    copied.and(Ok(status))
}

fn pass_on(output: impl Read, mut each: impl FnMut(&str)) -> Result<()> {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    let reading = || "reading the output of cargo test".into();
    while output.read_until(b'\n', &mut line).doing(reading)? > 0 {
        io::stdout().write_all(&line).doing(|| "writing to standard output".into())?;
        each(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(())
}

/// What became of the tests, as their output and their notes tell.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    passed: usize,
    failed: usize,
    /// The tests that were skipped, by reason.
    skipped: BTreeMap<String, Vec<String>>,
    failures: Vec<String>,
    /// The test program that has begun and not yet given its result: how many passed so far.
    running: Option<usize>,
}

impl Tally {
    /// Take in a line that a test program printed.
    fn read(&mut self, line: &str) {
        if line.starts_with("running ") && (line.ends_with(" test") || line.ends_with(" tests")) {
            self.end_of_output();
            self.running = Some(0);
        } else if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.running = None;
        } else if let Some((test, outcome)) = line.strip_prefix("test ").and_then(|line| line.rsplit_once(" ... ")) {
            if outcome == "ok" {
                self.running = self.running.map(|passed| passed + 1);
            } else if outcome == "FAILED" {
                self.failures.push(test.to_owned());
            } else if let Some(reason) = outcome.strip_prefix("ignored") {
                let reason = reason.strip_prefix(", ").unwrap_or("ignored");
                self.skip(test, reason);
            }
        }
    }

    /// A test program that ends without a result crashed, which is one failure at least.
    fn end_of_output(&mut self) {
        if let Some(passed) = self.running.take() {
            self.passed += passed;
            self.failed += 1;
        }
    }

    /// Take in the notes of the tests that could not run: libtest believes that they passed.
    fn add_skips(&mut self, notes: &str) {
        for note in notes.lines().filter(|note| !note.is_empty()) {
            let (test, reason) = note.split_once(": ").unwrap_or((note, "no reason given"));
            if !self.failures.iter().any(|failure| failure == test) {
                self.passed = self.passed.saturating_sub(1);
                self.skip(test, reason);
            }
        }
    }

    fn skip(&mut self, test: &str, reason: &str) {
        let tests = self.skipped.entry(reason.to_owned()).or_default();
        tests.push(test.to_owned());
    }

    fn skips(&self) -> usize {
        self.skipped.values().map(Vec::len).sum()
    }
}

/// The number that stands before `word` in a line such as `ok. 3 passed; 0 failed; …`.
fn number_before(line: &str, word: &str) -> usize {
    line.split_once(word).and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

/// Print why tests were skipped, then the count, which is the last line.
fn report(test: &Command, status: ExitStatus, tally: &Tally, no_skips: bool) -> Result<ExitCode> {
    if tally.failed == 0 {
        // Something did not build: there is nothing to count.
        program::check(test, status)?;
    }
    let skips = tally.skips();
    if skips > 0 {
        say("skipped:")?;
    }
    for (reason, tests) in &tally.skipped {
        say(format_args!("  {} {reason}: {}", tests.len(), tests.join(", ")))?;
    }
    let forbidden = no_skips && skips > 0;
    if forbidden {
        say("xtask: --no-skips allows none of these")?;
    }
    say(format_args!("{} passed, {} failed, {skips} skipped", tally.passed, tally.failed))?;
    Ok(match tally.failed > 0 || forbidden {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

#[cfg(test)]
mod tests {
    use super::{Options, Tally};

    fn options(arguments: &[&str]) -> Options {
        let arguments: Vec<_> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Options::parse(&arguments).unwrap()
    }

    fn tally(output: &str, notes: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.end_of_output();
        tally.add_skips(notes);
        tally
    }

    #[test]
    fn filters_end_where_cargos_arguments_begin() {
        let options = options(&["map", "--no-skips", "owner", "--", "--lib", "--", "--exact"]);
        assert!(options.no_skips);
        assert_eq!(options.filters, ["map", "owner"]);
        assert_eq!(options.cargo, ["--lib", "--", "--exact"]);
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(Options::parse(&["--lib".to_owned()]).is_err());
    }

    #[test]
    fn results_of_all_programs_are_added() {
        let tally = tally(
            "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n\
             running 13 tests\ntest c ... ignored, needs a moon\ntest d ... ignored\n\
             test result: ok. 11 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out\n",
            "",
        );
        assert_eq!((tally.passed, tally.failed, tally.skips()), (12, 1, 2));
        assert_eq!(tally.skipped["needs a moon"], ["c"]);
    }

    #[test]
    fn a_skipped_test_did_not_pass() {
        let tally = tally(
            "running 3 tests\ntest a ... ok\ntest m::b ... ok\ntest c ... FAILED\n\
             test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n",
            "m::b: no strace: install it\nc: skipped, then failed\n",
        );
        assert_eq!((tally.passed, tally.failed, tally.skips()), (1, 1, 1));
        assert_eq!(tally.skipped["no strace: install it"], ["m::b"]);
    }

    #[test]
    fn a_crash_is_a_failure() {
        let result = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        let tally = tally(&format!("running 3 tests\ntest a ... ok\nrunning 1 test\n{result}\n"), "");
        assert_eq!((tally.passed, tally.failed), (2, 1));
    }
}
