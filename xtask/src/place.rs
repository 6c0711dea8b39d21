//! A directory below the target directory that is filled once, whole or not at all.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::files;

/// A directory to be filled. Whoever fills it holds a lock, so that two commands do not do it at once.
pub struct Place {
    directory: PathBuf,
}

/// Where a place is filled before it is moved to where it stays.
pub struct Work<'a> {
    /// What is needed on the way; it goes afterwards.
    pub scratch: &'a Path,
    /// Becomes the place.
    pub stage: &'a Path,
    /// Where `stage` will be.
    pub place: &'a Path,
}

impl Place {
    /// The place that `name` has below `target`; nothing is done yet.
    pub fn new(target: &Path, name: &str) -> Place {
        Place { directory: target.join(name) }
    }

    /// Return what `ready` finds in the place; where it finds nothing, let `build` fill it first.
    pub fn fill<T>(
        &self,
        ready: impl Fn(&Path) -> Result<T>,
        build: impl FnOnce(&Work<'_>) -> Result<()>,
    ) -> Result<T> {
        if let Ok(found) = ready(&self.directory) {
            return Ok(found);
        }
        let lock = self.beside("lock");
        files::create_directory(lock.parent().unwrap_or(Path::new("/")))?;
        let _lock = files::lock(&lock)?;
        // Who held the lock may have filled it.
        if let Ok(found) = ready(&self.directory) {
            return Ok(found);
        }
        let partial = self.beside("partial");
        files::remove(&self.directory)?;
        files::remove(&partial)?;
        let result = self.build(&partial, build).and_then(|()| ready(&self.directory));
        if result.is_err() {
            files::remove(&self.directory)?;
        }
        files::remove(&partial)?;
        result
    }

    fn build(&self, partial: &Path, build: impl FnOnce(&Work<'_>) -> Result<()>) -> Result<()> {
        let (scratch, stage) = (partial.join("scratch"), partial.join("stage"));
        for directory in [&scratch, &stage] {
            files::create_directory(directory)?;
        }
        files::make_public(&stage)?;
        build(&Work { scratch: &scratch, stage: &stage, place: &self.directory })?;
        files::rename(&stage, &self.directory)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.directory.clone().into_os_string();
        name.push(".");
        name.push(suffix);
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs, process};

    use super::Place;
    use crate::error::{Error, Result};
    use crate::files;

    fn content(place: &Path) -> Result<Vec<u8>> {
        files::read(&place.join("file"))
    }

    #[test]
    fn a_place_is_filled_whole_or_not_at_all() {
        let target = env::temp_dir().join(format!("xtask-place-{}", process::id()));
        let place = Place::new(&target, "deep/er");
        let failed = place.fill(content, |work| {
            files::write(&work.stage.join("file"), "half")?;
            Err(Error::Missing("the other half".into()))
        });
        assert!(failed.is_err());
        assert!(!target.join("deep/er").exists());

        let filled = place.fill(content, |work| files::write(&work.stage.join("file"), "whole"));
        assert_eq!(filled.unwrap(), b"whole");
        let again = place.fill(content, |_| Err(Error::Missing("it is there".into())));
        assert_eq!(again.unwrap(), b"whole");

        let mut left: Vec<_> = files::entries(&target.join("deep")).unwrap();
        left.sort();
        assert_eq!(left, ["er", "er.lock"].map(|name| target.join("deep").join(name)));
        fs::remove_dir_all(target).unwrap();
    }
}
