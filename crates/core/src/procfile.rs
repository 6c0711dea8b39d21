//! Files of /proc: read whole; or written to by one write, which is made whole, and whose errno is the answer.
//!
//! What somebody has put in the place of /proc is left alone: a fifo would block, and what is written to a plain file has no effect.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;

use crate::error::{Doing, Result, While};
use crate::handle;
use crate::sys::while_interrupted;

/// Reads the file `path` whole.
///
/// # Errors
/// [`Doing::Reading`]; EOPNOTSUPP for a file that is not procfs's.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let read = || {
        let mut text = Vec::new();
        let file = OpenOptions::new().read(true).custom_flags(QUIETLY).open(path)?;
        of_proc(file)?.read_to_end(&mut text).map(|_length| text)
    };
    read().doing(|| Doing::Reading { path: path.into() })
}

/// A fifo would block, a terminal become this process's own.
const QUIETLY: i32 = libc::O_NONBLOCK | libc::O_NOCTTY;

fn of_proc(file: File) -> io::Result<File> {
    handle::is_proc(&file)?.then_some(file).ok_or_else(|| Errno::EOPNOTSUPP.into())
}

/// Opens the existing file `path` for writing, close-on-exec.
///
/// # Errors
/// `doing`, with open(2)'s errno; EOPNOTSUPP for a file that is not procfs's.
pub fn open(path: &Path, doing: impl FnOnce() -> Doing) -> Result<File> {
    open_anywhere(path).and_then(of_proc).doing(doing)
}

/// The same for a file of whichever file system.
///
/// # Errors
/// open(2)'s.
pub fn open_anywhere(path: &Path) -> io::Result<File> {
    log::debug!("open({path:?}, O_WRONLY|O_CLOEXEC)");
    OpenOptions::new().write(true).custom_flags(QUIETLY).open(path)
}

/// Writes `contents` by one write(2), as these files want it.
///
/// # Errors
/// `doing`, with write(2)'s errno; EIO where only a part was taken.
pub fn write(file: &File, contents: &[u8], doing: impl FnOnce() -> Doing) -> Result<()> {
    let written = while_interrupted(|| nix::unistd::write(file.as_fd(), contents));
    let whole = written.and_then(|length| if length == contents.len() { Ok(()) } else { Err(Errno::EIO) });
    whole.doing(doing)
}

/// Opens `path` and writes `contents`.
///
/// # Errors
/// [`Doing::Opening`] or [`Doing::Writing`], on `path`.
pub fn put(path: &Path, contents: &[u8]) -> Result<()> {
    let file = open(path, || Doing::Opening { path: path.into() })?;
    write(&file, contents, || Doing::Writing { path: path.into() })
}
