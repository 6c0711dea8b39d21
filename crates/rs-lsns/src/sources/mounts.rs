//! Namespaces that a bind mount keeps, among the mounts that this process sees.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nscore::handle::Handle;
use nscore::kind::Kinds;
use nscore::mounts::{self, Mount};
use nscore::{Doing, Error, Kind, Result, proc};

use super::ancestors::{self, Asker};
use crate::inventory::{Kin, Namespace};

/// Where a namespace is mounted: its kind, and the places in the order of the mount table.
pub type Places = HashMap<u64, (Kind, Vec<Vec<u8>>)>;

/// The places of all namespaces of these kinds.
///
/// # Errors
/// [`Doing::ParsingMountinfo`].
pub fn read(kinds: Kinds) -> Result<Places> {
    log::info!("reading /proc/self/mountinfo");
    let mounts = mounts::own_mounts().map_err(|error| Error { doing: Doing::ParsingMountinfo, ..error })?;
    let mut places = Places::new();
    for Mount { root, target, filesystem } in mounts {
        let found = proc::namespace(root.as_os_str().as_bytes()).filter(|_| filesystem == "nsfs");
        if let Some((kind, inode)) = found.filter(|(kind, _)| kinds.contains(*kind)) {
            let (_, places) = places.entry(inode).or_insert((kind, Vec::new()));
            let place = target.into_os_string().into_vec();
            // Mounted twice in the same place, one over the other.
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    Ok(places)
}

/// Asks a mounted namespace. Another mount may cover some of its places.
pub fn ask(namespace: &Namespace, asker: &mut Asker) -> Option<Kin> {
    let is_it = |handle: &Handle| ancestors::inode(handle) == Some(namespace.inode);
    let mut open = namespace.places.iter().filter_map(|place| Handle::open(Path::new(OsStr::from_bytes(place))).ok());
    open.find(is_it).map(|handle| asker.ask(namespace.kind, namespace.inode, &handle))
}
