//! What a process is called in each pid namespace in which it has a number.

use nscore::error::While;
use nscore::handle::Handle;
use nscore::proc::{self, Proc, ProcessDirectory};
use nscore::{Doing, Kind, Result};

use crate::table::{Cell, Column, Table};

/// A row for each pid namespace, from this process's down to the one that the process `pid` is in.
///
/// # Errors
/// [`Doing::FindingProcess`].
pub fn table(proc: &Proc, pid: u32) -> Result<Table> {
    let process = proc.process(pid).doing(|| Doing::FindingProcess { pid })?;
    let numbers = process.numbers().doing(|| Doing::FindingProcess { pid })?;
    let mut inodes = namespaces_up_from(&process, numbers.len()).doing(|| Doing::FindingProcess { pid })?;
    // Those that cannot be seen are further out.
    inodes.resize(numbers.len(), None);
    let rows = inodes.into_iter().rev().zip(numbers);
    let columns = ["NS", "PID"].map(Column::of_numbers).into();
    let cells = |(inode, number)| vec![Cell::number(inode), Cell::number(Some(number))];
    Ok(Table::flat("pid-map", columns, rows.map(cells)))
}

/// The inode of the pid namespace that the process is in, that of its parent, and so on, as far as they can be asked.
fn namespaces_up_from(process: &ProcessDirectory, most: usize) -> nix::Result<Vec<Option<u64>>> {
    let parent = |namespace: &Handle| namespace.parent().ok();
    let up = std::iter::successors(proc::as_far_as_readable(process.namespace(Kind::Pid))?, parent);
    Ok(up.take(most).map(|namespace| namespace.inode().ok()).collect())
}
