//! Programs of a newer release that run beside the system's older ones.
//!
//! Each gets the loader and the libraries that it was built with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Release;
use crate::error::{Doing as _, Error, Result};
use crate::place::{Place, Work};
use crate::{files, program};

/// Some programs of one package.
pub struct Beside {
    /// The directory that they are put into, below the target directory.
    pub name: &'static str,
    pub suite: &'static str,
    pub package: &'static str,
    /// Where the package has them.
    pub programs: &'static [&'static str],
    /// What they read: directories of the package, put into NAME/share.
    pub data: &'static [&'static str],
}

impl Beside {
    /// Fetch the programs into `target`/NAME/bin, unless `ready` finds them there, and return what it finds.
    pub fn fetch<T>(&self, target: &Path, ready: impl Fn(&Path) -> Result<T>) -> Result<T> {
        Place::new(target, self.name).fill(|place| ready(&place.join("bin")), |work| self.build(work))
    }

    fn build(&self, work: &Work<'_>) -> Result<()> {
        program::output(Command::new("patchelf").arg("--version"))?;
        let release = Release::open(self.suite, work.scratch)?;
        let root = work.scratch.join("root");
        release.unpack(&release.with_dependencies(self.package)?, &root)?;
        self.assemble(&root, work)
    }

    /// Copy the programs and the libraries they need from `root` to the stage, made to run from the place.
    fn assemble(&self, root: &Path, work: &Work<'_>) -> Result<()> {
        let libraries = libraries_below(root)?;
        let (bin, lib) = (work.stage.join("bin"), work.stage.join("lib"));
        for directory in [&bin, &lib] {
            files::create_directory(directory)?;
            files::make_public(directory)?;
        }
        for path in self.data {
            let share = work.stage.join("share");
            files::create_directory(&share)?;
            program::output(Command::new("cp").arg("-a").arg(root.join(path)).arg(&share))?;
        }
        let programs: Vec<_> = self.programs.iter().map(|path| (root.join(path), bin.join(base(path)))).collect();
        let mut unseen = Vec::new();
        for (original, program) in &programs {
            files::copy(original, program)?;
            unseen.push(program.clone());
        }
        while let Some(object) = unseen.pop() {
            for name in patchelf(&object, &["--print-needed"])?.lines() {
                let library = lib.join(name);
                if !library.exists() {
                    let missing = || Error::Missing(format!("{name} is in none of the packages"));
                    files::copy(libraries.get(name).ok_or_else(missing)?, &library)?;
                    unseen.push(library);
                }
            }
        }
        programs.iter().try_for_each(|(_, program)| point_to(program, &work.place.join("lib")))
    }
}

/// Make `program` take its loader and its libraries from `lib`.
fn point_to(program: &Path, lib: &Path) -> Result<()> {
    let loader = patchelf(program, &["--print-interpreter"])?;
    let loader = lib.join(base(loader.trim())).display().to_string();
    let rpath = lib.display().to_string();
    // DT_RPATH, not DT_RUNPATH: that one would not hold for what the libraries need.
    patchelf(program, &["--set-interpreter", &loader, "--force-rpath", "--set-rpath", &rpath])?;
    Ok(())
}

fn patchelf(object: &Path, arguments: &[&str]) -> Result<String> {
    program::output(Command::new("patchelf").args(arguments).arg(object))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The shared libraries in `root` by name.
fn libraries_below(root: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let root = root.canonicalize().doing(|| format!("finding {}", root.display()))?;
    let mut libraries = BTreeMap::new();
    for path in files::all_below(&root)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // An absolute link leads out of the packages, to the system's own library.
        if let Ok(file) = path.canonicalize()
            && name.contains(".so")
            && file.starts_with(&root)
        {
            libraries.insert(name.into_owned(), file);
        }
    }
    Ok(libraries)
}
