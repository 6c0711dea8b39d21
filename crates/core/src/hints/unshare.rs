//! unshare(2): who may make namespaces, and of which kinds.

use caps::Capability;
use nix::errno::Errno;

use super::system::{self, System};
use super::{Case, Cause, UNSHARE, limits};
use crate::idmap::Side;
use crate::kind::{Kind, Kinds};
use crate::sys;

/// Why namespaces of these kinds could not be made.
pub(super) fn explain(errno: Errno, kinds: Kinds, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::EPERM | Errno::EACCES | Errno::ENOSYS if is_filtered(kinds, system) => Some(filter(system)),
        Errno::EPERM | Errno::EACCES if kinds.contains(Kind::User) => user_namespace_denied(system),
        Errno::EPERM | Errno::EACCES => not_privileged(kinds, case),
        // EUSERS: Linux 3.11 to 4.8, see unshare(2).
        Errno::ENOSPC | Errno::EUSERS => limits::explain(kinds, system),
        Errno::EINVAL => not_possible(kinds, case),
        _ => None,
    }
}

/// Whether a seccomp(2) filter refuses the call, before the kernel looks at it: the kernel itself finds fault with the flags.
fn is_filtered(kinds: Kinds, system: &System) -> bool {
    let has_filter = system.status().is_some_and(|status| status.is_filtered);
    has_filter && sys::unshare_with_wrong_flags(kinds.flags()) != Errno::EINVAL
}

/// A filter of system calls, and how those who start containers leave it out.
pub(super) fn filter(system: &System) -> Cause {
    let cause = |whose| {
        let reason = format!("{whose} system call filter (seccomp) forbids it, whoever asks");
        Cause::new("seccomp-filter", reason)
    };
    match system.container().as_deref() {
        Some(engine @ ("docker" | "podman")) => cause("the container's")
            .advice(format!("start the container with: {engine} run --security-opt seccomp=unconfined")),
        Some(_) => cause("the container's"),
        None => cause("this process's"),
    }
}

/// Why a user namespace could not be made, in the order in which the kernel asks, see "EPERM" in user_namespaces(7).
fn user_namespace_denied(system: &System) -> Option<Cause> {
    let privileged = system.may(Capability::CAP_SYS_ADMIN)?;
    if !privileged && system.number(UNPRIVILEGED) == Some(0) {
        let reason = format!("{UNPRIVILEGED} is 0: only root may make user namespaces here");
        return Some(Cause::new("unprivileged-userns-off", reason).command_of_root(format!("echo 1 >{UNPRIVILEGED}")));
    }
    if system.is_chrooted()? {
        let reason = "the root directory was changed (chroot): no user namespace can be made from here";
        return Some(Cause::new("chroot", reason));
    }
    if let Some(cause) = own_id_is_unmapped(system) {
        return Some(cause);
    }
    if !privileged && system.number(APPARMOR_SWITCH) == Some(1) {
        return Some(apparmor_restriction());
    }
    security_module(system)
}

/// Debian's and Arch's switch; other kernels do not have it.
const UNPRIVILEGED: &str = "/proc/sys/kernel/unprivileged_userns_clone";

/// Ubuntu's switch.
pub(super) const APPARMOR_SWITCH: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

/// Where the packages put the profile that gives rs-unshare the right to make user namespaces.
const PROFILE: &str = "/etc/apparmor.d/rs-unshare";

/// Ubuntu's restriction of user namespaces to programs that have a profile.
pub(super) fn apparmor_restriction() -> Cause {
    let reason = format!("{APPARMOR_SWITCH} is 1: AppArmor leaves a user namespace powerless without a profile");
    Cause::new("apparmor-userns", reason)
        .advice(format!("{PROFILE}, the profile of our packages, permits it; load it: apparmor_parser -r {PROFILE}"))
}

fn own_id_is_unmapped(system: &System) -> Option<Cause> {
    let status = system.status()?;
    let sides = [(Side::Users, "user", status.effective_uid), (Side::Groups, "group", status.effective_gid)];
    let (side, word, id) = sides.into_iter().find(|(side, _, id)| {
        let map = system.id_map(*side);
        map.is_some_and(|map| !system::maps(&map, *id))
    })?;
    let file = side.map_file();
    let reason = format!("your {word} id ({id}) is not mapped in this user namespace, see /proc/self/{file}");
    Some(Cause::new("id-unmapped", reason).advice("map it when the namespace is made: --map-root-user, --map-users"))
}

/// What is left when the kernel's own rules permit it.
pub(super) fn security_module(system: &System) -> Option<Cause> {
    if let Some(profile) = apparmor_profile(system) {
        let reason =
            format!("the AppArmor profile {profile} forbids it: see dmesg for the line with apparmor=\"DENIED\"");
        return Some(Cause::new("apparmor-profile", reason));
    }
    if system.number("/sys/fs/selinux/enforce") == Some(1) {
        let reason = "SELinux is enforcing, and nothing else that was looked at forbids it: see ausearch -m AVC";
        return Some(Cause::new("selinux", reason));
    }
    None
}

/// The profile that AppArmor holds this process to.
pub(super) fn apparmor_profile(system: &System) -> Option<String> {
    let attributes = ["/proc/self/attr/apparmor/current", "/proc/self/attr/current"];
    let label = attributes.into_iter().find_map(|file| system.text(file))?;
    label.strip_suffix(" (enforce)").map(str::to_owned)
}

fn not_privileged(kinds: Kinds, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    if system.may(Capability::CAP_SYS_ADMIN)? {
        return security_module(system);
    }
    let what = match kinds.iter().collect::<Vec<_>>().as_slice() {
        [kind] => format!("a new {} namespace needs", kind.word()),
        _ => "new namespaces need".into(),
    };
    let cause = Cause::new("needs-cap-sys-admin", format!("{what} CAP_SYS_ADMIN, which you do not have"));
    // Who enters makes no user namespace on the way.
    if case.command.tool != UNSHARE {
        return Some(cause);
    }
    let mut with_user = kinds;
    with_user.insert(Kind::User);
    Some(match sys::in_child(|| nix::sched::unshare(with_user.flags())) {
        Ok(()) if kinds.contains(Kind::Pid) && !case.command.asks_for_child() => {
            cause.command(case.command.working_with(&["--map-root-user", "--fork"], system))
        }
        Ok(()) => cause.command(case.command.working_with(&["--map-root-user"], system)),
        Err(errno) => match explain(errno, with_user, case) {
            Some(other) => Cause {
                obstacle: Some(format!("{}: {}", obstacle_of_user_namespaces(), other.reason)),
                remedy: other.remedy,
                ..cause
            },
            None => cause,
        },
    })
}

/// What stands in the way of a user namespace with others in it. One alone may be had where it gives no capabilities.
fn obstacle_of_user_namespaces() -> &'static str {
    match sys::in_child(|| nix::sched::unshare(Kind::User.flag())) {
        Ok(()) => "nor would a user namespace give it",
        Err(_) => "nor may you make a user namespace",
    }
}

fn not_possible(kinds: Kinds, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    // Without a real /proc every file is missing.
    let status = system.status()?;
    if let Some(kind) = kinds.iter().find(|kind| !system.has_kind(*kind)) {
        return Some(kind_unknown(kind));
    }
    if let Some(kind) = kinds.iter().find(|kind| is_unshared_already(*kind, system)) {
        let reason = format!(
            "this process has made a {} namespace already, which only its children enter: it cannot make another",
            kind.word()
        );
        return Some(Cause::new("unshared-twice", reason).advice("add --fork to the command that made the first one"));
    }
    let alone = Kinds::from_iter([Kind::User, Kind::Time]);
    let needs_one_thread = kinds.iter().find(|kind| alone.contains(*kind) && status.threads > 1)?;
    let reason = format!(
        "this process has {} threads: only one that has a single thread can make a {} namespace",
        status.threads,
        needs_one_thread.word()
    );
    Some(Cause::new("several-threads", reason))
}

/// The kernel has no such namespaces.
pub(super) fn kind_unknown(kind: Kind) -> Cause {
    let reason = format!("this kernel has no {} namespaces: there is no /proc/self/ns/{}", kind.word(), kind.link());
    Cause::new("kind-unknown", reason)
}

/// Whether the children of this process get another namespace than it is in itself.
pub(super) fn is_unshared_already(kind: Kind, system: &System) -> bool {
    let link = |name: &str| system.link(format!("/proc/self/ns/{name}"));
    kind == Kind::Pid && link(kind.link()) != link(kind.children_link())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Doing;
    use crate::hints::faked::Faked;

    const ALL_CAPABILITIES: u64 = u64::MAX;

    fn unsharing(kinds: &[Kind]) -> Doing {
        Doing::Unsharing { kinds: kinds.iter().copied().collect() }
    }

    /// EPERM of unshare(CLONE_NEWUSER): the cause.
    fn denied(faked: &Faked) -> &'static str {
        faked.cause("unshare -U true", unsharing(&[Kind::User]), Errno::EPERM)
    }

    /// EPERM, NEWUSER: Debian's switch.
    #[test]
    fn unprivileged_userns_off() {
        assert_eq!(denied(&Faked::new().file(UNPRIVILEGED, "0\n")), "unprivileged-userns-off");
        assert_eq!(denied(&Faked::new().file(UNPRIVILEGED, "1\n")), "");
        assert_eq!(denied(&Faked::new().file(UNPRIVILEGED, "0\n").status(0, ALL_CAPABILITIES)), "");
        let cause =
            Faked::new().file(UNPRIVILEGED, "0\n").explain("unshare -U", unsharing(&[Kind::User]), Errno::EPERM);
        assert_eq!(
            cause.unwrap().lines(),
            [
                "/proc/sys/kernel/unprivileged_userns_clone is 0: only root may make user namespaces here",
                "try, as root: echo 1 >/proc/sys/kernel/unprivileged_userns_clone"
            ]
        );
    }

    /// EACCES or EPERM, NEWUSER: Ubuntu's restriction, where the profile for programs without one is missing.
    #[test]
    fn apparmor_userns() {
        assert_eq!(denied(&Faked::new().file(APPARMOR_SWITCH, "1\n")), "apparmor-userns");
        assert_eq!(denied(&Faked::new().file(APPARMOR_SWITCH, "0\n")), "");
        let refused = Faked::new().file(APPARMOR_SWITCH, "1\n");
        let cause = refused.explain("unshare -U", unsharing(&[Kind::User]), Errno::EACCES).unwrap();
        assert!(cause.lines()[1].contains("/etc/apparmor.d/rs-unshare"), "{cause:?}");
    }

    /// EACCES or EPERM: the process's own profile.
    #[test]
    fn apparmor_profile() {
        let label = |text: &str| Faked::new().file("/proc/self/attr/current", text);
        assert_eq!(denied(&label("strip (enforce)\n")), "apparmor-profile");
        for text in ["unconfined\n", "lax (complain)\n", "system_u:system_r:init_t:s0\0"] {
            assert_eq!(denied(&label(text)), "", "{text}");
        }
        let root = label("strip (enforce)\n").status(0, ALL_CAPABILITIES);
        assert_eq!(root.cause("unshare -u", unsharing(&[Kind::Uts]), Errno::EPERM), "apparmor-profile");
    }

    /// EACCES or EPERM: user_namespace { create }.
    #[test]
    fn selinux() {
        assert_eq!(denied(&Faked::new().file("/sys/fs/selinux/enforce", "1")), "selinux");
        assert_eq!(denied(&Faked::new().file("/sys/fs/selinux/enforce", "0")), "");
        // What the kernel's own rules forbid is no policy's business.
        let both = Faked::new().file("/sys/fs/selinux/enforce", "1").file("/proc/self/uid_map", "0 5 1\n");
        assert_eq!(denied(&both), "id-unmapped");
    }

    /// EPERM, NEWUSER: no line of mountinfo is for the root directory.
    #[test]
    fn chroot() {
        let inside = "23 22 8:1 /var /srv rw - ext4 /dev/sda1 rw\n";
        assert_eq!(denied(&Faked::new().file("/proc/self/mountinfo", inside)), "chroot");
        assert_eq!(denied(&Faked::new()), "");
    }

    /// EINVAL: the kernel was built without, or is too old.
    #[test]
    fn kind_unknown() {
        let cause = |faked: &Faked, kind| faked.cause("unshare", unsharing(&[kind]), Errno::EINVAL);
        assert_eq!(cause(&Faked::new(), Kind::Time), "kind-unknown");
        assert_eq!(cause(&Faked::new().link("/proc/self/ns/time", "time:[4026531834]"), Kind::Time), "");
        assert_eq!(cause(&Faked::new().without("/proc/self/status"), Kind::Time), "");
    }

    /// EINVAL, for real: a test runs beside others.
    #[test]
    fn several_threads() {
        let thread = std::thread::scope(|scope| scope.spawn(|| nix::sched::unshare(Kind::User.flag())).join().unwrap());
        assert_eq!(thread, Err(Errno::EINVAL));
        let faked = |threads: &str| {
            let faked = Faked::new();
            let status = faked.system().text("/proc/self/status").unwrap();
            faked.file("/proc/self/status", &status.replace("Threads:\t1", threads))
        };
        let cause = |faked: &Faked| faked.cause("unshare -U", unsharing(&[Kind::User]), Errno::EINVAL);
        assert_eq!(cause(&faked("Threads:\t2")), "several-threads");
        assert_eq!(cause(&faked("Threads:\t1")), "");
    }

    /// The kernel's answer to flags that it does not know is no filter's.
    #[test]
    fn seccomp_filter_that_permits() {
        let faked = Faked::new();
        let status = faked.system().text("/proc/self/status").unwrap();
        let filtered = faked.file("/proc/self/status", &status.replace("Seccomp:\t0", "Seccomp:\t2"));
        assert_eq!(denied(&filtered), "");
    }
}
