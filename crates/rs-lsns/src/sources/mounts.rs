//! Namespaces that a bind mount keeps, among the mounts that this process sees.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use nscore::handle::Handle;
use nscore::kind::Kinds;
use nscore::mounts::{self, Mount};
use nscore::{Doing, Error, Kind, Result};

use super::ancestors::Asker;
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
    for (kind, inode, place) in namespaces_among(mounts) {
        if kinds.contains(kind) {
            let (_, places) = places.entry(inode).or_insert((kind, Vec::new()));
            // Mounted twice in the same place, one over the other.
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    Ok(places)
}

/// The namespaces among these mounts: kind, inode and place.
pub fn namespaces_among(mounts: Vec<Mount>) -> impl Iterator<Item = (Kind, u64, Vec<u8>)> {
    mounts.into_iter().filter_map(|mount| {
        let (kind, inode) = mount.namespace()?;
        Some((kind, inode, mount.target.into_os_string().into_vec()))
    })
}

/// Opens a mounted namespace. Another mount may cover some of its places.
pub fn open(namespace: &Namespace) -> Option<Handle> {
    let is_it = |handle: &Handle| handle.inode() == Ok(namespace.inode);
    let mut open = namespace.places.iter().filter_map(|place| Handle::open(Path::new(OsStr::from_bytes(place))).ok());
    open.find(is_it)
}

/// Asks a mounted namespace.
pub fn ask(namespace: &Namespace, asker: &mut Asker) -> Option<Kin> {
    open(namespace).map(|handle| asker.ask(namespace.kind, namespace.inode, &handle))
}
