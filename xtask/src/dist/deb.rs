//! Packages for Debian and what comes of it: the programs, and a package that gives them the classic names.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Layout, Release, Tree};
use crate::error::Result;
use crate::shipped::PROGRAMS;
use crate::{generated, program};

/// The package with the programs.
const PROGRAM_PACKAGE: &str = "rs-namespaces";

/// The package with the classic names.
const NAME_PACKAGE: &str = "rs-namespaces-as-util-linux";

/// Makes both.
pub fn make(release: &Release, work: &Path, source: &Path, programs: &[PathBuf], place: &Path) -> Result<()> {
    let maker = Maker { release, packaging: source.join("packaging/deb"), source, place };
    let tree = Tree::of_programs(release, work, source, programs, &Layout::DEBIAN)?;
    maker.package(PROGRAM_PACKAGE, &tree, &[("Suggests", "uidmap".into())], PROGRAMS_ABOUT)?;

    let tree = Tree::new(work.join("tree-names"))?;
    for program in &PROGRAMS {
        let section = program.section;
        tree.link(&format!("usr/bin/{}", program.classic), program.name)?;
        let page = format!("usr/share/man/man{section}/{}.{section}.gz", program.classic);
        tree.link(&page, &format!("{}.{section}.gz", program.name))?;
    }
    // Some version before, so that no link leads nowhere: other programs may want unshare at any time.
    let depends = [
        ("Pre-Depends", PROGRAM_PACKAGE.to_owned()),
        ("Depends", format!("{PROGRAM_PACKAGE} (= {})", release.version)),
    ];
    maker.package(NAME_PACKAGE, &tree, &depends, NAMES_ABOUT)
}

const PROGRAMS_ABOUT: &str = "make, enter and list Linux namespaces
 rs-unshare, rs-nsenter and rs-lsns are the namespace tools of util-linux
 built anew: same options, same output, with an init, checks, and the cause
 of what fails. Each is a static program of its own.";

const NAMES_ABOUT: &str = "rs-namespaces under the names of util-linux
 With this package unshare, nsenter and lsns are rs-unshare, rs-nsenter and
 rs-lsns. Those of util-linux stay as unshare.util-linux and so on, and come
 back when it is removed.";

struct Maker<'a> {
    release: &'a Release,
    packaging: PathBuf,
    source: &'a Path,
    place: &'a Path,
}

impl Maker<'_> {
    fn package(&self, name: &str, tree: &Tree, relations: &[(&str, String)], about: &str) -> Result<()> {
        let Release { version, architecture, date, maintainer, .. } = self.release;
        let documents = format!("usr/share/doc/{name}");
        let licence = generated::text(&self.source.join("LICENSE-MIT"))?;
        let text =
            licence.lines().skip(4).map(|line| if line.is_empty() { " .\n".into() } else { format!(" {line}\n") });
        let copyright =
            generated::text(&self.packaging.join("copyright"))?.replace("@MIT@\n", &text.collect::<String>());
        tree.put(&format!("{documents}/copyright"), copyright, 0o644)?;
        let changes =
            format!("{name} ({version}) unstable; urgency=medium\n\n  * This version.\n\n -- {maintainer}  {date}\n");
        tree.put(&format!("{documents}/changelog"), changes, 0o644)?;
        tree.compress(&format!("{documents}/changelog"))?;
        let overrides = self.packaging.join(format!("{name}.lintian-overrides"));
        if overrides.exists() {
            tree.copy(&overrides, &format!("usr/share/lintian/overrides/{name}"), 0o644)?;
        }
        self.control(name, tree, relations, about)?;
        tree.settle(self.release)?;

        let mut build = Command::new("dpkg-deb");
        build.args(["--root-owner-group", "--threads-max=1", "-Zxz", "--build"]).arg(&tree.root);
        build
            .arg(self.place.join(format!("{name}_{version}_{architecture}.deb")))
            .env("SOURCE_DATE_EPOCH", &self.release.epoch);
        program::output(&mut build)?;
        Ok(())
    }

    fn control(&self, name: &str, tree: &Tree, relations: &[(&str, String)], about: &str) -> Result<()> {
        let Release { version, architecture, maintainer, .. } = self.release;
        let usage = program::output(Command::new("du").args(["-sk", "--apparent-size"]).arg(&tree.root))?;
        let size = usage.split_whitespace().next().unwrap_or("0").to_owned();
        let relations: String = relations.iter().map(|(field, value)| format!("{field}: {value}\n")).collect();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {maintainer}\nInstalled-Size: {size}\n\
             {relations}Section: admin\nPriority: optional\nDescription: {about}\n"
        );
        let mut sums = Command::new("sh");
        sums.current_dir(&tree.root).args(["-c", "find usr -type f | LC_ALL=C sort | xargs --no-run-if-empty md5sum"]);
        tree.put("DEBIAN/md5sums", program::output(&mut sums)?, 0o644)?;
        tree.put("DEBIAN/control", control, 0o644)?;
        for (file, mode) in [("preinst", 0o755), ("postinst", 0o755), ("postrm", 0o755), ("triggers", 0o644)] {
            let script = self.packaging.join(format!("{name}.{file}"));
            if script.exists() {
                let text = generated::text(&script)?.replace("FILES", &classic_files());
                tree.put(&format!("DEBIAN/{file}"), text, mode)?;
            }
        }
        Ok(())
    }
}

/// What the package of the classic names puts aside, and where: a file and its other place on a line, below /usr.
fn classic_files() -> String {
    let files = PROGRAMS.iter().map(|program| {
        let (name, section) = (program.classic, program.section);
        let page = format!("share/man/man{section}/{name}");
        // Under this name man finds it.
        format!("bin/{name} bin/{name}.util-linux\n{page}.{section}.gz {page}.util-linux.{section}.gz")
    });
    files.collect::<Vec<_>>().join("\n")
}
