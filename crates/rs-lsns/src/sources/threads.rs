//! Namespaces that threads are in which are not the process: one may have left it by setns(2) or unshare(2).

use std::collections::HashMap;

use nscore::Kind;
use nscore::proc::{Membership, Namespaces};

/// What threads are in, by inode.
#[derive(Debug, Default)]
pub struct Threads(HashMap<u64, Inhabited>);

/// A namespace with threads in it, those aside that are processes.
#[derive(Debug, Clone)]
pub struct Inhabited {
    /// What kind it is.
    pub kind: Kind,
    /// How many there are.
    pub count: usize,
    /// The link of one whose process is not in it, below /proc.
    pub stray: Option<String>,
}

impl Threads {
    /// Notes a thread of the process `pid`, which is in these other namespaces itself.
    pub fn note(&mut self, pid: u32, process: &Namespaces, thread: u32, its: &Membership) {
        for (kind, inode) in its.own.iter() {
            let inhabited = self.0.entry(inode).or_insert(Inhabited { kind, count: 0, stray: None });
            inhabited.count += 1;
            if process.inode(kind) != Some(inode) {
                inhabited.stray.get_or_insert_with(|| format!("{pid}/task/{thread}/ns/{}", kind.link()));
            }
        }
    }

    /// Adds what another thread of this program has seen.
    pub fn merge(&mut self, other: Threads) {
        for (inode, seen) in other.0 {
            let inhabited = self.0.entry(inode).or_insert(Inhabited { count: 0, stray: None, ..seen.clone() });
            inhabited.count += seen.count;
            inhabited.stray = inhabited.stray.take().or(seen.stray);
        }
    }
}

impl IntoIterator for Threads {
    type Item = (u64, Inhabited);
    type IntoIter = std::collections::hash_map::IntoIter<u64, Inhabited>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, inode: u64) -> Namespaces {
        [(kind, inode)].into_iter().collect()
    }

    #[test]
    fn a_thread_that_is_elsewhere_is_a_stray() {
        let (mut threads, mut others) = (Threads::default(), Threads::default());
        let thread = |kind, inode| Membership { own: of(kind, inode), ..Membership::default() };
        threads.note(10, &of(Kind::Net, 1), 11, &thread(Kind::Net, 1));
        threads.note(10, &of(Kind::Net, 1), 12, &thread(Kind::Net, 2));
        others.note(20, &of(Kind::Net, 3), 21, &thread(Kind::Net, 1));
        threads.merge(others);
        let mut found: Vec<_> = threads.into_iter().map(|(inode, it)| (inode, it.count, it.stray)).collect();
        found.sort();
        let way = |way: &str| Some(way.to_owned());
        assert_eq!(found, [(1, 2, way("20/task/21/ns/net")), (2, 1, way("10/task/12/ns/net"))]);
    }
}
