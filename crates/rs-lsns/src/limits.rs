//! How many namespaces there may be, beside how many there are.

use nix::errno::Errno;

use nscore::error::While;
use nscore::kind::Kinds;
use nscore::proc::Proc;
use nscore::{Doing, Kind, Result};

use crate::inventory::Inventory;
use crate::rows::Rows;
use crate::table::{Cell, Column, Table};

/// A row for each of these kinds: the limit, how many of the rows are of it, and the user namespace whose limit it is.
///
/// The limit is one for each user there; what is made in a user namespace also counts for who made that one, see
/// namespaces(7). So the rows can be more than the limit allows one user.
///
/// # Errors
/// [`Doing::ReadingLimit`].
pub fn table(proc: &Proc, inventory: &Inventory, rows: &Rows, kinds: Kinds) -> Result<Table> {
    let own = proc.own_namespace_inode(Kind::User).doing(|| Doing::ReadingLimit { kind: Kind::User })?;
    let row = |kind: Kind| {
        let limit = match proc.limit(kind) {
            // This kernel has no such kind.
            Err(Errno::ENOENT) => None,
            read => Some(read.doing(|| Doing::ReadingLimit { kind })?),
        };
        let used = rows.rows.iter().filter(|row| inventory.namespaces[row.namespace].kind == kind).count();
        let kind_of = Cell::Text(kind.link().into());
        Ok(vec![kind_of, Cell::number(limit), Cell::number(Some(used)), Cell::number(Some(own))])
    };
    let numbers = ["LIMIT", "USED", "USERNS"].map(Column::of_numbers);
    let columns = [Column::of_texts("TYPE")].into_iter().chain(numbers).collect();
    Ok(Table::flat("limits", columns, kinds.iter().map(row).collect::<Result<Vec<_>>>()?.into_iter()))
}
