//! The loopback device: in a new network namespace it is there, but down.

use std::ffi::{CStr, c_short};
use std::os::fd::AsFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::error::{Doing, Result, While};
use crate::sys;

const NAME: &CStr = c"lo";

/// Brings the loopback device of this process's network namespace up, whereupon it has its addresses, see netdevice(7).
///
/// # Errors
/// [`Doing::RaisingLoopback`]: EPERM without CAP_NET_ADMIN there; whatever a filter of system calls gives.
pub fn raise() -> Result<()> {
    let what = || Doing::RaisingLoopback;
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None).doing(what)?;
    let flags = sys::device_flags(socket.as_fd(), NAME).doing(what)?;
    sys::set_device_flags(socket.as_fd(), NAME, flags | UP).doing(what)
}

/// The flag fits the field: it is the lowest of sixteen.
const UP: c_short = libc::IFF_UP as c_short;
