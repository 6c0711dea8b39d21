//! What only an open namespace tells: its owner, its parent; and so the user namespaces above it that no process is in.

use std::collections::HashMap;

use nscore::Kind;
use nscore::handle::Handle;
use nscore::netnsid::Netlink;

use crate::inventory::{Kin, Namespace};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Questions {
    /// The user namespace that owns it, and the one in which it was made.
    pub relatives: bool,
    /// Whose it is.
    pub owner_uid: bool,
    /// Its number in the network subsystem.
    pub netnsid: bool,
    /// The same of the user namespaces above it.
    pub ancestors: bool,
}

impl Questions {
    /// Whether nothing is asked, so that nothing need be opened.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Whether this namespace can answer one of them that no process in it answers, and was not asked before.
    pub fn concern(self, namespace: &Namespace) -> bool {
        let Self { relatives, owner_uid, netnsid, ancestors } = self;
        let asked =
            relatives || ancestors || netnsid && namespace.kind == Kind::Net || owner_uid && namespace.processes == 0;
        asked && namespace.kin.is_none()
    }
}

/// Asks open namespaces, and remembers the ancestors that were met on the way.
#[derive(Debug)]
pub struct Asker {
    questions: Questions,
    /// The user namespaces above those that were asked.
    ancestors: HashMap<u64, Kin>,
    /// None before the first question for it, or when there is none to be had.
    netlink: Option<Netlink>,
}

impl Asker {
    /// One that asks these questions.
    pub fn new(questions: Questions) -> Self {
        Self { questions, ancestors: HashMap::new(), netlink: None }
    }

    /// What is asked.
    pub fn questions(&self) -> Questions {
        self.questions
    }

    /// The user namespaces above all that were asked so far.
    pub fn into_ancestors(self) -> HashMap<u64, Kin> {
        self.ancestors
    }

    /// Asks the `namespace`, of this `kind`. What it does not tell stays unknown: it may lie outside.
    pub fn ask(&mut self, kind: Kind, namespace: &Handle) -> Kin {
        let mut kin = Kin::default();
        if kind == Kind::Net && self.questions.netnsid {
            kin.netnsid = self.number(namespace);
        }
        let Questions { relatives, owner_uid, ancestors, .. } = self.questions;
        if !(relatives || owner_uid || ancestors) {
            return kin;
        }
        let owner = namespace.owner().ok();
        kin.owner = owner.as_ref().and_then(inode);
        kin.parent = match kind {
            // Its owner is its parent, see NS_GET_PARENT in ioctl_nsfs(2).
            Kind::User => kin.owner,
            Kind::Pid if relatives => namespace.parent().ok().as_ref().and_then(inode),
            _ => None,
        };
        if owner_uid {
            let owned_by = if kind == Kind::User { Some(namespace) } else { owner.as_ref() };
            kin.owner_uid = owned_by.and_then(|namespace| namespace.owner_uid().ok());
        }
        if ancestors && let Some(owner) = owner {
            self.climb(owner);
        }
        kin
    }

    /// Notes the user `namespace` and all above it.
    fn climb(&mut self, mut namespace: Handle) {
        while let Some(inode) = inode(&namespace).filter(|inode| !self.ancestors.contains_key(inode)) {
            let owner = namespace.owner().ok();
            let above = owner.as_ref().and_then(self::inode);
            let kin = Kin { owner: above, parent: above, owner_uid: namespace.owner_uid().ok(), netnsid: None };
            self.ancestors.insert(inode, kin);
            let Some(owner) = owner else { break };
            namespace = owner;
        }
    }

    fn number(&mut self, namespace: &Handle) -> Option<u32> {
        if self.netlink.is_none() {
            self.netlink = Netlink::open().ok();
        }
        self.netlink.as_mut()?.id_of(namespace).ok().flatten()
    }
}

/// The number by which people know it.
pub fn inode(namespace: &Handle) -> Option<u64> {
    namespace.identity().ok().map(|identity| identity.inode())
}
