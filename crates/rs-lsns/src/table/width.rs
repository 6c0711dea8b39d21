//! How wide the columns of a list are, and what gives way where a terminal is narrower.

use super::tree::{Step, Walk};
use super::{Cell, Column, Layout, Table, escape};

/// The width of each column.
pub(super) fn of_columns(table: &Table, layout: &Layout) -> Vec<usize> {
    let widest = widest_cells(table, layout);
    let least: Vec<usize> =
        table.columns.iter().zip(widest).map(|(column, widest)| least(column, widest, layout.headings)).collect();
    match layout.terminal {
        Some(terminal) => fit(table, layout, &least, terminal),
        None => least,
    }
}

/// How many columns of the screen the widest cell of each column takes.
fn widest_cells(table: &Table, layout: &Layout) -> Vec<usize> {
    let mut widest = vec![0; table.columns.len()];
    let mut walk = Walk::new(table);
    while let Some(step) = walk.next() {
        let Step::Down(line) = step else { continue };
        for ((column, widest), cell) in table.columns.iter().zip(&mut widest).zip(&table.lines[line].cells) {
            let branches = if column.tree { walk.branches() } else { 0 };
            *widest = (*widest).max(branches + of_cell(cell, layout));
        }
    }
    widest
}

fn of_cell(cell: &Cell, layout: &Layout) -> usize {
    let width = |text: &[u8]| escape::columns(text, layout.charset);
    if layout.wrap { cell.rows().map(|row| width(&row)).max().unwrap_or(0) } else { width(&cell.joined()) }
}

/// The width without a terminal: the heading's, or that of the widest cell, which then has the column's hint too.
fn least(column: &Column, widest: usize, headings: bool) -> usize {
    let heading = floor(column, headings);
    if widest > heading {
        widest.max(column.hint)
    } else if headings {
        heading
    } else {
        widest
    }
}

/// The width below which no column goes.
fn floor(column: &Column, headings: bool) -> usize {
    if headings { column.name.len() } else { 1 }
}

/// Widens the columns to their hints, then takes back what does not fit: first hints, then truncated columns.
fn fit(table: &Table, layout: &Layout, least: &[usize], terminal: usize) -> Vec<usize> {
    let mut widths: Vec<usize> =
        table.columns.iter().zip(least).map(|(column, least)| column.hint.max(*least)).collect();
    let separators = widths.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + separators).saturating_sub(terminal);
    take_back_hints(&mut widths, least, &mut over);
    let floors: Vec<usize> = table.columns.iter().map(|column| floor(column, layout.headings)).collect();
    let truncated: Vec<usize> = (0..widths.len()).rev().filter(|place| table.columns[*place].truncated).collect();
    truncate(&mut widths, &floors, &truncated, &mut over);
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

/// Narrows the columns `truncated`, one column of the screen at a time of each in their order.
fn truncate(widths: &mut [usize], floors: &[usize], truncated: &[usize], over: &mut usize) {
    let mut narrowed = true;
    while narrowed {
        narrowed = false;
        for place in truncated {
            if *over > 0 && widths[*place] > floors[*place] {
                widths[*place] -= 1;
                *over -= 1;
                narrowed = true;
            }
        }
    }
}
