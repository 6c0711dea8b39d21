//! Doing what the plan says: looking, choosing rows, drawing the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

use nscore::child::Ending;
use nscore::error::While;
use nscore::proc::Proc;
use nscore::program::Reporter;
use nscore::{Doing, Error, Kind, Result, report, shortage};

use crate::cells::cell;
use crate::columns::Column;
use crate::inventory::{Inventory, Namespace, Scope};
use crate::plan::{Listing, Plan, Subject, tree_column};
use crate::rows::{Row, Rows};
use crate::sources::ancestors::Questions;
use crate::sources::processes::Search;
use crate::table::{self, Alignment, Cell, Format, JsonType, Layout, Line, Table};
use crate::tree::{self, Relation, Tree};
use crate::{dot, limits, pidmap};

/// Carries out `plan`: writes to stdout what it asks for. Then says what is missing, if somebody sits at a terminal or
/// `verbose` is set.
///
/// # Errors
/// The first step that failed.
pub fn run(plan: Plan, reporter: &Reporter, verbose: bool) -> Result<Ending> {
    let list = |listing: &Listing| find_and_read(&open_proc()?, listing);
    // What is shown is whole.
    let print = |table: &Table, layout: &Layout| shortage::check(Path::new(PROC)).and_then(|()| print(table, layout));
    let found = match plan {
        Plan::ExplainColumns(layout, all) => print(&explain_columns(all), &layout).map(|()| None)?,
        Plan::MapPid(pid, layout) => print(&pidmap::table(&open_proc()?, pid)?, &layout).map(|()| None)?,
        Plan::List(listing) => {
            let (inventory, rows) = list(&listing)?;
            print(&table(&listing, &inventory, &rows), &listing.layout)?;
            (!matches!(listing.subject, Subject::OfTask(_))).then_some(inventory)
        }
        Plan::Draw(listing) => {
            let (inventory, rows) = list(&listing)?;
            shortage::check(Path::new(PROC))?;
            report::to_stdout(&dot::graph(&inventory, &rows, listing.layout.charset))?;
            Some(inventory)
        }
        Plan::Limit(listing, kinds) => {
            let (inventory, rows) = list(&listing)?;
            print(&limits::table(&open_proc()?, &inventory, &rows, kinds)?, &listing.layout)?;
            Some(inventory)
        }
    };
    reporter.note_also(verbose, || missing(&found?));
    Ok(Ending::Exit(0))
}

fn print(table: &Table, layout: &Layout) -> Result<()> {
    report::stream_to_stdout(|stdout| table::print_to(table, layout, stdout))
}

/// What could not be read, in words.
fn missing(inventory: &Inventory) -> Option<String> {
    let number = |count: usize, one: &str, several: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {several}")),
    };
    let processes = number(inventory.unreadable, "process", "processes");
    let mounts = number(inventory.closed, "mount namespace", "mount namespaces");
    let what: Vec<_> = processes.into_iter().chain(mounts).collect();
    let advice = if geteuid().is_root() { "" } else { ": run as root for the whole list" };
    (!what.is_empty()).then(|| format!("{} could not be read{advice}", what.join(" and ")))
}

/// Looks for what there is to list, and reads what is shown of it.
fn find_and_read(proc: &Proc, listing: &Listing) -> Result<(Inventory, Rows)> {
    let (mut inventory, mut rows) = find(proc, listing)?;
    if !listing.filter_wants_details {
        // Nothing is read of processes that are not shown.
        apply_filter(listing, &inventory, &mut rows)?;
    }
    // Rows may come to be of other processes here, so the filter has the last word.
    rows.read(proc, &mut inventory, listing.wanted)?;
    apply_filter(listing, &inventory, &mut rows)?;
    Ok((inventory, rows))
}

const PROC: &str = "/proc";

/// /proc, where this process is to be found in it.
fn open_proc() -> Result<Proc> {
    let unreadable = |errno| Error { doing: Doing::ParsingMountinfo, errno };
    let proc = Proc::open(Path::new(PROC)).map_err(|error| unreadable(error.errno))?;
    let own = proc.own_pid().map_err(|errno| unreadable(Some(errno)))?;
    own.map(|_| proc).ok_or_else(|| unreadable(Some(Errno::ENOENT)))
}

/// Looks through /proc, and chooses the rows.
fn find(proc: &Proc, listing: &Listing) -> Result<(Inventory, Rows)> {
    let mut inventory = Inventory::take(proc, listing.scope)?;
    let rows = match listing.subject {
        Subject::Namespaces { persistent } => {
            inventory.ask(proc, 0..inventory.namespaces.len())?;
            rows_of_namespaces(listing, &mut inventory, |namespace| !persistent || namespace.processes == 0)
        }
        Subject::OfTask(pid) => {
            let task = inventory.namespaces_of(pid);
            let is_its = |namespace: &Namespace| task.inode(namespace.kind) == Some(namespace.inode);
            let all = inventory.namespaces.iter().enumerate();
            let asked = all.filter(|(_, namespace)| listing.is_of_relatives() || is_its(namespace));
            let asked: Vec<_> = asked.map(|(position, _)| position).collect();
            inventory.ask(proc, asked)?;
            rows_of_namespaces(listing, &mut inventory, is_its)
        }
        Subject::ProcessesIn(inode) => match inventory.position(inode) {
            Some(position) => {
                inventory.ask(proc, [position])?;
                Rows::of_processes(&inventory, position)
            }
            None => {
                check_existence(proc, listing, inode)?;
                Rows::none()
            }
        },
    };
    Ok((inventory, rows))
}

/// The rows of those namespaces that `is_chosen` says, and in a tree of those above them.
fn rows_of_namespaces(listing: &Listing, inventory: &mut Inventory, is_chosen: impl Fn(&Namespace) -> bool) -> Rows {
    if listing.is_of_relatives() {
        inventory.add_everything_above();
    }
    let namespaces = &inventory.namespaces;
    let chosen = (0..namespaces.len()).filter(|position| {
        let namespace = &namespaces[*position];
        namespace.is_kept() && listing.shown.contains(namespace.kind) && is_chosen(namespace)
    });
    let is_shown = |position: &usize| listing.shown.contains(namespaces[*position].kind);
    let preceding =
        |position: usize| inventory.position(listing.preceding(inventory.namespaces[position].kin?)?).filter(is_shown);
    Rows::of_namespaces(inventory, tree::behind_what_precedes(chosen, preceding))
}

/// There is no process in the namespace with this inode; whether there is such a namespace takes another look.
fn check_existence(proc: &Proc, listing: &Listing, inode: u64) -> Result<()> {
    shortage::check(Path::new(PROC))?;
    if listing.scope.all {
        // That was the look.
        return Err(Error::new(Doing::FindingNamespace { inode }));
    }
    let search = Search { held: true, questions: Questions::default(), ..listing.scope.search };
    let everywhere = Scope { search, mounted: true, places: false, all: false, descendants: false };
    let inventory = Inventory::take(proc, everywhere)?;
    shortage::check(Path::new(PROC))?;
    inventory.position(inode).map(drop).ok_or_else(|| Error::new(Doing::FindingNamespace { inode }))
}

fn apply_filter(listing: &Listing, inventory: &Inventory, rows: &mut Rows) -> Result<()> {
    let Some(filter) = &listing.filter else { return Ok(()) };
    let mut kept = Vec::new();
    for row in std::mem::take(&mut rows.rows) {
        let matched =
            filter.matches(|column| text(cell(inventory, rows, &row, column, listing.scope.all), &listing.layout));
        if matched.doing(|| Doing::ApplyingFilter)? {
            kept.push(row);
        }
    }
    rows.rows = kept;
    Ok(())
}

/// What a filter sees of a cell: of several lines what stands in the table, or would if JSON had lines.
fn text(cell: Cell, layout: &Layout) -> Option<Cow<'static, [u8]>> {
    let between = if layout.wrap && layout.format != Format::Raw { b'\n' } else { b',' };
    match cell {
        Cell::Empty => None,
        Cell::Text(text) => Some(text.into()),
        Cell::Lines(lines) => (!lines.is_empty()).then(|| lines.join(&between).into()),
        Cell::Words(words) => Some(words.join(&b',').into()),
    }
}

fn table(listing: &Listing, inventory: &Inventory, rows: &Rows) -> Table {
    let drawn_in = listing.tree.map(tree_column);
    let drawn = drawn_in.is_some_and(|column| listing.columns.contains(&column));
    let tree = tree(listing, drawn, inventory, rows);
    let column = |column: &Column| {
        let layout = column.layout(listing.scope.all);
        table::Column { tree: Some(*column) == drawn_in, truncated: layout.truncated && listing.truncate, ..layout }
    };
    let line = |(row, children): (&Row, _)| {
        let all = listing.scope.all;
        let cells = listing.columns.iter().map(|column| cell(inventory, rows, row, *column, all)).collect();
        let kind = inventory.namespaces[row.namespace].kind;
        Line { cells, children, colour: listing.coloured.then(|| colour(kind)) }
    };
    Table {
        name: "namespaces",
        columns: listing.columns.iter().map(column).collect(),
        lines: rows.rows.iter().zip(tree.children).map(line).collect(),
        roots: tree.roots,
        beside: listing.scope.all.then_some(("unreadable", inventory.unreadable + inventory.closed)),
    }
}

/// The colour of a kind, see console_codes(4).
fn colour(kind: Kind) -> u8 {
    match kind {
        Kind::User => 33,
        Kind::Pid => 31,
        Kind::Mount => 34,
        Kind::Net => 32,
        Kind::Ipc => 36,
        Kind::Uts => 35,
        Kind::Cgroup => 94,
        Kind::Time => 96,
    }
}

fn tree(listing: &Listing, drawn: bool, inventory: &Inventory, rows: &Rows) -> Tree {
    let rows = &rows.rows;
    if listing.tree == Some(Relation::Process) && drawn {
        return Tree::of_processes(&rows.iter().map(|row| (row.process, row.details.parent)).collect::<Vec<_>>());
    }
    if !listing.is_of_relatives() || !drawn {
        return Tree::flat(rows.len());
    }
    let places: HashMap<usize, usize> = rows.iter().enumerate().map(|(place, row)| (row.namespace, place)).collect();
    let above = |row: &Row| {
        let above = listing.above(inventory.namespaces[row.namespace].kin?)?;
        places.get(&inventory.position(above)?).copied()
    };
    Tree::of_relatives(&rows.iter().map(above).collect::<Vec<_>>())
}

/// The table of all columns, what they are and what they show.
fn explain_columns(all: bool) -> Table {
    let columns = [("HOLDER", Alignment::Right), ("TYPE", Alignment::Left), ("DESCRIPTION", Alignment::Left)];
    let column = |(name, alignment)| table::Column {
        name,
        alignment,
        json: JsonType::String,
        hint: 0,
        truncated: false,
        tree: false,
        coloured: false,
    };
    let line = |column: Column| {
        let cells = [column.name(), column.type_name(), column.help()];
        cells.map(|text| Cell::Text(text.into())).into()
    };
    Table::flat("lsns-columns", columns.map(column).into(), Column::all(all).map(line))
}
