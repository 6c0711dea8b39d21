//! A table for people: columns one below the other, a blank between them.

use std::borrow::Cow;
use std::io::{self, Write};

use super::tree::{Pens, Step, Walk};
use super::{Alignment, Cell, Column, Layout, Line, Table, escape, width};

/// Prints `table`. Without lines there are no headings either.
pub(super) fn print(table: &Table, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    let list = List { table, layout, widths: width::of_columns(table, layout), pens: Pens::of(layout.charset) };
    let mut text = Vec::new();
    if layout.headings && !table.roots.is_empty() {
        list.headings(&mut text);
    }
    let mut walk = Walk::new(table);
    while let Some(step) = walk.next() {
        if let Step::Down(line) = step {
            list.line(&walk, &table.lines[line], &mut text);
            out.write_all(&text)?;
            text.clear();
        }
    }
    Ok(())
}

struct List<'a> {
    table: &'a Table,
    layout: &'a Layout,
    widths: Vec<usize>,
    pens: Pens,
}

impl List<'_> {
    fn headings(&self, text: &mut Vec<u8>) {
        for (place, column) in self.table.columns.iter().enumerate() {
            let heading = column.name.as_bytes();
            self.cell(text, place, |cell, room| escape::append(cell, heading, self.layout.charset, room));
        }
        text.push(b'\n');
    }

    /// All rows of a line: more than one where a cell has several and the list wraps.
    fn line(&self, walk: &Walk, Line { cells, colour, .. }: &Line, text: &mut Vec<u8>) {
        let several = |cell: &Cell| matches!(cell, Cell::Lines(_)) && self.layout.wrap;
        if !cells.iter().any(several) {
            let row: Vec<_> = cells.iter().map(|cell| Some(cell.joined())).collect();
            return self.row(walk, true, *colour, &row, text);
        }
        let mut rows: Vec<_> = cells.iter().map(Cell::rows).collect();
        let mut next = || rows.iter_mut().map(Iterator::next).collect::<Vec<_>>();
        self.row(walk, true, *colour, &next(), text);
        loop {
            let row = next();
            if row.iter().all(Option::is_none) {
                return;
            }
            self.row(walk, false, *colour, &row, text);
        }
    }

    /// A row; a cell that has no more of them is blank, save for the branches of a tree that go past it.
    fn row(&self, walk: &Walk, first: bool, colour: Option<u8>, row: &[Option<Cow<[u8]>>], text: &mut Vec<u8>) {
        for (place, cell) in row.iter().enumerate() {
            let bytes = cell.as_deref().unwrap_or_default();
            if !first && cell.is_some() && bytes.is_empty() {
                // What util-linux does: only a path with an empty line in it leads here.
                break;
            }
            let Column { tree: draws, coloured, .. } = self.table.columns[place];
            let colour = colour.filter(|_| coloured && !bytes.is_empty());
            self.cell(text, place, |line, room| {
                let branches = match first {
                    true if draws => walk.append_branches(line, &self.pens, room),
                    false if draws => walk.append_passing(line, &self.pens),
                    _ => 0,
                };
                if draws && first && branches < walk.branches() {
                    return branches;
                }
                let room = room.saturating_sub(branches);
                let start = line.len();
                colour.iter().for_each(|colour| line.extend(format!("\x1b[{colour}m").bytes()));
                let columns = escape::append(line, bytes, self.layout.charset, room);
                colour.iter().for_each(|_| line.extend_from_slice(b"\x1b[0m"));
                if branches + columns == 0 && escape::columns(bytes, self.layout.charset) == 0 {
                    // There is nothing to stand on for characters that take no column.
                    line.truncate(start);
                }
                branches + columns
            });
        }
        text.push(b'\n');
    }

    /// Appends a cell, which `write` writes into the room, in columns, that it is given; then what separates it.
    fn cell(&self, text: &mut Vec<u8>, place: usize, write: impl FnOnce(&mut Vec<u8>, usize) -> usize) {
        let column = &self.table.columns[place];
        let width = self.widths[place];
        let is_last = place + 1 == self.table.columns.len();
        let start = text.len();
        let room = if column.truncated && self.layout.terminal.is_some() { width } else { usize::MAX };
        let columns = write(text, room);
        let padding = width.saturating_sub(columns);
        match column.alignment {
            Alignment::Right if !column.tree && (columns > 0 || !is_last) => {
                text.resize(text.len() + padding, b' ');
                text[start..].rotate_right(padding);
            }
            _ if !is_last => text.resize(text.len() + padding, b' '),
            _ => {}
        }
        if !is_last {
            text.push(b' ');
        }
    }
}
