//! The fuzz targets of fuzz/, one after the other, with bounds on time and memory; see docs/testing.md.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::error::{Doing as _, Error, Result};
use crate::{cargo, files, generated, program, say};

/// How long each target runs unless somebody says otherwise, in seconds.
const SECONDS: u32 = 60;

/// `cargo xtask fuzz`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let root = cargo::workspace_directory();
    let (seconds, wanted) = read(arguments)?;
    let targets = targets(&root)?;
    if let Some(unknown) = wanted.iter().find(|wanted| !targets.contains(wanted)) {
        return Err(Error::Usage(format!("no such target: {unknown}; there are {}", targets.join(", "))));
    }
    // Not within anybody's time.
    let mut build = cargo_fuzz("build", &root);
    let built = build.status().doing(|| "running cargo +nightly fuzz".into())?;
    program::check(&build, built)?;
    let chosen = targets.iter().filter(|target| wanted.is_empty() || wanted.contains(target));
    let (mut inputs, mut took, mut failed) = (0, 0, Vec::new());
    for target in chosen {
        let started = Instant::now();
        let Run { executions, has_passed } = fuzz(&root, target, seconds)?;
        let seconds = started.elapsed().as_secs();
        let result = if has_passed { "" } else { ", FAILED" };
        say(format_args!("{target}: {executions} inputs in {seconds} s{result}"))?;
        (inputs, took) = (inputs + executions, took + seconds);
        failed.extend((!has_passed).then_some(target.as_str()));
    }
    say(format_args!("{inputs} inputs in {took} s; {} targets with findings", failed.len()))?;
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(format_args!("see fuzz/artifacts and target/fuzz/*.log: {}", failed.join(", ")))?;
    Ok(ExitCode::FAILURE)
}

/// The seconds and the targets that were asked for.
fn read(arguments: &[String]) -> Result<(u32, Vec<String>)> {
    let (mut seconds, mut targets) = (SECONDS, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument != "--seconds" {
            targets.push(argument.clone());
            continue;
        }
        let number = rest.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
        seconds = number.ok_or_else(|| Error::Usage("--seconds takes a number".into()))?;
    }
    Ok((seconds, targets))
}

/// The names of all targets.
fn targets(root: &Path) -> Result<Vec<String>> {
    let found = files::entries(&root.join("fuzz/targets"))?;
    let name = |path: &std::path::PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = found.iter().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// What came of a target.
struct Run {
    executions: u64,
    has_passed: bool,
}

fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<Run> {
    let work = cargo::target_directory()?.join("fuzz");
    let (corpus, seeds, scratch) =
        (work.join("corpus").join(target), work.join("seeds").join(target), work.join("tmp"));
    for directory in [&corpus, &seeds, &scratch] {
        files::create_directory(directory)?;
    }
    let lines = generated::text(&root.join("fuzz/seeds").join(target))?;
    for (place, line) in lines.lines().enumerate() {
        files::write(&seeds.join(place.to_string()), seed(line))?;
    }
    let log = work.join(format!("{target}.log"));
    let output = std::fs::File::create(&log).doing(|| format!("creating {}", log.display()))?;
    let mut command = cargo_fuzz("run", root);
    command.arg(target).args([&corpus, &seeds]).arg("--");
    command.args([
        "-rss_limit_mb=512",
        "-malloc_limit_mb=128",
        "-timeout=5",
        "-print_final_stats=1",
        &format!("-max_total_time={seconds}"),
    ]);
    // What is freed is kept from being used again, but not so long that it looks like growth.
    command.env("ASAN_OPTIONS", "quarantine_size_mb=16").env("TMPDIR", &scratch);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).status();
    let status = status.doing(|| "running cargo +nightly fuzz".into())?;
    files::remove(&scratch)?;
    let executions = executions(&generated::text(&log)?).unwrap_or_default();
    Ok(Run { executions, has_passed: status.success() })
}

/// cargo-fuzz, by a toolchain that can build what it wants.
fn cargo_fuzz(step: &str, root: &Path) -> Command {
    // Not $CARGO, which is one toolchain's.
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", step]).current_dir(root);
    command
}

/// What libFuzzer says at its end.
fn executions(log: &str) -> Option<u64> {
    let number = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    number.trim().parse().ok()
}

/// The bytes of a line of fuzz/seeds: `\n`, `\r`, `\t`, `\0`, `\\` and `\xNN` are as in Rust.
fn seed(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let code = rest.get(2..4).filter(|_| rest.starts_with("\\x"));
        let (byte, length) = match (code.and_then(|code| u8::from_str_radix(code, 16).ok()), rest.get(..2)) {
            (Some(byte), _) => (Some(byte), 4),
            (None, Some("\\n")) => (Some(b'\n'), 2),
            (None, Some("\\r")) => (Some(b'\r'), 2),
            (None, Some("\\t")) => (Some(b'\t'), 2),
            (None, Some("\\0")) => (Some(0), 2),
            (None, Some("\\\\")) => (Some(b'\\'), 2),
            _ => (None, c.len_utf8()),
        };
        match byte {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(&rest.as_bytes()[..length]),
        }
        rest = &rest[length..];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_any_bytes() {
        assert_eq!(seed(r"a\n\x7f\0é\\n\q\xzz\"), b"a\n\x7f\0\xc3\xa9\\n\\q\\xzz\\");
    }

    #[test]
    fn every_target_has_seeds_and_is_built() {
        let root = cargo::workspace_directory();
        let manifest = generated::text(&root.join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&root).unwrap();
        assert!(targets.len() > 10, "{targets:?}");
        for target in targets {
            assert!(!generated::text(&root.join("fuzz/seeds").join(&target)).unwrap().is_empty(), "{target}");
            assert!(manifest.contains(&format!("path = \"targets/{target}.rs\"")), "{target}");
        }
    }

    #[test]
    fn how_many_inputs_there_were() {
        assert_eq!(executions("x\nstat::number_of_executed_units: 4711\nstat::y: 1\n"), Some(4711));
        assert_eq!(executions("x\n"), None);
    }

    #[test]
    fn seconds_and_targets() {
        let read = |line: &str| read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("filter --seconds 5").unwrap(), (5, vec!["filter".to_owned()]));
        assert!(read("--seconds 0").is_err() && read("filter --seconds").is_err());
    }
}
