//! What only an open namespace tells: its owner, its parent; and so the namespaces above it, which may have no process.

use std::collections::HashMap;

use nscore::Kind;
use nscore::handle::Handle;
use nscore::netnsid::Netlink;

use crate::inventory::Kin;

/// What is asked of namespaces that processes are in. Of others, the first is asked in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Questions {
    /// What is above it.
    pub relatives: bool,
    /// Of a network namespace, its number in the network subsystem.
    pub netnsid: bool,
    /// The kernel's number for it.
    pub id: bool,
}

impl Questions {
    /// Whether any of them is for a namespace of this kind.
    pub fn concern(self, kind: Kind) -> bool {
        self.relatives || self.id || self.netnsid && kind == Kind::Net
    }
}

/// What namespaces have told, by inode.
pub type Told = HashMap<u64, (Kind, Kin)>;

/// Asks open namespaces, and those above them, each once.
#[derive(Debug)]
pub struct Asker {
    questions: Questions,
    told: Told,
    /// None before the first question for it, or when there is none to be had.
    netlink: Option<Netlink>,
}

impl Asker {
    /// One that asks these questions, and knows what was told before.
    pub fn new(questions: Questions, told: Told) -> Self {
        Self { questions, told, netlink: None }
    }

    /// What it was told.
    pub fn into_told(self) -> Told {
        self.told
    }

    /// What a namespace that processes are in has told already, if that is all there is to ask.
    pub fn told(&self, kind: Kind, inode: u64) -> Option<Kin> {
        let (known, kin) = self.told.get(&inode).filter(|_| kind != Kind::Net || !self.questions.netnsid)?;
        Some(*kin).filter(|_| *known == kind)
    }

    /// Asks a `namespace` of this `kind` that processes are in.
    pub fn ask_inhabited(&mut self, kind: Kind, inode: u64, namespace: &Handle) -> Kin {
        match self.questions.relatives {
            true => self.ask(kind, inode, namespace),
            false => Kin { netnsid: self.number(kind, namespace), id: self.id(namespace), ..Kin::default() },
        }
    }

    /// Asks the `namespace` with this `inode`. What it does not tell stays unknown: it may lie outside.
    pub fn ask(&mut self, kind: Kind, inode: u64, namespace: &Handle) -> Kin {
        let mut climbing = Vec::new();
        let kin = self.relatives(kind, inode, namespace, &mut climbing);
        while let Some((kind, inode, namespace)) = climbing.pop() {
            self.relatives(kind, inode, &namespace, &mut climbing);
        }
        Kin { netnsid: self.number(kind, namespace), ..kin }
    }

    /// Who is above `namespace`, each of them also for `climbing` on.
    fn relatives(
        &mut self,
        kind: Kind,
        inode: u64,
        namespace: &Handle,
        climbing: &mut Vec<(Kind, u64, Handle)>,
    ) -> Kin {
        if let Some((_, kin)) = self.told.get(&inode).filter(|(known, _)| *known == kind) {
            return *kin;
        }
        log::debug!("ioctl({}:[{inode}], NS_GET_USERNS)", kind.link());
        let mut above = |kind: Kind, opened: nix::Result<Handle>| {
            let opened = opened.ok()?;
            let inode = opened.inode().ok()?;
            climbing.push((kind, inode, opened));
            Some(inode)
        };
        let owner = above(Kind::User, namespace.owner());
        let parent = match kind {
            // Its owner is its parent, see NS_GET_PARENT in ioctl_nsfs(2).
            Kind::User => owner,
            Kind::Pid => above(Kind::Pid, namespace.parent()),
            _ => None,
        };
        let owner_uid = (kind == Kind::User).then(|| namespace.owner_uid().ok()).flatten();
        let kin = Kin { owner, parent, owner_uid, netnsid: None, id: self.id(namespace) };
        self.told.insert(inode, (kind, kin));
        kin
    }

    fn id(&self, namespace: &Handle) -> Option<u64> {
        self.questions.id.then(|| namespace.id().ok()).flatten()
    }

    fn number(&mut self, kind: Kind, namespace: &Handle) -> Option<u32> {
        if kind != Kind::Net || !self.questions.netnsid {
            return None;
        }
        log::debug!("netlink: RTM_GETNSID");
        if self.netlink.is_none() {
            self.netlink = Netlink::open().ok();
        }
        self.netlink.as_mut()?.id_of(namespace).ok().flatten()
    }
}
