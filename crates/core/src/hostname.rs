//! The host name that a UTS namespace has.

use std::ffi::{OsStr, OsString};

use nix::errno::Errno;

use crate::error::{Doing, Error, Result, While};

/// As long as the kernel takes it, see gethostname(2).
const LONGEST: usize = 64;

/// Takes any name that the kernel would.
///
/// # Errors
/// [`Doing::ParsingHostname`] with ENAMETOOLONG.
pub fn parse(text: &OsStr) -> Result<OsString> {
    if text.len() > LONGEST {
        return Err(Error { doing: Doing::ParsingHostname { text: text.into() }, errno: Some(Errno::ENAMETOOLONG) });
    }
    Ok(text.into())
}

/// Makes `name` the host name in this process's UTS namespace.
///
/// # Errors
/// [`Doing::SettingHostname`]: EPERM without CAP_SYS_ADMIN there.
pub fn set(name: &OsStr) -> Result<()> {
    nix::unistd::sethostname(name).doing(|| Doing::SettingHostname)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_kernel_would_not_take_are_refused() {
        assert!(parse(OsStr::new("")).is_ok() && parse(OsStr::new(&"x".repeat(64))).is_ok());
        assert_eq!(parse(OsStr::new(&"x".repeat(65))).unwrap_err().errno, Some(Errno::ENAMETOOLONG));
    }
}
