//! A process that stays the same process, whatever becomes of its number.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sched::setns;
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::Pid;

use crate::child;
use crate::error::{Doing, Error, Result, While};
use crate::handle::{self, Handle, Identity};
use crate::kind::{Kind, Kinds};
use crate::number::{self, NotANumber};
use crate::proc::Proc;
use crate::shortage::noted;
use crate::sys::{self, while_interrupted};

/// A process, held by its directory in /proc: when the process is gone, so are the files below it,
/// even if another process has got its number.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    directory: File,
}

impl Process {
    /// The process that calls this.
    ///
    /// # Errors
    /// [`Doing::Opening`] when there is no /proc.
    pub fn this() -> Result<Self> {
        let path = Path::new("/proc/self");
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        let directory = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .doing(|| Doing::Opening { path: path.into() })?;
        Ok(Self { pid: std::process::id(), directory })
    }

    /// Its number, as this process's /proc shows it.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What people call its file `name`: `/proc/PID/name`.
    pub fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid).into()
    }

    /// A path that leads to the file `name` of this process and of no other, for calls that take no descriptor.
    pub fn sure_path(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.directory.as_raw_fd()).into()
    }
}

/// A process that somebody named: held by a pidfd and by its directory in /proc, which are known to
/// belong together. Everything about it is opened below that directory.
#[derive(Debug)]
pub struct Target {
    pid: u32,
    /// ENOENT for a thread that leads no process; its files are there all the same.
    pidfd: nix::Result<OwnedFd>,
    /// Missing only matters to those who need a file.
    directory: nix::Result<OwnedFd>,
}

/// What fstatfs(2) says of pidfds since Linux 6.9, from when on their inodes are unique.
const PIDFS_MAGIC: FsType = FsType(0x5049_4446);

impl Target {
    /// Takes hold of the process that `text` names: `PID`, or `PID:INODE` with the inode of its pidfd.
    ///
    /// # Errors
    /// [`Doing::ParsingPid`], [`Doing::CheckingPid`] when PID is not, or no longer, the process with that inode; those of
    /// [`Target::open`].
    pub fn parse(text: &OsStr) -> Result<Self> {
        let (pid, inode) = read_name(text).map_err(|reason| {
            let errno = if reason == NotANumber::OutOfRange { Errno::ERANGE } else { Errno::EINVAL };
            Error { doing: Doing::ParsingPid { text: text.into() }, errno: Some(errno) }
        })?;
        let target = Self::open(pid)?;
        if let Some(inode) = inode {
            target.check_inode(inode).doing(|| Doing::CheckingPid { pid })?;
        }
        Ok(target)
    }

    /// Takes hold of the process that has this number now. /proc alone has to do where the kernel, or a filter of system
    /// calls, gives no pidfd.
    ///
    /// # Errors
    /// [`Doing::OpeningPidfdOf`] for any other reason, such as EMFILE.
    pub fn open(pid: u32) -> Result<Self> {
        log::debug!("pidfd_open({pid}), open(\"/proc/{pid}\", O_PATH), pidfd_send_signal(0)");
        let pidfd =
            i32::try_from(pid).map_err(|_| Errno::ESRCH).map(Pid::from_raw).and_then(|pid| noted(sys::pidfd_open(pid)));
        // The last three: there is no process of this number, or it is a thread's, of which kernels say one or the other.
        if let Err(errno) = pidfd
            && !matches!(errno, Errno::ENOSYS | Errno::EPERM | Errno::ESRCH | Errno::ENOENT | Errno::EINVAL)
        {
            return Err(Error { doing: Doing::OpeningPidfdOf { pid }, errno: Some(errno) });
        }
        let directory = open_directory(pid).and_then(|directory| match &pidfd {
            // As long as the process of the pidfd has not been waited for, its number is not given away.
            Ok(pidfd) => still_there(pidfd).map(|()| directory),
            Err(Errno::ESRCH) => Err(Errno::ENOENT),
            Err(_) => Ok(directory),
        });
        Ok(Self { pid, pidfd, directory })
    }

    /// Takes hold of the process that `proc`, which is this process's /proc, shows under this number now.
    ///
    /// # Errors
    /// Those of [`Target::open`].
    pub fn in_proc(pid: u32, proc: &Proc) -> Result<Self> {
        match proc.is_of_own_pids() {
            true => Self::open(pid),
            // A pidfd is asked for by another number than the one that is shown there.
            false => Ok(Self { pid, pidfd: Err(Errno::ESRCH), directory: open_directory(pid) }),
        }
    }

    fn check_inode(&self, wanted: u64) -> nix::Result<()> {
        (self.inode()? == wanted).then_some(()).ok_or(Errno::ESRCH)
    }

    /// The inode of its pidfd, which no other process ever gets.
    ///
    /// # Errors
    /// EOPNOTSUPP before Linux 6.9, ESRCH when it is gone.
    pub fn inode(&self) -> nix::Result<u64> {
        let pidfd = self.pidfd.as_ref().map_err(|errno| *errno)?;
        if fstatfs(pidfd)?.filesystem_type() != PIDFS_MAGIC {
            return Err(Errno::EOPNOTSUPP);
        }
        Ok(fstat(pidfd)?.st_ino)
    }

    /// Its number, as this process's /proc shows it.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What people call its file `name`: `/proc/PID/name`.
    pub fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid).into()
    }

    /// The pidfd, where the kernel gave one.
    ///
    /// # Errors
    /// [`Doing::OpeningPidfdOf`].
    pub fn pidfd(&self) -> Result<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd).map_err(|errno| self.failed_pidfd(*errno))
    }

    fn failed_pidfd(&self, errno: Errno) -> Error {
        Error { doing: Doing::OpeningPidfdOf { pid: self.pid }, errno: Some(errno) }
    }

    /// Whether namespaces can be entered through the pidfd; else they have to be opened one by one.
    pub fn has_pidfd(&self) -> bool {
        self.pidfd.is_ok()
    }

    fn open_at(&self, name: &str, flags: OFlag) -> nix::Result<OwnedFd> {
        let directory = self.directory.as_ref().map_err(|errno| *errno)?;
        noted(while_interrupted(|| openat(directory, name, flags | OFlag::O_CLOEXEC, Mode::empty())))
    }

    fn stat_at(&self, name: &str) -> nix::Result<FileStat> {
        let directory = self.directory.as_ref().map_err(|errno| *errno)?;
        fstatat(directory, name, AtFlags::empty())
    }

    /// Opens its directory `root` or `cwd`.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn open_directory(&self, name: &str) -> Result<File> {
        log::debug!("openat(\"{}\", O_DIRECTORY)", self.path(name).display());
        self.open_at(name, OFlag::O_RDONLY | OFlag::O_DIRECTORY)
            .map(File::from)
            .doing(|| Doing::Opening { path: self.path(name) })
    }

    /// Reads its file `name` whole.
    ///
    /// # Errors
    /// [`Doing::Opening`], [`Doing::Reading`]; both with ESRCH when it has ended meanwhile, because its
    /// files look empty then.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = || self.path(name);
        log::debug!("read(\"{}\")", path().display());
        let mut file = self.open_at(name, OFlag::O_RDONLY).map(File::from).doing(|| Doing::Opening { path: path() })?;
        let mut contents = Vec::new();
        file.read_to_end(&mut contents).doing(|| Doing::Reading { path: path() })?;
        self.check_alive().doing(|| Doing::Reading { path: path() })?;
        Ok(contents)
    }

    /// Reads its environment, see proc_pid_environ(5).
    ///
    /// # Errors
    /// As [`Target::read`].
    pub fn environment(&self) -> Result<Vec<u8>> {
        let mut contents = self.read("environ")?;
        // The file ends where its memory is gone, though nothing says yet that the process is going.
        // Then it does not open again; and if the process executes a program just now, it has another one.
        // A target that goes on rewriting it is not to keep us for ever.
        for _ in 0..RE_READS {
            if contents.ends_with(b"\0") {
                break;
            }
            let again = self.read("environ")?;
            if again == contents {
                break;
            }
            contents = again;
        }
        Ok(contents)
    }

    /// Opens one of its namespaces.
    ///
    /// # Errors
    /// [`Doing::Opening`].
    pub fn namespace(&self, kind: Kind) -> Result<Handle> {
        self.linked_namespace(kind.link())
    }

    /// Opens the namespace that its next children will be in.
    ///
    /// # Errors
    /// [`Doing::Opening`]: ENOENT for a pid namespace that has no process yet.
    pub fn namespace_of_children(&self, kind: Kind) -> Result<Handle> {
        self.linked_namespace(kind.children_link())
    }

    fn linked_namespace(&self, link: &str) -> Result<Handle> {
        let link = format!("ns/{link}");
        log::debug!("openat(\"{}\")", self.path(&link).display());
        let opened = self.open_at(&link, OFlag::O_RDONLY).and_then(Handle::from_descriptor);
        opened.doing(|| Doing::Opening { path: self.path(&link) })
    }

    /// Which namespace of a kind it is in.
    ///
    /// # Errors
    /// [`Doing::Comparing`].
    pub fn namespace_identity(&self, kind: Kind) -> Result<Identity> {
        let link = format!("ns/{}", kind.link());
        let stat = self.stat_at(&link).doing(|| Doing::Comparing { path: self.path(&link) })?;
        Ok(Identity::of(&stat))
    }

    /// Whether its children are in another pid namespace than it is itself: an unshare that waits, say.
    pub fn children_are_elsewhere(&self) -> bool {
        let link = |name: &str| self.stat_at(name).map(|stat| Identity::of(&stat));
        matches!((link("ns/pid"), link("ns/pid_for_children")), (Ok(own), Ok(children)) if own != children)
    }

    /// Whether its root directory is another than this process's: one of the two is in a chroot, say.
    ///
    /// # Errors
    /// [`Doing::Comparing`].
    pub fn has_another_root(&self) -> Result<bool> {
        let own = nix::sys::stat::stat("/").doing(|| Doing::Comparing { path: "/".into() })?;
        let root = self.stat_at("root").doing(|| Doing::Comparing { path: self.path("root") })?;
        Ok(Identity::of(&root) != Identity::of(&own))
    }

    /// Makes sure that it is still in these namespaces, and still has this root directory, if one is given.
    ///
    /// What this process may not ask, if `is_inside` because it has entered a user namespace, is taken to be so: it has no
    /// rights to lose any more. Anybody else may ask, unless the target has closed itself meanwhile.
    ///
    /// # Errors
    /// [`Doing::FindingAgain`]; [`Doing::Comparing`], [`Doing::Opening`] when it has ended or closed itself, since nobody
    /// knows then.
    pub fn check_still_there(
        &self,
        namespaces: &[(Kind, Identity)],
        root: Option<&File>,
        is_inside: bool,
    ) -> Result<()> {
        log::debug!("stat(\"{}\") for {} namespaces", self.path("ns").display(), namespaces.len());
        let elsewhere = Error::new(Doing::FindingAgain { pid: self.pid });
        let stays = |now: Result<Identity>, before| match now {
            Ok(now) if now != before => Err(elsewhere.clone()),
            Err(error) if !(is_inside && self.is_closed(error.errno)) => Err(error),
            _ => Ok(()),
        };
        namespaces.iter().try_for_each(|(kind, before)| stays(self.namespace_identity(*kind), *before))?;
        let Some(root) = root else { return Ok(()) };
        let opening = || Doing::Opening { path: self.path("root") };
        let before = fstat(root).doing(opening)?;
        let now = self.stat_at("root").doing(opening);
        stays(now.map(|now| Identity::of(&now)), Identity::of(&before))
    }

    /// Whether something of it could not be looked at because this process may not, rather than because it has ended.
    fn is_closed(&self, errno: Option<Errno>) -> bool {
        match errno {
            Some(Errno::EACCES | Errno::EPERM) => true,
            // A /proc that is mounted with hidepid=2 says so.
            Some(Errno::ENOENT) => self.check_alive().is_ok(),
            _ => false,
        }
    }

    /// Enters its namespaces of these kinds, all or none.
    ///
    /// # Errors
    /// [`Doing::EnteringTarget`], see setns(2): ESRCH when it has ended.
    pub fn enter(&self, kinds: Kinds) -> Result<()> {
        let pidfd = self.pidfd.as_ref().map_err(|errno| *errno);
        pidfd.and_then(|pidfd| setns(pidfd, kinds.flags())).doing(|| Doing::EnteringTarget { pid: self.pid, kinds })
    }

    /// A copy of its descriptor `number`.
    ///
    /// # Errors
    /// [`Doing::OpeningPidfdOf`]; [`Doing::CopyingDescriptor`]: EBADF when it has none of that number, EPERM
    /// when this process may not trace it.
    pub fn descriptor(&self, number: i32) -> Result<OwnedFd> {
        let pidfd = self.pidfd()?;
        log::info!("pidfd_getfd({}, {number})", pidfd.as_raw_fd());
        sys::pidfd_getfd(pidfd, number).doing(|| Doing::CopyingDescriptor { pidfd: pidfd.as_raw_fd(), number })
    }

    /// Its effective user and group id, in the numbers of the user namespace that this process is in now.
    ///
    /// # Errors
    /// [`Doing::Opening`] on its directory; ESRCH when it has ended, because that directory is root's then.
    pub fn ids(&self) -> Result<(u32, u32)> {
        let directory = self.directory.as_ref().map_err(|errno| *errno);
        let stat = directory.and_then(fstat).doing(|| Doing::Opening { path: self.path("") })?;
        self.check_alive().doing(|| Doing::Opening { path: self.path("") })?;
        Ok((stat.st_uid, stat.st_gid))
    }

    /// ENOENT, or whatever it was, when its directory could not be had.
    ///
    /// # Errors
    /// [`Doing::Opening`] on the directory.
    pub fn check_directory(&self) -> Result<()> {
        self.directory.as_ref().map(drop).map_err(|errno| *errno).doing(|| Doing::Opening { path: self.path("") })
    }

    fn check_alive(&self) -> nix::Result<()> {
        match &self.pidfd {
            Ok(pidfd) if child::has_ended(pidfd)? => Err(Errno::ESRCH),
            Ok(_) => Ok(()),
            // Those who have ended are in no mount namespace.
            Err(_) => match self.stat_at("ns/mnt") {
                Err(Errno::ENOENT | Errno::ESRCH) => Err(Errno::ESRCH),
                _ => Ok(()),
            },
        }
    }
}

fn read_name(text: &OsStr) -> Result<(u32, Option<u64>), NotANumber> {
    let mut parts = text.as_bytes().splitn(2, |byte| *byte == b':').map(OsStr::from_bytes);
    let pid = number::parse(parts.next().unwrap_or_default(), 1, i64::from(i32::MAX))?;
    let inode = parts.next().map(|inode| number::parse(inode, 1, i64::MAX)).transpose()?;
    let out_of_range = |_| NotANumber::OutOfRange;
    Ok((u32::try_from(pid).map_err(out_of_range)?, inode.map(u64::try_from).transpose().map_err(out_of_range)?))
}

/// How often an environment without an end is read again.
const RE_READS: usize = 8;

/// Opens /proc/PID, of a real /proc.
fn open_directory(pid: u32) -> nix::Result<OwnedFd> {
    let path = format!("/proc/{pid}");
    let opened = open(path.as_str(), OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty());
    let directory = noted(opened)?;
    if !handle::is_proc(&directory)? {
        return Err(Errno::EOPNOTSUPP);
    }
    // Messages name descriptors by their numbers, as util-linux's do, which has none for this directory.
    Ok(handle::at_high_number(directory))
}

/// Fails when the process behind `pidfd` is gone and waited for, so that its number may be another's.
fn still_there(pidfd: &OwnedFd) -> nix::Result<()> {
    match sys::pidfd_send_signal(pidfd.as_fd(), 0) {
        Err(Errno::ESRCH) => Err(Errno::ENOENT),
        // It is there, and somebody else's.
        Err(Errno::EPERM) => Ok(()),
        sent => sent,
    }
}

/// Which namespace of a kind the next child of this process will be in; none where the kernel has no such kind.
///
/// # Errors
/// [`Doing::Comparing`].
pub fn own_namespace_identity(kind: Kind) -> Result<Option<Identity>> {
    let path = format!("/proc/self/ns/{}", kind.children_link());
    match nix::sys::stat::stat(path.as_str()) {
        Err(Errno::ENOENT) => Ok(None),
        looked => looked.map(|stat| Some(Identity::of(&stat))).doing(|| Doing::Comparing { path: path.into() }),
    }
}

/// Makes this process unreadable to all but the initial user namespace's root, until it executes a program:
/// its exe, its descriptors, its memory. See PR_SET_DUMPABLE in prctl(2).
///
/// # Errors
/// [`Doing::Hiding`].
pub fn hide() -> Result<()> {
    log::info!("prctl(PR_SET_DUMPABLE, 0)");
    nix::sys::prctl::set_dumpable(false).doing(|| Doing::Hiding)
}

/// Who this process is to the kernel, in one line for the log: ids, capabilities, and what else decides over its calls.
pub fn identity() -> String {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    let Ok(status) = status else { return "this process: /proc does not say".into() };
    let optional = |value: Option<u64>| value.map_or("?".into(), |value| value.to_string());
    format!(
        "this process: uid {} {} {}, gid {} {} {}, CapEff {:016x}, NoNewPrivs {}, Seccomp {}",
        status.ruid,
        status.euid,
        status.suid,
        status.rgid,
        status.egid,
        status.sgid,
        status.capeff,
        optional(status.nonewprivs),
        optional(status.seccomp.map(u64::from)),
    )
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// A process that is named is one number, or two.
    pub fn of_name(text: &[u8]) {
        let Ok((pid, inode)) = read_name(OsStr::from_bytes(text)) else { return };
        assert!((1..=i32::MAX as u32).contains(&pid) && inode != Some(0));
        let again = inode.map_or(pid.to_string(), |inode| format!("{pid}:{inode}"));
        assert_eq!(read_name(OsStr::new(&again)).ok(), Some((pid, inode)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_processes() {
        for (text, wanted) in [
            ("1", Ok((1, None))),
            (" +7", Ok((7, None))),
            ("1:5", Ok((1, Some(5)))),
            ("", Err(NotANumber::Malformed)),
            ("abc", Err(NotANumber::Malformed)),
            ("1:", Err(NotANumber::Malformed)),
            (":1", Err(NotANumber::Malformed)),
            ("1:2:3", Err(NotANumber::Malformed)),
            ("0", Err(NotANumber::OutOfRange)),
            ("-1", Err(NotANumber::OutOfRange)),
            ("2147483648", Err(NotANumber::OutOfRange)),
        ] {
            assert_eq!(read_name(OsStr::new(text)), wanted, "{text:?}");
        }
    }

    #[test]
    fn any_name_of_a_process() {
        crate::cases::for_any(
            |random| {
                let name = format!("{}:{}", random.edge(), random.edge());
                random.changed(name.as_bytes())
            },
            |text| properties::of_name(text),
        );
    }

    #[test]
    fn a_process_and_its_directory_belong_together() {
        let own = Target::open(std::process::id()).unwrap();
        assert!(own.has_pidfd() && own.check_directory().is_ok());
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let target = Target::open(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(target.read("environ").is_err() && target.ids().is_err() && target.namespace(Kind::Uts).is_err());
        let gone = Target::open(child.id()).unwrap();
        assert_eq!(gone.check_directory().unwrap_err().errno, Some(Errno::ENOENT));
    }

    /// As it is held where /proc is another pid namespace's.
    #[test]
    fn without_a_pidfd_who_has_ended_is_not_root() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        let target = Target { pid, pidfd: Err(Errno::ESRCH), directory: open_directory(pid) };
        assert!(target.ids().is_ok() && target.environment().is_ok());
        child.kill().unwrap();
        let is_dead = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z ");
        while !is_dead() {}
        assert!(target.ids().is_err() && target.environment().is_err());
        child.wait().unwrap();
        assert!(target.ids().is_err() && target.environment().is_err());
    }
}
