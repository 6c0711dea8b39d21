//! Namespaces that a process holds by an open descriptor.

use std::ffi::CStr;

use nscore::Kind;
use nscore::proc::Proc;

use super::Held;
use super::ancestors::{self, Asker};
use crate::inventory::Kin;

/// Notes the namespace behind descriptor `number` of process `pid`, and asks it, the first time that it is met.
pub fn note(proc: &Proc, pid: u32, number: &CStr, (kind, inode): (Kind, u64), asker: &mut Asker, held: &mut Held) {
    if held.contains_key(&inode) {
        return;
    }
    let kin = if asker.questions().is_none() {
        Kin::default()
    } else {
        let handle = proc.held_namespace(pid, number).ok();
        // Another one by now, or none: who else holds it will be met, or nobody does.
        let Some(handle) = handle.filter(|handle| ancestors::inode(handle) == Some(inode)) else { return };
        asker.ask(kind, &handle)
    };
    held.insert(inode, (kind, kin));
}
