//! Network namespaces that nothing but a socket holds.

use std::collections::HashSet;
use std::ffi::CStr;
use std::sync::{Mutex, PoisonError};

use nscore::Kind;
use nscore::proc::{Proc, SocketHolder};

use super::ancestors::Asker;
use super::{Held, Holding};
use crate::holders::Holder;

/// The sockets that have told their namespace, by inode: several processes may hold the same.
#[derive(Debug, Default)]
pub struct Asked(Mutex<HashSet<u64>>);

impl Asked {
    fn contains(&self, socket: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&socket)
    }

    fn insert(&self, socket: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(socket);
    }
}

/// The sockets of one process.
#[derive(Debug)]
pub struct Sockets<'a> {
    proc: &'a Proc,
    asked: &'a Asked,
    pid: u32,
    /// None until the first socket; an error when it cannot be taken hold of.
    holder: Option<nix::Result<SocketHolder>>,
}

impl<'a> Sockets<'a> {
    /// Those of process `pid`, but for the ones that were `asked` already.
    pub fn new(proc: &'a Proc, pid: u32, asked: &'a Asked) -> Self {
        Self { proc, asked, pid, holder: None }
    }

    /// Notes the network namespace of the `socket` that is descriptor `number`, and asks that if it is new.
    pub fn note(&mut self, number: &CStr, socket: u64, asker: &mut Asker, held: &mut Held) {
        if self.asked.contains(socket) {
            return;
        }
        let (proc, pid) = (self.proc, self.pid);
        let holder = self.holder.get_or_insert_with(|| proc.socket_holder(pid));
        let number = number.to_str().ok().and_then(|number| number.parse().ok());
        let (Ok(holder), Some(number)) = (holder, number) else { return };
        log::debug!("pidfd_getfd({pid}, {number}), SIOCGSKNS: socket {socket}");
        let Ok(namespace) = holder.network_of(number, socket) else { return };
        let Ok(inode) = namespace.inode() else { return };
        self.asked.insert(socket);
        if !held.is_also(inode, Holder::Socket) {
            let kin = asker.ask(Kind::Net, inode, &namespace);
            held.insert(inode, Holding { kind: Kind::Net, kin, by: Holder::Socket.into(), link: None });
        }
    }
}
