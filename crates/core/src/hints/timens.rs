//! The offsets of a time namespace's clocks, see "/proc/pid/timens_offsets" in time_namespaces(7).

use caps::Capability;
use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};

use super::system::System;
use super::unshare::security_module;
use super::{Case, Cause};
use crate::kind::Kind;
use crate::timens::{Clock, Offset};

/// Why the kernel did not take an offset.
pub(super) fn explain(offset: Offset, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::ERANGE => out_of_range(offset, now(offset.clock)?),
        Errno::EACCES => in_use(system),
        Errno::EPERM if system.may(Capability::CAP_SYS_TIME) == Some(false) => {
            let reason = "to shift the clocks of a time namespace needs CAP_SYS_TIME, which you do not have";
            Some(Cause::new("needs-cap-sys-time", reason))
        }
        Errno::EPERM => security_module(system),
        _ => None,
    }
}

/// The present value of a clock, in seconds, as this process sees it.
fn now(clock: Clock) -> Option<i64> {
    let id = match clock {
        Clock::Monotonic => ClockId::CLOCK_MONOTONIC,
        Clock::Boottime => ClockId::CLOCK_BOOTTIME,
    };
    Some(clock_gettime(id).ok()?.tv_sec())
}

/// KTIME_SEC_MAX of the kernel's `ktime.h`: what 63 bits hold in nanoseconds.
const LAST: i64 = i64::MAX / 1_000_000_000;

/// A clock neither goes below 0, nor past half of what the kernel can count: so that it does not overflow for long.
fn out_of_range(offset: Offset, now: i64) -> Option<Cause> {
    let (clock, seconds) = (offset.clock.word(), offset.seconds);
    let sum = i128::from(now) + i128::from(seconds);
    let most = LAST / 2 - now;
    if sum < 0 {
        let reason = format!("the {clock} clock stands at {now} seconds, and {seconds} would make it negative");
        return Some(Cause::new("clock-negative", reason).advice(format!("from {} seconds on it is possible", -now)));
    }
    (sum > i128::from(LAST / 2)).then(|| {
        let reason =
            format!("the {clock} clock stands at {now} seconds, and {seconds} more would take it past 146 years");
        Cause::new("clock-too-late", reason).advice(format!("up to {most} seconds are possible"))
    })
}

/// The offsets are for a namespace that nobody is in yet.
fn in_use(system: &System) -> Option<Cause> {
    let link = |name: &str| system.link(format!("/proc/self/ns/{name}"));
    let (own, childrens) = (link(Kind::Time.link())?, link(Kind::Time.children_link())?);
    let reason = if own == childrens {
        "this process is in the time namespace itself, and the clocks of one are set only before that"
    } else {
        "the new time namespace has a process already, and its clocks are set only before that"
    };
    Some(Cause::new("time-namespace-in-use", reason))
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;
    use crate::error::Doing;

    fn cause(faked: &Faked, seconds: i64, errno: Errno) -> &'static str {
        let offset = Offset { clock: Clock::Monotonic, seconds };
        faked.cause("unshare -T", Doing::WritingOffsets { path: crate::timens::OFFSETS.into(), offset }, errno)
    }

    /// EACCES: the time namespace is in use.
    #[test]
    fn time_namespace_in_use() {
        let faked = Faked::new().link("/proc/self/ns/time", "time:[1]");
        assert_eq!(cause(&faked, 1, Errno::EACCES), "");
        for children in ["time:[1]", "time:[2]"] {
            let faked = Faked::new().link("/proc/self/ns/time", "time:[1]");
            let faked = faked.link("/proc/self/ns/time_for_children", children);
            assert_eq!(cause(&faked, 1, Errno::EACCES), "time-namespace-in-use");
        }
    }

    /// ERANGE is explained at the edges only.
    #[test]
    fn clocks_out_of_range() {
        let of = |seconds, now| {
            out_of_range(Offset { clock: Clock::Boottime, seconds }, now).map(|cause| cause.lines().join("; "))
        };
        assert_eq!(of(-5, 5), None);
        let negative = "the boottime clock stands at 5 seconds, and -6 would make it negative";
        assert_eq!(of(-6, 5), Some(format!("{negative}; from -5 seconds on it is possible")));
        assert_eq!(of(LAST / 2 - 5, 5), None);
        for seconds in [LAST / 2 - 4, i64::MAX] {
            assert!(of(seconds, 5).is_some_and(|text| text.ends_with("; up to 4611686013 seconds are possible")));
        }
        assert!(of(i64::MIN, 5).is_some());
    }
}
