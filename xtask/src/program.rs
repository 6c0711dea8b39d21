//! Running other programs: their output, or why there is none.

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use crate::error::{Doing as _, Error, Result};

/// Run `command` with nothing on standard input and return its standard output.
///
/// When it fails, what it wrote to standard error becomes the reason.
pub fn output(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null());
    let result = command.output().doing(|| format!("running {}", typed(command)))?;
    if !result.status.success() {
        return Err(failure(command, last_words(&result)));
    }
    Ok(String::from_utf8_lossy(&result.stdout).into_owned())
}

/// Write a line that another program wrote to standard error to ours.
pub fn pass_on(line: &str) -> Result<()> {
    writeln!(io::stderr(), "{line}").doing(|| "writing to standard error".into())
}

/// Fail unless `status`, of `command`, is success.
pub fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(failure(command, status.to_string()))
}

/// Compile a C program of one file, statically as ours are.
pub fn compile(source: &Path, built: &Path) -> Result<()> {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    output(Command::new(&compiler).args(["-static", "-O2", "-o"]).arg(built).arg(source))?;
    Ok(())
}

/// Where a program called `name` is, in PATH and in the places that a distribution puts it.
pub fn all_called(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<_> = env::split_paths(&path).collect();
    directories
        .into_iter()
        .chain(["/usr/bin", "/bin"].map(PathBuf::from))
        .map(move |directory| directory.join(name))
        .filter(|candidate| candidate.is_file())
}

/// `command`'s program and first argument: enough to tell which step it was.
fn typed(command: &Command) -> String {
    let mut typed = command.get_program().to_string_lossy().into_owned();
    if let Some(argument) = command.get_args().next() {
        typed.push(' ');
        typed.push_str(&argument.to_string_lossy());
    }
    typed
}

fn failure(command: &Command, reason: String) -> Error {
    Error::Program { command: typed(command), reason }
}

/// The line of standard error that tells most: apt's first `E:`, else the last one.
fn last_words(result: &Output) -> String {
    let stderr = String::from_utf8_lossy(&result.stderr);
    let mut lines = stderr.lines().filter(|line| !line.trim().is_empty());
    let line = lines.clone().find(|line| line.starts_with("E: ")).or_else(|| lines.next_back());
    line.map_or_else(|| result.status.to_string(), |line| line.trim().to_owned())
}
