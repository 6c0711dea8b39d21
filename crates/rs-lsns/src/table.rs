//! A table: columns, lines that may form trees, and how both become text.

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Columns one below the other, with blanks between.
    List,
    /// A single blank between cells, everything odd escaped.
    Raw,
    /// An object of JSON.
    Json,
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
    /// On a terminal that has room: at least so many columns wide.
    pub hint: usize,
    /// Whether it is cut where a terminal's line ends.
    pub truncated: bool,
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing: `null` in JSON.
    #[default]
    Empty,
    /// A line of any bytes.
    Text(Vec<u8>),
    /// Several, one below the other in a list that wraps, else joined by `,`.
    Lines(Vec<Vec<u8>>),
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// The numbers of the lines below this one, in their order.
    pub children: Vec<usize>,
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
    /// The column in which the tree is drawn; without one the lines have no children.
    pub tree: Option<usize>,
}
