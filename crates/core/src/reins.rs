//! Reins: by which a child stops and continues its parent, which it may not even see from its pid namespace.
//!
//! The kernel sends a signal when something can be read from a descriptor that is set up so, see F_SETSIG in
//! fcntl(2). Whoever writes to the other end needs neither the number of the process nor the right to signal it,
//! and one signal comes after the other.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::unistd::Pid;

use crate::error::{Doing, Result, While};
use crate::sys;

/// Both ends of the reins, before the fork.
#[derive(Debug)]
pub(crate) struct Reins {
    horse: Horse,
    hands: Hands,
}

/// The parent's end.
///
/// The kernel sends the signals also when nobody has the other end any more. So a parent that its child leaves behind
/// is continued, and must not be stopped: it keeps that other end itself.
#[derive(Debug)]
pub(crate) struct Horse {
    // In the order in which they are closed.
    stop: UnixStream,
    go: UnixStream,
    _hand: UnixStream,
}

/// The child's end.
#[derive(Debug)]
pub(crate) struct Hands {
    stop: UnixStream,
    go: UnixStream,
}

impl Reins {
    /// For this process, which is going to be the parent.
    ///
    /// # Errors
    /// [`Doing::OpeningSockets`].
    pub(crate) fn on_this_process() -> Result<Self> {
        let what = || Doing::OpeningSockets;
        let ((stop, pull), (go, let_go)) = (rein()?, rein()?);
        let hand = pull.try_clone().doing(what)?;
        let reins = Self { horse: Horse { stop, go, _hand: hand }, hands: Hands { stop: pull, go: let_go } };
        // Not before all of it is there: where something is missing, the ends are closed in the wrong order, and the
        // kernel would stop this process.
        sys::signal_on_input(reins.horse.go.as_fd(), Pid::this(), libc::SIGCONT).doing(what)?;
        sys::signal_on_input(reins.horse.stop.as_fd(), Pid::this(), libc::SIGSTOP).doing(what)?;
        Ok(reins)
    }

    /// The parent's end, after the fork.
    pub(crate) fn of_parent(self) -> Horse {
        self.horse
    }

    /// The child's end, after the fork.
    pub(crate) fn of_child(self) -> Hands {
        self.hands
    }
}

/// Two ends: of the horse, and of the hand.
fn rein() -> Result<(UnixStream, UnixStream)> {
    let what = || Doing::OpeningSockets;
    let (horse, hand) = UnixStream::pair().doing(what)?;
    horse.set_nonblocking(true).doing(what)?;
    hand.set_nonblocking(true).doing(what)?;
    Ok((horse, hand))
}

impl Horse {
    /// Makes room for further signals.
    pub(crate) fn drain(&self) {
        let mut word = [0; 16];
        for mut rein in [&self.stop, &self.go] {
            while rein.read(&mut word).is_ok_and(|length| length > 0) {}
        }
    }
}

impl Hands {
    /// Stops the parent.
    pub(crate) fn stop(&self) {
        pull(&self.stop);
    }

    /// Continues it.
    pub(crate) fn go(&self) {
        pull(&self.go);
    }
}

/// A parent that has died needs neither; nor could anything else be done.
fn pull(mut rein: &UnixStream) {
    // std writes to sockets without SIGPIPE.
    let _ = rein.write(b"!");
}
