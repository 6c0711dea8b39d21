//! Where namespaces are found: one file for each place in which one can hide.

pub mod ancestors;
pub mod children;
pub mod descriptors;
pub mod elsewhere;
pub mod kernel;
pub mod mounts;
pub mod processes;
pub mod sockets;
pub mod threads;

use std::collections::HashMap;

use nscore::Kind;

use crate::holders::{Holder, Holders};
use crate::inventory::Kin;

/// A namespace that a descriptor or socket holds.
#[derive(Debug, Clone)]
pub struct Holding {
    /// What kind it is.
    pub kind: Kind,
    /// What it told.
    pub kin: Kin,
    /// Which of both.
    pub by: Holders,
    /// The descriptor below /proc.
    pub link: Option<String>,
}

/// What descriptors and sockets hold, by inode.
#[derive(Debug, Default)]
pub struct Held(HashMap<u64, Holding>);

impl Held {
    /// Notes that this namespace is held in this way, too, if it is known to be held.
    fn is_also(&mut self, inode: u64, by: Holder) -> bool {
        self.0.get_mut(&inode).map(|holding| holding.by.insert(by)).is_some()
    }

    fn insert(&mut self, inode: u64, holding: Holding) {
        self.0.insert(inode, holding);
    }

    /// Adds what another thread has seen.
    pub fn merge(&mut self, other: Held) {
        for (inode, holding) in other.0 {
            let by = holding.by;
            self.0.entry(inode).or_insert(holding).by.extend(by);
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
