//! Joining a cgroup: whose it is, and what kind, see "Delegation" and "No internal processes" in cgroups(7).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, eaccess};

use super::Cause;
use super::system::{System, shown};

/// Whether `path` is the file of a cgroup that processes are moved by.
pub(super) fn is_procs(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new("cgroup.procs"))
}

/// Why a cgroup's file could not be opened or written.
pub(super) fn explain(procs: &Path, errno: Errno, system: &System) -> Option<Cause> {
    let group = procs.parent()?;
    match errno {
        Errno::EACCES | Errno::EPERM => closed(procs, system).or_else(|| closed_above(group, system)),
        Errno::EBUSY => {
            let file = group.join("cgroup.subtree_control");
            let controllers = system.text(&file).filter(|text| !text.is_empty())?;
            let reason =
                format!("{} has controllers ({controllers}): only the cgroups below take processes then", shown(file));
            Some(Cause::new("cgroup-with-controllers", reason))
        }
        Errno::EOPNOTSUPP => {
            let file = group.join("cgroup.type");
            let kind = system.text(&file).filter(|kind| kind == "domain invalid")?;
            let reason =
                format!("{} is \"{kind}\": it is to be made threaded before it takes any process", shown(&file));
            Some(
                Cause::new("cgroup-invalid", reason)
                    .command_of_root(format!("echo threaded >{}", super::quoted(file.as_os_str())?)),
            )
        }
        Errno::ENODEV | Errno::ENOENT if !system.has(group) => {
            Some(Cause::new("cgroup-gone", format!("the cgroup {} has been removed", shown(group))))
        }
        _ => None,
    }
}

fn is_closed(file: &Path, system: &System) -> bool {
    eaccess(&system.place(file), AccessFlags::W_OK) == Err(Errno::EACCES)
}

fn owner(file: &Path, system: &System) -> Option<String> {
    let its = fs::metadata(system.place(file)).ok()?;
    Some(format!("it is uid {}'s, mode {:o}", its.uid(), its.permissions().mode() & 0o7777))
}

fn closed(procs: &Path, system: &System) -> Option<Cause> {
    let uid = system.status()?.effective_uid;
    let reason = format!("uid {uid} may not write {}: {}", shown(procs), owner(procs, system)?);
    is_closed(procs, system).then(|| Cause::new("cgroup-closed", reason))
}

/// Whoever moves a process must have the right to do that to everybody in the cgroup above both.
fn closed_above(group: &Path, system: &System) -> Option<Cause> {
    let own = own_cgroup(group, system)?;
    let common = group.ancestors().find(|above| own.starts_with(above))?;
    let procs = common.join("cgroup.procs");
    let reason = format!(
        "to move from {} to {} takes the right to write {}: {}",
        shown(&own),
        shown(group),
        shown(&procs),
        owner(&procs, system)?
    );
    is_closed(&procs, system).then(|| Cause::new("cgroup-closed-above", reason))
}

/// The directory of this process's cgroup, in the mount in which `group` is.
fn own_cgroup(group: &Path, system: &System) -> Option<PathBuf> {
    let lines = system.read("/proc/self/cgroup")?;
    let path = lines.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"0::"))?;
    let is_around =
        |mount: &super::system::VisibleMount| mount.mount.filesystem == "cgroup2" && group.starts_with(mount.target());
    let mount = system.mounts()?.into_iter().filter(is_around).max_by_key(|mount| mount.target().as_os_str().len())?;
    let below = Path::new(OsStr::from_bytes(path)).strip_prefix(&mount.mount.root).ok()?;
    Some(mount.target().components().chain(below.components()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::faked::Faked;
    use super::*;
    use crate::error::Doing;

    fn cause(faked: &Faked, errno: Errno) -> &'static str {
        let path = "/sys/fs/cgroup/a/cgroup.procs";
        let [opening, writing] = [Doing::Opening { path: path.into() }, Doing::Writing { path: path.into() }]
            .map(|doing| faked.cause("nsenter -c -t 1", doing, errno));
        assert_eq!(opening, writing);
        writing
    }

    /// EBUSY.
    #[test]
    fn cgroup_with_controllers() {
        let faked = Faked::new().file("/sys/fs/cgroup/a/cgroup.subtree_control", "\n");
        assert_eq!(cause(&faked, Errno::EBUSY), "");
        let faked = faked.file("/sys/fs/cgroup/a/cgroup.subtree_control", "cpu memory\n");
        assert_eq!(cause(&faked, Errno::EBUSY), "cgroup-with-controllers");
    }

    /// EOPNOTSUPP.
    #[test]
    fn cgroup_invalid() {
        let faked = Faked::new().file("/sys/fs/cgroup/a/cgroup.type", "domain\n");
        assert_eq!(cause(&faked, Errno::EOPNOTSUPP), "");
        let faked = faked.file("/sys/fs/cgroup/a/cgroup.type", "domain invalid\n");
        assert_eq!(cause(&faked, Errno::EOPNOTSUPP), "cgroup-invalid");
    }

    /// ENODEV.
    #[test]
    fn cgroup_gone() {
        let faked = Faked::new().file("/sys/fs/cgroup/a/cgroup.type", "domain\n");
        assert_eq!(cause(&faked, Errno::ENODEV), "");
        assert_eq!(cause(&faked.without("/sys/fs/cgroup/a"), Errno::ENODEV), "cgroup-gone");
    }
}
