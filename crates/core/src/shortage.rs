//! What is missed for want of descriptors, memory or processes.
//!
//! Who goes through everything there is passes over what cannot be opened: it may be gone, or not be for this process. Where
//! there was no descriptor or memory left for it, or no process to ask, that is noted here, so that nothing is taken for whole that is not.

use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;

use crate::error::{Doing, Error, Result};

/// The first that was noted; 0 for none.
static NOTED: AtomicI32 = AtomicI32::new(0);

/// Notes why something was not opened, or no process made, if that was for want of what all share.
///
/// # Errors
/// Those of `opened`, which is passed on.
pub fn noted<T>(opened: nix::Result<T>) -> nix::Result<T> {
    if let Err(errno @ (Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::ENOBUFS | Errno::EAGAIN)) = opened {
        note(errno);
    }
    opened
}

/// Notes what kept this process from looking at something, whatever it was.
pub(crate) fn note(errno: Errno) {
    let _ = NOTED.compare_exchange(0, errno as i32, Ordering::Relaxed, Ordering::Relaxed);
}

/// What this process has missed something for; none if nothing.
pub fn errno() -> Option<Errno> {
    match NOTED.load(Ordering::Relaxed) {
        0 => None,
        errno => Some(Errno::from_raw(errno)),
    }
}

/// Whether nothing was missed that is to be found below `path`.
///
/// # Errors
/// [`Doing::Reading`] if something was.
pub fn check(path: &Path) -> Result<()> {
    match errno() {
        None => Ok(()),
        errno => Err(Error { doing: Doing::Reading { path: path.into() }, errno }),
    }
}
