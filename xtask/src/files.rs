//! Files and directories, with errors that say what was being done to which.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Doing as _, Result};

/// What a directory has in it, in no order.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .doing(|| format!("reading {}", directory.display()))
}

/// Every file below a directory, links among them.
pub fn all_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in entries(&directory)? {
            match path.is_dir() && !path.is_symlink() {
                true => directories.push(path),
                false => files.push(path),
            }
        }
    }
    Ok(files)
}

/// Make a directory, and those above it, unless it is there.
pub fn create_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).doing(|| format!("creating {}", path.display()))
}

/// Wait until nobody else holds the lock at `path`, and hold it as long as the file is open.
pub fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).doing(|| format!("creating {}", path.display()))?;
    file.lock().doing(|| format!("waiting for {}", path.display()))?;
    Ok(file)
}

/// What a file says.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).doing(|| format!("reading {}", path.display()))
}

/// Make a file say this and nothing else.
pub fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, content).doing(|| format!("writing {}", path.display()))
}

/// Copy a program, for everybody to run.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).doing(|| format!("copying {} to {}", from.display(), to.display()))?;
    make_public(to)
}

/// Move a file or directory within its file system.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).doing(|| format!("moving {} to {}", from.display(), to.display()))
}

/// Let everybody read and execute `path`, whatever the umask.
pub fn make_public(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o755))
        .doing(|| format!("changing the mode of {}", path.display()))
}

/// Remove a directory and all that is in it, if it is there.
pub fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.doing(|| format!("removing {}", directory.display())),
    }
}
