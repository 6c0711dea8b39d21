//! A small system of a release, of which every file is dpkg's.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{archive, download_settings};
use crate::error::{Error, Result};
use crate::place::Place;
use crate::{files, program};

/// A system.
pub struct System {
    /// The directory that it is put into, below the target directory.
    pub name: &'static str,
    pub suite: &'static str,
    /// Which packages there are beside those that no Debian can do without.
    pub packages: &'static [&'static str],
}

impl System {
    /// Make it below `target`, unless it is there, and return its root. `isolated` is a command that runs another as root
    /// where nobody sees its mounts.
    pub fn fetch(&self, target: &Path, isolated: impl Fn() -> Command) -> Result<PathBuf> {
        Place::new(target, self.name).fill(
            |place| self.find(place),
            |work| {
                let settings = work.scratch.join("apt.conf");
                files::write(&settings, download_settings()?)?;
                let mut make = isolated();
                make.args(["mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=essential"]);
                make.arg(format!("--include={}", self.packages.join(",")));
                make.arg(format!("--aptopt={}", settings.display()));
                program::output(make.arg(self.suite).arg(work.stage).arg(archive()))?;
                Ok(())
            },
        )
    }

    fn find(&self, place: &Path) -> Result<PathBuf> {
        let books = place.join("var/lib/dpkg/info");
        match self.packages.iter().find(|package| !books.join(format!("{package}.list")).exists()) {
            None => Ok(place.to_owned()),
            Some(package) => Err(Error::Missing(format!("{}: no {package}", place.display()))),
        }
    }
}
