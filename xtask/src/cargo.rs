//! What only cargo knows: where it builds, and what came out.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// The string that `name` has in `json`, in cargo's spelling, which puts no space after the colon.
///
/// Inside a JSON string every quote has a backslash before it, so that the text
/// looked for cannot be part of another value.
fn string_field(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    let mut value = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                // Cargo escapes control characters only, and a path with those is nobody's.
                'u' | 'b' | 'f' | 'n' | 'r' | 't' => return None,
                quoted => value.push(quoted),
            },
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::string_field;

    #[test]
    fn a_field_is_found_and_unescaped() {
        let json = r#"{"a":"\"b\":\"no\"","b":"/tmp/a \"b\" \\ c","c":null}"#;
        assert_eq!(string_field(json, "b").as_deref(), Some(r#"/tmp/a "b" \ c"#));
        assert_eq!(string_field(json, "c"), None);
        assert_eq!(string_field(json, "d"), None);
    }
}
