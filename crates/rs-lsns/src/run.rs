//! Doing what the plan says: looking, choosing rows, drawing the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use nix::errno::Errno;

use nscore::child::Ending;
use nscore::error::While;
use nscore::proc::Proc;
use nscore::{Doing, Error, Result, report};

use crate::cells::cell;
use crate::columns::Column;
use crate::inventory::{Inventory, Namespace, Scope};
use crate::plan::{Listing, Plan, Subject, tree_column};
use crate::rows::{Row, Rows};
use crate::sources::ancestors::Questions;
use crate::sources::processes::Search;
use crate::table::{self, Alignment, Cell, Format, JsonType, Layout, Line, Table};
use crate::tree::{self, Relation, Tree};

/// Carries out `plan`: writes the table to stdout.
///
/// # Errors
/// The first step that failed.
pub fn run(plan: Plan) -> Result<Ending> {
    let (table, layout) = match plan {
        Plan::ExplainColumns(layout) => (explain_columns(), layout),
        Plan::List(listing) => (list(&listing)?, listing.layout),
    };
    report::stream_to_stdout(|stdout| table::print_to(&table, &layout, stdout))?;
    Ok(Ending::Exit(0))
}

/// What there is to list.
fn list(listing: &Listing) -> Result<Table> {
    let proc = open_proc()?;
    let (mut inventory, mut rows) = find(&proc, listing)?;
    if !listing.filter_wants_details {
        // Nothing is read of processes that are not shown.
        apply_filter(listing, &inventory, &mut rows)?;
    }
    // Rows may come to be of other processes here, so the filter has the last word.
    rows.read(&proc, &mut inventory, listing.wanted)?;
    apply_filter(listing, &inventory, &mut rows)?;
    Ok(table(listing, &inventory, &rows))
}

/// /proc, where this process is to be found in it.
fn open_proc() -> Result<Proc> {
    let unreadable = |errno| Error { doing: Doing::ParsingMountinfo, errno };
    let proc = Proc::open(Path::new("/proc")).map_err(|error| unreadable(error.errno))?;
    proc.own_pid().map(|_| proc).ok_or_else(|| unreadable(Some(Errno::ENOENT)))
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
        namespace.is_kept() && is_chosen(namespace)
    });
    let preceding = |position: usize| inventory.position(listing.preceding(inventory.namespaces[position].kin?)?);
    Rows::of_namespaces(inventory, tree::behind_what_precedes(chosen, preceding))
}

/// There is no process in the namespace with this inode; whether there is such a namespace takes another look.
fn check_existence(proc: &Proc, listing: &Listing, inode: u64) -> Result<()> {
    let everywhere = Scope {
        search: Search { held: true, questions: Questions::default(), ..listing.scope.search },
        mounted: true,
        places: false,
    };
    let inventory = Inventory::take(proc, everywhere)?;
    inventory.position(inode).map(drop).ok_or_else(|| Error::new(Doing::FindingNamespace { inode }))
}

fn apply_filter(listing: &Listing, inventory: &Inventory, rows: &mut Rows) -> Result<()> {
    let Some(filter) = &listing.filter else { return Ok(()) };
    let mut kept = Vec::new();
    for row in std::mem::take(&mut rows.rows) {
        let matched = filter.matches(|column| text(cell(inventory, rows, &row, column), &listing.layout));
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
        Cell::Lines(lines) => Some(lines.join(&between).into()),
    }
}

fn table(listing: &Listing, inventory: &Inventory, rows: &Rows) -> Table {
    let drawn_in = listing.tree.map(tree_column);
    let drawn = drawn_in.is_some_and(|column| listing.columns.contains(&column));
    let tree = tree(listing, drawn, inventory, rows);
    let column = |column: &Column| {
        let layout = column.layout();
        table::Column { tree: Some(*column) == drawn_in, truncated: layout.truncated && listing.truncate, ..layout }
    };
    let line = |(row, children)| {
        let cells = listing.columns.iter().map(|column| cell(inventory, rows, row, *column)).collect();
        Line { cells, children }
    };
    Table {
        name: "namespaces",
        columns: listing.columns.iter().map(column).collect(),
        lines: rows.rows.iter().zip(tree.children).map(line).collect(),
        roots: tree.roots,
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
fn explain_columns() -> Table {
    let columns = [("HOLDER", Alignment::Right), ("TYPE", Alignment::Left), ("DESCRIPTION", Alignment::Left)];
    let column = |(name, alignment)| table::Column {
        name,
        alignment,
        json: JsonType::String,
        hint: 0,
        truncated: false,
        tree: false,
    };
    let line = |column: Column| {
        let cells = [column.name(), column.type_name(), column.help()];
        Line { cells: cells.map(|text| Cell::Text(text.into())).into(), children: Vec::new() }
    };
    let lines: Vec<_> = Column::all().map(line).collect();
    let roots = (0..lines.len()).collect();
    Table { name: "lsns-columns", columns: columns.map(column).into(), lines, roots }
}
