//! Trees: which line stands below which, and in which order.

use std::collections::{HashMap, HashSet};
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

    /// Each line names the one above it, which stands before it.
    pub fn of_relatives(above: &[Option<usize>]) -> Self {
        // What does not, as in a circle, which no kernel makes, is at the top.
        let earlier = |(line, above): (usize, &Option<usize>)| (line, above.filter(|above| *above < line));
        Self::of(above.iter().enumerate().map(earlier), above.len())
    }
}

/// Puts those that are `chosen` in order: each stays in its turn, but the one that is `preceding` it comes before it, if
/// it did not come already, whether it is chosen or not.
pub fn behind_what_precedes(
    chosen: impl Iterator<Item = usize>,
    preceding: impl Fn(usize) -> Option<usize>,
) -> impl Iterator<Item = usize> {
    let mut order = Vec::new();
    let mut met = HashSet::new();
    let mut waiting = Vec::new();
    for one in chosen {
        let mut next = Some(one);
        // A circle, which no kernel makes, ends where it comes back.
        while let Some(one) = next.filter(|one| met.insert(*one)) {
            waiting.push(one);
            next = preceding(one);
        }
        order.extend(waiting.drain(..).rev());
    }
    order.into_iter()
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
    fn relatives_stand_below_those_before_them() {
        let tree = Tree::of_relatives(&[None, Some(0), Some(1), Some(0), None, Some(4)]);
        assert_eq!(tree.roots, [0, 4]);
        assert_eq!(tree.children[0], [1, 3]);
        assert_eq!(tree.children[1], [2]);
        assert_eq!(tree.children[4], [5]);
    }

    #[test]
    fn what_stands_before_comes_first_and_once() {
        let before = [Some(2), None, Some(4), Some(4), None, None];
        let order =
            |chosen: &[usize]| behind_what_precedes(chosen.iter().copied(), |one| before[one]).collect::<Vec<_>>();
        assert_eq!(order(&[0, 1, 2, 3, 4]), [4, 2, 0, 1, 3]);
        assert_eq!(order(&[1, 3]), [1, 4, 3]);
    }

    #[test]
    fn circles_lose_no_line() {
        let circle = [Some(1), Some(2), Some(0)];
        assert_eq!(behind_what_precedes(0..3, |one| circle[one]).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(Tree::of_relatives(&[Some(0), Some(2), Some(99)]).roots, [0, 1, 2]);
    }

    #[test]
    fn a_long_line_of_ancestors_is_no_danger() {
        let above = |one| Some(one + 1).filter(|above| *above < 100_000);
        assert_eq!(behind_what_precedes(0..100_000, above).next(), Some(99_999));
    }
}
