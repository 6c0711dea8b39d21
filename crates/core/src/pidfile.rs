//! A file with the PID of a program, for scripts and service managers.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::{Mode, fstat, fstatat};
use nix::unistd::{AccessFlags, Pid, UnlinkatFlags, eaccess, unlinkat};

use crate::error::{Doing, Error, Result, While, opening};
use crate::handle::Identity;
use crate::sys;

/// A file that is open for a PID. If this process has created it, it goes with this unless it is [kept](PidFile::keep).
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
    created: Option<Created>,
    /// The PID that is in it.
    written: Cell<Option<i32>>,
}

/// More than any PID.
const LONGEST: usize = 32;

/// The directory that a file is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// How to find it again from another root, or beneath a mount.
#[derive(Debug)]
struct Created {
    by: Pid,
    directory: OwnedFd,
}

impl PidFile {
    /// What [`PidFile::open`] does, as the log shows it.
    pub fn words_of_open(path: &Path) -> String {
        format!("open({path:?}, O_WRONLY|O_CREAT)")
    }

    /// What [`PidFile::write`] does, as the log shows it.
    pub fn words_of_write(path: &Path, pid: &str) -> String {
        format!("write({path:?}, \"{pid}\")")
    }

    /// Opens it, and creates it where there is none. What is in it stays until the PID is written.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn open(path: &Path) -> Result<Self> {
        log::info!("{}", Self::words_of_open(path));
        // Before the file is there: what cannot be found again cannot be removed.
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open(parent(path), flags, Mode::empty()).doing(opening(path))?;
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NOCTTY);
        // To be read too, when it is to go: there may be no other descriptor by then.
        let file = match options.clone().read(true).create_new(true).open(path).doing(opening(path)) {
            Err(Error { errno: Some(Errno::EEXIST), .. }) => {
                // With O_CREAT the kernel refuses what others have put into a directory like /tmp, see fs.protected_fifos and
                // fs.protected_regular in proc_sys_fs(5). But what a link leads to is not created, for nobody would remove it.
                let exists = std::fs::metadata(path);
                let file = exists.and_then(|_| options.create(true).open(path)).doing(opening(path))?;
                return Ok(Self { path: path.into(), file, created: None, written: Cell::new(None) });
            }
            opened => opened?,
        };
        Ok(Self {
            path: path.into(),
            file,
            created: Some(Created { by: Pid::this(), directory }),
            written: Cell::new(None),
        })
    }

    /// Finds out whether it could be opened, without creating it.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn check(path: &Path) -> Result<()> {
        let result = match eaccess(path, AccessFlags::W_OK) {
            Err(Errno::ENOENT) => eaccess(parent(path), AccessFlags::W_OK | AccessFlags::X_OK),
            _ if path.is_dir() => Err(Errno::EISDIR),
            outcome => outcome,
        };
        result.doing(opening(path))
    }

    /// Writes `pid`, a line, in place of what was there.
    ///
    /// # Errors
    /// [`Doing::Writing`].
    pub fn write(&self, pid: i32) -> Result<()> {
        use std::os::fd::AsRawFd;
        log::info!("{}", Self::words_of_write(&self.path, &pid.to_string()));
        let writing = || Doing::Writing { path: self.path.clone() };
        match self.file.set_len(0) {
            // A pipe has no length.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            truncated => truncated.doing(writing)?,
        }
        self.written.set(Some(pid));
        sys::write_all(self.file.as_raw_fd(), format!("{pid}\n").as_bytes()).doing(writing)
    }

    /// Leaves it to others: the program has started.
    pub fn keep(mut self) {
        self.created = None;
    }

    /// Whether nobody has written another PID into it meanwhile: it is that one's by now.
    fn has_own_contents(&self) -> bool {
        let mut contents = [0; LONGEST];
        let own = self.written.get().map(|pid| format!("{pid}\n")).unwrap_or_default();
        self.file.read_at(&mut contents, 0).is_ok_and(|length| length == 0 || contents[..length] == *own.as_bytes())
    }

    /// Whether the name still leads to this file.
    fn is_at(&self, directory: &OwnedFd, name: &Path) -> bool {
        let own = fstat(&self.file);
        let there = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW);
        matches!((there, own), (Ok(there), Ok(own)) if Identity::of(&there) == Identity::of(&own))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Processes that were forked meanwhile hold it too.
        let Some(Created { directory, .. }) = self.created.as_ref().filter(|created| created.by == Pid::this()) else {
            return;
        };
        // The name at last: only between that and the removal may it become another's without a trace.
        let is_ours = |name: &&Path| self.has_own_contents() && self.is_at(directory, name);
        if let Some(name) = self.path.file_name().map(Path::new).filter(is_ours) {
            log::info!("unlink({:?})", self.path);
            // What cannot be removed is no reason to hide the error that led here.
            let _ = unlinkat(directory, name, UnlinkatFlags::NoRemoveDir);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("{name}-{}", std::process::id()))
    }

    #[test]
    fn what_was_created_goes_unless_it_is_kept() {
        let path = scratch("pidfile-created");
        PidFile::open(&path).unwrap().write(1234).unwrap();
        assert!(!path.exists());
        let file = PidFile::open(&path).unwrap();
        file.write(1234).unwrap();
        file.keep();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1234\n");
        // By now it is somebody else's.
        PidFile::open(&path).unwrap().write(5).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "5\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn another_file_of_that_name_stays() {
        let path = scratch("pidfile-replaced");
        let file = PidFile::open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_file(&path).unwrap();
    }

    /// Another process has written its own PID, by the time that this one's program has not started.
    #[test]
    fn another_ones_pid_stays() {
        let path = scratch("pidfile-other");
        for meanwhile in ["4712\n", "4711\n4711\n4711\n4711\n4711\n4711\n4711\n"] {
            let file = PidFile::open(&path).unwrap();
            file.write(4711).unwrap();
            fs::write(&path, meanwhile).unwrap();
            drop(file);
            assert_eq!(fs::read_to_string(&path).unwrap(), meanwhile);
            fs::remove_file(&path).unwrap();
        }
    }
}
