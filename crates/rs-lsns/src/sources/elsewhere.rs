//! Namespaces that a bind mount keeps in other mount namespaces than this process's.
//!
//! Each is joined by a child, one mount namespace after the other; those that are found there are joined in their turn.

use std::collections::{HashMap, HashSet};

use nscore::Kind;
use nscore::handle::Handle;
use nscore::proc::Proc;
use nscore::visit::{Sight, visit};

use crate::inventory::{Inventory, Namespace};

/// So many are open at a time.
const PORTION: usize = 128;

/// So many are kept open, which is less than a process may have open in most places. What cannot be reached in another
/// way then counts as closed.
const MOST_KEPT: usize = 512;

/// Who goes through mount namespaces.
#[derive(Debug, Default)]
pub struct Traveller {
    /// The inodes of those that need not be joined any more.
    done: HashSet<u64>,
    /// Those that can only be reached through what was opened when they were found.
    kept: HashMap<u64, Handle>,
    /// How many could not be joined.
    pub closed: usize,
}

/// Where a namespace is mounted that is mounted nowhere here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The inode of the mount namespace.
    pub within: u64,
    /// The path there.
    pub path: Vec<u8>,
}

impl Traveller {
    /// One that is at home where this process is.
    pub fn new(proc: &Proc) -> Self {
        // Where that is not known, this process's own mounts are looked at twice.
        let own = proc.own_namespace_inode(Kind::Mount).ok();
        Self { done: own.into_iter().collect(), ..Self::default() }
    }

    /// Keeps a mount namespace open until it is joined, if there is room for one more.
    pub fn keep(&mut self, inode: u64, handle: Handle) {
        if !self.done.contains(&inode) && self.kept.len() < MOST_KEPT {
            self.kept.insert(inode, handle);
        }
    }

    /// Joins all mount namespaces in the `inventory`, and adds what is mounted there, until there are no more.
    pub fn go(&mut self, proc: &Proc, inventory: &mut Inventory) {
        loop {
            let new = |namespace: &&Namespace| namespace.kind == Kind::Mount && self.done.insert(namespace.inode);
            let inodes: Vec<u64> = inventory.namespaces.iter().filter(new).map(|namespace| namespace.inode).collect();
            if inodes.is_empty() {
                return;
            }
            inodes.chunks(PORTION).for_each(|portion| self.join(proc, inventory, portion));
        }
    }

    fn join(&mut self, proc: &Proc, inventory: &mut Inventory, inodes: &[u64]) {
        let (mut open, mut handles) = (Vec::new(), Vec::new());
        for inode in inodes {
            match self.kept.remove(inode).or_else(|| inventory.open(proc, *inode)) {
                Some(handle) => (open.push(*inode), handles.push(handle)),
                None => (self.closed += 1, ()),
            };
        }
        if handles.is_empty() {
            return;
        }
        log::info!("joining {} mount namespaces in a child, to read what is mounted there", handles.len());
        let known = inventory.mounted();
        let within = |seen_in: usize| open.get(seen_in).copied().unwrap_or_default();
        let closed = visit(proc, &handles, &known, |sight| {
            if let Some(handle) = sight.handle.as_ref().filter(|_| sight.kind == Kind::Mount) {
                self.keep(sight.inode, handle.clone());
            }
            inventory.add_sight(within(sight.seen_in), sight);
        });
        self.closed += closed.len();
        for place in closed {
            // A process in it shows what it sees itself.
            for sight in seen_by_process(proc, inventory, place, within(place)) {
                inventory.add_sight(within(place), sight);
            }
        }
    }
}

/// What one of the processes in the mount namespace `within` sees mounted.
fn seen_by_process(proc: &Proc, inventory: &Inventory, seen_in: usize, within: u64) -> Vec<Sight> {
    let read = |pid| {
        let process = proc.process(pid).ok()?;
        let mounts = process.mounts().ok()?;
        // Asked afterwards, it was so before, too, or the mounts are not of a namespace that is listed for it.
        (process.namespace_inode(Kind::Mount) == Ok(within)).then_some(mounts)
    };
    let mounts = inventory.members(Kind::Mount, within).find_map(read).unwrap_or_default();
    let places = super::mounts::namespaces_among(mounts);
    places.map(|(kind, inode, place)| Sight { seen_in, kind, inode, place, handle: None }).collect()
}

/// Opens a namespace by the first of these processes that is in it still.
pub fn open_by_process(proc: &Proc, kind: Kind, inode: u64, mut pids: impl Iterator<Item = u32>) -> Option<Handle> {
    let is_it = |handle: &Handle| handle.inode() == Ok(inode);
    pids.find_map(|pid| proc.process(pid).and_then(|process| process.namespace(kind)).ok().filter(is_it))
}
