//! The init: a process that looks after one program, and after whatever the program leaves behind.
//!
//! In a new pid namespace it is process 1, which the kernel shields from signals that it does not handle, and with
//! which the namespace ends. It reaps whoever has lost their parent, passes every signal on to the program, and
//! ends when the program does.

use std::os::unix::process::ExitStatusExt;

use nix::unistd::Pid;

use crate::child::{Child, DeathSignal, Ending};
use crate::error::{Doing, Result, While};
use crate::reins::Hands;
use crate::signals::{Mask, Signal, Signals};
use crate::sys;

/// An init that has no program yet.
#[derive(Debug)]
pub struct Init {
    parent: Hands,
    /// The program's, which is the caller's.
    mask: Option<Mask>,
    /// What it is told of its parent's death by.
    death_signal: Option<DeathSignal>,
}

impl Init {
    /// What an init blocks and waits for.
    pub const SIGNALS: Signals = Signals::ALL.and(Signals::OF_CHILDREN);

    /// What one does that is not the first process of a pid namespace, as the log shows it.
    pub const ADOPTING: &str = "prctl(PR_SET_CHILD_SUBREAPER, 1)";

    /// The death signal of an init that has to stay for a moment: the last one, so that what came before is passed on.
    pub const TELLING: Signal = Signal::LAST;

    /// Makes this process an init: from now on it gets no signal but those that it awaits, and the orphans among its
    /// descendants.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`], [`Doing::AdoptingOrphans`].
    pub(crate) fn begin(parent: Hands, mask: Option<Mask>) -> Result<Self> {
        Self::SIGNALS.block()?;
        if !is_first() {
            log::info!("{}", Self::ADOPTING);
            sys::set_child_subreaper().doing(|| Doing::AdoptingOrphans)?;
        }
        Ok(Self { parent, mask, death_signal: None })
    }

    /// From now on the program is killed when the parent dies, if KILL was to be the death signal, whoever the program
    /// has become by then: the kernel forgets the death signal of a set-user-ID program, but the init may kill it all
    /// the same. Any other death signal the init gets, and passes on.
    ///
    /// The first process of a pid namespace is killed itself, and all the others with it.
    ///
    /// # Errors
    /// Those of [`DeathSignal::set`].
    pub fn answer_for_parent(&mut self, parents: DeathSignal) -> Result<()> {
        let is_told = parents.signal() == Signal::KILL && !is_first();
        if is_told {
            parents.set_as(Self::TELLING)?;
        }
        self.death_signal = is_told.then_some(parents);
        Ok(())
    }

    /// Gives the program the signal mask that the caller had; on the program's side of the fork.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`].
    pub fn release_program(&self) -> Result<()> {
        self.mask.as_ref().map_or(Ok(()), Mask::put_back)
    }

    /// Does an init's work until the program ends, and says how this process has to end then.
    ///
    /// # Errors
    /// [`Doing::Waiting`].
    pub fn look_after(&self, program: &Child) -> Result<Ending> {
        loop {
            if let Some(ending) = self.reap(program)? {
                return Ok(if is_first() { ending.of_first_process() } else { ending });
            }
            let arrival = Self::SIGNALS.wait()?;
            match &self.death_signal {
                _ if Signals::OF_CHILDREN.contains(arrival.signal) => {}
                Some(death_signal) if arrival.signal == Self::TELLING && death_signal.is_due()? => program.kill(),
                _ => program.pass_on(arrival),
            }
        }
    }

    /// Reaps all who have ended by now. One signal may stand for many of them.
    fn reap(&self, program: &Child) -> Result<Option<Ending>> {
        while let Some((pid, status)) = sys::wait_for_any().doing(|| Doing::Waiting)? {
            if pid != program.pid() {
                continue;
            }
            if status.stopped_signal().is_some() {
                self.parent.stop();
            } else if status.continued() {
                self.parent.go();
            } else {
                return Ok(Some(status.into()));
            }
        }
        Ok(None)
    }
}

/// Whether this is the first process of its pid namespace, which no signal of its own ends.
fn is_first() -> bool {
    Pid::this().as_raw() == 1
}
