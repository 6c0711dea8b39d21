//! Pid and time namespaces that the next child of a process will be in, though it is not in them itself.

use std::collections::HashMap;

use nscore::Kind;
use nscore::proc::Namespaces;

/// What children will be in, by inode: the kind, and a link to it below /proc.
#[derive(Debug, Default)]
pub struct Children(HashMap<u64, (Kind, String)>);

impl Children {
    /// Notes what the children of a thread will be in, whose directory below /proc is called `directory`.
    pub fn note(&mut self, theirs: &Namespaces, directory: impl Fn() -> String) {
        for (kind, inode) in theirs.iter() {
            let link = || (kind, format!("{}/ns/{}", directory(), kind.children_link()));
            self.0.entry(inode).or_insert_with(link);
        }
    }

    /// Adds what another thread of this program has seen.
    pub fn merge(&mut self, other: Children) {
        for (inode, seen) in other.0 {
            self.0.entry(inode).or_insert(seen);
        }
    }
}

impl IntoIterator for Children {
    type Item = (u64, (Kind, String));
    type IntoIter = std::collections::hash_map::IntoIter<u64, (Kind, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_the_one_for_children() {
        let (mut children, mut others) = (Children::default(), Children::default());
        let theirs = |inode| [(Kind::Pid, inode)].into_iter().collect::<Namespaces>();
        children.note(&theirs(7), || "12".into());
        others.note(&theirs(7), || "15".into());
        others.note(&theirs(8), || "15/task/16".into());
        children.merge(others);
        let mut found: Vec<_> = children.into_iter().collect();
        found.sort();
        let link = |link: &str| (Kind::Pid, link.to_owned());
        assert_eq!(found, [(7, link("12/ns/pid_for_children")), (8, link("15/task/16/ns/pid_for_children"))]);
    }
}
