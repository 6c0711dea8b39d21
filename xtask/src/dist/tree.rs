//! A package's files as they will lie below /.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Release;
use crate::error::{Doing as _, Result};
use crate::shipped::PROGRAMS;
use crate::{files, program};

/// A directory that is filled.
pub struct Tree {
    /// Where it is.
    pub root: PathBuf,
}

impl Tree {
    /// An empty one, in the place of what was there.
    pub fn new(root: PathBuf) -> Result<Tree> {
        files::remove(&root)?;
        files::create_directory(&root)?;
        Ok(Tree { root })
    }

    /// All that belongs to the programs. zsh looks for completions in a directory that each system calls differently.
    pub fn of_programs(release: &Release, work: &Path, source: &Path, programs: &[PathBuf], zsh: &str) -> Result<Tree> {
        let tree = Tree::new(work.join(format!("tree-{zsh}")))?;
        for (program, built) in PROGRAMS.iter().zip(programs) {
            let (name, section) = (program.name, program.section);
            tree.copy(built, &format!("usr/bin/{name}"), 0o755)?;
            let page = format!("usr/share/man/man{section}/{name}.{section}");
            tree.copy(&source.join(format!("man/{name}.{section}")), &page, 0o644)?;
            tree.compress(&page)?;
            for (from, to) in [
                (format!("bash/{name}"), format!("bash-completion/completions/{name}")),
                (format!("zsh/_{name}"), format!("zsh/{zsh}/_{name}")),
                (format!("fish/{name}.fish"), format!("fish/vendor_completions.d/{name}.fish")),
            ] {
                tree.copy(&source.join("completions").join(from), &format!("usr/share/{to}"), 0o644)?;
            }
        }
        let profile = source.join("packaging/apparmor/rs-unshare");
        tree.copy(&profile, "usr/share/rs-namespaces/apparmor/rs-unshare", 0o644)?;
        let documents = ["README.md", "SECURITY.md", "docs/compatibility.md", "docs/hints.md"];
        for document in documents.into_iter().chain(["LICENSE-MIT", "LICENSE-APACHE"]) {
            let name = document.rsplit('/').next().unwrap_or(document);
            tree.copy(&source.join(document), &format!("usr/share/doc/rs-namespaces/{name}"), 0o644)?;
        }
        tree.settle(release)?;
        Ok(tree)
    }

    /// A file that says this.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>, mode: u32) -> Result<()> {
        let place = self.place(path)?;
        files::write(&place, content)?;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&place, permissions).doing(|| format!("changing the mode of {}", place.display()))
    }

    /// A file that says what another one does.
    pub fn copy(&self, from: &Path, path: &str, mode: u32) -> Result<()> {
        self.put(path, files::read(from)?, mode)
    }

    /// A link with this text.
    pub fn link(&self, path: &str, text: &str) -> Result<()> {
        let place = self.place(path)?;
        symlink(text, &place).doing(|| format!("creating {}", place.display()))
    }

    /// Puts a file under its name with `.gz`.
    pub fn compress(&self, path: &str) -> Result<()> {
        program::output(Command::new("gzip").arg("-9n").arg(self.root.join(path)))?;
        Ok(())
    }

    /// Lets the umask and the clock leave no trace.
    pub fn settle(&self, release: &Release) -> Result<()> {
        let find = |arguments: &[&str]| program::output(Command::new("find").arg(&self.root).args(arguments));
        find(&["-type", "d", "-exec", "chmod", "755", "{}", "+"])?;
        find(&["-exec", "touch", "-h", "-d", &format!("@{}", release.epoch), "{}", "+"])?;
        Ok(())
    }

    fn place(&self, path: &str) -> Result<PathBuf> {
        let place = self.root.join(path);
        if let Some(directory) = place.parent() {
            files::create_directory(directory)?;
        }
        Ok(place)
    }
}
