//! Namespaces that a process holds by an open descriptor.

use std::ffi::CStr;

use nscore::proc::Proc;

use super::ancestors::Asker;
use super::{Held, Holding};
use crate::holders::Holder;

/// Notes the namespace with this `inode` behind descriptor `number` of process `holder`. It is opened, to be asked, the
/// first time that it is met.
pub fn note(proc: &Proc, holder: u32, number: &CStr, inode: u64, asker: &mut Asker, held: &mut Held) {
    if held.is_also(inode, Holder::Descriptor) {
        return;
    }
    log::debug!("open(\"{holder}/fd/{}\"): namespace {inode}", number.to_string_lossy());
    let opened = proc.held_namespace(holder, number).ok();
    // Another one by now, or none: who else holds it will be met, or nobody does.
    let Some(namespace) = opened.filter(|opened| opened.inode() == Ok(inode)) else { return };
    let Ok(Some(kind)) = namespace.kind() else { return };
    let kin = asker.ask(kind, inode, &namespace);
    let link = Some(format!("{holder}/fd/{}", number.to_string_lossy()));
    held.insert(inode, Holding { kind, kin, by: Holder::Descriptor.into(), link });
}
