//! What a row shows in a column.

use nscore::Kind;
use std::os::unix::ffi::OsStringExt;

use crate::columns::Column;
use crate::inventory::{Inventory, Kin};
use crate::rows::{Row, Rows};
use crate::table::Cell;

/// What `row` shows in `column`.
pub fn cell(inventory: &Inventory, rows: &Rows, row: &Row, column: Column) -> Cell {
    let namespace = &inventory.namespaces[row.namespace];
    let kin = namespace.kin.unwrap_or_default();
    match column {
        Column::Ns => number(Some(namespace.inode)),
        Column::Type => Cell::Text(namespace.kind.link().into()),
        Column::Path => row.process.map_or(Cell::Empty, |pid| path(pid, namespace.kind)),
        Column::Nprocs => number(Some(namespace.processes)),
        Column::Pid => number(row.process),
        Column::Ppid => number(row.details.parent),
        Column::Command => row.details.command.clone().map_or(Cell::Empty, Cell::Text),
        Column::Uid => number(row.uid(inventory)),
        Column::User => row.uid(inventory).map_or(Cell::Empty, |uid| Cell::Text(rows.user(uid).into_vec())),
        Column::Netnsid if namespace.kind == Kind::Net => Cell::Text(netnsid(kin)),
        Column::Netnsid => Cell::Empty,
        Column::Nsfs if namespace.places.is_empty() => Cell::Empty,
        Column::Nsfs => Cell::Lines(namespace.places.clone()),
        Column::Pns => number(Some(kin.parent.unwrap_or(0))),
        Column::Ons => number(Some(kin.owner.unwrap_or(0))),
    }
}

fn number(value: Option<impl ToString>) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Text(value.to_string().into_bytes()))
}

fn path(pid: u32, kind: Kind) -> Cell {
    Cell::Text(format!("/proc/{pid}/ns/{}", kind.link()).into_bytes())
}

fn netnsid(kin: Kin) -> Vec<u8> {
    kin.netnsid.map_or_else(|| b"unassigned".to_vec(), |number| number.to_string().into_bytes())
}
