//! What was found: namespaces and processes, by number, and what is known of each.

use std::collections::HashMap;

use nscore::proc::Proc;
use nscore::{Doing, Error, Kind, Result};

use crate::sources::ancestors::{self, Asker, Questions};
use crate::sources::mounts::{self, Places};
use crate::sources::processes::{self, Process, Search};

/// What a namespace tells of itself when it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kin {
    /// The inode of the user namespace that owns it; none for the first, or where that lies outside.
    pub owner: Option<u64>,
    /// The inode of the pid or user namespace in which it was made.
    pub parent: Option<u64>,
    /// The user that its owner belongs to; of a user namespace, whose it is itself.
    pub owner_uid: Option<u32>,
    /// Its number in the network subsystem, if one was assigned.
    pub netnsid: Option<u32>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// What kind it is.
    pub kind: Kind,
    /// The number by which people know it.
    pub inode: u64,
    /// How many processes are in it.
    pub processes: usize,
    /// The lowest of their numbers.
    pub lowest: Option<u32>,
    /// Whether a descriptor, a socket or a descendant was seen to hold it.
    pub held: bool,
    /// What it told, if it was asked.
    pub kin: Option<Kin>,
    /// Where it is mounted.
    pub places: Vec<Vec<u8>>,
}

impl Namespace {
    fn new(kind: Kind, inode: u64) -> Self {
        Self { kind, inode, processes: 0, lowest: None, held: false, kin: None, places: Vec::new() }
    }

    /// Whether anything is known to keep it: if not, it was gone before it could be looked at.
    pub fn is_kept(&self) -> bool {
        self.processes > 0 || self.held || !self.places.is_empty()
    }
}

/// What the inventory is to contain.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// What is looked for in /proc.
    pub search: Search,
    /// Also the namespaces that are only mounted.
    pub mounted: bool,
    /// Where each is mounted.
    pub places: bool,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Inventory {
    /// By ascending inode.
    pub namespaces: Vec<Namespace>,
    /// By ascending number.
    processes: Vec<Process>,
    index: HashMap<u64, usize>,
    questions: Questions,
    /// The user namespaces above those that were asked.
    ancestors: HashMap<u64, Kin>,
}

impl Inventory {
    /// Looks through /proc for what is in `scope`.
    ///
    /// # Errors
    /// [`Doing::ParsingMountinfo`] when /proc cannot be read.
    pub fn take(proc: &Proc, scope: Scope) -> Result<Self> {
        let mut inventory = Self {
            namespaces: Vec::new(),
            processes: Vec::new(),
            index: HashMap::new(),
            questions: scope.search.questions,
            ancestors: HashMap::new(),
        };
        let unreadable = |errno| Error { doing: Doing::ParsingMountinfo, errno: Some(errno) };
        let seen = processes::look(proc, scope.search).map_err(unreadable)?;
        for mut seen in seen {
            inventory.processes.append(&mut seen.processes);
            for (inode, (kind, kin)) in seen.held {
                let namespace = inventory.entry(kind, inode);
                (namespace.held, namespace.kin) = (true, Some(kin));
            }
            inventory.ancestors.extend(seen.asker.into_ancestors());
        }
        inventory.count_processes();
        if scope.mounted || scope.places {
            // Last: what a process was in when it was too late to see it may be mounted by now.
            inventory.add_places(mounts::read(scope.search.kinds)?, scope.mounted);
        }
        inventory.sort();
        Ok(inventory)
    }

    fn entry(&mut self, kind: Kind, inode: u64) -> &mut Namespace {
        let next = self.namespaces.len();
        let place = *self.index.entry(inode).or_insert(next);
        if place == next {
            self.namespaces.push(Namespace::new(kind, inode));
        }
        &mut self.namespaces[place]
    }

    fn count_processes(&mut self) {
        self.processes.sort_unstable_by_key(|process| process.pid);
        for process in std::mem::take(&mut self.processes) {
            for (kind, inode) in process.namespaces.iter() {
                let namespace = self.entry(kind, inode);
                namespace.processes += 1;
                namespace.lowest.get_or_insert(process.pid);
            }
            self.processes.push(process);
        }
    }

    fn add_places(&mut self, places: Places, new: bool) {
        for (inode, (kind, places)) in places {
            if new || self.index.contains_key(&inode) {
                self.entry(kind, inode).places = places;
            }
        }
    }

    fn sort(&mut self) {
        self.namespaces.sort_unstable_by_key(|namespace| namespace.inode);
        let places = self.namespaces.iter().enumerate();
        self.index = places.map(|(place, namespace)| (namespace.inode, place)).collect();
    }

    /// Where the namespace with this inode stands.
    pub fn position(&self, inode: u64) -> Option<usize> {
        self.index.get(&inode).copied()
    }

    /// The processes in the namespace with this inode, by ascending number.
    pub fn members(&self, kind: Kind, inode: u64) -> impl Iterator<Item = u32> + '_ {
        members(&self.processes, kind, inode)
    }

    /// Asks the namespaces at these `positions` what they tell of themselves.
    pub fn ask(&mut self, proc: &Proc, positions: impl IntoIterator<Item = usize>) {
        let mut asker = Asker::new(self.questions);
        for position in positions {
            let Self { namespaces, processes, .. } = self;
            let asked = |namespace: &&mut Namespace| asker.questions().concern(namespace);
            let Some(namespace) = namespaces.get_mut(position).filter(asked) else { continue };
            namespace.kin =
                ask_a_member(proc, namespace, processes, &mut asker).or_else(|| mounts::ask(namespace, &mut asker));
        }
        self.ancestors.extend(asker.into_ancestors());
    }

    /// Adds the user namespaces above those that were asked, if there is no process in them.
    pub fn add_ancestors(&mut self) {
        let ancestors = std::mem::take(&mut self.ancestors);
        for (inode, kin) in &ancestors {
            let namespace = self.entry(Kind::User, *inode);
            namespace.held = true;
            namespace.kin.get_or_insert(*kin);
        }
        self.ancestors = ancestors;
        self.sort();
    }

    /// The process with the lowest number has gone from the namespace at `position`: the next one takes its place.
    pub fn lose_lowest(&mut self, position: usize) {
        if let Some(namespace) = self.namespaces.get_mut(position) {
            lose_lowest(namespace, &self.processes);
        }
    }
}

/// Asks the namespace through the first of its processes that is still there.
fn ask_a_member(proc: &Proc, namespace: &mut Namespace, processes: &[Process], asker: &mut Asker) -> Option<Kin> {
    while let Some(pid) = namespace.lowest {
        let opened = proc.process(pid).and_then(|process| process.namespace(namespace.kind));
        if let Some(handle) = opened.ok().filter(|handle| ancestors::inode(handle) == Some(namespace.inode)) {
            return Some(asker.ask(namespace.kind, &handle));
        }
        lose_lowest(namespace, processes);
    }
    None
}

fn lose_lowest(namespace: &mut Namespace, processes: &[Process]) {
    let Some(lowest) = namespace.lowest else { return };
    let later = processes.partition_point(|process| process.pid <= lowest);
    namespace.lowest = members(&processes[later..], namespace.kind, namespace.inode).next();
    namespace.processes = namespace.processes.saturating_sub(1);
}

fn members(processes: &[Process], kind: Kind, inode: u64) -> impl Iterator<Item = u32> + '_ {
    let inside = move |process: &&Process| process.namespaces.inode(kind) == Some(inode);
    processes.iter().filter(inside).map(|process| process.pid)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn this_process_is_in_the_inventory() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let search = Search { kinds: Kind::all().collect(), held: true, questions: Questions::default() };
        let inventory = Inventory::take(&proc, Scope { search, mounted: true, places: true }).unwrap();
        assert!(inventory.namespaces.is_sorted_by_key(|namespace| namespace.inode));
        let own = proc.process(std::process::id()).unwrap();
        for kind in Kind::all() {
            let inode = own.namespace_inode(kind).unwrap();
            let namespace = &inventory.namespaces[inventory.position(inode).unwrap()];
            let members: Vec<_> = inventory.members(kind, inode).collect();
            assert!(members.contains(&std::process::id()) && members.is_sorted());
            assert_eq!((namespace.processes, namespace.lowest), (members.len(), members.first().copied()));
        }
    }

    #[test]
    fn who_is_lost_is_followed_by_the_next() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let search = Search { kinds: Kind::all().collect(), held: false, questions: Questions::default() };
        let mut inventory = Inventory::take(&proc, Scope { search, mounted: false, places: false }).unwrap();
        let own = proc.process(std::process::id()).unwrap().namespace_inode(Kind::Time).unwrap();
        let position = inventory.position(own).unwrap();
        let members: Vec<_> = inventory.members(Kind::Time, own).collect();
        for (place, member) in members.iter().enumerate() {
            let namespace = &inventory.namespaces[position];
            assert_eq!((namespace.lowest, namespace.processes), (Some(*member), members.len() - place));
            assert!(namespace.is_kept());
            inventory.lose_lowest(position);
        }
        assert!(!inventory.namespaces[position].is_kept());
    }
}
