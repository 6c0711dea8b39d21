//! Files of /proc that take one write: it is made whole, and its errno is the answer.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::path::Path;

use nix::errno::Errno;

use crate::error::{Doing, Error, Result, While};

/// Opens the existing file `path` for writing, close-on-exec.
///
/// # Errors
/// `doing`, with open(2)'s errno.
pub fn open(path: &Path, doing: impl FnOnce() -> Doing) -> Result<File> {
    log::debug!("open({path:?}, O_WRONLY|O_CLOEXEC)");
    OpenOptions::new().write(true).open(path).doing(doing)
}

/// Writes `contents` by one write(2), as these files want it.
///
/// # Errors
/// `doing`, with write(2)'s errno; EIO where only a part was taken.
pub fn write(file: &File, contents: &[u8], doing: impl FnOnce() -> Doing) -> Result<()> {
    loop {
        match nix::unistd::write(file.as_fd(), contents) {
            Ok(written) if written == contents.len() => return Ok(()),
            Err(Errno::EINTR) => {}
            Ok(_) => return Err(Error { doing: doing(), errno: Some(Errno::EIO) }),
            Err(errno) => return Err(Error { doing: doing(), errno: Some(errno) }),
        }
    }
}

/// Opens `path` and writes `contents`.
///
/// # Errors
/// [`Doing::Opening`] or [`Doing::Writing`], on `path`.
pub fn put(path: &Path, contents: &[u8]) -> Result<()> {
    let file = open(path, || Doing::Opening { path: path.into() })?;
    write(&file, contents, || Doing::Writing { path: path.into() })
}
