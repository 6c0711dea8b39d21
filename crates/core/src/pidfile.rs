//! A file with the PID of a program, for scripts and service managers.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, fstat, fstatat, stat};
use nix::unistd::{AccessFlags, Pid, UnlinkatFlags, eaccess, linkat, unlinkat};

use crate::error::{Doing, Error, Result, While, opening};
use crate::handle::Identity;
use crate::sys;

/// A file that is open for a PID. If this process has created it, it goes with this unless it is [kept](PidFile::keep).
///
/// Where the file system can, a new file has no name until it [gets one](PidFile::name_it): so nobody sees it before the
/// PID is in it, and nothing of it is left by a process that is killed before.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
    created: Option<Created>,
    /// The PID that is in it.
    written: Cell<Option<i32>>,
    has_name: bool,
}

/// More than any PID.
const LONGEST: usize = 32;

/// The directory that a file is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

fn open_directory(path: &Path) -> nix::Result<OwnedFd> {
    open(parent(path), OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
}

fn link_to(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// The name of the file; none where the path ends in something else, such as a slash.
fn name_of(path: &Path) -> Option<&OsStr> {
    path.file_name().filter(|name| path.as_os_str().as_bytes().ends_with(name.as_bytes()))
}

/// Whether open(2) would create a file at `path`, where there is none, in a directory that is there.
fn can_be_new(path: &Path) -> nix::Result<()> {
    match name_of(path) {
        None if path.as_os_str().as_bytes().ends_with(b"/") => Err(Errno::EISDIR),
        Some(_) if !path.is_symlink() => Ok(()),
        _ => Err(Errno::ENOENT),
    }
}

/// A file without a name, see O_TMPFILE in open(2), if there is none at `path`, and it can be given that name later.
fn open_unnamed(path: &Path, directory: &OwnedFd) -> Option<File> {
    let there = fstatat(directory, name_of(path)?, AtFlags::AT_SYMLINK_NOFOLLOW);
    if there.err() != Some(Errno::ENOENT) {
        return None;
    }
    let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
    let file = File::from(openat(directory, ".", flags, Mode::from_bits_truncate(0o666)).ok()?);
    let there = stat(&link_to(&file)).ok().zip(fstat(&file).ok());
    there.is_some_and(|(link, file)| Identity::of(&link) == Identity::of(&file)).then_some(file)
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

    /// What [`PidFile::name_it`] does, as the log shows it.
    pub fn words_of_naming(path: &Path) -> String {
        format!("linkat({path:?})")
    }

    /// Whether a file with this path would have no name at first, where the file system can make such; for who only asks.
    pub fn begins_without_name(path: &Path) -> bool {
        path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Whether it has to be [named](PidFile::name_it), by a process that is still in the caller's namespaces and still has its rights.
    pub fn has_no_name(&self) -> bool {
        !self.has_name
    }

    /// Opens it, and creates it where there is none. What is in it stays until the PID is written.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn open(path: &Path) -> Result<Self> {
        log::info!("{}", Self::words_of_open(path));
        // Before the file is there: what cannot be found again cannot be removed.
        let directory = open_directory(path).doing(opening(path))?;
        let created = |directory| Some(Created { by: Pid::this(), directory });
        if let Some(file) = open_unnamed(path, &directory) {
            let created = created(directory);
            return Ok(Self { path: path.into(), file, created, written: Cell::new(None), has_name: false });
        }
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NOCTTY);
        // To be read too, when it is to go: there may be no other descriptor by then.
        let file = match options.clone().read(true).create_new(true).open(path).doing(opening(path)) {
            Err(Error { errno: Some(Errno::EEXIST), .. }) => {
                // With O_CREAT the kernel refuses what others have put into a directory like /tmp, see fs.protected_fifos and
                // fs.protected_regular in proc_sys_fs(5). But what a link leads to is not created, for nobody would remove it.
                let exists = std::fs::metadata(path);
                let file = exists.and_then(|_| options.create(true).open(path)).doing(opening(path))?;
                return Ok(Self { path: path.into(), file, created: None, written: Cell::new(None), has_name: true });
            }
            opened => opened?,
        };
        Ok(Self { path: path.into(), file, created: created(directory), written: Cell::new(None), has_name: true })
    }

    /// Finds out whether it could be opened, without creating it.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn check(path: &Path) -> Result<()> {
        let result = match eaccess(path, AccessFlags::W_OK) {
            Err(Errno::ENOENT) => {
                eaccess(parent(path), AccessFlags::W_OK | AccessFlags::X_OK).and_then(|()| can_be_new(path))
            }
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

    /// Gives it its name.
    ///
    /// # Errors
    /// [`Doing::Opening`]: EEXIST where there is a file by now.
    pub fn name_it(&self) -> Result<()> {
        log::info!("{}", Self::words_of_naming(&self.path));
        let (Some(created), Some(name)) = (&self.created, self.path.file_name()) else { return Ok(()) };
        // It may be another process that has written it.
        let contents = self.contents().doing(opening(&self.path))?;
        self.written.set(String::from_utf8_lossy(&contents).trim_end().parse().ok());
        let link = link_to(&self.file);
        linkat(AT_FDCWD, &*link, &created.directory, name, AtFlags::AT_SYMLINK_FOLLOW).doing(opening(&self.path))
    }

    /// Makes this process the one with which it goes, after a fork. The other side [keeps](PidFile::keep) it.
    #[must_use]
    pub fn taken_over(mut self) -> Self {
        self.created = self.created.take().map(|created| Created { by: Pid::this(), ..created });
        self
    }

    /// Leaves it to others: the program has started.
    pub fn keep(mut self) {
        self.created = None;
    }

    /// What stands in it, if that is no longer than a PID.
    fn contents(&self) -> io::Result<Vec<u8>> {
        let mut contents = vec![0; LONGEST];
        loop {
            match self.file.read_at(&mut contents, 0) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read.map(|length| contents.into_iter().take(length).collect()),
            }
        }
    }

    /// Whether nobody has written another PID into it meanwhile: it is that one's by now.
    fn has_own_contents(&self) -> bool {
        let own = self.written.get().map(|pid| format!("{pid}\n")).unwrap_or_default();
        self.contents().is_ok_and(|contents| contents.is_empty() || contents == own.as_bytes())
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
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        // What a test that was killed has left there, whose process had the same number.
        let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        path
    }

    #[test]
    fn what_was_created_goes_unless_it_is_kept() {
        let path = scratch("pidfile-created");
        for has_name in [false, true] {
            let file = PidFile::open(&path).unwrap();
            file.write(1234).unwrap();
            assert!(file.has_no_name() && !path.exists());
            if has_name {
                file.name_it().unwrap();
                assert_eq!(fs::read_to_string(&path).unwrap(), "1234\n");
            }
            drop(file);
            assert!(!path.exists());
        }
        let file = PidFile::open(&path).unwrap();
        file.write(1234).unwrap();
        file.name_it().unwrap();
        file.keep();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1234\n");
        // By now it is somebody else's.
        PidFile::open(&path).unwrap().write(5).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "5\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_can_be_opened_is_known_before() {
        let directory = scratch("pidfile-check");
        fs::create_dir(&directory).unwrap();
        std::os::unix::fs::symlink("nowhere", directory.join("link")).unwrap();
        fs::write(directory.join("old"), "").unwrap();
        for name in ["new", "old", "link", "link/", "new/", "new/.", ".", "", "nowhere/new", "nowhere/new/", "old/new"]
        {
            let path = directory.join(name);
            let errno = |result: Result<()>| result.err().map(|error| error.errno);
            assert_eq!(errno(PidFile::check(&path)), errno(PidFile::open(&path).map(drop)), "{name}");
        }
        assert_eq!(PidFile::check(Path::new("")).unwrap_err(), PidFile::open(Path::new("")).unwrap_err());
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn another_file_of_that_name_stays() {
        let path = scratch("pidfile-replaced");
        let file = PidFile::open(&path).unwrap();
        file.name_it().unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_name_is_another_files_by_now() {
        let path = scratch("pidfile-taken");
        let file = PidFile::open(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert_eq!(file.name_it().unwrap_err().errno, Some(Errno::EEXIST));
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
            file.name_it().unwrap();
            fs::write(&path, meanwhile).unwrap();
            drop(file);
            assert_eq!(fs::read_to_string(&path).unwrap(), meanwhile);
            fs::remove_file(&path).unwrap();
        }
    }
}
