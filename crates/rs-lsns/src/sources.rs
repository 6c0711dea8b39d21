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
}

/// What descriptors and sockets hold, by inode.
#[derive(Debug, Default)]
pub struct Held(HashMap<u64, Holding>);

impl Held {
    fn contains(&self, inode: u64) -> bool {
        self.0.contains_key(&inode)
    }

    fn insert(&mut self, inode: u64, holding: Holding) {
        self.0.insert(inode, holding);
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Held) {
        self.0.extend(other.0);
    }
}

impl IntoIterator for Held {
    type Item = (u64, Holding);
    type IntoIter = std::collections::hash_map::IntoIter<u64, Holding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
