//! Walking /proc: which processes there are, which namespaces each is in, what each holds open, and what it is.
//!
//! What is read below one descriptor is of one process: when that is gone, so is what is below, even if another one has
//! got its number. The namespaces that a process is in, and those that it holds, are read below two: whichever process it
//! is, it is in the first, and somebody holds the second.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, fstat, fstatat};
use nix::unistd::Pid;

use crate::error::{Doing, Result, While, opening};
use crate::handle::{self, Handle};
use crate::idmap::IdRange;
use crate::kind::{Kind, Kinds};
use crate::mounts::{self, Mount};
use crate::shortage::noted;
use crate::sys::{self, Look, while_interrupted};

/// Whether the reason why something of a process cannot be read is one that concerns it alone: it is gone, or this
/// process may not ask; or its cgroup is nested too deeply for the kernel to tell, which on older kernels whoever may make
/// cgroups could have it say. Anything else, such as EMFILE, would make a list incomplete without a word.
pub fn concerns_one_process(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM | Errno::ENAMETOOLONG)
}

/// What was read of a process; nothing where the reason why it cannot be read concerns that process alone.
///
/// # Errors
/// Any other reason.
pub fn as_far_as_readable<T>(read: nix::Result<T>) -> nix::Result<Option<T>> {
    match read {
        Err(errno) if concerns_one_process(errno) => Ok(None),
        read => read.map(Some),
    }
}

/// A /proc.
#[derive(Debug)]
pub struct Proc {
    path: PathBuf,
    directory: OwnedFd,
    /// The device of all namespaces' files; none where there is no process to look at.
    namespace_device: Option<(u32, u32)>,
    /// Whether its numbers are those of this process's pid namespace.
    is_of_own_pids: bool,
}

/// The inodes of the namespaces that a process is in; 0 where there is none that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Namespaces([u64; Kind::COUNT]);

impl Namespaces {
    /// The inode of the namespace of this kind.
    pub fn inode(&self, kind: Kind) -> Option<u64> {
        Some(self.0[kind as usize]).filter(|inode| *inode != 0)
    }

    /// Those that could be read.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u64)> + '_ {
        Kind::all().filter_map(|kind| Some((kind, self.inode(kind)?)))
    }
}

impl FromIterator<(Kind, u64)> for Namespaces {
    fn from_iter<I: IntoIterator<Item = (Kind, u64)>>(inodes: I) -> Self {
        let mut namespaces = Self::default();
        inodes.into_iter().for_each(|(kind, inode)| namespaces.0[kind as usize] = inode);
        namespaces
    }
}

/// The namespaces of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Membership {
    /// Those that it is in.
    pub own: Namespaces,
    /// Of those that its children will be in, pid and time, the ones that it is not in itself.
    pub children: Namespaces,
}

/// What a descriptor is of, as far as it can hold a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The namespace with this inode, of whichever kind.
    Namespace(u64),
    /// The socket with this inode, which belongs to a network namespace.
    Socket(u64),
}

/// Room for directory entries, link texts and files, used again for each process.
#[derive(Debug)]
pub struct Scratch {
    entries: Vec<u8>,
    link: [u8; LINK_ROOM],
    text: Vec<u8>,
}

/// Room for the entries of a directory that one call of getdents64(2) gives.
const ENTRIES_ROOM: usize = 32 * 1024;

/// Room for the text of a namespace's link.
const LINK_ROOM: usize = 64;

impl Default for Scratch {
    fn default() -> Self {
        Self { entries: vec![0; ENTRIES_ROOM], link: [0; LINK_ROOM], text: Vec::new() }
    }
}

impl Proc {
    /// Opens the /proc at `path`.
    ///
    /// # Errors
    /// [`Doing::Opening`]: ENOENT also for what is no procfs; [`Doing::Reading`].
    pub fn open(path: &Path) -> Result<Self> {
        log::debug!("open({path:?}, O_PATH|O_DIRECTORY)");
        let directory = noted(open(path, HOLD_DIRECTORY, Mode::empty())).doing(opening(path))?;
        // In anything else, files may be fifos or have no end.
        let is_proc = handle::is_proc(&directory).and_then(|is_proc| is_proc.then_some(()).ok_or(Errno::ENOENT));
        is_proc.doing(opening(path))?;
        // A kernel need not have all kinds.
        let mut own = Kind::all().filter_map(|kind| CString::new(format!("self/ns/{}", kind.link())).ok());
        let namespace_device = own.find_map(|link| look(directory.as_fd(), &link).ok()).map(|look| look.device);
        let mut proc = Self { path: path.into(), directory, namespace_device, is_of_own_pids: false };
        let own = proc.own_pid().doing(|| Doing::Reading { path: path.join("self") })?;
        proc.is_of_own_pids = own == Some(std::process::id());
        Ok(proc)
    }

    /// The numbers of all processes, ascending. A process that comes while this is read may be among them or not.
    ///
    /// # Errors
    /// getdents64(2)'s.
    pub fn pids(&self, scratch: &mut Scratch) -> nix::Result<Vec<u32>> {
        log::debug!("getdents64({:?})", self.path);
        let mut pids = Vec::new();
        let entries = noted(while_interrupted(|| openat(&self.directory, ".", READ_DIRECTORY, Mode::empty())))?;
        for_each_entry(&entries, &mut scratch.entries, |name| {
            let number = name.to_str().ok().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            pids.extend(number.and_then(|number| number.parse::<u32>().ok()));
        })?;
        pids.sort_unstable();
        Ok(pids)
    }

    /// The number that this process has here; none where it has none.
    ///
    /// # Errors
    /// readlinkat(2)'s.
    pub fn own_pid(&self) -> nix::Result<Option<u32>> {
        let mut link = [0; LINK_ROOM];
        match noted(sys::read_link(self.directory.as_fd(), c"self", &mut link)) {
            Err(Errno::ENOENT) => Ok(None),
            read => Ok(str::from_utf8(read?).ok().and_then(|text| text.parse().ok())),
        }
    }

    /// The inode of this process's own namespace of a kind.
    ///
    /// # Errors
    /// ENOENT where this /proc does not show this process; those of [`ProcessDirectory::namespace_inode`].
    pub fn own_namespace_inode(&self, kind: Kind) -> nix::Result<u64> {
        self.process(self.own_pid()?.ok_or(Errno::ENOENT)?)?.namespace_inode(kind)
    }

    /// Whether its numbers are those of this process's pid namespace.
    pub fn is_of_own_pids(&self) -> bool {
        self.is_of_own_pids
    }

    /// The namespaces of these kinds that process `pid` is in: one open(2) and a readlinkat(2) for each.
    ///
    /// # Errors
    /// ENOENT and ESRCH when it is gone, EACCES when this process may not ask: see ptrace(2), PTRACE_MODE_READ.
    pub fn namespaces(&self, pid: u32, kinds: Kinds, scratch: &mut Scratch) -> nix::Result<Namespaces> {
        // Not for reading: the dead belong to root, but their links may be followed.
        let directory = self.open_below(pid, "ns", HOLD_DIRECTORY)?;
        read_links(&directory, kinds.iter().map(|kind| (kind, kind.link_c())), &mut scratch.link)
    }

    /// The same, and what its children will be in: two more readlinkat(2).
    ///
    /// # Errors
    /// As [`Proc::namespaces`].
    pub fn membership(&self, pid: u32, kinds: Kinds, scratch: &mut Scratch) -> nix::Result<Membership> {
        let directory = self.open_below(pid, "ns", HOLD_DIRECTORY)?;
        read_membership(&directory, kinds, &mut scratch.link)
    }

    /// Shows `each` thread of process `pid`, but for the one that is the process, with its number and its namespaces.
    ///
    /// # Errors
    /// As [`Proc::namespaces`]; a thread that ends meanwhile is left out.
    pub fn threads(
        &self,
        pid: u32,
        kinds: Kinds,
        scratch: &mut Scratch,
        mut each: impl FnMut(u32, Membership),
    ) -> nix::Result<()> {
        let path = format!("{pid}/task");
        // A directory has a link for itself, one in its parent, and one in each directory below it.
        if fstatat(&self.directory, path.as_str(), AtFlags::empty())?.st_nlink <= 3 {
            return Ok(());
        }
        let directory = self.open_below(pid, "task", READ_DIRECTORY)?;
        let Scratch { entries, link, .. } = scratch;
        let mut failed = Ok(());
        for_each_entry(&directory, entries, |name| {
            let number = name.to_str().ok().and_then(|name| name.parse().ok()).filter(|number| *number != pid);
            let Some(number) = number else { return };
            let path = format!("{number}/ns");
            let opened = noted(while_interrupted(|| openat(&directory, path.as_str(), HOLD_DIRECTORY, Mode::empty())));
            match as_far_as_readable(opened.and_then(|namespaces| read_membership(&namespaces, kinds, link))) {
                Ok(membership) => membership.into_iter().for_each(|membership| each(number, membership)),
                Err(errno) => failed = Err(errno),
            }
        })?;
        failed
    }

    /// Shows `each` descriptor of process `pid` that can hold a namespace, with its number. Nothing is opened but
    /// the directory, and no file system is asked that might not answer.
    ///
    /// The text of the link would not do: of a namespace that was opened where it is mounted, it is that place.
    ///
    /// # Errors
    /// As [`Proc::namespaces`].
    pub fn descriptors(&self, pid: u32, scratch: &mut Scratch, mut each: impl FnMut(&CStr, Held)) -> nix::Result<()> {
        let directory = self.open_below(pid, "fd", READ_DIRECTORY)?;
        for_each_entry(&directory, &mut scratch.entries, |name| match look(directory.as_fd(), name) {
            Ok(look) if look.is_socket => each(name, Held::Socket(look.inode)),
            Ok(look) if Some(look.device) == self.namespace_device => each(name, Held::Namespace(look.inode)),
            // Something else, or closed by now. A file system that fails is another than that of namespaces.
            looked => drop(noted(looked)),
        })
    }

    /// Opens what is called `name` below the directory of process `pid`.
    fn open_below(&self, pid: u32, name: &str, flags: OFlag) -> nix::Result<OwnedFd> {
        let path = format!("{pid}/{name}");
        noted(while_interrupted(|| openat(&self.directory, path.as_str(), flags, Mode::empty())))
    }

    /// Opens the namespace behind descriptor `number` of process `pid`, which may be another one by now, or something
    /// else, which is not opened: a fifo would block, a device might act.
    ///
    /// # Errors
    /// open(2)'s; EINVAL for what is no namespace.
    pub fn held_namespace(&self, pid: u32, number: &CStr) -> nix::Result<Handle> {
        self.namespace_at(&format!("{pid}/fd/{}", number.to_string_lossy()))
    }

    /// Opens the namespace to which a link leads, such as `4711/task/4712/ns/net`.
    ///
    /// # Errors
    /// open(2)'s; EINVAL for what is no namespace, and is not opened.
    pub fn namespace_at(&self, path: &str) -> nix::Result<Handle> {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let looked_at = noted(while_interrupted(|| openat(&self.directory, path, flags, Mode::empty())))?;
        self.namespace_behind(&looked_at)
    }

    /// Opens for reading what is open only as a path, if it is a namespace.
    ///
    /// # Errors
    /// open(2)'s; EINVAL for what is no namespace, and is not opened.
    pub(crate) fn namespace_behind(&self, looked_at: &OwnedFd) -> nix::Result<Handle> {
        // Through the first, it is the same file.
        let same = format!("self/fd/{}\0", looked_at.as_raw_fd());
        let same = CStr::from_bytes_with_nul(same.as_bytes()).map_err(|_| Errno::EINVAL)?;
        if self.namespace_device != Some(noted(look(self.directory.as_fd(), same))?.device) {
            return Err(Errno::EINVAL);
        }
        let opened = noted(while_interrupted(|| openat(&self.directory, same, OPEN_QUIETLY, Mode::empty())));
        opened.and_then(Handle::from_descriptor)
    }

    /// The mounts that whoever calls this sees: after a fork, the child.
    ///
    /// # Errors
    /// open(2)'s and read(2)'s.
    pub(crate) fn mounts_of_caller(&self) -> nix::Result<Vec<Mount>> {
        let directory = noted(openat(&self.directory, "self", HOLD_DIRECTORY, Mode::empty()))?;
        ProcessDirectory { directory }.mounts()
    }

    /// Takes hold of process `pid`, to ask its sockets.
    ///
    /// # Errors
    /// ESRCH when it is gone, or where this is the /proc of another pid namespace: there the number is not what
    /// pidfd_open(2) takes; more there.
    pub fn socket_holder(&self, pid: u32) -> nix::Result<SocketHolder> {
        if !self.is_of_own_pids {
            return Err(Errno::ESRCH);
        }
        let pid = i32::try_from(pid).map_err(|_| Errno::ESRCH)?;
        noted(sys::pidfd_open(Pid::from_raw(pid))).map(|pidfd| SocketHolder { pidfd })
    }

    /// What proc_pid_cgroup(5) says of process `pid`: a line for each hierarchy, of which no name can be trusted.
    ///
    /// # Errors
    /// ENOENT and ESRCH when it is gone.
    pub fn cgroups<'a>(&self, pid: u32, scratch: &'a mut Scratch) -> nix::Result<&'a [u8]> {
        let mut file = File::from(self.open_below(pid, "cgroup", OPEN_QUIETLY)?);
        scratch.text.clear();
        let read = file.read_to_end(&mut scratch.text);
        noted(read.map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)))?;
        Ok(&scratch.text)
    }

    /// How many namespaces of this kind each user of this process's user namespace may make, see namespaces(7).
    ///
    /// # Errors
    /// open(2)'s and read(2)'s; EINVAL for what is no number.
    pub fn limit(&self, kind: Kind) -> nix::Result<u64> {
        let directory = noted(openat(&self.directory, "sys/user", HOLD_DIRECTORY, Mode::empty()))?;
        let text = ProcessDirectory { directory }.read(&format!("max_{}_namespaces", kind.link()), 64)?;
        str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok()).ok_or(Errno::EINVAL)
    }

    /// Takes hold of the directory of process `pid`.
    ///
    /// # Errors
    /// ENOENT when there is no such process.
    pub fn process(&self, pid: u32) -> nix::Result<ProcessDirectory> {
        let pid = pid.to_string();
        let directory =
            noted(while_interrupted(|| openat(&self.directory, pid.as_str(), HOLD_DIRECTORY, Mode::empty())))?;
        Ok(ProcessDirectory { directory })
    }
}

/// How a directory is opened whose entries are read.
const READ_DIRECTORY: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// How a directory is opened below which others are.
const HOLD_DIRECTORY: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// How a file of /proc is opened that might not be what it was a moment ago.
const OPEN_QUIETLY: OFlag = OFlag::O_RDONLY.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// A process whose sockets are asked.
#[derive(Debug)]
pub struct SocketHolder {
    pidfd: OwnedFd,
}

impl SocketHolder {
    /// The network namespace of the socket with this `inode`, its descriptor `number`.
    ///
    /// # Errors
    /// EPERM when this process may not trace it, EBADF when that descriptor is another file by now, or none; more in
    /// pidfd_getfd(2).
    pub fn network_of(&self, number: i32, inode: u64) -> nix::Result<Handle> {
        let socket = noted(sys::pidfd_getfd(self.pidfd.as_fd(), number))?;
        if fstat(&socket)?.st_ino != inode {
            return Err(Errno::EBADF);
        }
        Handle::of_socket(&socket)
    }
}

/// The directory of one process, which belongs to no other.
#[derive(Debug)]
pub struct ProcessDirectory {
    directory: OwnedFd,
}

/// How much of a command line is told, in bytes.
const COMMAND_LIMIT: usize = 8191;

impl ProcessDirectory {
    /// The inode of its namespace of this kind.
    ///
    /// # Errors
    /// ENOENT and ESRCH when it is gone, EACCES when this process may not ask.
    pub fn namespace_inode(&self, kind: Kind) -> nix::Result<u64> {
        self.linked_inode(kind, kind.link())
    }

    /// The inode of the namespace of this kind that a `link` in its directory `ns` leads to.
    ///
    /// # Errors
    /// As [`ProcessDirectory::namespace_inode`]; ENOENT also where a namespace for its children has no process yet.
    pub fn linked_inode(&self, kind: Kind, link: &str) -> nix::Result<u64> {
        let name = format!("ns/{link}\0");
        let name = CStr::from_bytes_with_nul(name.as_bytes()).map_err(|_| Errno::EINVAL)?;
        let mut text = [0; LINK_ROOM];
        let text = sys::read_link(self.directory.as_fd(), name, &mut text)?;
        inode_of(kind, text).ok_or(Errno::EINVAL)
    }

    /// Opens its namespace of this kind.
    ///
    /// # Errors
    /// As [`ProcessDirectory::namespace_inode`].
    pub fn namespace(&self, kind: Kind) -> nix::Result<Handle> {
        self.linked_namespace(kind.link())
    }

    /// Opens the namespace that a `link` in its directory `ns` leads to.
    ///
    /// # Errors
    /// As [`ProcessDirectory::linked_inode`].
    pub fn linked_namespace(&self, link: &str) -> nix::Result<Handle> {
        self.open(&format!("ns/{link}")).map(OwnedFd::from).and_then(Handle::from_descriptor)
    }

    /// Its effective user id, in the numbers of this process's user namespace.
    ///
    /// # Errors
    /// fstat(2)'s.
    pub fn uid(&self) -> nix::Result<u32> {
        fstat(&self.directory).map(|stat| stat.st_uid)
    }

    /// The number of its parent; 0 for one outside this pid namespace. See proc_pid_stat(5).
    ///
    /// # Errors
    /// ESRCH when it is gone.
    pub fn parent(&self) -> nix::Result<u32> {
        let text = self.read("stat", usize::MAX)?;
        parent_in(&text).ok_or(Errno::ESRCH)
    }

    /// Its command line with blanks between the arguments, cut off after 8191 bytes; the name of the executable
    /// where there is none, as for kernel threads, or where it cannot be read. See proc_pid_cmdline(5) and
    /// proc_pid_comm(5).
    ///
    /// # Errors
    /// ESRCH when it is gone, EACCES when this process may read neither.
    pub fn command(&self) -> nix::Result<Vec<u8>> {
        let mut line = as_far_as_readable(self.read("cmdline", COMMAND_LIMIT))?.unwrap_or_default();
        if line.is_empty() {
            line = self.read("comm", COMMAND_LIMIT)?;
            // An empty name is a line, too.
            return line.pop().map(|_newline| line).ok_or(Errno::ESRCH);
        }
        // What is cut off behind the end of an argument goes on.
        if line.len() < COMMAND_LIMIT {
            line.pop_if(|byte| *byte == 0);
        }
        line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        Ok(line)
    }

    /// Where it stands among others, see proc_pid_status(5).
    ///
    /// # Errors
    /// ENOENT and ESRCH when it is gone.
    pub fn rank(&self) -> nix::Result<Rank> {
        self.read("status", usize::MAX).map(|text| Rank::read(&text))
    }

    /// Its numbers, in the pid namespace of this /proc first, then in each one below that down to its own.
    ///
    /// # Errors
    /// ESRCH when it is gone.
    pub fn numbers(&self) -> nix::Result<Vec<u32>> {
        let text = self.read("status", usize::MAX)?;
        let numbers = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"NSpid:"));
        let numbers = numbers.and_then(|numbers| str::from_utf8(numbers).ok()).ok_or(Errno::ESRCH)?;
        numbers.split_ascii_whitespace().map(|number| number.parse().map_err(|_| Errno::EINVAL)).collect()
    }

    /// What it says of its cgroups, see proc_pid_cgroup(5).
    ///
    /// # Errors
    /// ESRCH when it is gone.
    pub fn cgroups(&self) -> nix::Result<Vec<u8>> {
        self.read("cgroup", usize::MAX)
    }

    /// The map of the user ids of its user namespace.
    ///
    /// # Errors
    /// ESRCH when it is gone, EACCES when this process may not ask.
    pub fn uid_map(&self) -> nix::Result<Vec<IdRange>> {
        let text = self.read("uid_map", usize::MAX)?;
        let text = str::from_utf8(&text).map_err(|_| Errno::EINVAL)?;
        text.lines().map(|line| IdRange::of_line(line).ok_or(Errno::EINVAL)).collect()
    }

    /// The mounts that it sees.
    ///
    /// # Errors
    /// ESRCH when it is gone, EACCES when this process may not ask.
    pub fn mounts(&self) -> nix::Result<Vec<Mount>> {
        self.read("mountinfo", usize::MAX).map(|text| mounts::parse(&text))
    }

    fn open(&self, name: &str) -> nix::Result<File> {
        noted(while_interrupted(|| openat(&self.directory, name, OPEN_QUIETLY, Mode::empty()))).map(File::from)
    }

    fn read(&self, name: &str, limit: usize) -> nix::Result<Vec<u8>> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut text = Vec::new();
        let read = self.open(name)?.take(limit).read_to_end(&mut text);
        noted(read.map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)))?;
        Ok(text)
    }
}

/// Where a process stands among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Whether it is the first one of its pid namespace.
    pub is_init: bool,
    /// Whether it has ended, and waits for its parent.
    pub is_dead: bool,
    /// The number of its parent; 0 for one outside this pid namespace.
    pub parent: u32,
}

impl Rank {
    /// What stands first in the file is the process's name, in which line ends are escaped.
    fn read(status: &[u8]) -> Self {
        let field = |name: &[u8]| status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name));
        let words = |name| field(name).unwrap_or_default().split(u8::is_ascii_whitespace);
        let number = |name| str::from_utf8(words(name).next_back()?).ok()?.parse::<u32>().ok();
        Self {
            is_init: number(b"NSpid:\t") == Some(1),
            is_dead: words(b"State:\t").next().is_some_and(|state| matches!(state, b"Z" | b"X")),
            parent: number(b"PPid:\t").unwrap_or(0),
        }
    }
}

/// What the links of these names in an open `ns` directory lead to.
fn read_links(
    directory: &OwnedFd,
    links: impl Iterator<Item = (Kind, &'static CStr)>,
    text: &mut [u8],
) -> nix::Result<Namespaces> {
    let mut found = Namespaces::default();
    for (kind, name) in links {
        match sys::read_link(directory.as_fd(), name, text) {
            Ok(text) => found.0[kind as usize] = inode_of(kind, text).unwrap_or(0),
            // A zombie has its pid and user namespaces left. The others are gone, and so are all of the dead. Nor is
            // there a pid namespace for children before its first process.
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(found)
}

fn read_membership(directory: &OwnedFd, kinds: Kinds, text: &mut [u8]) -> nix::Result<Membership> {
    let own = read_links(directory, kinds.iter().map(|kind| (kind, kind.link_c())), text)?;
    let links = Kind::with_children_link().filter(|(kind, _)| kinds.contains(*kind));
    let children = read_links(directory, links, text)?;
    let others = children.iter().filter(|(kind, inode)| own.inode(*kind) != Some(*inode)).collect();
    Ok(Membership { own, children: others })
}

/// What `name` leads to. Where statx(2) is forbidden, its file system may be asked, which might not answer.
fn look(directory: BorrowedFd<'_>, name: &CStr) -> nix::Result<Look> {
    match sys::look(directory, name) {
        // A filter of system calls that is older than the call says one of the first two; what glibc tries in its stead
        // does not know the flag.
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EINVAL) => {
            // It may be a container's, and say any errno.
            fstatat(directory, name, AtFlags::empty()).map(|stat| Look::of(&stat)).map_err(|_| Errno::ENOENT)
        }
        looked => looked,
    }
}

/// Shows `each` name in `directory`, but for `.` and `..`.
fn for_each_entry(directory: &OwnedFd, buffer: &mut [u8], mut each: impl FnMut(&CStr)) -> nix::Result<()> {
    loop {
        let filled = noted(while_interrupted(|| sys::read_entries(directory.as_fd(), buffer)))?;
        if filled == 0 {
            return Ok(());
        }
        let mut rest = buffer.get(..filled).unwrap_or_default();
        while let Some((name, after)) = first_entry(rest) {
            if !matches!(name.to_bytes(), b"." | b"..") {
                each(name);
            }
            rest = after;
        }
    }
}

/// The name in the first `struct linux_dirent64` of `entries`, and what follows; see getdents64(2).
fn first_entry(entries: &[u8]) -> Option<(&CStr, &[u8])> {
    /// Where its length stands, behind the inode and the offset.
    const LENGTH: std::ops::Range<usize> = 16..18;
    /// Where its name begins, behind the type.
    const NAME: usize = 19;
    let length = u16::from_ne_bytes(entries.get(LENGTH)?.try_into().ok()?);
    let (entry, after) = entries.split_at_checked(length.into())?;
    Some((CStr::from_bytes_until_nul(entry.get(NAME..)?).ok()?, after))
}

/// The namespace that a link text or the root of a mount names, such as `mnt:[4026531832]`.
pub fn namespace(text: &[u8]) -> Option<(Kind, u64)> {
    Kind::all().find_map(|kind| Some((kind, inode_of(kind, text)?)))
}

/// The inode in the text of a namespace of this kind.
fn inode_of(kind: Kind, text: &[u8]) -> Option<u64> {
    inode(text.strip_prefix(kind.link_c().to_bytes())?.strip_prefix(b":")?)
}

/// The number in `[4026531832]`. There are eight of them for each process, so this is quick.
fn inode(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let digit = |byte: &u8| Some(u64::from(*byte)).filter(|_| byte.is_ascii_digit()).map(|byte| byte - u64::from(b'0'));
    let add = |number: u64, byte| number.checked_mul(10)?.checked_add(digit(byte)?);
    Some(digits.iter().try_fold(0, add)?).filter(|_| !digits.is_empty())
}

/// The fourth field of a line as /proc/PID/stat has it. The second is a name of any bytes in parentheses.
fn parent_in(stat: &[u8]) -> Option<u32> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let mut fields = stat.get(name_end + 1..)?.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    str::from_utf8(fields.nth(1)?).ok()?.parse().ok()
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// No name of a process hides or forges its parent.
    pub fn of_name(name: &[u8], parent: u32) {
        let line = [b"7 (", name, format!(") S {parent} 7 7 0 -1").as_bytes()].concat();
        assert_eq!(parent_in(&line), Some(parent));
        // In the file that has more, line ends and backslashes in a name are escaped.
        let name: Vec<u8> = name.iter().copied().filter(|byte| *byte != b'\n').collect();
        let rest = format!("\nState:\tZ (zombie)\nPPid:\t{parent}\nNSpid:\t9\t1\n");
        let status = [b"Name:\t", &name[..], rest.as_bytes()];
        assert_eq!(Rank::read(&status.concat()), Rank { is_init: true, is_dead: true, parent });
    }

    /// /proc/PID/stat is read to its end.
    pub fn of_stat(stat: &[u8]) {
        assert!(parent_in(stat).is_none() || stat.contains(&b')'));
    }

    /// /proc/PID/status is read to its end.
    pub fn of_status(status: &[u8]) {
        Rank::read(status);
    }

    /// What getdents64(2) has filled is read to its end, and nothing beyond.
    pub fn of_entries(entries: &[u8]) {
        let mut rest = entries;
        while let Some((name, after)) = first_entry(rest) {
            assert!(after.len() + name.count_bytes() + 19 < rest.len(), "{name:?}");
            rest = after;
        }
    }

    /// What is read as the name of a namespace is the only spelling of that.
    pub fn of_link(text: &[u8]) {
        if let Some((kind, inode)) = namespace(text) {
            let digits: String =
                text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
            assert_eq!(format!("{}:[{digits}]", kind.link()).as_bytes(), text);
            assert_eq!(digits.parse(), Ok(inode));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::cases::{Random, for_any};

    fn proc() -> Proc {
        Proc::open(Path::new("/proc")).unwrap()
    }

    #[test]
    fn names_of_namespaces() {
        assert_eq!(namespace(b"net:[4026531840]"), Some((Kind::Net, 4026531840)));
        assert_eq!(namespace(b"mnt:[1]"), Some((Kind::Mount, 1)));
        for text in [
            "/net:[1]",
            "net:1",
            "net:[1",
            "net:[x]",
            "net:[18446744073709551616]",
            "net:[-1]",
            "net:[]",
            "pipe:[1]",
            "",
            ":",
        ] {
            assert_eq!(namespace(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_parent_stands_behind_any_name() {
        assert_eq!(parent_in(b"7 (sh) S 5 7 7 0"), Some(5));
        assert_eq!(parent_in(b"7 (a) R 1 (b) R 1) Z 12 7"), Some(12));
        assert_eq!(parent_in(b"7 (a\n) S 3 (b) T 4 5"), Some(4));
        for line in ["", "7 (sh", "7 (sh)", "7 (sh) S", "7 (sh) S x 1", "7 (sh) S -1 1"] {
            assert_eq!(parent_in(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn ranks() {
        let rank = |is_init, is_dead, parent| Rank { is_init, is_dead, parent };
        let status = b"Name:\ta\\nPPid:\t9\nState:\tS (sleeping)\nPPid:\t7\nNSpid:\t4711\t1\nNSpgid:\t5\n";
        assert_eq!(Rank::read(status), rank(true, false, 7));
        assert_eq!(Rank::read(b"State:\tZ (zombie)\nPPid:\t0\nNSpid:\t4711\t11\n"), rank(false, true, 0));
        assert_eq!(Rank::read(b"State:\t\nPPid:\t\nNSpid:\t"), rank(false, false, 0));
        assert_eq!(Rank::read(b""), rank(false, false, 0));
    }

    #[test]
    fn entries_that_are_cut_off_are_none() {
        for length in 0..24u16 {
            let mut entry = vec![0u8; length.into()];
            if length >= 18 {
                entry[16..18].copy_from_slice(&30u16.to_ne_bytes());
            }
            assert_eq!(first_entry(&entry), None);
        }
    }

    #[test]
    fn this_process_is_seen_with_all_that_it_holds() {
        let (proc, mut scratch) = (proc(), Scratch::default());
        let own = std::process::id();
        assert_eq!(proc.own_pid(), Ok(Some(own)));
        assert!(proc.pids(&mut scratch).unwrap().is_sorted());
        assert!(proc.pids(&mut scratch).unwrap().contains(&own));
        let namespaces = proc.namespaces(own, Kind::all().collect(), &mut scratch).unwrap();
        let directory = proc.process(own).unwrap();
        for kind in Kind::all() {
            let handle = directory.namespace(kind).unwrap();
            assert_eq!(namespaces.inode(kind), Some(handle.inode().unwrap()));
            assert_eq!(namespaces.inode(kind), directory.namespace_inode(kind).ok());
        }
        let socket = UnixStream::pair().unwrap().0;
        let held_namespace = directory.namespace(Kind::Uts).unwrap();
        let mut seen = Vec::new();
        proc.descriptors(own, &mut scratch, |_, held| seen.push(held)).unwrap();
        let uts = held_namespace.inode().unwrap();
        assert!(seen.contains(&Held::Namespace(uts)), "{seen:?}");
        assert!(seen.iter().any(|held| matches!(held, Held::Socket(_))), "{seen:?}");
        let (holder, inode) = (proc.socket_holder(own).unwrap(), fstat(&socket).unwrap().st_ino);
        assert_eq!(holder.network_of(socket.as_raw_fd(), inode + 1).unwrap_err(), Errno::EBADF);
        let network = holder.network_of(socket.as_raw_fd(), inode).unwrap();
        assert_eq!(Some(network.inode().unwrap()), namespaces.inode(Kind::Net));
        assert_eq!(directory.parent().ok(), Some(std::os::unix::process::parent_id()));
        assert_eq!(directory.uid().ok(), Some(nix::unistd::geteuid().as_raw()));
        assert!(!directory.command().unwrap().is_empty());
    }

    #[test]
    fn a_process_that_is_gone_has_nothing() {
        let proc = proc();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let directory = proc.process(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(directory.command().is_err() && directory.parent().is_err());
        assert!(directory.namespace_inode(Kind::User).is_err());
        assert!(proc.namespaces(child.id(), Kind::all().collect(), &mut Scratch::default()).is_err());
    }

    #[test]
    fn no_process_keeps_others_from_being_listed() {
        for errno in [Errno::ENOENT, Errno::ESRCH, Errno::EACCES, Errno::EPERM, Errno::ENAMETOOLONG] {
            assert_eq!(as_far_as_readable::<()>(Err(errno)), Ok(None));
        }
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::EIO] {
            assert_eq!(as_far_as_readable::<()>(Err(errno)), Err(errno));
        }
    }

    #[test]
    fn any_name_leaves_the_parent_alone() {
        let make =
            |random: &mut Random| (random.changed(b"a) R 1 PPid:\t9 (b"), u32::try_from(random.edge() >> 32).unwrap());
        for_any(make, |(name, parent)| properties::of_name(name, *parent));
    }

    #[test]
    fn any_files_of_a_process_are_read_to_their_end() {
        for_any(
            |random| {
                let status = b"Name:\ta\\n\nState:\tS (sleeping)\nPPid:\t7\nNSpid:\t4711\t1\n";
                let mut entries = vec![0; 16];
                entries.extend([24, 0, 4, b'1', b'2', 0, 0, 0]);
                (random.changed(b"7 (sh) S 5 7 7 0"), random.changed(status), random.changed(&entries.repeat(3)))
            },
            |(stat, status, entries)| {
                properties::of_stat(stat);
                properties::of_status(status);
                properties::of_entries(entries);
            },
        );
    }

    #[test]
    fn names_of_namespaces_are_read_as_they_are_written() {
        for_any(
            |random| {
                let kind = random.one(&Kind::all().collect::<Vec<_>>());
                let inode = random.edge();
                (kind, inode, random.changed(format!("{}:[{inode}]", kind.link()).as_bytes()))
            },
            |(kind, inode, changed)| {
                assert_eq!(namespace(format!("{}:[{inode}]", kind.link()).as_bytes()), Some((*kind, *inode)));
                properties::of_link(changed);
            },
        );
    }
}
