//! How many namespaces there may be, beside how many there are.

use nscore::Kind;
use nscore::kind::Kinds;
use nscore::proc::Proc;

use crate::inventory::Inventory;
use crate::rows::Rows;
use crate::table::{Cell, Column, Table};

/// A row for each of these kinds: the limit, how many of the rows are of it, and the user namespace whose limit it is.
///
/// The limit is one for each user there; what is made in a user namespace also counts for who made that one, see
/// namespaces(7). So the rows can be more than the limit allows one user.
pub fn table(proc: &Proc, inventory: &Inventory, rows: &Rows, kinds: Kinds) -> Table {
    let own = proc.own_pid().and_then(|own| proc.process(own).ok()?.namespace_inode(Kind::User).ok());
    let row = |kind: Kind| {
        let used = rows.rows.iter().filter(|row| inventory.namespaces[row.namespace].kind == kind).count();
        let kind_of = Cell::Text(kind.link().into());
        vec![kind_of, Cell::number(proc.limit(kind).ok()), Cell::number(Some(used)), Cell::number(own)]
    };
    let numbers = ["LIMIT", "USED", "USERNS"].map(Column::of_numbers);
    let columns = [Column::of_texts("TYPE")].into_iter().chain(numbers).collect();
    Table::flat("limits", columns, kinds.iter().map(row))
}
