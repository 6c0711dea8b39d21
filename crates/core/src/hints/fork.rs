//! fork(2): too many processes, or a pid namespace that takes no more.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use caps::Capability;
use nix::errno::Errno;

use super::system::{System, shown};
use super::unshare::is_unshared_already;
use super::{Case, Cause};
use crate::kind::Kind;

/// Why no process could be made.
pub(super) fn explain(errno: Errno, case: Case<'_>) -> Option<Cause> {
    let system = case.system;
    match errno {
        Errno::ENOMEM if is_unshared_already(Kind::Pid, system) => Some(dead_init()),
        Errno::EAGAIN => own_limit(system).or_else(|| limit_of_cgroup(system)).or_else(|| limit_of_system(system)),
        _ => None,
    }
}

/// The pid namespace that children of this process would be in has lost its first process, see pid_namespaces(7).
pub(super) fn dead_init() -> Cause {
    let reason = "the first process of the pid namespace has ended (its init): nobody can be started in it any more";
    Cause::new("init-dead", reason).advice("the namespace has to be made anew, with a first process that stays")
}

/// RLIMIT_NPROC, which root does not know.
fn own_limit(system: &System) -> Option<Cause> {
    let status = system.status()?;
    let exempt = [Capability::CAP_SYS_RESOURCE, Capability::CAP_SYS_ADMIN].iter().any(|it| status.has(*it));
    let limits = system.text("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max processes"))?;
    let limit: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    let count = threads_of(status.uid, system);
    (!exempt && count >= limit).then(|| {
        let reason = format!("you may have {limit} processes (ulimit -u), and have {count}");
        Cause::new("process-limit", reason)
    })
}

/// How many processes of a user /proc shows; the kernel counts threads like processes.
fn threads_of(uid: u32, system: &System) -> u64 {
    let processes = fs::read_dir(system.place("/proc")).into_iter().flatten().flatten();
    let own =
        processes.filter(|process| number(process).is_some() && process.metadata().is_ok_and(|it| it.uid() == uid));
    own.map(|process| tasks(&process).count() as u64).sum()
}

/// The threads of a process.
fn tasks(process: &fs::DirEntry) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(process.path().join("task")).into_iter().flatten().flatten()
}

/// The number that an entry of /proc, or of a `task` there, is called by.
fn number(entry: &fs::DirEntry) -> Option<u64> {
    entry.file_name().to_str()?.parse().ok()
}

/// pids.max of a cgroup of this process, or of one above.
fn limit_of_cgroup(system: &System) -> Option<Cause> {
    let memberships = system.text("/proc/self/cgroup")?;
    let mounts = system.mounts()?;
    for line in memberships.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let filesystem = if controllers.is_empty() { "cgroup2" } else { "cgroup" };
        if !controllers.is_empty() && !controllers.split(',').any(|name| name == "pids") {
            continue;
        }
        let places = mounts.iter().filter(|mount| mount.mount.filesystem == filesystem);
        for mount in places {
            let Ok(below) = Path::new(path).strip_prefix(&mount.mount.root) else { continue };
            let full = mount.target().join(below);
            let mut directories = full.ancestors().take_while(|directory| directory.starts_with(mount.target()));
            if let Some((directory, limit)) = directories.find_map(|directory| is_full(directory, system)) {
                let file = shown(directory.join("pids.max"));
                return Some(Cause::new("cgroup-pids", format!("{file} is {limit}, and as many processes are there")));
            }
        }
    }
    None
}

fn is_full(directory: &Path, system: &System) -> Option<(PathBuf, u64)> {
    let limit = system.number(directory.join("pids.max"))?;
    let current = system.number(directory.join("pids.current"))?;
    (current >= limit).then(|| (directory.into(), limit))
}

/// kernel.pid_max, which is the pid namespace's own since Linux 6.14, and kernel.threads-max.
fn limit_of_system(system: &System) -> Option<Cause> {
    pid_max(system).or_else(|| threads_max(system)).map(|(file, limit)| {
        Cause::new("system-pids", format!("{file} is {limit}, and as many processes and threads are there"))
    })
}

fn pid_max(system: &System) -> Option<(&'static str, u64)> {
    /// Once all numbers have been given out, those below are not given again: RESERVED_PIDS of the kernel's `pid.c`.
    const RESERVED: u64 = 300;
    const FILE: &str = "/proc/sys/kernel/pid_max";
    let limit = system.number(FILE)?;
    let processes = fs::read_dir(system.place("/proc")).into_iter().flatten().flatten();
    let numbers = processes.filter(|it| number(it).is_some()).flat_map(|process| tasks(&process).collect::<Vec<_>>());
    let used = numbers.filter_map(|task| number(&task)).filter(|number| *number >= RESERVED).count() as u64;
    (used + RESERVED >= limit).then_some((FILE, limit))
}

fn threads_max(system: &System) -> Option<(&'static str, u64)> {
    const FILE: &str = "/proc/sys/kernel/threads-max";
    let limit = system.number(FILE)?;
    // "1.00 1.00 1.00 2/345 6789": running and all.
    let all: u64 = system.text("/proc/loadavg")?.split(['/', ' ']).nth(4)?.parse().ok()?;
    (all >= limit).then_some((FILE, limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Doing;
    use crate::hints::faked::Faked;

    fn cause(faked: &Faked) -> &'static str {
        faked.cause("unshare -f true", Doing::Forking, Errno::EAGAIN)
    }

    /// EAGAIN: pids.max, in version 2 and of a cgroup above.
    #[test]
    fn cgroup_pids() {
        let faked = |current: &str| {
            let mount = "30 21 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
            let above = Faked::new().mount(mount).file("/proc/self/cgroup", "0::/box/inner\n");
            let limited =
                above.file("/sys/fs/cgroup/box/pids.max", "9\n").file("/sys/fs/cgroup/box/pids.current", current);
            limited.file("/sys/fs/cgroup/box/inner/pids.max", "max\n")
        };
        assert_eq!(cause(&faked("9\n")), "cgroup-pids");
        assert_eq!(cause(&faked("8\n")), "");
    }

    /// EAGAIN: RLIMIT_NPROC.
    #[test]
    fn process_limit() {
        let limits =
            |limit: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax processes  {limit}  {limit}  processes\n");
        let faked = |limit: &str, uid| {
            let faked = Faked::new().file("/proc/self/limits", &limits(limit)).status(uid, 0);
            // Of whoever runs the test.
            faked.file("/proc/77/task/77/comm", "sh\n").file("/proc/78/task/78/comm", "sh\n")
        };
        let uid = nix::unistd::geteuid().as_raw();
        assert_eq!(cause(&faked("2", uid)), "process-limit");
        assert_eq!(cause(&faked("3", uid)), "");
        assert_eq!(cause(&faked("unlimited", uid)), "");
        assert_eq!(cause(&faked("2", uid + 1)), "");
    }

    /// EAGAIN: kernel.pid_max and kernel.threads-max.
    #[test]
    fn system_pids() {
        let faked = |threads: &str| {
            let faked = Faked::new().file("/proc/sys/kernel/threads-max", "500\n");
            faked.file("/proc/loadavg", &format!("0.00 0.01 0.05 1/{threads} 4711\n"))
        };
        assert_eq!(cause(&faked("500")), "system-pids");
        assert_eq!(cause(&faked("499")), "");
        let full = Faked::new().file("/proc/sys/kernel/pid_max", "301\n").file("/proc/300/task/300/comm", "sh\n");
        assert_eq!(cause(&full), "system-pids");
    }

    /// ENOMEM: not without a pid namespace that waits for children.
    #[test]
    fn init_dead() {
        let dead = Faked::new().link("/proc/self/ns/pid_for_children", "pid:[4026533000]");
        assert_eq!(dead.cause("unshare -f true", Doing::Forking, Errno::ENOMEM), "init-dead");
        assert_eq!(Faked::new().cause("unshare -f true", Doing::Forking, Errno::ENOMEM), "");
    }
}
