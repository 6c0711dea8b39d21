//! A table for programs that split at blanks: one between two cells, and none within.

use std::io::{self, Write};

use super::tree::{Pens, Step, Walk};
use super::{Layout, Table, escape};

/// Prints `table`. Without lines there are no headings either.
pub(super) fn print(table: &Table, layout: &Layout, out: &mut dyn Write) -> io::Result<()> {
    let pens = Pens::of(layout.charset);
    let mut text = Vec::new();
    let mut branches = Vec::new();
    if layout.headings && !table.roots.is_empty() {
        let headings: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        writeln!(out, "{}", headings.join(" "))?;
    }
    let mut walk = Walk::new(table);
    while let Some(step) = walk.next() {
        let Step::Down(line) = step else { continue };
        for (place, (column, cell)) in table.columns.iter().zip(&table.lines[line].cells).enumerate() {
            if place > 0 {
                text.push(b' ');
            }
            if column.tree {
                walk.append_branches(&mut branches, &pens, usize::MAX);
                escape::append_raw(&mut text, &branches);
                branches.clear();
            }
            escape::append_raw(&mut text, &cell.joined());
        }
        text.push(b'\n');
        out.write_all(&text)?;
        text.clear();
    }
    Ok(())
}
