//! Trees: which line stands below which, and in which order.

use std::collections::HashMap;
use std::ffi::OsStr;

/// What makes one line the child of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The user namespace that owns a namespace.
    Owner,
    /// The namespace in which a pid or user namespace was made.
    Parent,
    /// The process that started another.
    Process,
}

impl Relation {
    /// The relation of this name.
    pub fn named(name: &OsStr) -> Option<Self> {
        match name.to_str()? {
            "owner" => Some(Relation::Owner),
            "parent" => Some(Relation::Parent),
            "process" => Some(Relation::Process),
            _ => None,
        }
    }
}

/// Lines by their numbers: those at the top, and those below each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The lines at the top, in their order.
    pub roots: Vec<usize>,
    /// For each line, those below it, in their order.
    pub children: Vec<Vec<usize>>,
}

impl Tree {
    /// No tree: `count` lines one after the other.
    pub fn flat(count: usize) -> Self {
        Self { roots: (0..count).collect(), children: vec![Vec::new(); count] }
    }

    fn of(above: impl Iterator<Item = (usize, Option<usize>)>, count: usize) -> Self {
        let mut tree = Self { roots: Vec::new(), children: vec![Vec::new(); count] };
        for (line, above) in above {
            match above.and_then(|above| tree.children.get_mut(above)) {
                Some(children) => children.push(line),
                None => tree.roots.push(line),
            }
        }
        tree
    }

    /// Each line is of a process: below the last line so far that is of its parent.
    ///
    /// `lines` gives the numbers of the process and of its parent; a line may be of none.
    pub fn of_processes(lines: &[(Option<u32>, Option<u32>)]) -> Self {
        let mut latest = HashMap::new();
        let above = lines.iter().enumerate().map(|(line, (process, parent))| {
            let above = parent.and_then(|parent| latest.get(&parent).copied());
            if let Some(process) = process {
                latest.insert(*process, line);
            }
            (line, above)
        });
        Self::of(above, lines.len())
    }

    /// Each line names the one above it. That one is put in its place before it.
    pub fn of_relatives(above: &[Option<usize>]) -> Self {
        let order = relatives_in_order(above);
        let mut position = vec![0; above.len()];
        order.iter().enumerate().for_each(|(place, line)| position[*line] = place);
        let earlier = |line: usize| above[line].filter(|above| position.get(*above) < position.get(line));
        Self::of(order.iter().map(|line| (*line, earlier(*line))), above.len())
    }

    /// The lines in the order of that tree, each at the top.
    pub fn of_relatives_undrawn(above: &[Option<usize>]) -> Self {
        Self { roots: relatives_in_order(above), ..Self::flat(above.len()) }
    }
}

/// Each line in its turn, but behind those above it.
fn relatives_in_order(above: &[Option<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(above.len());
    let mut placed = vec![false; above.len()];
    let mut waiting = Vec::new();
    for line in 0..above.len() {
        let mut next = Some(line);
        // A circle, which no kernel makes, ends where it comes back.
        while let Some(line) = next.filter(|line| placed.get(*line) == Some(&false)) {
            placed[line] = true;
            waiting.push(line);
            next = above[line];
        }
        order.extend(waiting.drain(..).rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_stands_below_the_last_line_of_its_parent() {
        let line = |process, parent| (Some(process), Some(parent));
        let lines = [line(1, 0), line(1, 0), line(5, 1), line(9, 5), line(5, 1), (None, None), line(9, 5), line(3, 4)];
        let tree = Tree::of_processes(&lines);
        assert_eq!(tree.roots, [0, 1, 5, 7]);
        assert_eq!(tree.children[1], [2, 4]);
        assert_eq!(tree.children[2], [3]);
        assert_eq!(tree.children[4], [6]);
    }

    #[test]
    fn a_parent_that_comes_later_is_not_above() {
        assert_eq!(Tree::of_processes(&[(Some(7), Some(9)), (Some(9), Some(1))]).roots, [0, 1]);
        assert_eq!(Tree::of_processes(&[(Some(7), Some(7)), (Some(7), Some(7))]).children[0], [1]);
    }

    #[test]
    fn relatives_are_put_in_place_first() {
        let tree = Tree::of_relatives(&[Some(3), None, Some(3), Some(4), None, Some(1)]);
        assert_eq!(tree.roots, [4, 1]);
        assert_eq!(tree.children[3], [0, 2]);
        assert_eq!(tree.children[4], [3]);
        assert_eq!(tree.children[1], [5]);
        let undrawn = Tree::of_relatives_undrawn(&[Some(3), None, Some(3), Some(4), None, Some(1)]);
        assert_eq!(undrawn.roots, [4, 3, 0, 1, 2, 5]);
        assert!(undrawn.children.iter().all(Vec::is_empty));
    }

    #[test]
    fn circles_lose_no_line() {
        let tree = Tree::of_relatives(&[Some(1), Some(2), Some(0), Some(3), Some(99)]);
        let below: usize = tree.children.iter().map(Vec::len).sum();
        assert_eq!(tree.roots.len() + below, 5, "{tree:?}");
        assert_eq!(tree.roots.len(), 3, "{tree:?}");
    }

    #[test]
    fn a_long_line_of_ancestors_is_no_danger() {
        let above: Vec<_> = (0..100_000).map(|line| Some(line + 1).filter(|above| *above < 100_000)).collect();
        assert_eq!(Tree::of_relatives(&above).roots, [99_999]);
    }
}
