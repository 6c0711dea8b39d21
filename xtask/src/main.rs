//! What the workspace does with itself: its tests, its benchmarks, its generated files.

mod bench;
mod cargo;
mod completions;
mod debian;
mod dependencies;
mod dist;
mod error;
mod faults;
mod files;
mod fuzz;
mod generated;
mod kernels;
mod man;
mod oracle;
mod place;
mod program;
mod shipped;
mod test;
mod unsafe_code;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use error::{Doing as _, Error, Result};

/// One word after `cargo xtask`.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        arguments: "[--no-skips] [FILTER...] [-- CARGO-ARGUMENT...]",
        about: "run every test, and count those that cannot run here",
        run: test::run,
    },
    Command {
        name: "oracle",
        arguments: "",
        about: "put a current util-linux into target/oracle/bin, to compare with",
        run: oracle::run,
    },
    Command {
        name: "kernels",
        arguments: "[--no-skips] [SUITE...]",
        about: "boot Debian's kernels under qemu, from 5.10 on, and run tests/kernels there",
        run: kernels::run,
    },
    Command {
        name: "faults",
        arguments: "[--all]",
        about: "let every system call of many command lines fail, and count what comes of it",
        run: faults::run,
    },
    Command {
        name: "bench",
        arguments: "start [--runs N] [--check]",
        about: "start-up time, beside util-linux and beside a bare execv",
        run: bench::run,
    },
    Command {
        name: "bench",
        arguments: "list [--quick] [--sizes N,...] [--plot FILE] [--ours PROGRAM] [--check]",
        about: "listing 100 to 30,000 processes, beside util-linux and beside the system calls alone",
        run: bench::run,
    },
    Command { name: "man", arguments: "[--check]", about: "renew the options in the manual pages", run: man::run },
    Command {
        name: "completions",
        arguments: "[--check]",
        about: "renew the completions for bash, zsh and fish",
        run: completions::run,
    },
    Command {
        name: "dependencies",
        arguments: "[--check]",
        about: "renew the tables of docs/dependencies.md",
        run: dependencies::run,
    },
    Command { name: "unsafe", arguments: "", about: "count unsafe code, which has one file", run: unsafe_code::run },
    Command {
        name: "fuzz",
        arguments: "[--seconds N] [TARGET...]",
        about: "run the fuzz targets, each for a minute or so long",
        run: fuzz::run,
    },
    Command {
        name: "dist",
        arguments: "[--check [--no-skips]]",
        about: "packages of the committed state, in target/dist; --check makes them twice, and installs them",
        run: dist::run,
    },
];

fn main() -> ExitCode {
    let error = match dispatch(env::args_os().skip(1)) {
        Ok(status) => return status,
        Err(error) => error,
    };
    // Nobody is left to tell when standard error is gone too.
    let _ = writeln!(io::stderr(), "xtask: {error}");
    match error {
        Error::Usage(_) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}

fn dispatch(arguments: impl Iterator<Item = OsString>) -> Result<ExitCode> {
    let arguments = arguments
        .map(|argument| argument.into_string().map_err(|bad| Error::Usage(format!("not UTF-8: {}", bad.display()))))
        .collect::<Result<Vec<_>>>()?;
    let Some((name, arguments)) = arguments.split_first() else {
        return list(COMMANDS.iter());
    };
    if is_help(name) {
        return list(COMMANDS.iter());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Error::Usage(format!("no such command: {name} (cargo xtask --help lists them)")));
    };
    let own = arguments.iter().take_while(|argument| *argument != "--");
    if own.into_iter().any(|argument| is_help(argument)) {
        return list(COMMANDS.iter().filter(|same| same.name == command.name));
    }
    (command.run)(arguments)
}

fn is_help(argument: &str) -> bool {
    matches!(argument, "-h" | "--help" | "help")
}

fn list(commands: impl Iterator<Item = &'static Command>) -> Result<ExitCode> {
    for command in commands {
        let usage = format!("cargo xtask {} {}", command.name, command.arguments);
        say(format_args!("{usage:<64} {}", command.about))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Write a line to standard output.
///
/// Not `println!`, which panics when the reader has gone away.
fn say(line: impl Display) -> Result<()> {
    writeln!(io::stdout(), "{line}").doing(|| "writing to standard output".into())
}
