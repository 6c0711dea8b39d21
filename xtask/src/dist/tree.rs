//! A package's files as they will lie below /.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Release, third_party};
use crate::error::{Doing as _, Result};
use crate::shipped::PROGRAMS;
use crate::{files, program};

/// Where a system looks for what others look for elsewhere.
pub struct Layout {
    /// What its tree is called.
    name: &'static str,
    /// zsh's completions, below /usr/share/zsh.
    zsh: &'static str,
    /// The AppArmor profile, below /usr/share.
    apparmor: &'static str,
    /// The licences, below /usr/share; none if the package says them in its own way.
    licences: Option<&'static str>,
}

/// What there is to read, in the places that it has in the repository: so what one says of the other holds.
const DOCUMENTS: [&str; 13] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/bench/list.svg",
    "docs/compatibility.md",
    "docs/dependencies.md",
    "docs/hints.md",
    "docs/kernels.md",
    "docs/packages.md",
    "docs/testing.md",
    "docs/tour.md",
];

impl Layout {
    /// Debian's: the licences are in the file of the copyright, and the package installs the profile from here.
    pub const DEBIAN: Layout =
        Layout { name: "debian", zsh: "vendor-completions", apparmor: "rs-namespaces/apparmor", licences: None };

    /// Fedora's. It has no AppArmor: the profile is documentation.
    pub const FEDORA: Layout = Layout {
        name: "fedora",
        zsh: "site-functions",
        apparmor: "doc/rs-namespaces/apparmor",
        licences: Some("licenses/rs-namespaces"),
    };

    /// Any other system's.
    pub const ANY: Layout = Layout {
        name: "any",
        zsh: "site-functions",
        apparmor: "rs-namespaces/apparmor",
        licences: Some("doc/rs-namespaces"),
    };

    /// Where its tree is made.
    pub fn place(&self, work: &Path) -> PathBuf {
        work.join(format!("tree-{}", self.name))
    }
}

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

    /// All that belongs to the programs.
    pub fn of_programs(
        release: &Release,
        work: &Path,
        source: &Path,
        programs: &[PathBuf],
        layout: &Layout,
    ) -> Result<Tree> {
        let Layout { zsh, apparmor, licences, .. } = layout;
        let tree = Tree::new(layout.place(work))?;
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
        tree.copy(&profile, &format!("usr/share/{apparmor}/rs-unshare"), 0o644)?;
        let documents = DOCUMENTS.iter().chain([&third_party::FILE]).map(|document| (*document, "doc/rs-namespaces"));
        let licences = licences.iter().flat_map(|place| ["LICENSE-MIT", "LICENSE-APACHE"].map(|file| (file, *place)));
        for (document, place) in documents.chain(licences) {
            tree.copy(&source.join(document), &format!("usr/share/{place}/{document}"), 0o644)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo;

    /// A manual page that names a file of the package names one that is there.
    #[test]
    fn what_manual_pages_refer_to_comes_along() {
        for program in &PROGRAMS {
            let page = cargo::workspace_directory().join(format!("man/{}.{}", program.name, program.section));
            let page = std::fs::read_to_string(page).expect("the page");
            let named = page.split("/usr/share/doc/rs-namespaces/").skip(1);
            let named: Vec<_> = named.filter_map(|rest| rest.split_whitespace().next()).collect();
            assert!(!named.is_empty() && named.iter().all(|file| DOCUMENTS.contains(file)), "{named:?}");
        }
    }

    /// And links between documents lead to what comes along, too.
    #[test]
    fn what_documents_link_to_comes_along() {
        for document in DOCUMENTS.iter().filter(|document| document.ends_with(".md")) {
            let path = cargo::workspace_directory().join(document);
            let text = std::fs::read_to_string(&path).expect("the document");
            let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
            for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
                let linked = Path::new(document).with_file_name(link);
                assert!(DOCUMENTS.iter().any(|it| Path::new(it) == linked), "{document}: {link}");
            }
        }
    }
}
