//! What the kernel lists by itself, by listns(2): namespaces that something keeps which is not to be seen.

use std::collections::HashSet;

use nscore::handle::Handle;

/// The ids of the namespaces that are active, but for those `known`. None before Linux 6.19.
///
/// It adds to what /proc shows, and cannot replace it: what only a socket keeps is not active.
pub fn unknown(known: &HashSet<u64>) -> Vec<u64> {
    log::info!("listns()");
    Handle::all_ids().filter(|id| !known.contains(id)).collect()
}
