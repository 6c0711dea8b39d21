//! Finding what people know by a number or a name: a namespace, wherever it is kept; a process, by what it is in.

mod containers;
mod namespaces;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use nix::errno::Errno;

use crate::error::{Doing, Error, Result, While};
use crate::handle::Handle;
use crate::kind::{Kind, Kinds};
use crate::proc::{self, Proc, Scratch};
use crate::process::Target;
use crate::shortage;

use containers::Sort;
use namespaces::{Search, Sought};

/// Where there is something to enter.
#[derive(Debug, Clone)]
pub enum Named {
    /// The namespaces of a process.
    Process(Arc<Target>),
    /// A network namespace that has a name.
    Network(Handle),
}

/// Finds what `text` names: `PID`, `PID:INODE`, `@INODE` for the first process in a namespace, `KIND:NAME` for the first
/// in a container, machine or unit, `netns:NAME` for what ip-netns(8) has made.
///
/// # Errors
/// Those of [`Target::parse`], also for every other text; [`Doing::FindingProcessIn`], [`Doing::FindingContainer`],
/// [`Doing::DistinguishingContainers`] where there is none or more than one; [`Doing::CheckingPid`] when it went while it
/// was looked for; [`Doing::Opening`] for a network.
pub fn named(text: &OsStr) -> Result<Named> {
    let process = |target| Named::Process(Arc::new(target));
    if let Some(inode) = inode(text) {
        return process_in(inode).map(process);
    }
    let (kind, name) = split(text).unwrap_or_default();
    if kind == b"netns" && is_file_name(name) {
        return Handle::open(&Path::new(NETWORKS).join(OsStr::from_bytes(name))).map(Named::Network);
    }
    match Sort::by_word(kind).and_then(|sort| sort.wanted(name)) {
        Some(wanted) => containers::process_in(&wanted, text).map(process),
        None => Target::parse(text).map(process),
    }
}

/// Whether what stands behind this word and a colon is the id of a container.
pub(crate) fn is_by_id(word: &[u8]) -> bool {
    Sort::by_word(word).is_some_and(Sort::is_by_id)
}

/// Where ip-netns(8) keeps network namespaces.
const NETWORKS: &str = "/run/netns";

/// `KIND:NAME`.
fn split(text: &OsStr) -> Option<(&[u8], &[u8])> {
    let place = text.as_bytes().iter().position(|byte| *byte == b':')?;
    text.as_bytes().split_at_checked(place).map(|(kind, name)| (kind, name.get(1..).unwrap_or_default()))
}

fn is_file_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/')
}

/// The number in `@4026532281`.
fn inode(text: &OsStr) -> Option<u64> {
    number(text.as_bytes().strip_prefix(b"@")?)
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok().filter(|_| text.iter().all(u8::is_ascii_digit))?.parse().ok()
}

/// Finds the namespace that an option's argument names: a path, `:ID`, or `@INODE`.
///
/// # Errors
/// [`Doing::Opening`], [`Doing::ParsingNamespaceId`], [`Doing::OpeningById`], [`Doing::OpeningByInode`].
pub fn namespace(text: &OsStr) -> Result<Handle> {
    if let Some(inode) = inode(text) {
        return namespace_by_inode(inode);
    }
    let Some(id) = text.as_bytes().strip_prefix(b":") else { return Handle::open(Path::new(text)) };
    let parsed = number(id);
    namespace_by_id(parsed.ok_or_else(|| Error::new(Doing::ParsingNamespaceId { text: OsStr::from_bytes(id).into() }))?)
}

/// Finds the namespace with the kernel's number `id`, see NS_GET_ID in ioctl_nsfs(2).
///
/// Linux 7 opens by the number alone. 6.18 wants the inode as well, so all that holds a namespace is searched for it; so
/// it is with the kernels that have the number but not the handle.
///
/// # Errors
/// [`Doing::OpeningById`] with the errno of open_by_handle_at(2).
pub fn namespace_by_id(id: u64) -> Result<Handle> {
    log::info!("open_by_handle_at(FD_NSFS_ROOT, id {id})");
    Handle::by_id(id).or_else(|errno| {
        let found = Search::of(Sought::Id(id)).and_then(Search::run);
        let errno = shortage::errno().unwrap_or(errno);
        found.ok_or(Error { doing: Doing::OpeningById { id }, errno: Some(errno) })
    })
}

/// Finds the namespace with this `inode`, as lsns(8) shows it: one of any process, or one that only a thread, a bind
/// mount, be it in another mount namespace, a descriptor, a socket or another namespace keeps. To be called while there
/// is one thread.
///
/// # Errors
/// [`Doing::OpeningByInode`] with ENOENT, or with what was lacking for the search.
pub fn namespace_by_inode(inode: u64) -> Result<Handle> {
    let found = Search::of(Sought::Inode(inode)).and_then(Search::run);
    let errno = shortage::errno().unwrap_or(Errno::ENOENT);
    found.ok_or(Error { doing: Doing::OpeningByInode { inode }, errno: Some(errno) })
}

/// The process with the lowest number in the namespace with this `inode`.
///
/// # Errors
/// [`Doing::Opening`] without /proc, or where a process cannot be looked at for a reason that is not its own;
/// [`Doing::FindingProcessIn`]; [`Doing::CheckingPid`] with ESRCH when it went, or went
/// elsewhere, in this moment.
pub fn process_in(inode: u64) -> Result<Target> {
    let is_it = |found: &(Kind, u64)| found.1 == inode;
    log::debug!("searching /proc for a process in the namespace {inode}");
    let (proc, mut scratch) = (Proc::open(Path::new(PROC))?, Scratch::default());
    let pids = proc.pids(&mut scratch).doing(|| Doing::Reading { path: PROC.into() })?;
    let kinds: Kinds = Kind::all().collect();
    let mut found = None;
    for pid in pids {
        let read = proc::as_far_as_readable(proc.namespaces(pid, kinds, &mut scratch));
        // If the first one could not be read, another would be entered.
        let read = read.doing(|| Doing::Opening { path: format!("{PROC}/{pid}/ns").into() })?;
        found = read.and_then(|namespaces| namespaces.iter().find(is_it)).map(|(kind, _)| (pid, kind));
        if found.is_some() {
            break;
        }
    }
    let (pid, kind) = found.ok_or(Error { doing: Doing::FindingProcessIn { inode }, errno: shortage::errno() })?;
    let target = Target::in_proc(pid, &proc)?;
    // Its number may be another's by now, and it may have moved.
    match target.namespace_identity(kind) {
        Ok(identity) if identity.inode() == inode => Ok(target),
        _ => Err(gone(pid)),
    }
}

/// The process that was found is not the one that was opened, unless there was no descriptor left for that.
fn gone(pid: u32) -> Error {
    Error { doing: Doing::CheckingPid { pid }, errno: shortage::errno().or(Some(Errno::ESRCH)) }
}

const PROC: &str = "/proc";

#[cfg(test)]
mod tests {
    use super::*;

    fn own(kind: Kind) -> Handle {
        Handle::open(&Path::new("/proc/self/ns").join(kind.link())).unwrap()
    }

    #[test]
    fn own_namespaces_are_found_by_their_numbers() {
        for kind in Kind::all() {
            let handle = own(kind);
            let inode = handle.inode().unwrap();
            assert_eq!(namespace_by_inode(inode).unwrap().identity(), handle.identity());
            // Before Linux 6.18 there are no ids.
            let Ok(id) = handle.id() else { continue };
            assert_eq!(namespace_by_id(id).unwrap().identity(), handle.identity());
        }
        assert!(process_in(own(Kind::Pid).inode().unwrap()).unwrap().pid() <= std::process::id());
    }

    #[test]
    fn numbers_of_namespaces_are_plain() {
        for text in [":", ":x", ":-1", ":+1", ":1 ", ": 1", ":18446744073709551616"] {
            let doing = namespace(text.as_ref()).unwrap_err().doing;
            assert!(matches!(doing, Doing::ParsingNamespaceId { .. }), "{text}");
        }
        for text in ["@", "@x", "@-1", "@ 1", "@1:2", "@18446744073709551616"] {
            let doing = namespace(text.as_ref()).unwrap_err().doing;
            assert_eq!(doing, Doing::Opening { path: text.into() });
        }
    }

    #[test]
    fn what_is_no_name_is_no_pid_either() {
        let texts =
            ["@", "@x", "@-1", "netns:", "netns:a/b", "netns:..", "netns", "container:", "unit:", "machine:", "x:1"];
        for text in texts.into_iter().chain(["container:AB", "docker:x", "container:a b", "unit:a\x1b", "machine:a/b"])
        {
            let error = named(text.as_ref()).unwrap_err();
            assert_eq!(error.doing, Doing::ParsingPid { text: text.into() });
            assert_eq!(error.errno, Some(Errno::EINVAL));
        }
        assert_eq!(named("@1".as_ref()).unwrap_err().doing, Doing::FindingProcessIn { inode: 1 });
        let path = "/run/netns/no such".into();
        assert_eq!(named("netns:no such".as_ref()).unwrap_err().doing, Doing::Opening { path });
    }
}
