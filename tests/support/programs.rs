//! Which programs are asked: ours, and the util-linux that it is compared with.

use std::env;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A util-linux release, such as (2, 42, 4).
pub type Version = (u32, u32, u32);

/// A program that a stage can run.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is outside the stage.
    pub path: PathBuf,
    /// What it is called on the stage: the same for ours and for theirs, because messages begin with it.
    pub name: &'static str,
}

impl Program {
    /// What `--version` says.
    pub fn version_line(&self) -> String {
        let output = Command::new(&self.path).arg("--version").output().expect("the program runs");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The util-linux release that this program is; None if it is not util-linux's own.
    pub fn version(&self) -> Option<Version> {
        parse_version(&self.version_line())
    }
}

/// Our program, built for this test at `built`; another one if `NS_OURS` names it.
pub fn ours(name: &'static str, built: &str) -> Program {
    let path = env::var_os("NS_OURS").map_or_else(|| PathBuf::from(built), PathBuf::from);
    Program { path: if path.is_dir() { path.join(name) } else { path }, name }
}

/// util-linux's program of this name, if there is one here.
pub fn oracle(name: &'static str) -> Option<Program> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracle/bin");
    let path = match env::var_os("NS_ORACLE") {
        Some(dir) => Some(PathBuf::from(dir).join(name)),
        None if fetched.exists() => Some(fetched.join(name)),
        None => find(name),
    };
    let program = Program { path: path?.canonicalize().ok()?, name };
    program.version().map(|_| program)
}

/// The file that PATH has for a command.
pub fn find(command: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(command)).find(|path| path.is_file())
}

/// Whether a program runs as root whoever starts it.
pub fn is_setuid_root(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.uid() == 0 && file.permissions().mode() & 0o4000 != 0)
}

/// `unshare from util-linux 2.43.devel-1218 (features: …)` is (2, 43, 0).
fn parse_version(line: &str) -> Option<Version> {
    let release = line.split_once("from util-linux ")?.1.split_whitespace().next()?;
    let mut numbers = release.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    Some((numbers.next()?, numbers.next()?, numbers.next().unwrap_or(0)))
}
