//! What only cargo knows: where it builds, and what came out.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::{Doing as _, Error, Result};
use crate::program;

/// The cargo that runs us.
pub fn command() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where the sources are.
pub fn workspace_directory() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(manifest).join("..").components().collect::<PathBuf>().canonicalize().unwrap_or_else(|_| "..".into())
}

/// The workspace's target directory, wherever the user keeps it; it may not exist yet.
pub fn target_directory() -> Result<PathBuf> {
    let metadata = program::output(command().args(["metadata", "--format-version=1", "--no-deps"]))?;
    string_field(&metadata, "target_directory")
        .map(PathBuf::from)
        .ok_or_else(|| Error::Missing("cargo metadata names no target directory".into()))
}

/// Build the program of `package` as it is shipped, and say where it is.
pub fn build_release(package: &str) -> Result<PathBuf> {
    let mut build = command();
    build
        .args(["build", "--release", "--package", package, "--bin", package])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let result = build.output().doing(|| "running cargo build".into())?;
    program::check(&build, result.status)?;
    String::from_utf8_lossy(&result.stdout)
        .lines()
        .filter_map(|message| string_field(message, "executable"))
        .next_back()
        .map(PathBuf::from)
        .ok_or_else(|| Error::Missing(format!("cargo build made no program {package}")))
}

/// The string that `name` has in an object of JSON.
fn string_field(json: &str, name: &str) -> Option<String> {
    serde_json::from_str::<Value>(json).ok()?.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::target_directory;

    #[test]
    fn cargo_says_where_it_builds() {
        assert!(target_directory().unwrap().is_absolute());
    }
}
