//! A table: columns, lines that may form trees, and how both become text.

pub(crate) mod escape;
mod json;
mod list;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod raw;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
mod tree;
mod width;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};

/// What a table becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns one below the other, with blanks between.
    List,
    /// A single blank between cells, everything odd escaped.
    Raw,
    /// An object of JSON, or several.
    Json(JsonStyle),
}

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonStyle {
    /// A member on each line.
    Pretty,
    /// A line of the table on each line, together an object.
    Compact,
    /// A line of the table on each line, each an object.
    Lines,
}

impl JsonStyle {
    /// What LIBSMARTCOLS_JSON asks for: `compact`, `lines`; everything else is [`JsonStyle::Pretty`].
    pub fn from_environment(value: Option<&OsStr>) -> Self {
        match value.map(OsStr::as_encoded_bytes) {
            Some(b"compact") => Self::Compact,
            Some(b"lines") => Self::Lines,
            _ => Self::Pretty,
        }
    }
}

/// Which characters can be shown.
#[derive(Debug, Clone, Copy)]
pub enum Charset {
    /// Those of UTF-8 for which the function says so.
    Utf8(fn(char) -> bool),
    /// ASCII only.
    Other,
}

/// How a table is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// What it becomes.
    pub format: Format,
    /// Whether its columns have headings. JSON has none.
    pub headings: bool,
    /// Whether the lines of a [`Cell::Lines`] stand one below the other, in a list.
    pub wrap: bool,
    /// Which characters can be shown, in a list; also what its trees, and raw ones, are drawn with.
    pub charset: Charset,
    /// How many columns the terminal has, if a list is printed on one. With --notruncate no column is
    /// [`Column::truncated`], but the terminal still grants hints.
    pub terminal: Option<usize>,
}

/// On which side of a cell its text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// The left.
    Left,
    /// The right.
    Right,
}

/// What a column's cells are in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonType {
    /// A string.
    String,
    /// A number, given as its digits.
    Number,
    /// An array of strings, one for each line or word.
    Array,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The heading; in lower case the key in JSON.
    pub name: &'static str,
    /// On which side its text stands.
    pub alignment: Alignment,
    /// What its cells are in JSON.
    pub json: JsonType,
    /// How many columns it takes at least: on a terminal that has room, or where a cell is wider than the heading.
    pub hint: usize,
    /// Whether it is cut where a terminal's line ends.
    pub truncated: bool,
    /// Whether the tree is drawn in it; it is then aligned to the left. Without such a column lines have no children.
    pub tree: bool,
    /// Whether its cells have the line's colour, in a list.
    pub coloured: bool,
}

impl Column {
    /// A column of numbers, as wide as they are.
    pub fn of_numbers(name: &'static str) -> Self {
        let alignment = Alignment::Right;
        Self { name, alignment, json: JsonType::Number, hint: 0, truncated: false, tree: false, coloured: false }
    }

    /// The same of texts.
    pub fn of_texts(name: &'static str) -> Self {
        Self { alignment: Alignment::Left, json: JsonType::String, ..Self::of_numbers(name) }
    }
}

/// What a cell holds. An empty text is the same as nothing; an empty line ends its row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing: `null` in JSON.
    #[default]
    Empty,
    /// A line of any bytes.
    Text(Vec<u8>),
    /// Any number of them, one below the other in a list that wraps, else joined by `,`. A line end within one of
    /// them begins another only in such a list.
    Lines(Vec<Vec<u8>>),
    /// Any number of them, joined by `,` wherever they do not form an array.
    Words(Vec<Vec<u8>>),
}

impl Cell {
    /// A number, or nothing.
    pub fn number(value: Option<impl ToString>) -> Self {
        value.map_or(Cell::Empty, |value| Cell::Text(value.to_string().into_bytes()))
    }

    /// Its lines, split also where one has a line end in it; at least one.
    fn rows(&self) -> Box<dyn Iterator<Item = Cow<'_, [u8]>> + '_> {
        match self {
            Cell::Lines(lines) => {
                Box::new(lines.iter().flat_map(|line| line.split(|byte| *byte == b'\n')).map(Cow::Borrowed))
            }
            one => Box::new(std::iter::once(one.joined())),
        }
    }

    /// Its lines as one.
    fn joined(&self) -> Cow<'_, [u8]> {
        match self {
            Cell::Empty => Cow::Borrowed(&[]),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Lines(parts) | Cell::Words(parts) => Cow::Owned(parts.join(&b',')),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// The numbers of the lines below this one, in their order.
    pub children: Vec<usize>,
    /// Its colour, a number of "Select Graphic Rendition" in console_codes(4).
    pub colour: Option<u8>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the array is called in JSON.
    pub name: &'static str,
    /// From left to right.
    pub columns: Vec<Column>,
    /// All lines. Each occurs once among `roots` and the children of all lines.
    pub lines: Vec<Line>,
    /// The numbers of the lines at the top, in their order.
    pub roots: Vec<usize>,
    /// A number that stands beside the array in JSON, and what it is called.
    pub beside: Option<(&'static str, usize)>,
}

impl Table {
    /// One without a tree, of these rows of cells.
    pub fn flat(name: &'static str, columns: Vec<Column>, rows: impl Iterator<Item = Vec<Cell>>) -> Self {
        let lines: Vec<_> = rows.map(|cells| Line { cells, ..Line::default() }).collect();
        let roots = (0..lines.len()).collect();
        Self { name, columns, lines, roots, beside: None }
    }
}

/// The beginning of `text` as a list shows it, at most so many columns of it.
pub fn shown(text: &[u8], charset: Charset, columns: usize) -> Vec<u8> {
    let mut shown = Vec::new();
    escape::append(&mut shown, text, charset, columns);
    shown
}

/// The text of `table`.
#[cfg(any(test, fuzzing))]
fn print(table: &Table, layout: &Layout) -> Vec<u8> {
    let mut text = Vec::new();
    // A vector takes everything.
    let _ = print_to(table, layout, &mut text);
    text
}

/// Writes the text of `table` to `out`; no more of it is in memory than 64 KiB, or a line that is longer.
///
/// In a deep tree every line is as long as the tree is deep, so the whole may be more than memory has.
///
/// # Errors
/// What `out` fails with.
pub fn print_to(table: &Table, layout: &Layout, out: &mut impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    match layout.format {
        Format::List => list::print(table, layout, &mut out),
        Format::Raw => raw::print(table, layout, &mut out),
        Format::Json(style) => json::print(table, style, &mut out),
    }?;
    out.flush()
}
