//! An open namespace: opened by path, by the kernel's number, through a socket; entered, and asked for its kind, its owner, its parent.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sched::setns;
use nix::sys::stat::{Mode, fstat};
use nix::sys::statfs::{FsType, fstatfs};
use nix::unistd::{AccessFlags, access};

use crate::error::{Doing, Result, While, opening};
use crate::kind::Kind;
use crate::shortage::noted;
use crate::sys::{self, while_interrupted};

/// What fstatfs(2) says of namespace files, see `linux/magic.h`.
const NSFS_MAGIC: FsType = FsType(0x6e73_6673);

/// A namespace, or what somebody takes for one; kept alive while this is open.
#[derive(Debug, Clone)]
pub struct Handle {
    file: Arc<OwnedFd>,
    is_namespace: bool,
}

/// What tells two namespaces apart: device and inode of their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The inode: the number that people call the namespace by.
    pub fn inode(self) -> u64 {
        self.inode
    }

    /// From what stat(2) says of the file.
    pub fn of(stat: &nix::sys::stat::FileStat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

impl Handle {
    /// Opens the file of a namespace. Anything else is not opened: a fifo would block, a device might act.
    ///
    /// # Errors
    /// [`Doing::Opening`]. What is no namespace is refused only by [`Handle::enter`], as setns(2) does.
    pub fn open(path: &Path) -> Result<Self> {
        log::debug!("open({path:?}, O_PATH), fstatfs()");
        let look_up = || open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty());
        let looked_at = noted(while_interrupted(look_up)).doing(opening(path))?;
        if !is_namespace(&looked_at).doing(opening(path))? {
            access(path, AccessFlags::R_OK).doing(opening(path))?;
            return Ok(Self { file: Arc::new(looked_at), is_namespace: false });
        }
        // Only a descriptor that is open for reading can be entered; opened through the first, it is the same file.
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let same = format!("/proc/self/fd/{}", looked_at.as_raw_fd());
        let file = match while_interrupted(|| open(same.as_str(), flags, Mode::empty())) {
            // Without /proc there is only the name. Should the file be another by now, that does not block.
            Err(Errno::ENOENT) => while_interrupted(|| open(path, flags, Mode::empty())),
            opened => opened,
        };
        let file = noted(file).doing(opening(path))?;
        Self::from_descriptor(file).doing(opening(path))
    }

    /// Takes over an open descriptor.
    ///
    /// # Errors
    /// fstatfs(2)'s.
    pub fn from_descriptor(file: OwnedFd) -> nix::Result<Self> {
        let is_namespace = is_namespace(&file)?;
        Ok(Self { file: Arc::new(file), is_namespace })
    }

    /// Opens the namespace with the kernel's number `id`, see NS_GET_ID in ioctl_nsfs(2), by that alone.
    ///
    /// # Errors
    /// open_by_handle_at(2)'s: ESTALE before Linux 7, and where there is no such namespace.
    pub fn by_id(id: u64) -> nix::Result<Self> {
        noted(sys::open_namespace_by_id(id)).and_then(Self::from_descriptor)
    }

    /// The ids of the namespaces that are active, as the kernel lists them by listns(2). None before Linux 6.19, nor where
    /// this process may not ask.
    pub fn all_ids() -> impl Iterator<Item = u64> {
        listed(ids_after)
    }

    /// The network namespace of a socket.
    ///
    /// # Errors
    /// ENOTTY for what is no socket, EPERM without CAP_NET_ADMIN there.
    pub fn of_socket(socket: &OwnedFd) -> nix::Result<Self> {
        noted(sys::network_of_socket(socket.as_fd())).and_then(Self::from_descriptor)
    }

    /// The user namespace that owns this one; of a user namespace, its parent.
    ///
    /// # Errors
    /// EPERM where that lies outside the caller's own user namespace, ENOTTY for what is no namespace.
    pub fn owner(&self) -> nix::Result<Self> {
        noted(sys::namespace_owner(self.namespace()?)).and_then(Self::from_descriptor)
    }

    /// The parent of a pid or user namespace.
    ///
    /// # Errors
    /// EPERM where that lies outside the caller's own, EINVAL for other kinds, ENOTTY for what is no namespace.
    pub fn parent(&self) -> nix::Result<Self> {
        noted(sys::namespace_parent(self.namespace()?)).and_then(Self::from_descriptor)
    }

    /// The uid that made this user namespace, in the numbers of the caller's.
    ///
    /// # Errors
    /// EINVAL for other kinds, ENOTTY for what is no namespace.
    pub fn owner_uid(&self) -> nix::Result<u32> {
        noted(sys::namespace_owner_uid(self.namespace()?))
    }

    /// Its kind; none for one that this program does not know.
    ///
    /// # Errors
    /// ENOTTY for what is no namespace.
    pub fn kind(&self) -> nix::Result<Option<Kind>> {
        let flag = noted(sys::namespace_kind(self.namespace()?))?;
        Ok(Kind::all().find(|kind| kind.flag().bits() == flag))
    }

    /// The kernel's number for it, which no other namespace ever gets.
    ///
    /// # Errors
    /// ENOTTY before Linux 6.18 and for what is no namespace.
    pub fn id(&self) -> nix::Result<u64> {
        noted(sys::namespace_id(self.namespace()?))
    }

    /// The file, to be asked. Of what is no namespace it was not opened, and ioctl(2) would say EBADF.
    fn namespace(&self) -> nix::Result<BorrowedFd<'_>> {
        self.is_namespace.then(|| self.file.as_fd()).ok_or(Errno::ENOTTY)
    }

    /// Device and inode of its file.
    ///
    /// # Errors
    /// fstat(2)'s.
    pub fn identity(&self) -> nix::Result<Identity> {
        fstat(self.file.as_fd()).map(|stat| Identity::of(&stat))
    }

    /// The inode of its file: the number that people call the namespace by.
    ///
    /// # Errors
    /// fstat(2)'s.
    pub fn inode(&self) -> nix::Result<u64> {
        self.identity().map(Identity::inode)
    }

    /// Enters it, as a namespace of this `kind`.
    ///
    /// # Errors
    /// [`Doing::Entering`]: EINVAL for another kind or no namespace at all, EPERM without CAP_SYS_ADMIN
    /// here and in its owner; more in setns(2).
    pub fn enter(&self, kind: Kind) -> Result<()> {
        let entered = match self.is_namespace {
            true => setns(self.file.as_fd(), kind.flag()),
            false => Err(Errno::EINVAL),
        };
        entered.doing(|| Doing::Entering { kind, namespace: self.clone() })
    }
}

/// The ids of the next namespaces behind the one numbered `after`; none at the end.
fn ids_after(after: u64) -> nix::Result<Vec<u64>> {
    let mut ids = vec![0; 512];
    let count = noted(sys::list_namespaces(after, &mut ids))?;
    ids.truncate(count);
    Ok(ids)
}

/// All that `next` gives behind the last one. Where the list does not go on, whatever the reason, what there is of it
/// counts.
fn listed(next: impl Fn(u64) -> nix::Result<Vec<u64>>) -> impl Iterator<Item = u64> {
    let mut last = 0;
    let part = move || {
        let ids = next(last).ok()?;
        last = ids.last().copied().filter(|end| *end > last)?;
        Some(ids)
    };
    std::iter::from_fn(part).flatten()
}

/// The same handle; two that lead to the same namespace have the same [`Identity`].
impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file)
    }
}

impl Eq for Handle {}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn is_namespace(file: &OwnedFd) -> nix::Result<bool> {
    fstatfs(file).map(|filesystem| filesystem.filesystem_type() == NSFS_MAGIC)
}

/// Whether `file` belongs to a real procfs: inside a container, what is called /proc may be anything.
///
/// # Errors
/// fstatfs(2)'s.
pub fn is_proc(file: impl AsFd) -> nix::Result<bool> {
    fstatfs(file).map(|filesystem| filesystem.filesystem_type() == nix::sys::statfs::PROC_SUPER_MAGIC)
}

/// Opens a directory, close-on-exec. What is none is not opened but only held, and found out when it is used.
///
/// # Errors
/// [`Doing::Opening`].
pub fn open_directory(path: &Path) -> Result<File> {
    log::debug!("open({path:?}, O_DIRECTORY)");
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    // On some file systems a signal with a handler interrupts it.
    let opened = match while_interrupted(|| open(path, flags, Mode::empty())) {
        Err(Errno::ENOTDIR) => {
            access(path, AccessFlags::R_OK).and_then(|()| open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()))
        }
        opened => opened,
    };
    opened.map(File::from).doing(opening(path))
}

/// Where descriptors go that are to leave the low numbers to others.
const HIGH: i32 = 64;

/// The same file at such a number; where it is, if none can be had: RLIMIT_NOFILE may be below.
pub(crate) fn at_high_number(file: OwnedFd) -> OwnedFd {
    fcntl(&file, FcntlArg::F_DUPFD_CLOEXEC(HIGH)).and_then(sys::adopt).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(kind: Kind) -> Handle {
        Handle::open(&Path::new("/proc/self/ns").join(kind.link())).unwrap()
    }

    #[test]
    fn a_long_list_is_read_in_parts() {
        let all = [3, 5, 8, 13, 21];
        let next = |after| Ok(all.iter().copied().filter(|id| *id > after).take(2).collect());
        assert_eq!(listed(next).collect::<Vec<_>>(), all);
    }

    #[test]
    fn a_list_that_fails_or_goes_round_ends() {
        assert_eq!(listed(|_| Err(Errno::ENOSYS)).next(), None);
        assert_eq!(listed(|_| Ok(vec![1, 2])).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_namespace_knows_its_kind_and_no_other_file_does() {
        for kind in Kind::all() {
            assert_eq!(own(kind).kind(), Ok(Some(kind)));
        }
        let file = Handle::open(Path::new("/etc/passwd")).unwrap();
        let asked =
            [file.kind().err(), file.id().err(), file.owner_uid().err(), file.owner().err(), file.parent().err()];
        assert_eq!(asked, [Some(Errno::ENOTTY); 5]);
        assert_eq!(file.enter(Kind::Uts).unwrap_err().errno, Some(Errno::EINVAL));
    }
}
