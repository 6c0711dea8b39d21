//! Debian's archive: packages of any of its releases, downloaded and unpacked without installing them.

mod beside;
mod system;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use beside::Beside;
pub use system::System;

use crate::error::{Error, Result};
use crate::{files, program};

/// The archive for everybody.
const DEFAULT_ARCHIVE: &str = "http://deb.debian.org/debian";

/// Where releases go that nobody maintains any more.
const OLD_RELEASES: &str = "http://archive.debian.org/debian";

/// A release of Debian, as apt sees it from a home of its own, on a system where nothing is installed.
pub struct Release {
    configuration: PathBuf,
    scratch: PathBuf,
}

impl Release {
    /// Fetch the lists of `suite`, with apt's home below `scratch`.
    pub fn open(suite: &str, scratch: &Path) -> Result<Release> {
        for tool in ["apt-get", "dpkg-deb"] {
            program::output(Command::new(tool).arg("--version"))?;
        }
        Release::open_at(&archive(), suite, scratch).or_else(|why| {
            // What went wrong first tells more: a machine without a network has no old releases either.
            Release::open_at(OLD_RELEASES, suite, scratch).map_err(|_| why)
        })
    }

    fn open_at(archive: &str, suite: &str, scratch: &Path) -> Result<Release> {
        let configuration = configure_apt(archive, suite, scratch)?;
        let release = Release { configuration, scratch: scratch.to_owned() };
        program::output(release.apt("apt-get").args(["update", "-qq"]))?;
        Ok(release)
    }

    /// `package` and all that it depends on.
    pub fn with_dependencies(&self, package: &str) -> Result<Vec<String>> {
        // Asked on behalf of a system where nothing is installed, apt names every dependency.
        let mut install = self.apt("apt-get");
        let files = program::output(install.args(["install", "-qq", "--print-uris", package]))?;
        Ok(package_names(&files).map(str::to_owned).collect())
    }

    /// What `package` itself depends on.
    pub fn dependencies(&self, package: &str) -> Result<Vec<String>> {
        let depends = program::output(self.apt("apt-cache").args(["depends", package]))?;
        Ok(dependency_names(&depends).map(str::to_owned).collect())
    }

    /// Whether there is a package of this name.
    pub fn has(&self, package: &str) -> bool {
        program::output(self.apt("apt-cache").args(["show", package])).is_ok()
    }

    /// Download `packages` and unpack them into `root`.
    pub fn unpack(&self, packages: &[String], root: &Path) -> Result<()> {
        let debs = self.scratch.join("deb");
        files::create_directory(&debs)?;
        let mut get = self.apt("apt-get");
        get.args(["download", "-qq"]).args(packages).current_dir(&debs);
        program::output(&mut get)?;
        for deb in files::entries(&debs)? {
            program::output(Command::new("dpkg-deb").arg("-x").arg(deb).arg(root))?;
        }
        Ok(())
    }

    fn apt(&self, tool: &str) -> Command {
        let mut apt = Command::new(tool);
        apt.env("APT_CONFIG", &self.configuration).env("LC_ALL", "C");
        apt
    }
}

/// The packages in a list as `apt-get install --print-uris` writes it:
/// `'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH`.
fn package_names(files: &str) -> impl Iterator<Item = &str> {
    files.lines().filter_map(|line| line.split(' ').nth(1)?.split('_').next())
}

/// The packages in what `apt-cache depends` writes: `  Depends: NAME`, and ` |Depends: NAME` where another would do.
fn dependency_names(depends: &str) -> impl Iterator<Item = &str> {
    depends.lines().filter_map(|line| line.trim_start_matches([' ', '|']).strip_prefix("Depends: "))
}

/// Make a home for apt in `scratch`/apt, where nothing is installed, and return its configuration file.
///
/// Of the machine's own settings only those of the download are taken over, such
/// as a proxy; its hooks would tell the rest of the system about our packages.
fn configure_apt(archive: &str, suite: &str, scratch: &Path) -> Result<PathBuf> {
    let home = scratch.join("apt");
    files::remove(&home)?;
    for directory in [
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "etc/apt/sources.list.d",
        "etc/apt/trusted.gpg.d",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
    ] {
        files::create_directory(&home.join(directory))?;
    }
    let status = home.join("status");
    files::write(&status, "")?;
    let source = format!("deb [signed-by={}] {archive} {suite} main\n", keyring()?);
    files::write(&home.join("etc/apt/sources.list"), source)?;

    let mut text = download_settings()?;
    text += &format!(
        r#"Dir "{home}/";
Dir::State::status "{status}";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
"#,
        home = home.display(),
        status = status.display()
    );
    let file = scratch.join("apt.conf");
    files::write(&file, text)?;
    Ok(file)
}

/// How this machine is set up to download.
fn download_settings() -> Result<String> {
    let settings = program::output(Command::new("apt-config").arg("dump"))?;
    Ok(settings.lines().filter(|line| line.starts_with("Acquire::")).flat_map(|line| [line, "\n"]).collect())
}

fn keyring() -> Result<&'static str> {
    ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"]
        .into_iter()
        .find(|file| Path::new(file).exists())
        .ok_or_else(|| Error::Missing("no Debian archive keyring is installed".into()))
}

/// The mirror of Debian that this machine is set up for, else the one for everybody.
fn archive() -> String {
    let mut sources = vec![PathBuf::from("/etc/apt/sources.list")];
    sources.extend(files::entries(Path::new("/etc/apt/sources.list.d")).unwrap_or_default());
    sources
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .find_map(|text| mirror(&text).map(str::to_owned))
        .unwrap_or_else(|| DEFAULT_ARCHIVE.into())
}

/// The first address of a Debian archive in a sources file, of either format.
fn mirror(sources: &str) -> Option<&str> {
    sources
        .lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .find(|word| word.starts_with("http") && word.trim_end_matches('/').ends_with("/debian"))
}

#[cfg(test)]
mod tests {
    use super::{dependency_names, mirror, package_names};

    #[test]
    fn names_are_taken_from_apts_list() {
        let list = "'http://deb.debian.org/debian/pool/z/zlib/zlib1g_1.3_amd64.deb' \
                    zlib1g_1%3a1.3_amd64.deb 9 SHA256:0\n\
                    'http://deb.debian.org/debian/pool/l/libpam0g_1_amd64.deb' libpam0g_1_amd64.deb 9 \n";
        assert_eq!(package_names(list).collect::<Vec<_>>(), ["zlib1g", "libpam0g"]);
    }

    #[test]
    fn dependencies_are_told_from_what_is_merely_recommended() {
        let depends = "linux-image-cloud-amd64\n  PreDepends: dpkg\n |Depends: a\n  Depends: <b>\n    c\n  \
                       Depends: linux-image-6.1.0-50-cloud-amd64\n  Recommends: d\n";
        let names: Vec<_> = dependency_names(depends).collect();
        assert_eq!(names, ["a", "<b>", "linux-image-6.1.0-50-cloud-amd64"]);
    }

    #[test]
    fn a_mirror_is_found_in_both_formats() {
        let deb822 = "Types: deb\n# http://old.example/debian\nURIs: http://a.example/debian-security\n\n\
                      URIs: http://b.example/debian/\nSuites: sid\n";
        assert_eq!(mirror(deb822), Some("http://b.example/debian/"));
        let list = "deb https://c.example/apt stable main\n\
                    deb [arch=amd64] http://d.example/debian sid main\n";
        assert_eq!(mirror(list), Some("http://d.example/debian"));
        assert_eq!(mirror("URIs: mirror+file:/etc/apt/mirrors/debian.list\n"), None);
    }
}
