//! Signals by name and number, and which of them a waiting program lets through.

use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;

use nix::sys::signal::{self, SigSet};

use crate::error::{Doing, Error, Result, While};

/// A signal, real-time signals included, see signal(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// SIGKILL.
    pub const KILL: Self = Self(libc::SIGKILL);

    /// The number that the kernel knows it by.
    pub fn number(self) -> i32 {
        self.0
    }

    /// Reads a name with or without `SIG`, in either case, `RTMIN`, `RTMAX`, `RTMIN+n`, `RTMAX-n`, or a number.
    ///
    /// # Errors
    /// [`Doing::ParsingSignal`] for anything else.
    pub fn parse(text: &OsStr) -> Result<Self> {
        let unknown = || Error::new(Doing::ParsingSignal { text: text.to_owned() });
        let upper = text.to_str().map(str::to_ascii_uppercase).ok_or_else(unknown)?;
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        classic(name).or_else(|| real_time(name)).or_else(|| by_number(&upper)).map(Self).ok_or_else(unknown)
    }
}

fn classic(name: &str) -> Option<i32> {
    match name {
        "CLD" => Some(libc::SIGCHLD),
        "IOT" => Some(libc::SIGABRT),
        "POLL" => Some(libc::SIGPOLL),
        _ => signal::Signal::from_str(&format!("SIG{name}")).ok().map(|signal| signal as i32),
    }
}

fn real_time(name: &str) -> Option<i32> {
    let (min, max) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    let offset = |text: &str| digits(text, 0).filter(|offset| *offset <= max - min);
    match name {
        "RTMIN" => Some(min),
        "RTMAX" => Some(max),
        _ => match (name.strip_prefix("RTMIN+"), name.strip_prefix("RTMAX-")) {
            (Some(above), _) => Some(min + offset(above)?),
            (_, Some(below)) => Some(max - offset(below)?),
            _ => None,
        },
    }
}

fn by_number(text: &str) -> Option<i32> {
    digits(text, 1).filter(|number| *number <= libc::SIGRTMAX())
}

/// A number without sign or blanks, `min` or more.
fn digits(text: &str, min: i32) -> Option<i32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number >= min)
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match signal::Signal::try_from(self.0) {
            Ok(classic) => f.write_str(classic.as_str()),
            Err(_) => write!(f, "SIGRTMIN+{}", self.0 - libc::SIGRTMIN()),
        }
    }
}

/// The signals that were let through before [`block`] held some back.
#[derive(Debug)]
pub struct Mask(SigSet);

/// Holds `signals` back from this process, until they are waited for or the mask is put back.
///
/// # Errors
/// [`Doing::BlockingSignals`].
pub fn block(signals: &[signal::Signal]) -> Result<Mask> {
    let set: SigSet = signals.iter().copied().collect();
    set.thread_swap_mask(signal::SigmaskHow::SIG_BLOCK).map(Mask).doing(|| Doing::BlockingSignals)
}

impl Mask {
    /// Lets through again what was let through before.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`].
    pub fn put_back(&self) -> Result<()> {
        self.0.thread_set_mask().doing(|| Doing::BlockingSignals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<i32> {
        Signal::parse(OsStr::new(text)).ok().map(Signal::number)
    }

    #[test]
    fn names_and_numbers() {
        for (text, wanted) in [
            ("KILL", 9),
            ("sigterm", 15),
            ("Sigusr1", 10),
            ("CLD", 17),
            ("IOT", 6),
            ("POLL", 29),
            ("IO", 29),
            ("15", 15),
            ("64", 64),
            ("RTMIN", 34),
            ("SIGRTMAX", 64),
            ("rtmin+3", 37),
            ("RTMAX-1", 63),
        ] {
            assert_eq!(number(text), Some(wanted), "{text}");
        }
        for text in [
            "",
            "SIG",
            "0",
            "65",
            "-1",
            "+9",
            " 9",
            "SIG9",
            "EXIT",
            "RTMIN+",
            "RTMIN+31",
            "RTMIN+ 3",
            "RTMIN++3",
            "RTMAX-31",
            "RTMIN-1",
            "TERMX",
            "SIGSIGTERM",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn every_signal_is_read_back_from_its_own_name() {
        for n in (1..32).chain(libc::SIGRTMIN()..=libc::SIGRTMAX()) {
            assert_eq!(number(&Signal(n).to_string()), Some(n));
        }
    }
}
