//! The way through a table's lines, each followed by those below it, and the branches that are drawn there.

use super::{Charset, Table};

/// A step of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// To the line of that number.
    Down(usize),
    /// Back to it, all lines below it being done. There is no way back where there are none.
    Up(usize),
}

/// The lines below one line.
struct Level<'a> {
    lines: &'a [usize],
    /// How many of them were visited.
    visited: usize,
}

impl Level<'_> {
    fn goes_on(&self) -> bool {
        self.visited < self.lines.len()
    }

    fn current(&self) -> Option<usize> {
        self.lines.get(self.visited.checked_sub(1)?).copied()
    }
}

/// The way. It takes no recursion: whoever starts processes decides how deep a tree is.
pub(super) struct Walk<'a> {
    table: &'a Table,
    /// From the top to the lines among which the way is.
    levels: Vec<Level<'a>>,
    /// The lines below the one just come to, if there it goes on.
    below: Option<&'a [usize]>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self { table, levels: Vec::new(), below: Some(&table.roots) }
    }

    /// How many lines are above the line that was come to.
    pub(super) fn depth(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// How many columns the branches take that lead to the line.
    pub(super) fn branches(&self) -> usize {
        2 * self.depth()
    }

    /// Whether the line has another one beside it, further down.
    pub(super) fn goes_on(&self) -> bool {
        self.levels.last().is_some_and(Level::goes_on)
    }

    /// Whether the line is the first of its kind.
    pub(super) fn is_first(&self) -> bool {
        self.levels.last().is_some_and(|level| level.visited == 1)
    }

    /// Whether the line has others below it.
    pub(super) fn has_below(&self) -> bool {
        self.below.is_some()
    }

    /// Appends the branches that lead to the line, as far as there is `room`; gives the columns that they take.
    pub(super) fn append_branches(&self, line: &mut Vec<u8>, pens: &Pens, room: usize) -> usize {
        let levels = self.levels.get(1..).unwrap_or_default();
        let shown = levels.len().min(room.div_ceil(2));
        let mut left = room;
        for (place, level) in levels[..shown].iter().enumerate() {
            let pen = match (place + 1 == levels.len(), level.goes_on()) {
                (true, true) => &pens.branch,
                (true, false) => &pens.last,
                (false, true) => &pens.past,
                (false, false) => &pens.none,
            };
            for column in pen.iter().take(left) {
                line.extend_from_slice(column.as_bytes());
            }
            left = left.saturating_sub(pen.len());
        }
        room - left
    }

    /// Appends the branches that go past the second and later rows of the line's cells; gives their columns.
    pub(super) fn append_passing(&self, line: &mut Vec<u8>, pens: &Pens) -> usize {
        let levels = self.levels.get(1..).unwrap_or_default();
        let past = levels.iter().map(Level::goes_on).chain(self.has_below().then_some(true));
        let mut columns = 0;
        for goes_on in past {
            let pen = if goes_on { &pens.past } else { &pens.none };
            pen.iter().for_each(|column| line.extend_from_slice(column.as_bytes()));
            columns += pen.len();
        }
        columns
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if let Some(lines) = self.below.take() {
            self.levels.push(Level { lines, visited: 0 });
        }
        let level = self.levels.last_mut()?;
        if level.goes_on() {
            level.visited += 1;
            let line = level.current()?;
            self.below = Some(self.table.lines[line].children.as_slice()).filter(|lines| !lines.is_empty());
            return Some(Step::Down(line));
        }
        self.levels.pop();
        self.levels.last()?.current().map(Step::Up)
    }
}

/// What a tree is drawn with, each two columns wide.
pub(super) struct Pens {
    /// To a line with others beside it, further down.
    branch: [&'static str; 2],
    /// To the last line.
    last: [&'static str; 2],
    /// Past a line.
    past: [&'static str; 2],
    /// Where nothing is left to lead to.
    none: [&'static str; 2],
}

impl Pens {
    pub(super) fn of(charset: Charset) -> Self {
        match charset {
            Charset::Utf8(_) => {
                Self { branch: ["├", "─"], last: ["└", "─"], past: ["│", " "], none: [" ", " "] }
            }
            Charset::Other => Self { branch: ["|", "-"], last: ["`", "-"], past: ["|", " "], none: [" ", " "] },
        }
    }
}
