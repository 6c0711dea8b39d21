//! Where namespaces are found: one file for each place in which one can hide.

pub mod ancestors;
pub mod descriptors;
pub mod mounts;
pub mod processes;
pub mod sockets;

use std::collections::HashMap;

use nscore::Kind;

use crate::inventory::Kin;

/// A namespace that a descriptor or socket holds.
#[derive(Debug, Clone, Copy)]
pub struct Holding {
    /// What kind it is.
    pub kind: Kind,
    /// What it told.
    pub kin: Kin,
    /// By what.
    pub by: By,
}

/// By what a namespace is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// By a socket.
    Socket,
    /// By a descriptor of the process with this number, or one with a higher number.
    Descriptor(u32),
}

/// What descriptors and sockets hold, by inode.
#[derive(Debug, Default)]
pub struct Held(HashMap<u64, Holding>);

impl Held {
    /// Notes what holds this namespace, if it was met before. Says whether it was.
    fn note_again(&mut self, inode: u64, by: By) -> bool {
        let known = self.0.get_mut(&inode);
        known.map(|known| known.by = known.by.min(by)).is_some()
    }

    fn insert(&mut self, inode: u64, holding: Holding) {
        self.0.insert(inode, holding);
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Held) {
        for (inode, holding) in other.0 {
            if !self.note_again(inode, holding.by) {
                self.insert(inode, holding);
            }
        }
    }
}

impl IntoIterator for Held {
    type Item = (u64, Holding);
    type IntoIter = std::collections::hash_map::IntoIter<u64, Holding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
