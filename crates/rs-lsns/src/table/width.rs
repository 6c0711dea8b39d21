//! How wide the columns of a list are, and what gives way where a terminal is narrower.

use super::tree::{Step, Walk};
use super::{Cell, Column, Layout, Table, escape};

/// What a column's cells ask for, in columns of the screen.
#[derive(Default, Clone, Copy)]
struct Need {
    widest: usize,
    /// Of the cells that hold something: how many there are, the sum of their widths and of the squares.
    cells: usize,
    sum: f64,
    squares: f64,
}

impl Need {
    fn add(&mut self, width: usize) {
        self.widest = self.widest.max(width);
        self.cells += 1;
        self.sum += width as f64;
        self.squares += (width * width) as f64;
    }

    fn average(&self) -> f64 {
        self.sum / self.cells.max(1) as f64
    }

    /// The standard deviation of the widths.
    fn deviation(&self) -> f64 {
        let spread = (self.squares - self.sum * self.average()).max(0.0);
        (spread / self.cells.saturating_sub(1).max(1) as f64).sqrt()
    }
}

/// The width of each column.
pub(super) fn of_columns(table: &Table, layout: &Layout) -> Vec<usize> {
    let needs = measure(table, layout);
    let least: Vec<usize> =
        table.columns.iter().zip(&needs).map(|(column, need)| least(column, need, layout.headings)).collect();
    match layout.terminal {
        Some(terminal) => fit(table, layout, &needs, &least, terminal),
        None => least,
    }
}

fn measure(table: &Table, layout: &Layout) -> Vec<Need> {
    let mut needs = vec![Need::default(); table.columns.len()];
    let mut walk = Walk::new(table);
    while let Some(step) = walk.next() {
        let Step::Down(line) = step else { continue };
        for ((column, need), cell) in table.columns.iter().zip(&mut needs).zip(&table.lines[line].cells) {
            let branches = if column.tree { walk.branches() } else { 0 };
            if branches > 0 || *cell != Cell::Empty {
                need.add(branches + of_cell(cell, layout));
            }
        }
    }
    needs
}

fn of_cell(cell: &Cell, layout: &Layout) -> usize {
    let width = |text: &[u8]| escape::columns(text, layout.charset);
    if layout.wrap { cell.rows().map(width).max().unwrap_or(0) } else { width(&cell.joined()) }
}

/// The width without a terminal: the heading's, or that of the widest cell, which then has the column's hint too.
fn least(column: &Column, need: &Need, headings: bool) -> usize {
    let heading = floor(column, headings);
    if need.widest > heading {
        need.widest.max(column.hint)
    } else if headings {
        heading
    } else {
        need.widest
    }
}

/// The width below which no column goes.
fn floor(column: &Column, headings: bool) -> usize {
    if headings { column.name.len() } else { 1 }
}

/// Widens the columns to their hints, then takes back what does not fit: first hints, then truncated columns.
fn fit(table: &Table, layout: &Layout, needs: &[Need], least: &[usize], terminal: usize) -> Vec<usize> {
    let mut widths: Vec<usize> =
        table.columns.iter().zip(least).map(|(column, least)| column.hint.max(*least)).collect();
    let separators = widths.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + separators).saturating_sub(terminal);
    take_back_hints(&mut widths, least, &mut over);
    let floors: Vec<usize> = table.columns.iter().map(|column| floor(column, layout.headings)).collect();
    let truncated: Vec<usize> = (0..widths.len()).rev().filter(|place| table.columns[*place].truncated).collect();
    truncate(&mut widths, needs, &floors, &truncated, &mut over);
    widths
}

/// One column of the screen at a time, from what was widened most; of equals, from the first.
fn take_back_hints(widths: &mut [usize], least: &[usize], over: &mut usize) {
    while *over > 0 {
        let widest = (0..widths.len()).rev().max_by_key(|place| widths[*place] - least[*place]);
        match widest.filter(|place| widths[*place] > least[*place]) {
            Some(place) => widths[place] -= 1,
            None => return,
        }
        *over -= 1;
    }
}

/// Narrows the columns `truncated`, a column of the screen at a time, from the right to the left.
///
/// If the table's most uneven column is one of them, it gives first what few of its cells use, then thrice as much as
/// the others. That matters only where one asks for COMMAND twice.
fn truncate(widths: &mut [usize], needs: &[Need], floors: &[usize], truncated: &[usize], over: &mut usize) {
    let uneven = |a: &usize, b: &usize| {
        needs[*a].deviation().total_cmp(&needs[*b].deviation()).then(widths[*a].cmp(&widths[*b]))
    };
    let uneven = (0..widths.len()).max_by(uneven).filter(|place| truncated.contains(place));
    let mut narrow = |place: usize, widths: &mut [usize]| {
        let narrows = *over > 0 && widths[place] > floors[place];
        if narrows {
            widths[place] -= 1;
            *over -= 1;
        }
        narrows
    };
    if let Some(place) = uneven {
        let usual = needs[place].average() + needs[place].deviation();
        while widths[place] as f64 > usual && narrow(place, widths) {}
    }
    let mut narrowed = true;
    while narrowed {
        narrowed = false;
        for place in uneven.iter().chain(&uneven).chain(truncated) {
            narrowed |= narrow(*place, widths);
        }
    }
}
