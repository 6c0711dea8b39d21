//! What a row shows in a column.

use std::os::unix::ffi::OsStringExt;

use nscore::Kind;
use nscore::container::{self, Container};
use nscore::idmap::IdRange;

use crate::columns::Column;
use crate::holders::Holders;
use crate::inventory::{Inventory, Kin};
use crate::rows::{Row, Rows};
use crate::sources::elsewhere::Place;
use crate::table::Cell;

/// What `row` shows in `column`; with `all` also what util-linux does not see.
pub fn cell(inventory: &Inventory, rows: &Rows, row: &Row, column: Column, all: bool) -> Cell {
    let namespace = &inventory.namespaces[row.namespace];
    let kin = namespace.kin.unwrap_or_default();
    match column {
        Column::Ns => Cell::number(Some(namespace.inode)),
        Column::Type => Cell::Text(namespace.kind.link().into()),
        Column::Path => match (row.process, &namespace.link) {
            (Some(pid), _) => path(pid, namespace.kind),
            (None, Some(link)) if all => Cell::Text(format!("/proc/{link}").into_bytes()),
            (None, _) => Cell::Empty,
        },
        Column::Nprocs => Cell::number(Some(namespace.processes)),
        Column::Pid => Cell::number(row.process),
        Column::Ppid => Cell::number(row.details.parent),
        Column::Command => row.details.command.clone().map_or(Cell::Empty, Cell::Text),
        Column::Uid => Cell::number(row.uid(inventory)),
        Column::User => row.uid(inventory).map_or(Cell::Empty, |uid| Cell::Text(rows.user(uid).into_vec())),
        Column::Netnsid if namespace.kind == Kind::Net => Cell::Text(netnsid(kin)),
        Column::Netnsid => Cell::Empty,
        Column::Nsfs if namespace.places.is_empty() && !all => Cell::Empty,
        Column::Nsfs if namespace.places.is_empty() => Cell::Lines(namespace.elsewhere.iter().map(place).collect()),
        Column::Nsfs => Cell::Lines(namespace.places.clone()),
        Column::Pns => Cell::number(Some(kin.parent.unwrap_or(0))),
        Column::Ons => Cell::number(Some(kin.owner.unwrap_or(0))),
        Column::Nsid => Cell::number(kin.id),
        Column::HeldBy => words(namespace.held_by()),
        Column::Nthreads => Cell::number(Some(namespace.processes + namespace.threads)),
        Column::Nspid => Cell::number(row.details.inner_pid),
        Column::Container => Cell::number(row.details.cgroups.as_deref().and_then(Container::of_process)),
        Column::Cgroup => {
            let path = row.details.cgroups.as_deref().and_then(container::telling_path);
            path.map_or(Cell::Empty, |path| Cell::Text(path.to_vec()))
        }
        Column::Owner => Cell::number(inventory.owner_uid(namespace)),
        Column::UidMap if namespace.kind == Kind::User => row.details.uid_map.as_deref().map_or(Cell::Empty, uid_map),
        Column::UidMap => Cell::Empty,
    }
}

fn words(holders: Holders) -> Cell {
    let words: Vec<_> = holders.words().map(Vec::from).collect();
    if words.is_empty() { Cell::Empty } else { Cell::Words(words) }
}

/// A place that this process does not see, with the mount namespace in front: `mnt:[4026532281]/run/place`.
fn place(place: &Place) -> Vec<u8> {
    [format!("mnt:[{}]", place.within).as_bytes(), &place.path].concat()
}

/// All ranges on one line: `0:1000:1,1:100000:65536`.
fn uid_map(ranges: &[IdRange]) -> Cell {
    let ranges: Vec<_> =
        ranges.iter().map(|range| format!("{}:{}:{}", range.inner, range.outer, range.count)).collect();
    Cell::Text(ranges.join(",").into_bytes())
}

fn path(pid: u32, kind: Kind) -> Cell {
    Cell::Text(format!("/proc/{pid}/ns/{}", kind.link()).into_bytes())
}

fn netnsid(kin: Kin) -> Vec<u8> {
    kin.netnsid.map_or_else(|| b"unassigned".to_vec(), |number| number.to_string().into_bytes())
}
