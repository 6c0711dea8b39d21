//! One of the distribution's cloud kernels, which have what a guest under qemu needs without any module.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::debian::Release;
use crate::error::{Error, Result};
use crate::files;
use crate::place::{Place, Work};

/// A kernel, ready to boot.
pub struct Image {
    /// Debian's name for it, such as `6.1.0-50-cloud-amd64`.
    pub version: String,
    /// Where it is, and where what it prints belongs.
    pub directory: PathBuf,
}

impl Image {
    /// The kernel of a release, in a directory of that name: fetched if it is not there.
    pub fn fetch(directory: &Path, suite: &str) -> Result<Image> {
        Place::new(directory, suite).fill(Image::find, |work| download(suite, work))
    }

    fn find(place: &Path) -> Result<Image> {
        let image = Image {
            version: String::from_utf8_lossy(&files::read(&place.join("version"))?).trim().to_owned(),
            directory: place.to_owned(),
        };
        match image.path().is_file() {
            true => Ok(image),
            false => Err(Error::Missing(format!("{} is missing", image.path().display()))),
        }
    }

    /// The file to boot.
    pub fn path(&self) -> PathBuf {
        self.directory.join("vmlinuz")
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version, self.path().display())
    }
}

fn download(suite: &str, work: &Work<'_>) -> Result<()> {
    let release = Release::open(suite, work.scratch)?;
    let dependencies = release.dependencies("linux-image-cloud-amd64")?;
    let version = dependencies.iter().find_map(|name| version(name));
    let version = version.ok_or_else(|| Error::Missing(format!("{suite} has no cloud kernel")))?;
    // Newer kernels have a package of their own, and the image's merely depends on it.
    let binary = format!("linux-binary-{version}");
    let package = if release.has(&binary) { binary } else { format!("linux-image-{version}") };

    let root = work.scratch.join("root");
    release.unpack(&[package], &root)?;
    let kernel = files::all_below(&root)?.into_iter().find(|file| is_kernel(file));
    let kernel = kernel.ok_or_else(|| Error::Missing(format!("there is no vmlinuz in {suite}'s package")))?;
    files::rename(&kernel, &work.stage.join("vmlinuz"))?;
    files::write(&work.stage.join("version"), format!("{version}\n"))
}

/// `linux-image-6.1.0-50-cloud-amd64` is the image of 6.1.0-50-cloud-amd64.
fn version(package: &str) -> Option<&str> {
    package.strip_prefix("linux-image-").filter(|version| version.starts_with(|first: char| first.is_ascii_digit()))
}

fn is_kernel(file: &Path) -> bool {
    !file.is_symlink() && file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz"))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_version_is_told_from_a_name() {
        assert_eq!(version("linux-image-6.1.0-50-cloud-amd64"), Some("6.1.0-50-cloud-amd64"));
        assert_eq!(version("linux-image-cloud-amd64"), None);
        assert_eq!(version("initramfs-tools"), None);
    }
}
