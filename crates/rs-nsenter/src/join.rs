//! The namespaces to be entered, from where, and in which order.

use std::sync::Arc;

use nscore::handle::Handle;
use nscore::process::Target;
use nscore::{Kind, Kinds, Result};

/// Namespaces that are to be entered.
#[derive(Debug, Default)]
pub struct Join {
    target: Option<Arc<Target>>,
    /// Those that are entered through the target's pidfd, together.
    from_target: Kinds,
    /// Those that are entered one by one, in the order of [`Kind`].
    handles: Vec<(Kind, Handle)>,
}

impl Join {
    /// None yet; with a process to take them from.
    pub fn new(target: Option<Arc<Target>>) -> Self {
        Self { target, ..Self::default() }
    }

    /// Adds the target's namespace of this kind.
    ///
    /// # Errors
    /// Where there is no pidfd to enter it through, those of opening its file.
    pub fn add_of_target(&mut self, target: &Target, kind: Kind) -> Result<()> {
        if target.has_pidfd() {
            self.from_target.insert(kind);
        } else {
            self.set(kind, target.namespace(kind)?);
        }
        Ok(())
    }

    /// Adds this namespace, in place of another one of its kind.
    pub fn set(&mut self, kind: Kind, handle: Handle) {
        self.from_target.remove(kind);
        self.handles.retain(|(other, _)| *other != kind);
        let place = self.handles.partition_point(|(other, _)| *other < kind);
        self.handles.insert(place, (kind, handle));
    }

    /// Whether a namespace of this kind is among them.
    pub fn has(&self, kind: Kind) -> bool {
        self.from_target.contains(kind) || self.handles.iter().any(|(other, _)| *other == kind)
    }

    /// The kinds of namespace among them.
    pub fn kinds(&self) -> Kinds {
        self.from_target.iter().chain(self.handles.iter().map(|(kind, _)| *kind)).collect()
    }

    /// Whether the target's namespace of this kind is among them, through its pidfd.
    pub fn takes_of_target(&self, kind: Kind) -> bool {
        self.from_target.contains(kind)
    }

    /// The namespace of this kind that would be entered.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn handle(&self, kind: Kind) -> Result<Option<Handle>> {
        if let Some((_, handle)) = self.handles.iter().find(|(other, _)| *other == kind) {
            return Ok(Some(handle.clone()));
        }
        let target = self.target.as_ref().filter(|_| self.from_target.contains(kind));
        target.map(|target| target.namespace(kind)).transpose()
    }

    /// Enters them.
    ///
    /// Whoever is privileged here enters the user namespace last, because there he is not; whoever is not
    /// gets his privileges only there. So all others are tried first, and what failed again afterwards.
    ///
    /// # Errors
    /// The first that failed for good.
    pub fn enter(mut self) -> Result<()> {
        let first = self.enter_others();
        if !self.has(Kind::User) {
            return first;
        }
        if let Err(error) = first {
            log::info!("{error}; again after the user namespace");
        }
        self.enter_user()?;
        self.enter_others()
    }

    fn enter_others(&mut self) -> Result<()> {
        let mut user = Kinds::none();
        user.insert(Kind::User);
        let together = self.enter_of_target(self.from_target.without(user));
        let one_by_one = self.enter_handles(|kind| kind != Kind::User);
        together.and(one_by_one)
    }

    /// Together with what else is still to be taken from the target: where one is entitled to both, the kernel wants it so.
    fn enter_user(&mut self) -> Result<()> {
        self.enter_handles(|kind| kind == Kind::User)?;
        self.enter_of_target(self.from_target)
    }

    fn enter_of_target(&mut self, kinds: Kinds) -> Result<()> {
        let Some(target) = self.target.as_ref().filter(|_| kinds != Kinds::none()) else { return Ok(()) };
        log::info!("setns(pidfd of {}, {kinds})", target.pid());
        target.enter(kinds)?;
        self.from_target = self.from_target.without(kinds);
        Ok(())
    }

    /// Enters those of the kinds wanted, and forgets those that it has entered. Tries all, says what the first failure was.
    fn enter_handles(&mut self, wanted: impl Fn(Kind) -> bool) -> Result<()> {
        let mut result = Ok(());
        self.handles.retain(|(kind, handle)| {
            if !wanted(*kind) {
                return true;
            }
            log::info!("setns(\"ns/{}\", {})", kind.link(), Kinds::from_iter([*kind]));
            let entered = handle.enter(*kind);
            let failed = entered.is_err();
            if result.is_ok() {
                result = entered;
            }
            failed
        });
        result
    }
}
