//! A namespace, wherever it is kept: by processes and threads, mounts of any mount namespace, descriptors, sockets, or
//! the namespaces below it.

use std::collections::HashSet;
use std::ffi::CStr;
use std::path::Path;

use nix::errno::Errno;

use super::PROC;
use crate::handle::Handle;
use crate::kind::Kind;
use crate::mounts;
use crate::proc::{Held, Proc, Scratch, SocketHolder};
use crate::visit::visit;

/// What a namespace is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sought {
    /// The kernel's number, see NS_GET_ID in ioctl_nsfs(2).
    Id(u64),
    /// The number of its file.
    Inode(u64),
}

/// A way through all that can hold a namespace.
pub(super) struct Search {
    sought: Sought,
    proc: Proc,
    pids: Vec<u32>,
    scratch: Scratch,
    /// The inodes of those that were opened, and are others.
    others: HashSet<u64>,
    /// The inodes of those sockets that have told their namespace.
    sockets: HashSet<u64>,
}

/// Which of a process's namespaces are looked at: those that it is in, and those that its children get.
fn links() -> impl Iterator<Item = (Kind, &'static str)> {
    let of_children = Kind::with_children_link().map(|(kind, _)| (kind, kind.children_link()));
    Kind::all().map(|kind| (kind, kind.link())).chain(of_children)
}

impl Search {
    /// One that has not begun yet; none without /proc.
    pub(super) fn of(sought: Sought) -> Option<Self> {
        log::debug!("searching for the namespace {sought:?}");
        let (proc, mut scratch) = (Proc::open(Path::new(PROC)).ok()?, Scratch::default());
        let pids = proc.pids(&mut scratch).ok()?;
        Some(Self { sought, proc, pids, scratch, others: HashSet::new(), sockets: HashSet::new() })
    }

    /// Searches where it costs least first.
    pub(super) fn run(mut self) -> Option<Handle> {
        self.among_processes()
            .or_else(|| self.among_mounts())
            .or_else(|| self.listed_by_kernel())
            .or_else(|| self.among_threads())
            .or_else(|| self.among_descriptors())
            .or_else(|| self.above_processes())
            .or_else(|| self.among_mounts_of_others())
    }

    /// Whether what has this number may be it, and was not opened before.
    fn may_be(&self, inode: u64) -> bool {
        let is_another = matches!(self.sought, Sought::Inode(sought) if sought != inode);
        !is_another && !self.others.contains(&inode)
    }

    /// What was opened, if it is the one. It may be another by now than it was a moment ago.
    fn judge(&mut self, opened: nix::Result<Handle>) -> Option<Handle> {
        let handle = opened.ok()?;
        if self.is_sought(&handle) {
            return Some(handle);
        }
        self.others.extend(handle.inode());
        None
    }

    fn is_sought(&self, handle: &Handle) -> bool {
        match self.sought {
            Sought::Id(id) => handle.id() == Ok(id),
            // The number of any other file means nothing.
            Sought::Inode(inode) => handle.inode() == Ok(inode) && handle.kind().is_ok(),
        }
    }

    fn among_processes(&mut self) -> Option<Handle> {
        self.each_link(|search, inode, open| if search.may_be(inode) { search.judge(open()) } else { None })
    }

    /// Has `find` look at each namespace that a process is in, or that its children get: its number, and what opens it.
    fn each_link(
        &mut self,
        mut find: impl FnMut(&mut Self, u64, &dyn Fn() -> nix::Result<Handle>) -> Option<Handle>,
    ) -> Option<Handle> {
        self.each_process(|search, pid| {
            let directory = search.proc.process(pid).ok()?;
            links().find_map(|(kind, link)| {
                let inode = directory.linked_inode(kind, link).ok()?;
                find(search, inode, &|| directory.linked_namespace(link))
            })
        })
    }

    fn each_process(&mut self, mut find: impl FnMut(&mut Self, u32) -> Option<Handle>) -> Option<Handle> {
        let pids = std::mem::take(&mut self.pids);
        let found = pids.iter().find_map(|pid| find(self, *pid));
        self.pids = pids;
        found
    }

    fn among_mounts(&mut self) -> Option<Handle> {
        mounts::mounted_namespaces().find_map(
            |(_, inode, path)| {
                if self.may_be(inode) { self.judge(open_mounted(&path)) } else { None }
            },
        )
    }

    /// By the kernel's own list: it has those, too, that are kept where this process cannot look.
    fn listed_by_kernel(&mut self) -> Option<Handle> {
        match self.sought {
            // It would have been opened by that.
            Sought::Id(_) => None,
            Sought::Inode(_) => Handle::all_ids().find_map(|id| self.judge(Handle::by_id(id))),
        }
    }

    fn among_threads(&mut self) -> Option<Handle> {
        self.each_process(|search, pid| {
            let (all, mut links) = (Kind::all().collect(), Vec::new());
            let read = search.proc.threads(pid, all, &mut search.scratch, |thread, its| {
                let own = its.own.iter().map(|(kind, inode)| (thread, kind.link(), inode));
                links.extend(own.chain(its.children.iter().map(|(kind, inode)| (thread, kind.children_link(), inode))));
            });
            read.ok()?;
            links.into_iter().find_map(|(thread, link, inode)| {
                let open = |search: &Self| search.proc.namespace_at(&format!("{pid}/task/{thread}/ns/{link}"));
                if search.may_be(inode) { search.judge(open(search)) } else { None }
            })
        })
    }

    /// What other mount namespaces have mounted, and those that are mounted there.
    fn among_mounts_of_others(&mut self) -> Option<Handle> {
        let own = self.proc.own_namespace_inode(Kind::Mount).ok();
        let mut journey = Journey { known: own.into_iter().collect(), ..Journey::default() };
        for (_, inode, path) in mounts::mounted_namespaces().filter(|(kind, ..)| *kind == Kind::Mount) {
            journey.add(inode, || open_mounted(&path));
        }
        let mut found = self.each_process(|search, pid| {
            let directory = search.proc.process(pid).ok()?;
            journey.add(directory.namespace_inode(Kind::Mount).ok()?, || directory.namespace(Kind::Mount));
            if journey.ahead.len() < PORTION { None } else { search.go_on(&mut journey) }
        });
        while found.is_none() && !journey.ahead.is_empty() {
            found = self.go_on(&mut journey);
        }
        found
    }

    /// Looks into the mount namespaces that are ahead, and puts those that it finds there in their place.
    fn go_on(&mut self, journey: &mut Journey) -> Option<Handle> {
        let mut sights = Vec::new();
        visit(&self.proc, &std::mem::take(&mut journey.ahead), &journey.mounted, |sight| sights.push(sight));
        sights.into_iter().find_map(|sight| {
            let handle = sight.handle?;
            journey.mounted.insert(sight.inode);
            if sight.kind == Kind::Mount {
                journey.add(sight.inode, || Ok(handle.clone()));
            }
            if self.may_be(sight.inode) { self.judge(Ok(handle)) } else { None }
        })
    }

    fn among_descriptors(&mut self) -> Option<Handle> {
        self.each_process(|search, pid| {
            let mut held = Vec::new();
            let read =
                search.proc.descriptors(pid, &mut search.scratch, |number, what| held.push((number.to_owned(), what)));
            read.ok()?;
            let mut sockets = None;
            held.iter().find_map(|(number, what)| match *what {
                Held::Namespace(inode) if search.may_be(inode) => {
                    let opened = search.proc.held_namespace(pid, number);
                    search.judge(opened)
                }
                Held::Namespace(_) => None,
                Held::Socket(socket) => {
                    let holder = sockets.get_or_insert_with(|| search.proc.socket_holder(pid)).as_ref().ok()?;
                    search.network_of_socket(holder, number, socket)
                }
            })
        })
    }

    fn network_of_socket(&mut self, holder: &SocketHolder, number: &CStr, socket: u64) -> Option<Handle> {
        if self.sockets.contains(&socket) {
            return None;
        }
        let network = holder.network_of(number.to_str().ok()?.parse().ok()?, socket).ok()?;
        self.sockets.insert(socket);
        self.judge(Ok(network))
    }

    /// Owners and parents of the processes' namespaces, which may have no process themselves.
    fn above_processes(&mut self) -> Option<Handle> {
        let mut climbed = HashSet::new();
        self.each_link(|search, inode, open| {
            if climbed.contains(&inode) {
                return None;
            }
            let mut climbing = vec![open().ok()?];
            climbed.insert(inode);
            while let Some(namespace) = climbing.pop() {
                for above in [namespace.owner(), namespace.parent()].into_iter().flatten() {
                    if search.is_sought(&above) {
                        return Some(above);
                    }
                    if above.inode().is_ok_and(|inode| climbed.insert(inode)) {
                        climbing.push(above);
                    }
                }
            }
            None
        })
    }
}

/// A way through mount namespaces.
#[derive(Default)]
struct Journey {
    /// Those that are to be looked into.
    ahead: Vec<Handle>,
    /// The inodes of all that were ahead at some time, and of this process's own.
    known: HashSet<u64>,
    /// The inodes of what was found mounted.
    mounted: HashSet<u64>,
}

/// So many mount namespaces are open at a time, but for those that are found mounted.
const PORTION: usize = 128;

impl Journey {
    fn add(&mut self, inode: u64, open: impl FnOnce() -> nix::Result<Handle>) {
        if self.known.contains(&inode) {
            return;
        }
        // Who cannot be opened by one process may be by another.
        if let Ok(handle) = open() {
            self.known.insert(inode);
            self.ahead.push(handle);
        }
    }
}

fn open_mounted(path: &Path) -> nix::Result<Handle> {
    Handle::open(path).map_err(|error| error.errno.unwrap_or(Errno::ENOENT))
}
