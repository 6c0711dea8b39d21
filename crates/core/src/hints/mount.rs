//! Mounting /proc and binfmt_misc, propagation, and another root directory.

use std::path::Path;

use caps::Capability;
use nix::errno::Errno;

use super::idmap::restricted;
use super::system::{System, VisibleMount, maps, shown};
use super::unshare::{is_unshared_already, security_module};
use super::{Case, Cause, UNSHARE, paths, quoted};
use crate::error::Doing;
use crate::handle::Handle;
use crate::idmap::Side;
use crate::kind::Kind;
use crate::sys;

/// Why a mount, a change of propagation or of a directory was refused.
pub(super) fn explain(doing: &Doing, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match doing {
        Doing::Mounting { .. } if errno == Errno::ENOSPC => too_many(system),
        Doing::Mounting { filesystem: "proc", target } => match errno {
            Errno::EPERM => proc_denied(case),
            Errno::EACCES => restricted(system),
            Errno::EINVAL => root_elsewhere(system),
            _ => paths::explain(target, errno, system),
        },
        Doing::Mounting { filesystem, target } => other_filesystem(filesystem, target, errno, system),
        Doing::SettingPropagation { target } => propagation(target, errno, case),
        Doing::ChangingRoot { .. } | Doing::ChangingRootByDescriptor if errno == Errno::EPERM => root_denied(case),
        Doing::ChangingRoot { directory } | Doing::ChangingDirectory { directory } => {
            paths::explain(directory, errno, system)
        }
        Doing::OpeningWorkingDirectory { directory } => paths::explain_unnamed(directory, errno, system),
        _ => None,
    }
}

/// fs.mount-max, of each mount namespace.
pub(super) fn too_many(system: &System) -> Option<Cause> {
    const LIMIT: &str = "/proc/sys/fs/mount-max";
    let (limit, count) = (system.number(LIMIT)?, system.mounts()?.len() as u64);
    let reason = format!("{LIMIT} is {limit}, and as many mounts are in this mount namespace");
    let more = limit.saturating_mul(2);
    (count >= limit).then(|| Cause::new("mount-max", reason).command_of_root(format!("echo {more} >{LIMIT}")))
}

/// proc is mounted by whoever is privileged over the pid namespace and sees a whole /proc already, see "Mounting" in
/// user_namespaces(7).
fn proc_denied(case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    if !system.may(Capability::CAP_SYS_ADMIN)? {
        return Some(Cause::new("needs-capability", "to mount proc needs CAP_SYS_ADMIN, which you do not have"));
    }
    let pid = Handle::open(&system.place("/proc/self/ns/pid"));
    if pid.is_ok_and(|pid| pid.owner().err() == Some(Errno::EPERM)) {
        return Some(foreign_pid_namespace(case));
    }
    hidden_proc(system).or_else(|| restricted(system))
}

/// A root directory that is in no mount namespace of this process's.
fn root_elsewhere(system: &System) -> Option<Cause> {
    let (own, mounts) = (sys::mount_of_root().ok()?, system.mounts()?);
    let reason = "the root directory that was entered is in another mount namespace, where nothing can be mounted";
    let is_elsewhere = mounts.iter().all(|mount| mount.id != own);
    is_elsewhere.then(|| Cause::new("root-elsewhere", reason).advice("enter that mount namespace too: add --mount"))
}

/// /proc shows a pid namespace, so it is mounted from one that belongs to the user namespace.
fn foreign_pid_namespace(case: Case<'_>) -> Cause {
    let (command, system) = (case.command, case.system);
    let (reason, options): (_, &[&str]) = if is_unshared_already(Kind::Pid, system) {
        (
            "this process itself is not in the new pid namespace, only its children are: /proc shows the old one",
            &["--fork"],
        )
    } else if command.asks_for_child() {
        ("/proc shows the pid namespace, which is not of this user namespace: it needs one of its own", &["--pid"])
    } else {
        (
            "/proc shows the pid namespace, which is not of this user namespace: it needs one of its own",
            &["--pid", "--fork"],
        )
    };
    let cause = Cause::new("pid-namespace-of-another", reason);
    if command.tool == UNSHARE { cause.command(command.with(options)) } else { cause }
}

/// Where the kernel keeps directories that are there only to be mounted on: nothing is hidden by that.
const EMPTY: [&str; 2] = ["/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd"];

/// What hides a part of every /proc that there is, or makes it read-only.
fn hidden_proc(system: &System) -> Option<Cause> {
    let mounts = system.mounts()?;
    let whole = |mount: &&VisibleMount| mount.mount.filesystem == "proc" && mount.mount.root == Path::new("/");
    let all: Vec<&VisibleMount> = mounts.iter().filter(whole).collect();
    let masks = |proc: &VisibleMount| -> Vec<&Path> {
        let (id, target) = (proc.id, proc.target());
        let on_it = mounts.iter().filter(|mount| mount.parent == id && mount.target().starts_with(target));
        on_it.map(VisibleMount::target).filter(|place| !EMPTY.iter().any(|it| *place == Path::new(it))).collect()
    };
    let is_read_only = |proc: &VisibleMount| proc.has_option("ro") || proc.has_super_option("ro");
    if all.iter().any(|proc| masks(proc).is_empty() && !is_read_only(proc)) {
        return None;
    }
    let Some(proc) = all.iter().max_by_key(|proc| proc.target() == Path::new("/proc")) else {
        return Some(Cause::new(
            "proc-not-visible",
            "no whole /proc is mounted here, and only who sees one may mount one",
        ));
    };
    let masks = masks(proc);
    Some(if masks.is_empty() { read_only(proc) } else { masked(&masks, system) })
}

fn read_only(proc: &VisibleMount) -> Cause {
    let place = shown(proc.target());
    let reason = format!("{place} is mounted read-only, and a user namespace cannot mount one that is not");
    let how = if proc.has_super_option("ro") { "remount,rw" } else { "remount,bind,rw" };
    let cause = Cause::new("proc-read-only", reason);
    match quoted(proc.target().as_os_str()) {
        Some(place) => cause.command_of_root(format!("mount -o {how} {place}")),
        None => cause,
    }
}

/// Containers have parts of /proc mounted over, which a new one would show.
fn masked(masks: &[&Path], system: &System) -> Cause {
    const MOST: usize = 4;
    let mut names: Vec<String> = masks.iter().take(MOST).map(shown).collect();
    if masks.len() > MOST {
        names.push(format!("{} more", masks.len() - MOST));
    }
    let reason = format!("mounts hide parts of /proc ({}), and a new one would show them", names.join(", "));
    let cause = Cause::new("proc-masked", reason);
    let places: Option<Vec<String>> = masks.iter().rev().map(|place| quoted(place.as_os_str())).collect();
    match (system.container().as_deref(), places) {
        (Some("docker"), _) => {
            cause.advice("start the container with: docker run --security-opt systempaths=unconfined")
        }
        (Some("podman"), _) => cause.advice("start the container with: podman run --security-opt unmask=ALL"),
        (None, Some(places)) if places.len() <= MOST => cause.command_of_root(format!("umount {}", places.join(" "))),
        _ => cause,
    }
}

/// binfmt_misc, which is a user namespace's own since Linux 6.7.
fn other_filesystem(filesystem: &str, target: &Path, errno: Errno, system: &System) -> Option<Cause> {
    match errno {
        Errno::EPERM if system.is_first_user_namespace() == Some(false) && system.is_older_than((6, 7)) => {
            let reason = "a user namespace may mount binfmt_misc since Linux 6.7: this kernel is older";
            Some(
                Cause::new("binfmt-of-kernel", reason)
                    .advice("as root of the system, without a user namespace, mount(8) does it"),
            )
        }
        Errno::EPERM | Errno::EACCES => restricted(system),
        Errno::ENODEV | Errno::ENOENT => {
            let known = system.text("/proc/filesystems")?;
            let is_known = known.lines().any(|line| line.split_ascii_whitespace().next_back() == Some(filesystem));
            if is_known {
                return paths::explain(target, errno, system);
            }
            let reason = format!("this kernel has no {filesystem}, or has not loaded it: see /proc/filesystems");
            let cause = Cause::new("filesystem-unknown", reason);
            Some(match has_module(filesystem, system) {
                true => cause.command_of_root(format!("modprobe {filesystem}")),
                false => cause,
            })
        }
        _ => paths::explain(target, errno, system),
    }
}

/// Opening the file that takes formats: it is root's, of the user namespace that binfmt_misc was mounted in.
pub(super) fn opening(path: &Path, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let map = system.id_map(Side::Users)?;
    let is_register = errno == Errno::EACCES && path.ends_with("register") && case.command.tool == UNSHARE;
    let reason = "formats are for root of the user namespace to register, and /proc/self/uid_map maps no uid 0";
    (is_register && !maps(&map, 0)).then(|| {
        let cause = Cause::new("root-not-mapped", reason);
        if map.is_empty() { cause.command(case.command.with(&["--map-root-user"])) } else { cause }
    })
}

fn has_module(name: &str, system: &System) -> bool {
    let release = system.text("/proc/sys/kernel/osrelease").filter(|release| !release.contains('/'));
    let list = release.and_then(|release| system.text(format!("/lib/modules/{release}/modules.dep")));
    list.is_some_and(|list| list.lines().any(|line| line.contains(&format!("/{name}.ko"))))
}

/// Propagation is a mount point's, and a changed root directory need not be one.
fn propagation(target: &Path, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::EINVAL if target == Path::new("/") => {
            if system.mounts()?.iter().any(|mount| mount.target() == target) {
                return None;
            }
            let reason = "the root directory was changed (chroot) to one that is no mount point, and only those have a propagation";
            let cause = Cause::new("root-no-mount-point", reason);
            let typed = case.command.has_option(&["propagation"]);
            Some(if case.command.tool != UNSHARE {
                cause
            } else if typed {
                cause.advice("take --propagation=unchanged")
            } else {
                cause.command(case.command.with(&["--propagation=unchanged"]))
            })
        }
        Errno::EPERM | Errno::EACCES => restricted(system),
        _ => None,
    }
}

fn root_denied(case: Case<'_>) -> Option<Cause> {
    if case.system.may(Capability::CAP_SYS_CHROOT)? {
        return security_module(case.system);
    }
    let reason = "another root directory needs CAP_SYS_CHROOT, which you do not have";
    let cause = Cause::new("needs-cap-sys-chroot", reason);
    let is_unshare = case.command.tool == UNSHARE;
    let command = is_unshare.then(|| case.command.working_with(&["--map-root-user"], case.system));
    Some(cause.command(command.flatten()))
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;

    const LINE: &str = "unshare -rpf --mount-proc";

    fn mounting(filesystem: &'static str) -> Doing {
        let target = if filesystem == "proc" { "/proc" } else { EMPTY[0] };
        Doing::Mounting { filesystem, target: target.into() }
    }

    /// EPERM: what hides /proc, and how its engine can be told not to.
    #[test]
    fn proc_masked() {
        let faked = || Faked::new().in_new_user_namespace();
        let mask = |place: &str| format!("30 22 0:50 / {place} rw - tmpfs tmpfs rw");
        let lines = |faked: &Faked| {
            faked.explain(LINE, mounting("proc"), Errno::EPERM).map(|cause| cause.lines()).unwrap_or_default()
        };
        assert_eq!(lines(&faked()).len(), 0);
        let hidden = faked().mount(&mask("/proc/kcore")).mount(&mask("/proc/a\\040b"));
        let reason = "mounts hide parts of /proc (/proc/kcore, /proc/a b), and a new one would show them";
        assert_eq!(lines(&hidden), [reason, "try, as root: umount '/proc/a b' /proc/kcore"]);
        let podman = hidden.file("/run/.containerenv", "");
        assert_eq!(lines(&podman)[1], "start the container with: podman run --security-opt unmask=ALL");
        let docker = podman.file("/.dockerenv", "");
        assert_eq!(lines(&docker)[1], "start the container with: docker run --security-opt systempaths=unconfined");
        let many = (0..9).fold(faked(), |faked, number| faked.mount(&mask(&format!("/proc/\\033{number}"))));
        let names = "/proc/\\u{1b}0, /proc/\\u{1b}1, /proc/\\u{1b}2, /proc/\\u{1b}3, 5 more";
        assert_eq!(lines(&many), [format!("mounts hide parts of /proc ({names}), and a new one would show them")]);
        // What is not on it does not matter, nor a directory that is there to be mounted on.
        let elsewhere = faked().mount("31 21 0:51 / /procession rw - tmpfs tmpfs rw").mount(&mask(EMPTY[0]));
        assert_eq!(lines(&elsewhere).len(), 0);
        // Another whole /proc is as good.
        let other = faked().mount(&mask("/proc/kcore")).mount("32 21 0:52 / /mnt rw - proc proc rw");
        assert_eq!(lines(&other).len(), 0);
    }

    /// EPERM: a part of a /proc is not enough.
    #[test]
    fn proc_not_visible() {
        let part = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 0:4 /sys /proc/sys rw - proc proc rw\n";
        let faked = Faked::new().in_new_user_namespace().file("/proc/self/mountinfo", part);
        assert_eq!(faked.cause(LINE, mounting("proc"), Errno::EPERM), "proc-not-visible");
    }

    /// EACCES: a mount rule of AppArmor.
    #[test]
    fn apparmor_profile() {
        let faked = Faked::new().in_new_user_namespace();
        assert_eq!(faked.cause(LINE, mounting("proc"), Errno::EACCES), "");
        let faked = faked.file("/proc/self/attr/current", "docker-default (enforce)\n");
        for doing in [mounting("proc"), mounting("binfmt_misc"), Doing::SettingPropagation { target: "/".into() }] {
            assert_eq!(faked.cause(LINE, doing, Errno::EACCES), "apparmor-profile");
        }
    }

    /// EPERM: binfmt_misc in a user namespace, before Linux 6.7.
    #[test]
    fn binfmt_of_kernel() {
        let of = |release: &str| Faked::new().in_new_user_namespace().file("/proc/sys/kernel/osrelease", release);
        assert_eq!(of("6.6.12-amd64").cause(LINE, mounting("binfmt_misc"), Errno::EPERM), "binfmt-of-kernel");
        assert_eq!(of("6.7.0").cause(LINE, mounting("binfmt_misc"), Errno::EPERM), "");
    }

    /// ENODEV, and the same where the directory is missing with it.
    #[test]
    fn filesystem_unknown() {
        let faked = Faked::new().file("/proc/filesystems", "nodev\tproc\n\text4\n");
        let remedy =
            |faked: &Faked, errno| faked.explain(LINE, mounting("binfmt_misc"), errno).map(|it| it.lines().len());
        assert_eq!(remedy(&faked, Errno::ENODEV), Some(1));
        assert_eq!(remedy(&faked, Errno::ENOENT), Some(1));
        let module = "kernel/fs/binfmt_misc.ko.xz:\n";
        let faked = faked.file("/proc/sys/kernel/osrelease", "6.8").file("/lib/modules/6.8/modules.dep", module);
        assert_eq!(remedy(&faked, Errno::ENODEV), Some(2));
        let faked = faked.file("/proc/filesystems", "nodev\tbinfmt_misc\n").directory(EMPTY[0]);
        assert_eq!(remedy(&faked, Errno::ENODEV), None);
        assert_eq!(remedy(&faked, Errno::ENOENT), None);
    }

    /// EACCES of the file that takes formats: not where there is a root.
    #[test]
    fn root_not_mapped() {
        let opening = || Doing::Opening { path: format!("{}/register", EMPTY[0]).into() };
        let faked = Faked::new().in_new_user_namespace();
        assert_eq!(faked.cause(LINE, opening(), Errno::EACCES), "root-not-mapped");
        let faked = faked.file("/proc/self/uid_map", "0 1000 1\n");
        assert_eq!(faked.cause(LINE, opening(), Errno::EACCES), "");
    }

    /// ENOSPC.
    #[test]
    fn mount_max() {
        let of = |limit: &str| Faked::new().file("/proc/sys/fs/mount-max", limit);
        let pinning = || Doing::Pinning { source: "/proc/7/ns/uts".into(), target: "file".into() };
        for doing in [mounting("proc"), pinning()] {
            assert_eq!(of("2\n").cause(LINE, doing.clone(), Errno::ENOSPC), "mount-max");
            assert_eq!(of("3\n").cause(LINE, doing, Errno::ENOSPC), "");
        }
    }
}
