//! What was found: namespaces and processes, by number, and what is known of each.

use std::collections::{HashMap, HashSet};

use nix::errno::Errno;

use nscore::error::While;
use nscore::handle::Handle;
use nscore::proc::{self, Namespaces, Proc};
use nscore::visit::Sight;
use nscore::{Doing, Kind, Result};

use crate::holders::{Holder, Holders};
use crate::sources::ancestors::{Asker, Questions, Told};
use crate::sources::children::Children;
use crate::sources::elsewhere::{self, Place, Traveller};
use crate::sources::mounts::{self, Places};
use crate::sources::processes::{self, Process, Search};
use crate::sources::threads::{Inhabited, Threads};
use crate::sources::{Held, Holding, kernel};

/// What a namespace tells of itself when it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kin {
    /// The inode of the user namespace that owns it; none for the first, or where that lies outside.
    pub owner: Option<u64>,
    /// The inode of the pid or user namespace in which it was made.
    pub parent: Option<u64>,
    /// Of a user namespace, the user that made it.
    pub owner_uid: Option<u32>,
    /// Its number in the network subsystem, if one was assigned.
    pub netnsid: Option<u32>,
    /// The kernel's number for it, if that was asked and the kernel has one.
    pub id: Option<u64>,
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
    /// How many threads are in it, those aside that are processes; as far as threads were looked at.
    pub threads: usize,
    /// What was seen to hold it, processes and places aside.
    pub holders: Holders,
    /// A link to it below /proc, other than those of the processes in it.
    pub link: Option<String>,
    /// What it told, if it was asked.
    pub kin: Option<Kin>,
    /// Where it is mounted.
    pub places: Vec<Vec<u8>>,
    /// Where it is mounted elsewhere.
    pub elsewhere: Option<Place>,
}

impl Namespace {
    fn new(kind: Kind, inode: u64) -> Self {
        Self {
            kind,
            inode,
            processes: 0,
            lowest: None,
            threads: 0,
            holders: Holders::default(),
            link: None,
            kin: None,
            places: Vec::new(),
            elsewhere: None,
        }
    }

    /// Whether anything is known to keep it: if not, it was gone before it could be looked at.
    pub fn is_kept(&self) -> bool {
        self.processes > 0 || !self.holders.is_empty() || !self.places.is_empty()
    }

    fn open_by_link(&self, proc: &Proc) -> Option<Handle> {
        let opened = proc.namespace_at(self.link.as_deref()?).ok();
        opened.filter(|opened| opened.inode() == Ok(self.inode))
    }

    /// Everything that was seen to hold it.
    pub fn held_by(&self) -> Holders {
        let mut holders = self.holders;
        if self.processes > 0 {
            holders.insert(Holder::Process);
        }
        if !self.places.is_empty() {
            holders.insert(Holder::Mount);
        }
        holders
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
    /// Also what util-linux does not see.
    pub all: bool,
    /// Which of them others are above.
    pub descendants: bool,
}

/// Everything that was found.
#[derive(Debug)]
pub struct Inventory {
    /// By ascending inode.
    pub namespaces: Vec<Namespace>,
    /// By ascending number.
    processes: Vec<Process>,
    index: HashMap<u64, usize>,
    search: Search,
    /// What namespaces have told, also those above others.
    told: Told,
    /// How many processes could not be read.
    pub unreadable: usize,
    /// How many mount namespaces could not be joined.
    pub closed: usize,
}

impl Inventory {
    /// Looks through /proc for what is in `scope`.
    ///
    /// # Errors
    /// [`processes::look`]'s and [`mounts::read`]'s.
    pub fn take(proc: &Proc, scope: Scope) -> Result<Self> {
        let mut inventory = Self {
            namespaces: Vec::new(),
            processes: Vec::new(),
            index: HashMap::new(),
            search: scope.search,
            told: Told::new(),
            unreadable: 0,
            closed: 0,
        };
        let seen = processes::look(proc, scope.search)?;
        let (mut held, mut threads, mut children) = (Held::default(), Threads::default(), Children::default());
        for mut seen in seen {
            inventory.processes.append(&mut seen.processes);
            held.merge(seen.held);
            threads.merge(seen.threads);
            children.merge(seen.children);
            inventory.told.extend(seen.asker.into_told());
            inventory.unreadable += seen.unreadable;
        }
        inventory.count_processes();
        let mut brought = inventory.add_held(held);
        if scope.mounted || scope.places {
            // Last: what a process was in when it was too late to see it may be mounted by now.
            brought.extend(inventory.add_places(mounts::read(scope.search.kinds)?, scope.mounted));
        }
        inventory.add_above(brought);
        inventory.add_threads(threads, scope.all);
        inventory.add_children(children, scope.all);
        if scope.all {
            inventory.complete(proc)?;
        }
        if scope.descendants {
            inventory.note_descendants(proc)?;
        }
        Ok(inventory)
    }

    /// Adds what takes more than a look through /proc: what is mounted elsewhere, what the kernel lists, and everything
    /// above others.
    fn complete(&mut self, proc: &Proc) -> Result<()> {
        self.ask(proc, 0..self.namespaces.len())?;
        let mut traveller = Traveller::new(proc);
        traveller.go(proc, self);
        self.add_unseen(|inode, handle| traveller.keep(inode, handle));
        traveller.go(proc, self);
        self.closed = traveller.closed;
        self.add_everything_above();
        Ok(())
    }

    /// Where this namespace stands, at the end if it is new. Nowhere, if its inode was just now another one's, of
    /// another kind: then it is younger than this look, and need not be seen.
    fn place(&mut self, kind: Kind, inode: u64) -> Option<usize> {
        let next = self.namespaces.len();
        let place = *self.index.entry(inode).or_insert(next);
        if place == next {
            self.namespaces.push(Namespace::new(kind, inode));
        }
        Some(place).filter(|place| self.namespaces[*place].kind == kind)
    }

    fn entry(&mut self, kind: Kind, inode: u64) -> Option<&mut Namespace> {
        self.place(kind, inode).map(|place| &mut self.namespaces[place])
    }

    fn count_processes(&mut self) {
        self.processes.sort_unstable_by_key(|process| process.pid);
        // Most processes are in the same namespaces as the one before.
        let mut before: [Option<(u64, usize)>; Kind::COUNT] = [None; Kind::COUNT];
        for process in std::mem::take(&mut self.processes) {
            for (kind, inode) in process.namespaces.iter() {
                let same = before[kind as usize].filter(|(before, _)| *before == inode);
                let Some(place) = same.map(|(_, place)| place).or_else(|| self.place(kind, inode)) else { continue };
                before[kind as usize] = Some((inode, place));
                let namespace = &mut self.namespaces[place];
                namespace.processes += 1;
                namespace.lowest.get_or_insert(process.pid);
            }
            self.processes.push(process);
        }
    }

    /// Adds what is held. Gives them all, since they bring along what is above them, as util-linux has it.
    fn add_held(&mut self, held: Held) -> Vec<u64> {
        let mut brought = Vec::new();
        for (inode, Holding { kind, kin, by, link }) in held {
            if self.search.kinds.contains(kind)
                && let Some(namespace) = self.entry(kind, inode)
            {
                namespace.holders.extend(by);
                (namespace.kin, namespace.link) = (Some(kin), link);
                brought.push(inode);
            }
        }
        brought
    }

    /// Adds where namespaces are mounted. Gives those that were not known before, if they are to be added.
    fn add_places(&mut self, places: Places, mounted: bool) -> Vec<u64> {
        let mut brought = Vec::new();
        let mut asker = Asker::new(self.search.questions, std::mem::take(&mut self.told));
        for (inode, (kind, places)) in places {
            let new = !self.index.contains_key(&inode);
            if new && !mounted {
                continue;
            }
            let Some(namespace) = self.entry(kind, inode) else { continue };
            namespace.places = places;
            if new {
                namespace.kin = mounts::ask(namespace, &mut asker);
                brought.push(inode);
            }
        }
        self.told = asker.into_told();
        brought
    }

    /// Adds what threads are in: the namespace as well, if it is new and `all` are to be added.
    fn add_threads(&mut self, threads: Threads, all: bool) {
        for (inode, Inhabited { kind, count, stray }) in threads {
            let known = all || self.index.contains_key(&inode);
            let Some(namespace) = known.then(|| self.entry(kind, inode)).flatten() else { continue };
            namespace.threads += count;
            if let Some(link) = stray {
                namespace.holders.insert(Holder::Thread);
                namespace.link.get_or_insert(link);
            }
        }
    }

    /// Adds what children will be in; new ones if `all` are to be added.
    fn add_children(&mut self, children: Children, all: bool) {
        for (inode, (kind, link)) in children {
            let known = all || self.index.contains_key(&inode);
            let Some(namespace) = known.then(|| self.entry(kind, inode)).flatten() else { continue };
            namespace.holders.insert(Holder::Children);
            namespace.link.get_or_insert(link);
        }
    }

    /// Adds what was seen in the mount namespace `within`.
    pub fn add_sight(&mut self, within: u64, sight: Sight) {
        let Sight { kind, inode, place, handle, .. } = sight;
        let mut asker = Asker::new(self.search.questions, std::mem::take(&mut self.told));
        if let Some(namespace) = self.entry(kind, inode) {
            namespace.holders.insert(Holder::Mount);
            namespace.elsewhere.get_or_insert(Place { within, path: place });
            if let (None, Some(handle)) = (namespace.kin, &handle) {
                namespace.kin = Some(asker.ask(kind, inode, handle));
            }
        }
        self.told = asker.into_told();
    }

    /// Adds what the kernel lists beyond all others, and shows `each` mount namespace among that.
    fn add_unseen(&mut self, mut each: impl FnMut(u64, Handle)) {
        let kins =
            self.namespaces.iter().filter_map(|namespace| namespace.kin).chain(self.told.values().map(|it| it.1));
        let known: HashSet<u64> = kins.filter_map(|kin| kin.id).collect();
        let mut asker = Asker::new(self.search.questions, std::mem::take(&mut self.told));
        for handle in kernel::unknown(&known).into_iter().filter_map(|id| Handle::by_id(id).ok()) {
            let (Ok(Some(kind)), Ok(inode)) = (handle.kind(), handle.inode()) else { continue };
            let Some(namespace) = self.entry(kind, inode) else { continue };
            namespace.holders.insert(Holder::Unseen);
            namespace.kin = Some(asker.ask(kind, inode, &handle));
            if kind == Kind::Mount {
                each(inode, handle);
            }
        }
        self.told = asker.into_told();
    }

    /// Notes which namespaces others are above, as far as both are known.
    fn note_descendants(&mut self, proc: &Proc) -> Result<()> {
        self.ask(proc, 0..self.namespaces.len())?;
        let kins = self.namespaces.iter().filter_map(|namespace| namespace.kin);
        let above: HashSet<u64> = kins.flat_map(|kin| [kin.owner, kin.parent]).flatten().collect();
        for namespace in self.namespaces.iter_mut().filter(|namespace| above.contains(&namespace.inode)) {
            namespace.holders.insert(Holder::Descendant);
        }
        Ok(())
    }

    /// The inodes of those that are known to be mounted.
    pub fn mounted(&self) -> HashSet<u64> {
        let mounted = |namespace: &&Namespace| !namespace.places.is_empty() || namespace.elsewhere.is_some();
        self.namespaces.iter().filter(mounted).map(|namespace| namespace.inode).collect()
    }

    /// Opens the namespace with this inode, in whichever way it was found.
    pub fn open(&self, proc: &Proc, inode: u64) -> Option<Handle> {
        let namespace = self.namespaces.get(self.position(inode)?)?;
        elsewhere::open_by_process(proc, namespace.kind, inode, self.members(namespace.kind, inode))
            .or_else(|| namespace.open_by_link(proc))
            .or_else(|| mounts::open(namespace))
    }

    /// The user that made the user namespace which owns this one.
    pub fn owner_uid(&self, namespace: &Namespace) -> Option<u32> {
        let owner = namespace.kin?.owner?;
        let told = self.told.get(&owner).map(|(_, kin)| *kin);
        told.or_else(|| self.namespaces.get(self.position(owner)?)?.kin)?.owner_uid
    }

    /// Adds what is above these namespaces, as far as its kind is looked for.
    fn add_above(&mut self, inodes: Vec<u64>) {
        let mut climbed = HashSet::new();
        let mut climbing = inodes;
        while let Some(inode) = climbing.pop() {
            let known = self.index.get(&inode).and_then(|place| self.namespaces[*place].kin);
            let told = || self.told.get(&inode).map(|(_, kin)| *kin);
            let Some(kin) = known.or_else(told).filter(|_| climbed.insert(inode)) else { continue };
            for above in [kin.owner, kin.parent].into_iter().flatten() {
                let Some((kind, kin)) = self.told.get(&above).copied() else { continue };
                if self.search.kinds.contains(kind)
                    && let Some(namespace) = self.entry(kind, above)
                {
                    namespace.holders.insert(Holder::Descendant);
                    namespace.kin.get_or_insert(kin);
                    climbing.push(above);
                }
            }
        }
        self.sort();
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

    /// What the process with this number is in: nothing, if there is no such process. A thread is none.
    pub fn namespaces_of(&self, pid: u32) -> Namespaces {
        let found = self.processes.binary_search_by_key(&pid, |process| process.pid);
        found.map(|place| self.processes[place].namespaces).unwrap_or_default()
    }

    /// The processes in the namespace with this inode, by ascending number.
    pub fn members(&self, kind: Kind, inode: u64) -> impl Iterator<Item = u32> + '_ {
        members(&self.processes, kind, inode)
    }

    /// Asks the namespaces at these `positions` what they tell of themselves, as far as that was to be asked.
    ///
    /// # Errors
    /// [`Doing::Opening`], where something is missing that all of them need to be asked.
    pub fn ask(&mut self, proc: &Proc, positions: impl IntoIterator<Item = usize>) -> Result<()> {
        let questions = self.search.questions;
        if questions != Questions::default() {
            log::info!("asking namespaces what they belong to");
        }
        let mut asker = Asker::new(questions, std::mem::take(&mut self.told));
        for position in positions {
            let Self { namespaces, processes, .. } = self;
            let unknown = |namespace: &&mut Namespace| questions.concern(namespace.kind) && namespace.kin.is_none();
            let Some(namespace) = namespaces.get_mut(position).filter(unknown) else { continue };
            namespace.kin = match asker.told(namespace.kind, namespace.inode) {
                None => ask_a_member(proc, namespace, processes, &mut asker)?,
                told => told,
            };
            let Some(namespace) = namespaces.get_mut(position).filter(|namespace| namespace.kin.is_none()) else {
                continue;
            };
            let by_link = namespace.open_by_link(proc).map(|it| asker.ask(namespace.kind, namespace.inode, &it));
            namespace.kin = by_link.or_else(|| mounts::ask(namespace, &mut asker));
        }
        self.told = asker.into_told();
        Ok(())
    }

    /// Adds all that is above others, if there is no process in it.
    pub fn add_everything_above(&mut self) {
        let inodes = self.namespaces.iter().map(|namespace| namespace.inode).collect();
        self.add_above(inodes);
    }

    /// The process with the lowest number has gone from the namespace at `position`: the next one takes its place.
    pub fn lose_lowest(&mut self, position: usize) {
        if let Some(namespace) = self.namespaces.get_mut(position) {
            lose_lowest(namespace, &self.processes);
        }
    }
}

/// Asks the namespace through the first of its processes that is still there.
fn ask_a_member(
    proc: &Proc,
    namespace: &mut Namespace,
    processes: &[Process],
    asker: &mut Asker,
) -> Result<Option<Kin>> {
    while let Some(pid) = namespace.lowest {
        let opened = proc.process(pid).and_then(|process| process.namespace(namespace.kind));
        match opened {
            Ok(handle) if handle.inode() == Ok(namespace.inode) => {
                return Ok(Some(asker.ask_inhabited(namespace.kind, namespace.inode, &handle)));
            }
            Ok(_) | Err(Errno::ENOENT | Errno::ESRCH) => lose_lowest(namespace, processes),
            // It is there, and does not want to be asked.
            Err(errno) if proc::concerns_one_process(errno) => return Ok(None),
            Err(errno) => {
                return Err(errno)
                    .doing(|| Doing::Opening { path: format!("/proc/{pid}/ns/{}", namespace.kind.link()).into() });
            }
        }
    }
    Ok(None)
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
        let search =
            Search { kinds: Kind::all().collect(), held: true, threads: false, questions: Questions::default() };
        let inventory =
            Inventory::take(&proc, Scope { search, mounted: true, places: true, all: false, descendants: false })
                .unwrap();
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
    fn an_inode_that_comes_to_be_of_another_kind_is_one_namespace() {
        let search =
            Search { kinds: Kind::all().collect(), held: false, threads: false, questions: Questions::default() };
        let processes = [(5, Kind::Uts, 9), (6, Kind::Ipc, 9), (7, Kind::Uts, 9)];
        let process =
            |(pid, kind, inode)| Process { pid, namespaces: [(kind, inode)].into_iter().collect::<Namespaces>() };
        let mut inventory = Inventory {
            namespaces: Vec::new(),
            processes: processes.map(process).into(),
            index: HashMap::new(),
            search,
            told: Told::new(),
            unreadable: 0,
            closed: 0,
        };
        inventory.count_processes();
        let [namespace] = &inventory.namespaces[..] else { panic!("{inventory:?}") };
        assert_eq!((namespace.kind, namespace.processes, namespace.lowest), (Kind::Uts, 2, Some(5)));
        for (lowest, count) in [(Some(7), 1), (None, 0)] {
            inventory.lose_lowest(0);
            assert_eq!((inventory.namespaces[0].lowest, inventory.namespaces[0].processes), (lowest, count));
        }
    }

    #[test]
    fn who_is_lost_is_followed_by_the_next() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let search =
            Search { kinds: Kind::all().collect(), held: false, threads: false, questions: Questions::default() };
        let mut inventory =
            Inventory::take(&proc, Scope { search, mounted: false, places: false, all: false, descendants: false })
                .unwrap();
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
