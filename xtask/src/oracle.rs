//! The util-linux to compare with: a current one from Debian, else the installed one.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::debian::Beside;
use crate::error::{Doing as _, Error, Result};
use crate::{cargo, program, say};

const TOOLS: [&str; 3] = ["unshare", "nsenter", "lsns"];

/// From the release of Debian that has util-linux's latest.
const CURRENT: Beside = Beside {
    name: "oracle",
    suite: "sid",
    package: "util-linux",
    programs: &["usr/bin/unshare", "usr/bin/nsenter", "usr/bin/lsns"],
    data: &[],
};

/// `cargo xtask oracle`
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(argument) = arguments.first() {
        return Err(Error::Usage(format!("oracle: unexpected argument: {argument}")));
    }
    say(prepare()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the util-linux to compare with was found.
pub enum Oracle {
    /// All three programs, in a directory of their own.
    Current { directory: PathBuf, version: String },
    /// A current one could not be had.
    Installed { unshare: Option<PathBuf>, version: String, why: Error },
}

impl Oracle {
    /// The directory that NS_ORACLE should name.
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Oracle::Current { directory, .. } => Some(directory),
            Oracle::Installed { .. } => None,
        }
    }

    /// Its unshare.
    pub fn unshare(&self) -> Option<PathBuf> {
        match self {
            Oracle::Current { directory, .. } => Some(directory.join("unshare")),
            Oracle::Installed { unshare, .. } => unshare.clone(),
        }
    }
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Oracle::Current { directory, version } => {
                write!(f, "oracle: {version}, {}", directory.display())
            }
            Oracle::Installed { unshare: Some(unshare), version, why } => write!(
                f,
                "oracle: {version}, {}, the installed one, for there is no current one ({why})",
                unshare.display()
            ),
            Oracle::Installed { why, .. } => {
                write!(f, "oracle: none: no util-linux is installed, and there is no current one ({why})")
            }
        }
    }
}

/// Find a current util-linux, fetch it if need be, or fall back to the installed one.
///
/// A directory in NS_ORACLE comes before all others.
pub fn prepare() -> Result<Oracle> {
    if let Some(directory) = env::var_os("NS_ORACLE").filter(|name| !name.is_empty()) {
        let directory = std::path::absolute(&directory).doing(|| "resolving $NS_ORACLE".into())?;
        let version = version_of_all(&directory)?;
        return Ok(Oracle::Current { directory, version });
    }
    let target = cargo::target_directory()?;
    Ok(match CURRENT.fetch(&target, version_of_all) {
        Ok(version) => Oracle::Current { directory: target.join("oracle/bin"), version },
        Err(why) => installed(why),
    })
}

/// The unshare that the system has, and its version.
pub fn installed_unshare() -> Option<(PathBuf, String)> {
    program::all_called("unshare").find_map(|unshare| {
        let version = version(&unshare).ok()?;
        // Busybox has an unshare too, which is nothing to compare with.
        version.contains("util-linux").then_some((unshare, version))
    })
}

fn installed(why: Error) -> Oracle {
    let (unshare, version) = installed_unshare().unzip();
    Oracle::Installed { unshare, version: version.unwrap_or_default(), why }
}

fn version(tool: &Path) -> Result<String> {
    let version = program::output(Command::new(tool).arg("--version"))?;
    Ok(version.trim().to_owned())
}

/// The version in `directory`, where each tool has to run: a tree that was moved no longer does.
fn version_of_all(directory: &Path) -> Result<String> {
    for tool in &TOOLS[1..] {
        version(&directory.join(tool))?;
    }
    version(&directory.join(TOOLS[0]))
}
