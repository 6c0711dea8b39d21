//! The offsets of the clocks in a new time namespace, see time_namespaces(7).

use std::fmt;
use std::path::Path;

use crate::error::{Doing, Result};
use crate::procfile;

/// A clock that a time namespace shifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// CLOCK_MONOTONIC
    Monotonic,
    /// CLOCK_BOOTTIME
    Boottime,
}

impl Clock {
    /// The word in options and messages.
    pub fn word(self) -> &'static str {
        match self {
            Clock::Monotonic => "monotonic",
            Clock::Boottime => "boottime",
        }
    }

    fn id(self) -> libc::clockid_t {
        match self {
            Clock::Monotonic => libc::CLOCK_MONOTONIC,
            Clock::Boottime => libc::CLOCK_BOOTTIME,
        }
    }
}

/// How far a clock of the new time namespace is ahead, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// Which clock.
    pub clock: Clock,
    /// Seconds to add; negative to set it back.
    pub seconds: i64,
}

/// The file that takes offsets until the namespace has its first process.
pub const OFFSETS: &str = "/proc/self/timens_offsets";

/// Sets an offset for the time namespace that this process has unshared and nobody is in yet.
///
/// # Errors
/// [`Doing::OpeningNamespaceFile`]; [`Doing::WritingOffsets`]: ERANGE when the clock would become negative or overflow,
/// EACCES when a process is in the namespace already.
pub fn set_offset(offset: Offset) -> Result<()> {
    let file = procfile::open(Path::new(OFFSETS), || Doing::OpeningNamespaceFile { path: OFFSETS.into() })?;
    procfile::write(&file, offset.to_string().as_bytes(), || Doing::WritingOffsets { path: OFFSETS.into(), offset })
}

/// As the kernel reads it: clock, seconds, nanoseconds.
impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} 0", self.clock.id(), self.seconds)
    }
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;
    use crate::number;

    /// Clock, seconds, nanoseconds.
    pub fn of_offset(clock: Clock, seconds: i64) {
        let text = Offset { clock, seconds }.to_string();
        let numbers: Vec<_> = text.split(' ').map(|it| number::parse(it, i64::MIN, i64::MAX)).collect();
        assert_eq!(numbers, [Ok(clock.id().into()), Ok(seconds), Ok(0)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Random, for_any};

    #[test]
    fn any_offset_is_written_as_the_kernel_reads_it() {
        let make =
            |random: &mut Random| (random.one(&[Clock::Monotonic, Clock::Boottime]), random.edge().cast_signed());
        for_any(make, |(clock, seconds)| properties::of_offset(*clock, *seconds));
    }
}
