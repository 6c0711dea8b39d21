//! Namespaces that processes are in; and, on the way through them, what their descriptors and sockets hold.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::errno::Errno;

use nscore::error::While;
use nscore::kind::Kinds;
use nscore::proc::{self, Membership, Namespaces, Proc, Scratch};
use nscore::{Doing, Kind, Result};

use super::ancestors::{Asker, Questions, Told};
use super::children::Children;
use super::sockets::{Asked, Sockets};
use super::threads::Threads;
use super::{Held, descriptors};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// Namespaces of these kinds.
    pub kinds: Kinds,
    /// Also what descriptors and sockets hold.
    pub held: bool,
    /// Also what threads are in, and what children will be in.
    pub threads: bool,
    /// What is asked of namespaces.
    pub questions: Questions,
}

/// A process, and the namespaces that it is in.
#[derive(Debug, Clone, Copy)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// What it is in.
    pub namespaces: Namespaces,
}

/// What was seen of all processes, or of some of them.
#[derive(Debug)]
pub struct Seen {
    /// The processes that can be read, by ascending number.
    pub processes: Vec<Process>,
    /// What they hold.
    pub held: Held,
    /// What their threads are in.
    pub threads: Threads,
    /// What their children will be in.
    pub children: Children,
    /// How many this process may not read.
    pub unreadable: usize,
    /// What was asked.
    pub asker: Asker,
}

/// How many processes a thread takes at a time: few enough that all end together.
const PORTION: usize = 4;

/// How many processes pay for a thread: its start takes as long as one process does, but the other one may be late.
const WORTH_A_THREAD: usize = 16;

/// More threads than this only get into each other's way.
const MOST_THREADS: usize = 8;

/// Looks at all processes.
///
/// # Errors
/// [`Doing::ParsingMountinfo`] where /proc cannot be read, [`Doing::Opening`] where that is not for want of a right to
/// read one process, which is left out, but of something that all need.
pub fn look(proc: &Proc, search: Search) -> Result<Vec<Seen>> {
    let (asked, next) = (Asked::default(), AtomicUsize::new(0));
    let mut first = Walk::new(proc, search, &asked);
    let pids = proc.pids(&mut first.scratch).doing(|| Doing::ParsingMountinfo)?;
    // This process itself, before it opens anything that is not its caller's.
    let own = proc.own_pid().doing(|| Doing::ParsingMountinfo)?;
    if let Some(own) = own {
        first.visit(own)?;
    }
    let walk = |mut walk: Walk| {
        while let Some(portion) = pids.chunks(PORTION).nth(next.fetch_add(1, Ordering::Relaxed)) {
            portion.iter().filter(|pid| Some(**pid) != own).try_for_each(|pid| walk.visit(*pid))?;
        }
        Ok(walk.seen)
    };
    let beside = threads_beside(pids.len());
    let what = if search.held { "namespaces and descriptors" } else { "namespaces" };
    log::info!("reading the {what} of {} processes, in {} threads", pids.len(), beside + 1);
    thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, || walk(Walk::new(proc, search, &asked))).ok();
        // Where no thread can be had, the others do its part.
        let others: Vec<_> = (0..beside).filter_map(start).collect();
        let own = walk(first);
        let joined = others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        [own].into_iter().chain(joined).collect()
    })
}

/// How many threads are to help this one with so many processes.
fn threads_beside(processes: usize) -> usize {
    let worth = (processes / WORTH_A_THREAD).min(MOST_THREADS);
    if worth < 2 {
        return 0;
    }
    thread::available_parallelism().map_or(1, NonZero::get).min(worth) - 1
}

/// A thread's way through its processes.
struct Walk<'a> {
    proc: &'a Proc,
    search: Search,
    asked: &'a Asked,
    scratch: Scratch,
    seen: Seen,
}

impl<'a> Walk<'a> {
    fn new(proc: &'a Proc, search: Search, asked: &'a Asked) -> Self {
        let seen = Seen {
            processes: Vec::new(),
            held: Held::default(),
            threads: Threads::default(),
            children: Children::default(),
            unreadable: 0,
            asker: Asker::new(search.questions, Told::new()),
        };
        Self { proc, search, asked, scratch: Scratch::default(), seen }
    }

    fn visit(&mut self, pid: u32) -> Result<()> {
        let visited = self.read_namespaces(pid).and_then(|read| match read && self.search.held {
            true => self.read_descriptors(pid),
            false => Ok(read),
        });
        self.seen.unreadable += usize::from(!visited?);
        Ok(())
    }

    /// Reads what a process is in. Says whether it may be read; one that is gone need not be.
    fn read_namespaces(&mut self, pid: u32) -> Result<bool> {
        let Self { proc, search: Search { kinds, threads, .. }, scratch, seen, .. } = self;
        let read = match *threads {
            true => proc.membership(pid, *kinds, scratch),
            false => proc.namespaces(pid, *kinds, scratch).map(|own| Membership { own, ..Membership::default() }),
        };
        let membership = match read {
            Ok(membership) => membership,
            Err(errno) => return or_is_left_out(errno, pid, "ns"),
        };
        seen.processes.push(Process { pid, namespaces: membership.own });
        if !*threads {
            return Ok(true);
        }
        seen.children.note(&membership.children, || pid.to_string());
        let read = proc.threads(pid, *kinds, scratch, |thread, its| {
            seen.threads.note(pid, &membership.own, thread, &its);
            seen.children.note(&its.children, || format!("{pid}/task/{thread}"));
        });
        read.map(|()| true).or_else(|errno| or_is_left_out(errno, pid, "task"))
    }

    /// The same with what its descriptors and sockets hold.
    fn read_descriptors(&mut self, pid: u32) -> Result<bool> {
        let Self { proc, search: Search { kinds, .. }, seen: Seen { held, asker, .. }, .. } = self;
        let mut sockets = Sockets::new(proc, pid, self.asked);
        let read = proc.descriptors(pid, &mut self.scratch, |number, what| match what {
            proc::Held::Namespace(inode) => descriptors::note(proc, pid, number, inode, asker, held),
            proc::Held::Socket(socket) if kinds.contains(Kind::Net) => sockets.note(number, socket, asker, held),
            proc::Held::Socket(_) => {}
        });
        read.map(|()| true).or_else(|errno| or_is_left_out(errno, pid, "fd"))
    }
}

/// The error for a file of a process, unless it concerns that process alone: then whether it is gone, rather than that
/// this process may not read it.
fn or_is_left_out(errno: Errno, pid: u32, name: &str) -> Result<bool> {
    match proc::concerns_one_process(errno) {
        true => Ok(matches!(errno, Errno::ENOENT | Errno::ESRCH)),
        false => Err(errno).doing(|| Doing::Opening { path: format!("/proc/{pid}/{name}").into() }),
    }
}
