//! Whether what is handed out is always the same, and whether dpkg can install and remove it without a trace.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Layout, Release};
use crate::error::{Doing as _, Error, Result};
use crate::{files, program, say};

/// Makes everything once more, somewhere else, and installs the packages in a system that vanishes.
pub fn run(release: &Release, target: &Path, place: &Path) -> Result<()> {
    lintian(place)?;
    installs(release, target, place)?;
    let elsewhere = target.join("dist-again/in another/place");
    release.make(&elsewhere.join("work"), &elsewhere.join("dist"))?;
    let sums = |place: &Path| files::read(&place.join("SHA256SUMS"));
    if sums(place)? != sums(&elsewhere.join("dist"))? {
        let message = format!("{} and {} differ", place.display(), elsewhere.join("dist").display());
        return Err(Error::Missing(message));
    }
    files::remove(&target.join("dist-again"))?;
    say("made again in another place: the same bytes")
}

fn lintian(place: &Path) -> Result<()> {
    if program::all_called("lintian").next().is_none() {
        return say("skipped: no lintian in PATH");
    }
    let packages = files::entries(place)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "deb"));
    let mut lintian = Command::new("lintian");
    let said = lintian.args(["--fail-on", "error", "--allow-root"]).args(packages).stdin(Stdio::null()).output();
    let said = said.doing(|| "running lintian".into())?;
    say(String::from_utf8_lossy(&said.stdout).trim_end())?;
    program::check(&lintian, said.status)?;
    say("lintian: no errors")
}

/// In a copy of this system that is laid over it in a mount namespace, made by the program itself.
fn installs(release: &Release, target: &Path, place: &Path) -> Result<()> {
    let ours = Layout::DEBIAN.place(&target.join("dist-work")).join("usr/bin/rs-unshare");
    let mut script = Command::new(ours);
    script.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", SCRIPT, "sh"]);
    script.arg(place).arg(&release.version).arg(&release.architecture);
    say(program::output(&mut script)?.trim_end())
}

const SCRIPT: &str = include_str!("install.sh");
