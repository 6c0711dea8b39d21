//! Entering the namespaces of others: what the file or process is, whose it is, and whether it is still there.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use caps::Capability;
use nix::errno::Errno;
use nix::unistd::{Pid, geteuid};

use super::system::System;
use super::unshare::{filter, kind_unknown, security_module};
use super::{Case, Cause, target, typed};
use crate::error::{Doing, Error};
use crate::handle::Handle;
use crate::kind::{Kind, Kinds};
use crate::process::Target;
use crate::sys;

/// Why a namespace could not be found or entered.
pub(super) fn explain(error: &Error, case: Case<'_>) -> Option<Cause> {
    let (errno, system) = (error.errno?, case.system);
    match &error.doing {
        Doing::Entering { kind, namespace } => entering(errno, *kind, namespace, case),
        Doing::EnteringTarget { pid, kinds } => entering_target(errno, *pid, *kinds, case),
        Doing::Opening { path } | Doing::Comparing { path } => {
            let (pid, file) = process_file(path)?;
            // What --all compares with, where there is no target.
            if pid == 0 {
                return Some(typed::explain_missing_target(case));
            }
            opening(errno, pid, &file, system)
        }
        Doing::CopyingDescriptor { .. } if errno == Errno::EPERM => copying(system),
        Doing::CopyingDescriptor { number, .. } if errno == Errno::EBADF => {
            Some(Cause::new("descriptor-missing", format!("the target has no descriptor {number}")))
        }
        Doing::AskingSocket { .. } if errno == Errno::ENOTTY => {
            Some(Cause::new("no-socket", "the target's descriptor is no socket"))
        }
        Doing::OpeningOwner if errno == Errno::EPERM => {
            let reason = "the user namespace above it is none of yours: it lies outside the one that you are in";
            Some(Cause::new("owner-outside", reason))
        }
        Doing::CheckingPid { pid } => another_process(errno, *pid, system),
        Doing::OpeningById { .. } if !has_ids(system) => {
            let reason = "this kernel gives namespaces no ids: Linux 6.18 was the first that did";
            Some(
                Cause::new("ids-unknown", reason)
                    .advice("by its inode, as lsns shows it, a namespace is found too: @INODE"),
            )
        }
        Doing::OpeningById { id } if errno == Errno::ESTALE => {
            let reason = format!(
                "no process, mount, descriptor or socket that you may look at shows a namespace with the id {id}"
            );
            Some(Cause::new("id-not-found", reason).advice(target::ended_or_hidden()))
        }
        _ => None,
    }
}

/// Whether the kernel numbers its namespaces.
fn has_ids(system: &System) -> bool {
    let own = Handle::open(&system.place("/proc/self/ns/user"));
    // Where there is no /proc, nothing can be said.
    own.map_or(true, |own| own.id().is_ok())
}

/// Why a PID is not the process with that inode.
fn another_process(errno: Errno, pid: u32, system: &System) -> Option<Cause> {
    match errno {
        Errno::EOPNOTSUPP => {
            let reason = "this kernel gives processes no inodes: Linux 6.9 was the first that did";
            Some(Cause::new("inodes-unknown", reason))
        }
        Errno::ESRCH => match Target::open(pid).ok()?.inode() {
            Ok(inode) => {
                let reason = format!("PID {pid} is another process, whose inode is {inode}");
                Some(Cause::new("another-process", reason))
            }
            Err(_) => gone(pid, system),
        },
        _ => None,
    }
}

fn entering(errno: Errno, kind: Kind, namespace: &Handle, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::EPERM | Errno::ENOSYS if is_filtered(system) => Some(filter(system)),
        Errno::EPERM | Errno::EACCES => denied(kind, namespace, None, case),
        Errno::EINVAL => unfit(kind, namespace, system),
        Errno::EUSERS if kind == Kind::Time => several_threads(kind, system),
        _ => None,
    }
}

fn entering_target(errno: Errno, pid: u32, kinds: Kinds, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let handle = |kind: Kind| Handle::open(&system.place(format!("/proc/{pid}/ns/{}", kind.link()))).ok();
    let first = |find: &dyn Fn(Kind, &Handle) -> Option<Cause>| {
        kinds.iter().find_map(|kind| handle(kind).and_then(|handle| find(kind, &handle)))
    };
    match errno {
        Errno::EPERM | Errno::ENOSYS if is_filtered(system) => Some(filter(system)),
        Errno::EPERM | Errno::EACCES => {
            first(&|kind, handle| denied(kind, handle, Some(pid), case)).or_else(|| unreadable(pid, system))
        }
        Errno::EINVAL => first(&|kind, handle| unfit(kind, handle, system)),
        Errno::EUSERS => several_threads(Kind::Time, system),
        Errno::ESRCH => gone(pid, system),
        _ => None,
    }
}

/// Whether a seccomp(2) filter refuses setns(2): without one, the kernel finds fault with the descriptor.
fn is_filtered(system: &System) -> bool {
    system.status().is_some_and(|status| status.is_filtered) && sys::setns_nowhere() != Errno::EBADF
}

/// Who may enter: whoever has CAP_SYS_ADMIN both in his own user namespace and in the one that owns the namespace;
/// for mounts CAP_SYS_CHROOT at home as well, see setns(2).
fn denied(kind: Kind, namespace: &Handle, target: Option<u32>, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let word = kind.word();
    if kind == Kind::User {
        return user_denied(namespace, system);
    }
    let owner = namespace.owner();
    if owner.as_ref().err() == Some(&Errno::EPERM) {
        let reason = format!("the {word} namespace belongs to a user namespace outside of yours");
        return Some(Cause::new("namespace-outside", reason));
    }
    let status = system.status()?;
    let needed: &[Capability] = match kind {
        Kind::Mount => &[Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT],
        _ => &[Capability::CAP_SYS_ADMIN],
    };
    let missing = needed.iter().find(|it| !status.has(**it))?;
    let cause = Cause::new("needs-capability", format!("a {word} namespace needs {missing}, which you do not have"));
    let owner = owner.ok()?;
    // Whoever has made the user namespace that owns it, gets all capabilities by entering that first.
    let is_own = owner.owner_uid() == Ok(geteuid().as_raw()) && is_below(&owner, system);
    let is_targets = target.is_some_and(|pid| is_namespace_of(&owner, pid, system));
    Some(match is_own && is_targets {
        true => cause.command(case.command.working_with(&["--user", "--preserve-credentials"], system)),
        false => cause,
    })
}

/// Whether it is another user namespace than this process's own, inside of it.
fn is_below(user: &Handle, system: &System) -> bool {
    !is_own(user, Kind::User, system) && user.owner().is_ok()
}

fn is_own(namespace: &Handle, kind: Kind, system: &System) -> bool {
    let own = Handle::open(&system.place(format!("/proc/self/ns/{}", kind.link())));
    own.is_ok_and(|own| own.identity().is_ok() && own.identity() == namespace.identity())
}

fn is_namespace_of(user: &Handle, pid: u32, system: &System) -> bool {
    let targets = Handle::open(&system.place(format!("/proc/{pid}/ns/user")));
    targets.is_ok_and(|targets| targets.identity().is_ok() && targets.identity() == user.identity())
}

/// A user namespace can be entered from above, by its maker and by whoever is privileged there.
fn user_denied(namespace: &Handle, system: &System) -> Option<Cause> {
    match namespace.owner() {
        Err(Errno::EPERM) => {
            let reason = "the user namespace is not inside the one that you are in: one enters downwards only";
            Some(Cause::new("user-namespace-outside", reason))
        }
        Ok(_) if system.may(Capability::CAP_SYS_ADMIN) == Some(false) => {
            let uid = namespace.owner_uid().ok()?;
            let reason =
                format!("the user namespace is uid {uid}'s, and you are uid {} without CAP_SYS_ADMIN", geteuid());
            (uid != geteuid().as_raw()).then(|| Cause::new("user-namespace-of-another", reason))
        }
        _ => security_module(system),
    }
}

/// What is wrong with what was to be entered.
fn unfit(kind: Kind, namespace: &Handle, system: &System) -> Option<Cause> {
    let word = kind.word();
    match namespace.kind() {
        Err(_) => {
            let reason = "the file is no namespace: nothing is bound there, or not any more";
            return Some(Cause::new("not-a-namespace", reason));
        }
        Ok(Some(other)) if other != kind => {
            let reason = format!("the file is a {} namespace, not a {word} namespace", other.word());
            return Some(Cause::new("other-kind", reason));
        }
        Ok(_) => {}
    }
    if kind == Kind::User && is_own(namespace, kind, system) {
        let reason = "you are in this user namespace already, and cannot enter it again";
        return Some(Cause::new("own-user-namespace", reason));
    }
    if kind == Kind::Pid && !is_own(namespace, kind, system) && namespace.parent().err() == Some(Errno::EPERM) {
        let reason = "the pid namespace is not inside the one that you are in: one enters downwards only";
        return Some(Cause::new("pid-namespace-outside", reason));
    }
    several_threads(kind, system)
}

fn several_threads(kind: Kind, system: &System) -> Option<Cause> {
    let threads = system.status()?.threads;
    let matters = matches!(kind, Kind::User | Kind::Mount | Kind::Time) && threads > 1;
    matters.then(|| {
        let reason = format!("this process has {threads} threads: only one that has a single thread enters it");
        Cause::new("several-threads", reason)
    })
}

/// The PID and the rest of a path below /proc/PID.
fn process_file(path: &Path) -> Option<(u32, String)> {
    let text = path.strip_prefix("/proc").ok()?.to_str()?;
    let (pid, file) = text.split_once('/').unwrap_or((text, ""));
    Some((pid.parse().ok()?, file.to_owned()))
}

fn opening(errno: Errno, pid: u32, file: &str, system: &System) -> Option<Cause> {
    match errno {
        Errno::ENOENT | Errno::ESRCH => gone(pid, system).or_else(|| missing_link(file, system)),
        Errno::EACCES | Errno::EPERM => unreadable(pid, system),
        _ => None,
    }
}

/// Why a process is not there, or has no namespaces any more.
fn gone(pid: u32, system: &System) -> Option<Cause> {
    if !system.has_proc() {
        return None;
    }
    if let Some(stat) = system.text(format!("/proc/{pid}/stat")) {
        // The state stands behind the name, which may have any characters.
        let is_dead = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']));
        let reason = format!("process {pid} has ended and waits for its parent (a zombie): it has no namespaces");
        return is_dead.then(|| Cause::new("target-zombie", reason));
    }
    let exists = i32::try_from(pid).is_ok_and(|pid| !matches!(sys::kill(Pid::from_raw(pid), 0), Err(Errno::ESRCH)));
    let hides = system.mount_of(Path::new("/proc")).is_some_and(|mount| mount.has_super_option("hidepid"));
    Some(match (exists, hides) {
        (true, true) => Cause::new("target-hidden", format!("process {pid} is hidden: /proc is mounted with hidepid")),
        (true, false) => {
            let reason =
                format!("there is a process {pid}, but this /proc does not show it: it is another pid namespace's");
            Cause::new("foreign-proc", reason)
        }
        (false, _) => Cause::new("no-such-process", format!("there is no process {pid}")),
    })
}

/// A link of /proc/PID/ns that is not there although the process is.
fn missing_link(file: &str, system: &System) -> Option<Cause> {
    let link = file.strip_prefix("ns/")?;
    let kind = Kind::all().find(|kind| kind.link() == link || kind.children_link() == link)?;
    if !system.has_kind(kind) {
        return Some(kind_unknown(kind));
    }
    (link != kind.link()).then(|| {
        let reason = format!("the {} namespace of its children has no process yet", kind.word());
        Cause::new("no-process-yet", reason)
    })
}

/// Why what is below /proc/PID may not be looked at, see "PTRACE_MODE_READ_FSCREDS" in ptrace(2).
fn unreadable(pid: u32, system: &System) -> Option<Cause> {
    let status = system.status()?;
    if status.has(Capability::CAP_SYS_PTRACE) {
        return None;
    }
    let its = system.text(format!("/proc/{pid}/status"))?;
    let uid: u32 =
        its.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().next()?.parse().ok()?;
    if uid != status.uid {
        let reason =
            format!("process {pid} is uid {uid}'s: looking into it needs CAP_SYS_PTRACE, which you do not have");
        return Some(Cause::new("target-of-another", reason));
    }
    // The files of a process that is not dumpable are root's; its directory is not.
    let owner = std::fs::metadata(system.place(format!("/proc/{pid}/status"))).ok()?.uid();
    let is_hidden = owner != uid;
    is_hidden.then(|| {
        let reason =
            format!("process {pid} is not dumpable (see PR_SET_DUMPABLE in prctl(2)): only root may look into it");
        Cause::new("target-not-dumpable", reason)
    })
}

fn copying(system: &System) -> Option<Cause> {
    const YAMA: &str = "/proc/sys/kernel/yama/ptrace_scope";
    if system.may(Capability::CAP_SYS_PTRACE)? {
        return None;
    }
    let scope = system.number(YAMA).filter(|scope| *scope > 0);
    Some(match scope {
        Some(scope) => {
            Cause::new("yama", format!("{YAMA} is {scope}: taking another process's descriptors needs CAP_SYS_PTRACE"))
        }
        None => {
            let reason = "taking another process's descriptors needs CAP_SYS_PTRACE, which you do not have";
            Cause::new("needs-cap-sys-ptrace", reason)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hints::faked::Faked;

    fn opening(faked: &Faked, path: &str, errno: Errno) -> &'static str {
        faked.cause("nsenter -t 7 -u true", Doing::Opening { path: path.into() }, errno)
    }

    /// ENOENT on /proc/PID/ns/X: the kernel has no such kind.
    #[test]
    fn kind_unknown() {
        let faked = Faked::new().file("/proc/7/stat", "7 (x) ) S 1\n").link("/proc/self/ns/uts", "uts:[1]");
        assert_eq!(opening(&faked, "/proc/7/ns/time", Errno::ENOENT), "kind-unknown");
        assert_eq!(opening(&faked, "/proc/7/ns/uts", Errno::ENOENT), "");
    }

    /// A zombie is known by its state, whatever its name looks like.
    #[test]
    fn target_zombie() {
        let named = |stat: &str| Faked::new().file("/proc/7/stat", stat).link("/proc/self/ns/uts", "uts:[1]");
        assert_eq!(opening(&named("7 (x) S 1) Z 1\n"), "/proc/7/ns/uts", Errno::ENOENT), "target-zombie");
        assert_eq!(opening(&named("7 (x) Z 1) S 1\n"), "/proc/7/ns/uts", Errno::ENOENT), "");
    }

    /// EOPNOTSUPP for PID:INODE.
    #[test]
    fn inodes_unknown() {
        let cause = |errno| Faked::new().cause("nsenter -t 7:8 -u", Doing::CheckingPid { pid: 7 }, errno);
        assert_eq!(cause(Errno::EOPNOTSUPP), "inodes-unknown");
        assert_eq!(cause(Errno::EPERM), "");
    }

    /// Whatever the kernel says to a handle of a kind that it does not know.
    #[test]
    fn ids_unknown() {
        let cause = |faked: &Faked| faked.cause("nsenter -n=:7", Doing::OpeningById { id: 7 }, Errno::EBADF);
        // A file that is no namespace answers as one on an old kernel does.
        assert_eq!(cause(&Faked::new().without("/proc/self/ns/user").file("/proc/self/ns/user", "")), "ids-unknown");
        assert_eq!(cause(&Faked::new()), "");
    }

    /// EPERM of pidfd_getfd(2): Yama.
    #[test]
    fn yama() {
        let faked = |scope: &str| Faked::new().file("/proc/sys/kernel/yama/ptrace_scope", scope);
        let cause = |faked: &Faked| {
            faked.cause("nsenter -t 7 -N 3", Doing::CopyingDescriptor { pidfd: 3, number: 3 }, Errno::EPERM)
        };
        assert_eq!(cause(&faked("1\n")), "yama");
        assert_eq!(cause(&faked("0\n")), "needs-cap-sys-ptrace");
        assert_eq!(cause(&faked("1\n").status(0, u64::MAX)), "");
    }

    /// EINVAL and EUSERS.
    #[test]
    fn several_threads() {
        let namespace = Handle::open(Path::new("/proc/self/ns/mnt")).unwrap();
        let threads = Faked::new().system().text("/proc/self/status").unwrap().replace("Threads:\t1", "Threads:\t3");
        let faked = Faked::new().file("/proc/self/status", &threads);
        for (kind, errno) in [(Kind::Mount, Errno::EINVAL), (Kind::Time, Errno::EUSERS)] {
            let doing = Doing::Entering { kind, namespace: namespace.clone() };
            assert_eq!(faked.cause("nsenter -m", doing.clone(), errno), "several-threads");
            assert_eq!(Faked::new().cause("nsenter -m", doing, errno), "");
        }
    }
}
