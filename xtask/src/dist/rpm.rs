//! A package for Fedora and what comes of it. The classic names have none: RPM cannot put other packages' files aside.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Layout, Release, Tree};
use crate::error::Result;
use crate::{files, program};

/// Makes it.
pub fn make(release: &Release, work: &Path, source: &Path, programs: &[PathBuf], place: &Path) -> Result<()> {
    let tree = Tree::of_programs(release, work, source, programs, &Layout::FEDORA)?;
    // rpmbuild removes from there what was left by an earlier run.
    let scratch = work.join("rpm");
    files::remove(&scratch)?;
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet", "--target", std::env::consts::ARCH]);
    let definitions = [
        ("_topdir", scratch.display().to_string()),
        ("_rpmdir", place.display().to_string()),
        ("_rpmfilename", release.rpm_name()),
        ("of_version", release.version.clone()),
        ("of_maintainer", release.maintainer.clone()),
        ("tree", tree.root.display().to_string()),
        // As Fedora has it.
        ("_binary_payload", "w19.zstdio".into()),
        // The files stay as they are in the other packages.
        ("__os_install_post", "%{nil}".into()),
        ("debug_package", "%{nil}".into()),
        ("_build_id_links", "none".into()),
        // Nor does the package tell of where and when it was made.
        ("_buildhost", "reproducible".into()),
        ("use_source_date_epoch_as_buildtime", "1".into()),
        ("clamp_mtime_to_source_date_epoch", "1".into()),
    ];
    for (name, value) in definitions {
        build.arg("--define").arg(format!("{name} {value}"));
    }
    build.arg(source.join("packaging/rpm/rs-namespaces.spec")).env("SOURCE_DATE_EPOCH", &release.epoch);
    program::output(&mut build)?;
    Ok(())
}
