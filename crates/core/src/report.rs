//! What the programs say: `PROG: message` on stderr, text on stdout, in a way that survives closed
//! pipes and notices a full disk.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::errno::Errno;

use crate::error::{Doing, Error, Result, While};
use crate::sys;

/// The name under which a program was started, and reports.
#[derive(Debug, Clone)]
pub struct ProgramName {
    /// argv\[0\] as given; getopt's complaints begin with it.
    pub invoked: OsString,
    /// Its last component; everything else begins with it.
    pub short: OsString,
}

impl ProgramName {
    /// Takes the name from argv, or `fallback` where argv has not even that.
    pub fn from_args(args: &[OsString], fallback: &str) -> Self {
        let invoked = args.first().cloned().unwrap_or_else(|| fallback.into());
        let short = invoked.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let short = OsString::from_vec(short.to_vec());
        Self { invoked, short }
    }

    /// Writes `PROG: message` to stderr. Says whether stderr took it.
    pub fn complain(&self, message: &OsStr) -> bool {
        to_stderr(&[self.short.as_bytes(), b": ", message.as_bytes(), b"\n"])
    }

    /// Writes `PROG: warning: what failed` to stderr: something that was asked for is not there, and the program runs all the same.
    pub fn warn(&self, error: &Error) {
        let message = error.message();
        // Who has no stderr is not told.
        to_stderr(&[self.short.as_bytes(), b": warning: ", message.as_bytes(), b"\n"]);
    }

    /// Writes a usage error the way getopt_long(3) does, and where to find help. Says whether stderr took it.
    pub fn complain_of_usage(&self, message: &OsStr) -> bool {
        to_stderr(&[self.invoked.as_bytes(), b": ", message.as_bytes(), b"\n", &self.try_help()])
    }

    fn try_help(&self) -> Vec<u8> {
        [b"Try '", self.short.as_bytes(), b" --help' for more information.\n"].concat()
    }
}

/// One write, so that the lines of two processes do not mix. (std takes a closed stderr for a good one.)
fn to_stderr(parts: &[&[u8]]) -> bool {
    sys::write_all(libc::STDERR_FILENO, &parts.concat()).is_ok()
}

/// Writes `text` to stdout, at once and whole.
///
/// # Errors
/// The write's errno. A stdout that is closed, or whose reader has left, is none, as with util-linux.
pub fn to_stdout(text: &[u8]) -> Result<()> {
    stream_to_stdout(|stdout| stdout.write_all(text))
}

/// Lets `write` write to stdout, in its own portions: there is no buffer between.
///
/// # Errors
/// As [`to_stdout`].
pub fn stream_to_stdout(write: impl FnOnce(&mut Stdout) -> io::Result<()>) -> Result<()> {
    match write(&mut Stdout).doing(|| Doing::WritingOutput) {
        Err(Error { errno: Some(Errno::EBADF | Errno::EPIPE), .. }) => Ok(()),
        written => written,
    }
}

/// Standard output. (std's own takes a closed one for a good one.)
#[derive(Debug)]
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        sys::write_all(libc::STDOUT_FILENO, text)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The words of strerror(3) for `errno`, which neither nix nor std gives unchanged.
pub fn strerror(errno: Errno) -> OsString {
    OsString::from_vec(sys::strerror(errno as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reports_under_its_last_component() {
        let name = |argv0: &str| ProgramName::from_args(&[argv0.into()], "fallback").short;
        assert_eq!(name("/usr/bin/unshare"), "unshare");
        assert_eq!(name("unshare"), "unshare");
        assert_eq!(name(""), "");
        assert_eq!(name("/x/."), ".");
        assert_eq!(ProgramName::from_args(&[], "fallback").short, "fallback");
    }

    #[test]
    fn errnos_have_the_words_of_libc() {
        for (errno, words) in [(Errno::EPERM, "Operation not permitted"), (Errno::ENOSPC, "No space left on device")] {
            assert_eq!(strerror(errno), words);
        }
    }
}
