//! Where namespaces are found: one file for each place in which one can hide.

pub mod ancestors;
pub mod descriptors;
pub mod mounts;
pub mod processes;
pub mod sockets;

use std::collections::HashMap;

use nscore::Kind;

use crate::inventory::Kin;

/// Namespaces that something was seen to hold, by inode, and what was asked of each.
pub type Held = HashMap<u64, (Kind, Kin)>;
