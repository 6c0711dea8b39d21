//! The rows: which namespaces or processes are shown, and what is read of each for that.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::rc::Rc;

use nix::errno::Errno;

use nscore::error::While;
use nscore::idmap::IdRange;
use nscore::proc::{self, Proc, ProcessDirectory};
use nscore::{Doing, Result, accounts};

use crate::inventory::{Inventory, Namespace};

/// What is read of a process that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Its command line.
    pub command: bool,
    /// The number of its parent.
    pub parent: bool,
    /// Its user id.
    pub uid: bool,
    /// The name of that user.
    pub user: bool,
    /// What it is called in its own pid namespace.
    pub inner_pid: bool,
    /// Its cgroups.
    pub cgroups: bool,
    /// The ids of its user namespace.
    pub uid_map: bool,
}

impl Wanted {
    /// Whether nothing is wanted, so that nothing need be read.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// What was read of a process. What was not wanted, or cannot be read, is not there.
#[derive(Debug, Default)]
pub struct Details {
    /// Its command line.
    pub command: Option<Vec<u8>>,
    /// The number of its parent.
    pub parent: Option<u32>,
    /// Its user id.
    pub uid: Option<u32>,
    /// What it is called in its own pid namespace.
    pub inner_pid: Option<u32>,
    /// What /proc/PID/cgroup says.
    pub cgroups: Option<Vec<u8>>,
    /// The ids of its user namespace.
    pub uid_map: Option<Vec<IdRange>>,
}

/// A row: a namespace and the process that stands for it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where the namespace stands in the inventory.
    pub namespace: usize,
    /// The number of the process; none where there is none in it.
    pub process: Option<u32>,
    /// What was read of that.
    pub details: Rc<Details>,
}

/// All rows, and the names of the users in them.
#[derive(Debug)]
pub struct Rows {
    /// In the order in which they are shown, trees aside.
    pub rows: Vec<Row>,
    /// Whether each is a process of the same namespace, rather than a namespace.
    of_processes: bool,
    names: BTreeMap<u32, OsString>,
}

impl Rows {
    /// A row for each of the namespaces at these `positions`.
    pub fn of_namespaces(inventory: &Inventory, positions: impl Iterator<Item = usize>) -> Self {
        let row = |namespace: usize| Row {
            namespace,
            process: inventory.namespaces.get(namespace).and_then(|namespace| namespace.lowest),
            details: Rc::default(),
        };
        Self { rows: positions.map(row).collect(), of_processes: false, names: BTreeMap::new() }
    }

    /// No rows.
    pub fn none() -> Self {
        Self { rows: Vec::new(), of_processes: true, names: BTreeMap::new() }
    }

    /// A row for each process in the namespace at this `position`.
    pub fn of_processes(inventory: &Inventory, position: usize) -> Self {
        let Namespace { kind, inode, .. } = inventory.namespaces[position];
        let row = |pid| Row { namespace: position, process: Some(pid), details: Rc::default() };
        Self { rows: inventory.members(kind, inode).map(row).collect(), of_processes: true, names: BTreeMap::new() }
    }

    /// Reads what is `wanted` of the processes that are shown, as far as it can be read. A process that is gone, or is in
    /// another namespace by now, leaves its row to the next one, or the row goes.
    ///
    /// # Errors
    /// [`Doing::Opening`], where something is missing that all processes need to be read.
    pub fn read(&mut self, proc: &Proc, inventory: &mut Inventory, wanted: Wanted) -> Result<()> {
        if wanted.is_none() {
            return Ok(());
        }
        log::info!("reading what is shown of the processes of {} rows", self.rows.len());
        let mut unread: Vec<usize> = (0..self.rows.len()).collect();
        while !unread.is_empty() {
            // Rows of one process together, so that it is opened and read once.
            unread.sort_by_key(|row| self.rows[*row].process);
            let read = self.read_some(proc, inventory, &unread, wanted)?;
            unread.clear();
            for (row, details) in read {
                match details {
                    Some(details) => self.rows[row].details = details,
                    None => {
                        self.replace_process(row, inventory);
                        unread.extend(self.rows[row].process.map(|_| row));
                    }
                }
            }
        }
        let of_processes = self.of_processes;
        self.rows.retain(|row| match of_processes {
            true => row.process.is_some(),
            false => inventory.namespaces[row.namespace].is_kept(),
        });
        if wanted.user {
            self.names = accounts::names_of(&self.rows.iter().filter_map(|row| row.uid(inventory)).collect());
        }
        Ok(())
    }

    /// Reads the processes of these rows, which stand next to each other where they are the same. There are no
    /// details where the process is gone.
    fn read_some(
        &self,
        proc: &Proc,
        inventory: &Inventory,
        rows: &[usize],
        wanted: Wanted,
    ) -> Result<Vec<(usize, Option<Rc<Details>>)>> {
        let mut read = Vec::with_capacity(rows.len());
        for same in rows.chunk_by(|one, other| self.rows[*one].process == self.rows[*other].process) {
            let Some(pid) = same.first().and_then(|row| self.rows[*row].process) else { continue };
            let opened = proc.process(pid).and_then(|process| Ok((read_details(&process, wanted)?, process)));
            let process = proc::as_far_as_readable(opened);
            let process = process.doing(|| Doing::Opening { path: format!("/proc/{pid}").into() })?;
            for row in same {
                let namespace = &inventory.namespaces[self.rows[*row].namespace];
                let details = match &process {
                    Some((details, process)) => details_in(namespace, process, details).doing(|| Doing::Opening {
                        path: format!("/proc/{pid}/ns/{}", namespace.kind.link()).into(),
                    })?,
                    None => None,
                };
                read.push((*row, details));
            }
        }
        Ok(read)
    }

    fn replace_process(&mut self, row: usize, inventory: &mut Inventory) {
        let row = &mut self.rows[row];
        row.process = None;
        if !self.of_processes {
            inventory.lose_lowest(row.namespace);
            row.process = inventory.namespaces[row.namespace].lowest;
        }
    }

    /// The name of a user, or the number of one who has none.
    pub fn user(&self, uid: u32) -> OsString {
        self.names.get(&uid).cloned().unwrap_or_else(|| uid.to_string().into())
    }
}

impl Row {
    /// Whose the process is. Of a user namespace without one, who made it; of any other without one, root.
    pub fn uid(&self, inventory: &Inventory) -> Option<u32> {
        match self.process {
            Some(_) => self.details.uid,
            None => Some(inventory.namespaces[self.namespace].kin.and_then(|kin| kin.owner_uid).unwrap_or(0)),
        }
    }
}

/// What was read of `process`, if it is in `namespace`; that it was in it then, too, is sure.
fn details_in(
    namespace: &Namespace,
    process: &ProcessDirectory,
    details: &Rc<Details>,
) -> nix::Result<Option<Rc<Details>>> {
    match process.namespace_inode(namespace.kind) {
        Ok(inode) => Ok((inode == namespace.inode).then(|| Rc::clone(details))),
        // It might be another one by now, so nothing of it is shown. The kernel says EACCES of one who is gone, too.
        Err(Errno::EACCES | Errno::EPERM) => Ok((!is_gone(process)).then(Rc::default)),
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn is_gone(process: &ProcessDirectory) -> bool {
    matches!(process.parent(), Err(Errno::ENOENT | Errno::ESRCH))
}

fn read_details(process: &ProcessDirectory, wanted: Wanted) -> nix::Result<Rc<Details>> {
    Ok(Rc::new(Details {
        command: read_if(wanted.command, || process.command())?,
        parent: read_if(wanted.parent, || process.parent())?,
        uid: read_if(wanted.uid || wanted.user, || process.uid())?,
        inner_pid: read_if(wanted.inner_pid, || process.numbers())?.and_then(|numbers| numbers.last().copied()),
        cgroups: read_if(wanted.cgroups, || process.cgroups())?,
        uid_map: read_if(wanted.uid_map, || process.uid_map())?,
    }))
}

fn read_if<T>(wanted: bool, read: impl FnOnce() -> nix::Result<T>) -> nix::Result<Option<T>> {
    if wanted { proc::as_far_as_readable(read()) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::{Child, Command};

    use nscore::Kind;

    use super::*;
    use crate::inventory::Scope;
    use crate::sources::ancestors::Questions;
    use crate::sources::processes::Search;

    const ALL: Wanted =
        Wanted { command: true, parent: true, uid: true, user: true, inner_pid: true, cgroups: true, uid_map: true };

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").spawn().unwrap()
    }

    fn end(mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn take(proc: &Proc) -> Inventory {
        let search =
            Search { kinds: Kind::all().collect(), held: false, threads: false, questions: Questions::default() };
        Inventory::take(proc, Scope { search, mounted: false, places: false, all: false, descendants: false }).unwrap()
    }

    /// Rows of the processes in this process's time namespace, which `ended` has left before they are read.
    fn rows_without(ended: Child, proc: &Proc, inventory: &mut Inventory) -> Rows {
        let own = proc.process(std::process::id()).unwrap().namespace_inode(Kind::Time).unwrap();
        let mut rows = Rows::of_processes(inventory, inventory.position(own).unwrap());
        end(ended);
        rows.read(proc, inventory, ALL).unwrap();
        rows
    }

    #[test]
    fn a_process_that_is_gone_has_no_row() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let (ending, staying) = (sleeper(), sleeper());
        let (gone, stays) = (ending.id(), staying.id());
        let mut inventory = take(&proc);
        let rows = rows_without(ending, &proc, &mut inventory);
        let row = |pid| rows.rows.iter().find(|row| row.process == Some(pid));
        assert!(row(gone).is_none());
        let details = &row(stays).unwrap().details;
        assert_eq!(details.command.as_deref(), Some(&b"sleep 60"[..]));
        assert_eq!(details.parent, Some(std::process::id()));
        assert_eq!(details.uid, Some(nix::unistd::geteuid().as_raw()));
        end(staying);
    }

    #[test]
    fn a_process_in_another_namespace_by_now_does_not_stand_for_this_one() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let child = sleeper();
        let mut inventory = take(&proc);
        let position = inventory.namespaces.iter().position(|namespace| namespace.kind == Kind::Uts).unwrap();
        // As if the number had belonged to a process of this namespace.
        inventory.namespaces[position].inode = 1;
        inventory.namespaces[position].lowest = Some(child.id());
        inventory.namespaces[position].processes = 1;
        let mut rows = Rows::of_namespaces(&inventory, [position].into_iter());
        rows.read(&proc, &mut inventory, ALL).unwrap();
        assert!(rows.rows.is_empty(), "{rows:?}");
        end(child);
    }
}
