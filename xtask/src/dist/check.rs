//! Whether what is handed out is always the same, and whether dpkg and rpm can install and remove it without a trace.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Layout, Release};
use crate::debian::System;
use crate::error::{Doing as _, Error, Result};
use crate::{files, program, say};

/// What is checked, and where.
pub struct Check<'a> {
    /// What the packages are of.
    pub release: &'a Release,
    /// cargo's target directory.
    pub target: &'a Path,
    /// Where the packages are.
    pub place: &'a Path,
    /// Whether it is an error that something is missing for a check.
    pub no_skips: bool,
}

impl Check<'_> {
    /// Makes everything once more, somewhere else, and installs the packages in systems that vanish.
    pub fn run(&self) -> Result<()> {
        if self.can_run("lintian")? {
            self.lintian()?;
        }
        if self.can_run("rpm")? && self.is_root("the .rpm is not installed")? {
            self.rpm()?;
        }
        if self.can_run("mmdebstrap")? && self.is_root("the .deb is not installed")? {
            self.deb()?;
        }
        self.again()
    }

    fn can_run(&self, name: &str) -> Result<bool> {
        let there = program::all_called(name).next().is_some();
        self.or_skip(there, &format!("no {name} in PATH"))
    }

    fn is_root(&self, without: &str) -> Result<bool> {
        self.or_skip(nix::unistd::geteuid().is_root(), &format!("not root: {without}"))
    }

    fn or_skip(&self, there: bool, why: &str) -> Result<bool> {
        if let Some(skipped) = skip(there, why, self.no_skips)? {
            say(skipped)?;
        }
        Ok(there)
    }

    fn lintian(&self) -> Result<()> {
        let packages = files::entries(self.place)?;
        let packages = packages.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb"));
        show(Command::new("lintian").args(["--fail-on", "error", "--allow-root"]).args(packages))?;
        say("lintian: no errors")
    }

    /// In an empty root.
    fn rpm(&self) -> Result<()> {
        let mut script = self.script(RPM_SCRIPT);
        script.arg(self.place.join(self.release.rpm_name())).arg(&self.release.version);
        script.arg(Layout::FEDORA.place(&self.work()));
        show(&mut script)
    }

    /// In a small Debian, which is made for this.
    fn deb(&self) -> Result<()> {
        let debian = SYSTEM.fetch(self.target, || self.isolated())?;
        let mut script = self.script(DEB_SCRIPT);
        script.arg(self.place).arg(&self.release.version).arg(&self.release.architecture).arg(debian);
        show(&mut script)
    }

    /// A shell that runs this in namespaces of its own.
    fn script(&self, script: &str) -> Command {
        let mut command = self.isolated();
        command.args(["sh", "-euc", script, "sh"]);
        command
    }

    /// A program that is to be named yet, in namespaces that the packed program makes.
    fn isolated(&self) -> Command {
        let mut command = Command::new(Layout::DEBIAN.place(&self.work()).join("usr/bin/rs-unshare"));
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command
    }

    fn work(&self) -> PathBuf {
        self.target.join("dist-work")
    }

    fn again(&self) -> Result<()> {
        let elsewhere = self.target.join("dist-again/in another/place");
        self.release.make(&elsewhere.join("work"), &elsewhere.join("dist"))?;
        let sums = |place: &Path| files::read(&place.join("SHA256SUMS"));
        if sums(self.place)? != sums(&elsewhere.join("dist"))? {
            let message = format!("{} and {} differ", self.place.display(), elsewhere.join("dist").display());
            return Err(Error::Missing(message));
        }
        files::remove(&self.target.join("dist-again"))?;
        say("made again in another place: the same bytes")
    }
}

/// What to say where something is missing; an error if that must not be.
fn skip(there: bool, why: &str, no_skips: bool) -> Result<Option<String>> {
    match (there, no_skips) {
        (true, _) => Ok(None),
        (false, false) => Ok(Some(format!("skipped: {why}"))),
        (false, true) => Err(Error::Missing(format!("{why} (and --no-skips)"))),
    }
}

/// Runs a command, of which everything is shown that it says.
fn show(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().doing(|| format!("running {:?}", command.get_program()))?;
    program::check(command, status)
}

const DEB_SCRIPT: &str = include_str!("deb.sh");
const RPM_SCRIPT: &str = include_str!("rpm.sh");

/// What the .deb is installed in: the oldest Debian that is cared for, with what reads manual pages and completions.
const SYSTEM: System =
    System { name: "dist-debian", suite: "bookworm", packages: &["mount", "man-db", "bash-completion", "zsh", "fish"] };

#[cfg(test)]
mod tests {
    use super::skip;

    #[test]
    fn what_is_missing_is_said_or_an_error() {
        assert_eq!(skip(true, "no lintian", true).unwrap(), None);
        assert_eq!(skip(false, "no lintian", false).unwrap().as_deref(), Some("skipped: no lintian"));
        assert_eq!(skip(false, "no lintian", true).unwrap_err().to_string(), "no lintian (and --no-skips)");
    }
}
