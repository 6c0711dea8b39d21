//! "No space left on device": not a disk, but a limit on how many namespaces there may be, or how deep.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Cause;
use super::system::System;
use crate::handle::Handle;
use crate::kind::{Kind, Kinds};

/// How many levels of pid and of user namespaces there may be below the first one, see namespaces(7).
const LEVELS: usize = 32;

/// Which limit keeps namespaces of these kinds from being made.
pub(super) fn explain(kinds: Kinds, system: &System) -> Option<Cause> {
    // A kind that is switched off explains it all, whichever it is.
    let off = kinds.iter().find(|kind| limit(*kind, system) == Some(0));
    if let Some(kind) = off {
        let file = limit_file(kind);
        let reason = format!("{file} is 0: {} namespaces are switched off here", kind.word());
        return Some(Cause::new("limit-zero", reason).command_of_root(format!("echo {ENOUGH} >{file}")));
    }
    if kinds.contains(Kind::Pid) && pid_level(system)? >= LEVELS {
        let reason = format!("pid namespaces can nest {LEVELS} levels deep, and this is the last");
        return Some(Cause::new("nested-too-deep", reason));
    }
    let is_first = system.is_first_user_namespace()?;
    // In the first user namespace, nothing else can be the reason for a single kind.
    let is_certain = |kind| is_first && kinds.iter().count() == 1 && (kind != Kind::Pid || is_in_first(kind, system));
    let reached =
        kinds.iter().find(|kind| limit(*kind, system).is_some_and(|limit| is_certain(*kind) || in_use(*kind) >= limit));
    if let Some(kind) = reached {
        return Some(limit_reached(kind, system));
    }
    beyond_sight(kinds, is_first)
}

/// What is above this process's namespaces cannot be seen from in here: either their limits, or how many there are.
fn beyond_sight(kinds: Kinds, is_first: bool) -> Option<Cause> {
    let nested = [Kind::User, Kind::Pid].into_iter().find(|kind| kinds.contains(*kind));
    let above = "a user namespace above this one has reached its limit";
    let reason = match nested {
        Some(kind) if is_first => {
            let word = kind.word();
            format!(
                "either {word} namespaces are nested {LEVELS} levels deep already, or {} is reached",
                limit_file(kind)
            )
        }
        Some(kind) => format!("either {} namespaces are nested {LEVELS} levels deep already, or {above}", kind.word()),
        None if is_first => return None,
        None => above.into(),
    };
    Some(Cause::new("limit-above", reason).advice("look at /proc/sys/user/max_*_namespaces outside"))
}

/// What administrators usually find there.
const ENOUGH: u32 = 10_000;

fn limit_reached(kind: Kind, system: &System) -> Cause {
    let (file, word) = (limit_file(kind), kind.word());
    let limit = limit(kind, system).unwrap_or_default();
    let reason = format!("{file} is {limit}: as many {word} namespaces are in use as one user may have");
    let more = limit.saturating_mul(2).max(ENOUGH.into());
    Cause::new("limit-reached", reason).command_of_root(format!("echo {more} >{file}"))
}

fn limit_file(kind: Kind) -> String {
    format!("/proc/sys/user/max_{}_namespaces", kind.link())
}

fn limit(kind: Kind, system: &System) -> Option<u64> {
    system.number(limit_file(kind))
}

/// How many pid namespaces this process is in below the one whose /proc this is.
fn pid_level(system: &System) -> Option<usize> {
    let status = system.text("/proc/self/status")?;
    let pids = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    Some(pids.split_ascii_whitespace().count().saturating_sub(1))
}

/// Whether the pid namespace is the first one, and so its depth is known.
fn is_in_first(kind: Kind, system: &System) -> bool {
    /// PROC_PID_INIT_INO of the kernel's `proc_ns.h`.
    const FIRST: &str = "pid:[4026531836]";
    system.link(format!("/proc/self/ns/{}", kind.link())).is_some_and(|link| link == FIRST)
}

/// How many namespaces of a kind are seen that this process's user namespace owns.
fn in_use(kind: Kind) -> u64 {
    let own = Handle::open(Path::new("/proc/self/ns/user")).ok().and_then(|own| own.identity().ok());
    let Some(own) = own else { return 0 };
    let mut seen = BTreeSet::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let link = process.path().join("ns").join(kind.link());
        let Ok(handle) = Handle::open(&link) else { continue };
        let is_own = handle.owner().and_then(|owner| owner.identity()) == Ok(own);
        if let (true, Ok(identity)) = (is_own, handle.identity()) {
            seen.insert(identity);
        }
    }
    seen.len().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use crate::Kind;
    use crate::error::Doing;
    use crate::hints::faked::Faked;

    fn cause(faked: &Faked, kind: Kind, errno: Errno) -> &'static str {
        faked.cause("unshare", Doing::Unsharing { kinds: [kind].into_iter().collect() }, errno)
    }

    /// ENOSPC, and EUSERS on Linux 3.11 to 4.8.
    #[test]
    fn limit_zero() {
        for errno in [Errno::ENOSPC, Errno::EUSERS] {
            let faked = Faked::new().file("/proc/sys/user/max_user_namespaces", "0\n");
            assert_eq!(cause(&faked, Kind::User, errno), "limit-zero");
            assert_eq!(cause(&faked, Kind::User, Errno::EPERM), "");
        }
    }

    /// ENOSPC in the first user namespace: only the limit there can be the reason.
    #[test]
    fn limit_reached_in_the_first_user_namespace() {
        let faked = Faked::new().file("/proc/sys/user/max_net_namespaces", "5\n");
        assert_eq!(cause(&faked, Kind::Net, Errno::ENOSPC), "limit-reached");
        assert_eq!(cause(&faked, Kind::Uts, Errno::ENOSPC), "");
    }

    /// ENOSPC: a process that /proc shows to be as deep as it goes.
    #[test]
    fn nested_too_deep() {
        let faked = |levels: usize| {
            let faked = Faked::new().file("/proc/sys/user/max_pid_namespaces", "1000\n");
            let status = faked.system().text("/proc/self/status").unwrap();
            let pids = " 1".repeat(levels);
            let faked = faked.file("/proc/self/status", &status.replace("NSpid:\t42", &format!("NSpid:\t42{pids}")));
            faked
                .link("/proc/self/ns/pid", "pid:[4026533000]")
                .link("/proc/self/ns/pid_for_children", "pid:[4026533000]")
        };
        assert_eq!(cause(&faked(32), Kind::Pid, Errno::ENOSPC), "nested-too-deep");
        assert_eq!(cause(&faked(31), Kind::Pid, Errno::ENOSPC), "limit-above");
    }
}
