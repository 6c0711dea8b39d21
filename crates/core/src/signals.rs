//! Signals by name and number, and which of them a waiting program lets through.

use std::ffi::OsStr;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::str::FromStr;

use nix::poll::{PollFd, PollFlags};
use nix::sys::signal;

use crate::child;
use crate::error::{Doing, Error, Result, While};
use crate::sys;

/// A signal, real-time signals included, see signal(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// SIGKILL.
    pub const KILL: Self = Self(libc::SIGKILL);
    /// The last real-time signal.
    pub const LAST: Self = Self(64);

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

/// Those between the classic and the real-time signals are libc's own, and have no name.
fn by_number(text: &str) -> Option<i32> {
    let has_name = |number: &i32| {
        signal::Signal::try_from(*number).is_ok() || (libc::SIGRTMIN()..=libc::SIGRTMAX()).contains(number)
    };
    digits(text, 1).filter(has_name)
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
            Err(_) => write!(f, "SIGRTMIN{:+}", self.0 - libc::SIGRTMIN()),
        }
    }
}

/// A set of signals.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals(u64);

impl Signals {
    /// These.
    pub const fn of(numbers: &[libc::c_int]) -> Self {
        let (mut bits, mut place) = (0, 0);
        while place < numbers.len() {
            bits |= 1 << (numbers[place] - 1);
            place += 1;
        }
        Self(bits)
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `signal` is among them.
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & 1 << (signal.0 - 1) != 0
    }

    /// These and the others.
    #[must_use]
    pub const fn and(self, others: Signals) -> Self {
        Self(self.0 | others.0)
    }

    /// These without the others.
    #[must_use]
    pub const fn without(self, others: Signals) -> Self {
        Self(self.0 & !others.0)
    }

    /// One after the other, by number.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        (1..=64).map(Signal).filter(move |signal| self.contains(*signal))
    }

    /// Those that can be caught and mean something to a program that waits for another.
    pub const ALL: Self = Self(!Self::of(&[libc::SIGKILL, libc::SIGSTOP, libc::SIGCHLD]).0);

    /// What tells of a child's end, stop or continuation.
    pub(crate) const OF_CHILDREN: Self = Self::of(&[libc::SIGCHLD]);

    /// Those that end a program politely.
    pub const INT_AND_TERM: Self = Self::of(&[libc::SIGINT, libc::SIGTERM]);

    /// Those with which a terminal stops a job.
    pub const TERMINAL_STOPS: Self = Self::of(&[libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU]);

    /// Those that a terminal sends to a whole process group, see termios(3), and SIGCONT, which comes with SIGHUP.
    pub const OF_TERMINAL: Self =
        Self::of(&[libc::SIGINT, libc::SIGQUIT, libc::SIGHUP, libc::SIGCONT, libc::SIGWINCH]).and(Self::TERMINAL_STOPS);

    /// What [`Signals::block`] does, as the log shows it.
    pub fn words_of_block(self) -> String {
        format!("sigprocmask(SIG_BLOCK, {self})")
    }

    /// Holds them back from this process, until they are awaited or the mask is put back.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`].
    pub fn block(self) -> Result<Mask> {
        log::info!("{}", self.words_of_block());
        self.block_silently()
    }

    /// The same for a moment, which nobody has to know of.
    pub(crate) fn block_silently(self) -> Result<Mask> {
        sys::change_mask(libc::SIG_BLOCK, self.0).map(|bits| Mask(Self(bits))).doing(|| Doing::BlockingSignals)
    }

    /// Those that have come and are held back.
    pub(crate) fn pending() -> Self {
        // sigpending(2) fails for a wrong address only.
        Self(sys::pending_signals().unwrap_or_default())
    }

    /// Waits for one of them, which must be blocked.
    pub(crate) fn wait(self) -> Result<Arrival> {
        let (number, code) = sys::await_signal(self.0).doing(|| Doing::Waiting)?;
        Ok(Arrival { signal: Signal(number), origin: Origin::of(code) })
    }

    /// Waits for one of them, which must be blocked, or until the process of `pidfd` is reaped: then there is none.
    pub(crate) fn wait_beside(self, pidfd: &OwnedFd) -> Result<Option<Arrival>> {
        let what = || Doing::Waiting;
        let signals = sys::signal_descriptor(self.0).doing(what)?;
        let mut descriptors = [PollFd::new(signals.as_fd(), PollFlags::POLLIN), child::for_reaping(pidfd)];
        child::until_one_is_ready(&mut descriptors).doing(what)?;
        if descriptors[0].any() != Some(true) {
            return Ok(None);
        }
        let (number, code) = sys::read_signal(signals.as_fd()).doing(what)?;
        Ok(Some(Arrival { signal: Signal(number), origin: Origin::of(code) }))
    }
}

impl FromIterator<Signal> for Signals {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        signals.into_iter().fold(Self::default(), |set, signal| set.and(Self::of(&[signal.0])))
    }
}

/// `{INT,TERM}`, `~{…}` for all but these where that is shorter.
impl fmt::Display for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |set: Signals| {
            let names: Vec<_> = set.iter().map(|signal| signal.to_string().split_off("SIG".len())).collect();
            names.join(",")
        };
        match self.0.count_ones() {
            0..=32 => write!(f, "{{{}}}", names(*self)),
            _ => write!(f, "~{{{}}}", names(Self(!self.0))),
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A signal that has been awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) signal: Signal,
    pub(crate) origin: Origin,
}

impl Arrival {
    /// Whether it is what comes of the [`crate::reins`] being let go.
    pub(crate) fn is_let_go(self) -> bool {
        self.origin == Origin::Descriptor && self.signal.0 == libc::SIGCONT
    }
}

/// Who sent a signal, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The kernel, for a terminal say.
    Kernel,
    /// A descriptor that was told to, see F_SETSIG in fcntl(2).
    Descriptor,
    /// A process.
    Process,
}

impl Origin {
    /// From `si_code` in sigaction(2).
    fn of(code: libc::c_int) -> Self {
        /// From the kernel's `asm-generic/siginfo.h`; libc has it for some targets only.
        const POLL_IN: libc::c_int = 1;
        /// `POLL_HUP`, the last of them.
        const POLL_HUP: libc::c_int = 6;
        match code {
            libc::SI_KERNEL => Origin::Kernel,
            POLL_IN..=POLL_HUP => Origin::Descriptor,
            _ => Origin::Process,
        }
    }
}

/// The signals that were held back before [`Signals::block`] added some.
#[derive(Debug)]
pub struct Mask(Signals);

impl Mask {
    /// Lets through again what was let through before.
    ///
    /// # Errors
    /// [`Doing::BlockingSignals`].
    pub fn put_back(&self) -> Result<()> {
        sys::change_mask(libc::SIG_SETMASK, self.0.0).map(drop).doing(|| Doing::BlockingSignals)
    }
}

/// What is passed on to a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forwarding {
    /// The signals.
    pub signals: Signals,
    /// Whether they were named. If so they are passed on even where the caller ignored them, as scripts do for
    /// background jobs, and the program does not ignore them; else the program inherits that.
    pub named: bool,
}

impl Forwarding {
    /// What util-linux passes on.
    pub const CLASSIC: Self = Self { signals: Signals::INT_AND_TERM, named: true };

    /// Everything but what can only mean the receiver itself: KILL and STOP cannot be caught, CHLD is of its own
    /// children, and the terminal's stop signals stop it.
    pub const ALL: Self = Self { signals: Signals::ALL.without(Signals::TERMINAL_STOPS), named: false };

    /// Reads `all`, or names and numbers of signals with commas between.
    ///
    /// # Errors
    /// [`Doing::ParsingSignal`]; [`Doing::ForwardingSignal`] for those that `all` leaves out.
    pub fn parse(text: &OsStr) -> Result<Self> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        let names = text.as_bytes().split(|byte| *byte == b',');
        let signals = names.map(|name| Signal::parse(OsStr::from_bytes(name)).and_then(forwardable));
        Ok(Self { signals: signals.collect::<Result<_>>()?, named: true })
    }
}

fn forwardable(signal: Signal) -> Result<Signal> {
    let can_be = Forwarding::ALL.signals.contains(signal);
    can_be.then_some(signal).ok_or_else(|| Error::new(Doing::ForwardingSignal { signal }))
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// A signal that is read is read again from its own name, and a list of signals has none that cannot be passed on.
    pub fn of_signals(text: &[u8]) {
        for name in text.split(|byte| *byte == b',').map(OsStr::from_bytes) {
            let Ok(signal) = Signal::parse(name) else { continue };
            assert_eq!(Signal::parse(OsStr::new(&signal.to_string())), Ok(signal));
        }
        if let Ok(forwarding) = Forwarding::parse(OsStr::from_bytes(text)) {
            assert!(forwarding.signals.without(Forwarding::ALL.signals).is_empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

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
            "32",
            "33",
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

    #[test]
    fn lists_of_signals_to_pass_on() {
        let parse = |text: &str| Forwarding::parse(OsStr::new(text)).map(|forwarding| forwarding.signals.to_string());
        assert_eq!(parse("HUP,term,12").unwrap(), "{HUP,USR2,TERM}");
        assert_eq!(parse("RTMIN").unwrap(), "{RTMIN+0}");
        assert_eq!(parse("all").unwrap(), "~{KILL,CHLD,STOP,TSTP,TTIN,TTOU}");
        for text in ["KILL", "19", "TERM,CHLD", "TSTP", "TTIN", "ttou"] {
            assert!(matches!(parse(text).unwrap_err().doing, Doing::ForwardingSignal { .. }), "{text}");
        }
        for text in ["", "TERM,", "ALL", "TERM HUP", "all,TERM"] {
            assert!(matches!(parse(text).unwrap_err().doing, Doing::ParsingSignal { .. }), "{text}");
        }
    }

    #[test]
    fn any_names_of_signals() {
        for_any(|random| random.changed(b"SIGTERM,rtmin+3,12,IOT"), |text| properties::of_signals(text));
    }

    #[test]
    fn sets() {
        let set = Signals::of(&[1, 64]);
        assert_eq!(set.iter().map(Signal::number).collect::<Vec<_>>(), [1, 64]);
        assert_eq!(set.without(Signals::of(&[1])), Signals::of(&[64]));
        assert_eq!(Signals::default().to_string(), "{}");
    }
}
