//! Plain files at places where somebody in a container may put anything: a fifo would block, a device might act, and
//! what was a file a moment ago may be either by now.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::libc::{S_IFCHR, S_IFDIR, S_IFMT, S_IFREG};
use nix::sys::stat::{Mode, fstat, makedev};

use crate::error::{Doing, Result, While};
use crate::handle;
use crate::sys::while_interrupted;

/// More than any list of users: whatever is behind it is not there.
const LONGEST: u64 = 16 << 20;

/// Opens the file for reading; nothing else is opened but only looked up. /dev/null counts as a file: containers and
/// service managers hide one by mounting it there, and then it is as empty as that.
///
/// # Errors
/// open(2)'s; EISDIR for a directory, EINVAL for anything else that is no plain file.
pub fn open_plain(path: &Path) -> nix::Result<File> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let looked_at = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
    check(&looked_at)?;
    if let Some(descriptors) = descriptors()? {
        // Through the first, it is the same file.
        let same = looked_at.as_raw_fd().to_string();
        return while_interrupted(|| openat(&descriptors, same.as_str(), flags, Mode::empty())).map(File::from);
    }
    // There is only the name. Should the file be another by now, that does not block, and is not read.
    let file = while_interrupted(|| open(path, flags, Mode::empty()))?;
    check(&file)?;
    Ok(file.into())
}

/// Reads the file as far as 16 MiB.
///
/// # Errors
/// As [`open_plain`], and read(2)'s.
pub fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    open_plain(path)?.take(LONGEST).read_to_end(&mut contents)?;
    Ok(contents)
}

fn check(file: impl AsFd) -> nix::Result<()> {
    let stat = fstat(file)?;
    match stat.st_mode & S_IFMT {
        S_IFREG => Ok(()),
        S_IFCHR if stat.st_rdev == makedev(1, 3) => Ok(()),
        S_IFDIR => Err(Errno::EISDIR),
        _ => Err(Errno::EINVAL),
    }
}

/// The /proc of where this process came from.
static PROC: OnceLock<OwnedFd> = OnceLock::new();

/// Keeps hold of /proc, so that what is opened in another root or mount namespace later needs none there.
///
/// # Errors
/// [`Doing::Opening`], but not where there is no /proc.
pub fn hold_proc() -> Result<()> {
    if PROC.get().is_some() {
        return Ok(());
    }
    let proc = open_proc().doing(|| Doing::Opening { path: "/proc".into() })?;
    proc.into_iter().for_each(|proc| drop(PROC.set(handle::at_high_number(proc))));
    Ok(())
}

fn open_proc() -> nix::Result<Option<OwnedFd>> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let proc = match open("/proc", flags, Mode::empty()) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        proc => proc?,
    };
    Ok(handle::is_proc(&proc)?.then_some(proc))
}

/// This process's /proc/self/fd, of a real /proc with nothing mounted on the way; none where that cannot be had.
fn descriptors() -> nix::Result<Option<OwnedFd>> {
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC);
    let how = how.resolve(ResolveFlag::RESOLVE_NO_XDEV | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let below = |proc: &OwnedFd| match while_interrupted(|| openat2(proc, "self/fd", how)) {
        // It is another pid namespace's, or part of it is covered; or a filter of system calls does not know the call.
        Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EXDEV | Errno::ELOOP | Errno::ENOSYS | Errno::EPERM) => Ok(None),
        directory => directory.map(Some),
    };
    match PROC.get() {
        Some(proc) => below(proc),
        None => open_proc()?.map_or(Ok(None), |proc| below(&proc)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_opened() {
        assert_eq!(open_plain(Path::new("/dev/zero")).unwrap_err(), Errno::EINVAL);
        assert_eq!(read_plain(Path::new("/dev/null")).unwrap(), b"");
        assert_eq!(open_plain(Path::new("/")).unwrap_err(), Errno::EISDIR);
        assert_eq!(open_plain(Path::new("/no such")).unwrap_err(), Errno::ENOENT);
        let own = std::env::current_exe().unwrap();
        assert_eq!(read_plain(&own).unwrap().len() as u64, own.metadata().unwrap().len().min(LONGEST));
    }
}
