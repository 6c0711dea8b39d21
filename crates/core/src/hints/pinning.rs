//! Namespaces that could not be kept in a file, see "namespace lifetime" in namespaces(7).

use std::fs;
use std::path::Path;

use caps::Capability;
use nix::errno::Errno;
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, unshare};
use nix::unistd::Pid;

use super::mount::too_many;
use super::system::{System, shown};
use super::unshare::security_module;
use super::{Case, Cause, paths, quoted};
use crate::handle::Handle;
use crate::kind::Kind;
use crate::sys;

/// Why `source`, a file of /proc/PID/ns, was not bound to `target`.
pub(super) fn explain(source: &Path, target: &Path, errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::ENOENT => no_such_file(source, target, case),
        Errno::ENOTDIR => is_directory(target).or_else(|| paths::explain(target, errno, system)),
        Errno::EPERM | Errno::EACCES => denied(target, errno, system),
        Errno::EINVAL if source.ends_with(Kind::Mount.link()) => {
            shared(target, system).or_else(|| loop_of_namespaces(source, case))
        }
        Errno::ENOSPC => too_many(system),
        _ => None,
    }
}

fn no_such_file(source: &Path, target: &Path, case: Case<'_>) -> Option<Cause> {
    if fs::metadata(target).is_ok() {
        let children = source.file_name()?.to_str()?.strip_suffix("_for_children")?;
        let is_there = fs::read_link(case.system.place(source)).is_ok();
        let reason = format!("the new {children} namespace can be kept only once it has a process: the first child");
        let cause = Cause::new("no-process-yet", reason);
        return (!is_there && !case.command.asks_for_child()).then(|| cause.command(case.command.with(&["--fork"])));
    }
    let reason = format!("{} does not exist: a namespace is kept in a file that is there already", shown(target));
    let (file, directory) = (quoted(target.as_os_str()), target.parent().filter(|it| *it != Path::new("")));
    let makes_directory = directory.filter(|it| fs::metadata(it).is_err());
    let made = match makes_directory.map(|it| quoted(it.as_os_str())) {
        Some(directory) => {
            directory.zip(file).map(|(directory, file)| format!("mkdir -p {directory} && touch {file} &&"))
        }
        None => file.map(|file| format!("touch {file} &&")),
    };
    // Whoever may not bind it has more to do than that.
    let command = made.filter(|_| case.system.may(Capability::CAP_SYS_ADMIN) == Some(true));
    Some(Cause::new("pin-file-missing", reason).command(command.and_then(|made| case.command.behind(&made))))
}

fn is_directory(target: &Path) -> Option<Cause> {
    let reason = format!("{} is a directory, and a namespace is kept in a file", shown(target));
    fs::metadata(target).is_ok_and(|it| it.is_dir()).then(|| Cause::new("pin-on-directory", reason))
}

fn denied(target: &Path, errno: Errno, system: &System) -> Option<Cause> {
    if !system.may(Capability::CAP_SYS_ADMIN)? {
        let reason =
            "a namespace is kept by a mount, outside of it, and that needs CAP_SYS_ADMIN, which you do not have";
        return Some(Cause::new("needs-cap-sys-admin", reason));
    }
    paths::explain(target, errno, system).or_else(|| security_module(system))
}

/// A mount namespace cannot be kept where it would be passed on to others, itself perhaps.
fn shared(target: &Path, system: &System) -> Option<Cause> {
    let mount = system.mount_of(target).filter(|mount| mount.is_shared())?;
    let point = shown(mount.target());
    let reason = format!("{point} is a shared mount, and a mount namespace is kept on a private one only");
    let cause = Cause::new("pin-on-shared-mount", reason);
    let directory = target.parent().map(|it| if it == Path::new("") { Path::new(".") } else { it });
    Some(match directory.and_then(|it| quoted(it.as_os_str())) {
        Some(it) => cause.command_of_root(format!("mount --bind {it} {it} && mount --make-private {it}")),
        None => cause,
    })
}

/// A mount namespace is kept only inside one that has a lower id, so that no two keep each other. Linux 6.18 hands ids
/// out in batches, to each processor its own.
fn loop_of_namespaces(source: &Path, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    let id = |path: &Path| Handle::open(&system.place(path)).ok()?.id().ok();
    let own = id(Path::new("/proc/self/ns/mnt"))?;
    let new = id(source).filter(|new| *new <= own)?;
    let reason = format!(
        "the new mount namespace has got id {new}, and {own}, in which it is to be kept, takes later ones only"
    );
    let processor = processor_with_later_ids(own).filter(|_| system.find_command("taskset").is_some());
    let command = processor.and_then(|it| case.command.behind(&format!("taskset -c {it}")));
    Some(Cause::new("mount-namespace-older", reason).command(command))
}

/// A processor on which a new mount namespace gets a later id than `own`, found by making one.
fn processor_with_later_ids(own: u64) -> Option<usize> {
    let is_later = |processor: usize| {
        let made = sys::in_child(|| {
            let mut only = CpuSet::new();
            only.set(processor)?;
            sched_setaffinity(Pid::from_raw(0), &only)?;
            unshare(CloneFlags::CLONE_NEWNS)?;
            let new = Handle::open(Path::new("/proc/self/ns/mnt")).ok().and_then(|new| new.id().ok());
            if new > Some(own) { Ok(()) } else { Err(Errno::ERANGE) }
        });
        made.is_ok()
    };
    /// More are not asked.
    const PROCESSORS: usize = 64;
    (0..PROCESSORS).find(|processor| is_later(*processor))
}
