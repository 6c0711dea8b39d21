//! The cgroup of another process, to be joined: version 2 only, see cgroups(7).

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, fstatfs};

use crate::error::{Doing, Error, Result, While, opening};
use crate::mounts::{self, Mount};
use crate::process::Target;
use crate::procfile;

/// A cgroup, open for processes to join it.
#[derive(Debug)]
pub struct Cgroup {
    procs: File,
    path: PathBuf,
}

impl Cgroup {
    /// Opens the cgroup of `target`, wherever cgroup2 is mounted.
    ///
    /// # Errors
    /// [`Doing::FindingCgroup2`] without such a mount or where the target's group is not below it;
    /// [`Doing::Opening`].
    pub fn of(target: &Target) -> Result<Self> {
        let unsupported = || Error::new(Doing::FindingCgroup2);
        let lines = target.read("cgroup")?;
        let group = unified(&lines).ok_or_else(unsupported)?;
        let mounts = mounts::own_mounts()?;
        let below = mounts.iter().filter(|mount| mount.filesystem == "cgroup2").find_map(|mount| place(mount, group));
        let path = below.ok_or_else(unsupported)?.join("cgroup.procs");
        let procs = procfile::open_anywhere(&path).doing(opening(&path))?;
        let filesystem = fstatfs(&procs).doing(opening(&path))?;
        if filesystem.filesystem_type() != CGROUP2_SUPER_MAGIC {
            return Err(Error { doing: Doing::Opening { path }, errno: Some(Errno::EOPNOTSUPP) });
        }
        Ok(Self { procs, path })
    }

    /// Moves this process there, whatever its number is in the pid namespace of whoever reads it.
    ///
    /// # Errors
    /// [`Doing::Writing`]: EACCES or EPERM where the group is not delegated to this user, EBUSY, ENODEV when it is gone.
    pub fn join(&self) -> Result<()> {
        log::info!("write(\"{}\", \"0\")", self.path.display());
        procfile::write(&self.procs, b"0", || Doing::Writing { path: self.path.clone() })
    }
}

/// The path in the line of cgroup2, `0::PATH`, among those of the older hierarchies.
fn unified(lines: &[u8]) -> Option<&Path> {
    let path = lines.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"0::"));
    path.map(|path| Path::new(OsStr::from_bytes(path)))
}

/// Where `mount` shows the group; not where it shows only a part of the tree in which the group is not.
fn place(mount: &Mount, group: &Path) -> Option<PathBuf> {
    let inside = group.strip_prefix(&mount.root).ok()?;
    // Nor where a mount says that its root is nothing: behind that, every path begins anew.
    let is_outside = |component| matches!(component, Component::ParentDir | Component::RootDir);
    let outside_of_ours = inside.components().any(is_outside);
    (!outside_of_ours).then(|| mount.target.join(inside))
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// Whatever a process says of its cgroups, what would be joined is below the mount.
    pub fn of_place(lines: &[u8], root: &[u8]) {
        let mount = Mount { root: OsStr::from_bytes(root).into(), target: "/cg".into(), filesystem: "cgroup2".into() };
        let Some(found) = unified(lines).and_then(|group| place(&mount, group)) else { return };
        assert!(found.starts_with("/cg") && !found.components().any(|it| it == Component::ParentDir), "{found:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

    #[test]
    fn the_line_of_version_2_counts() {
        assert_eq!(unified(b"12:pids:/a\n1:name=systemd:/b\n0::/c d\n"), Some(Path::new("/c d")));
        assert_eq!(unified(b"12:pids:/0::/x\n"), None);
    }

    #[test]
    fn groups_are_found_below_what_is_mounted() {
        let mount = |root: &str| Mount { root: root.into(), target: "/cg".into(), filesystem: "cgroup2".into() };
        assert_eq!(place(&mount("/"), Path::new("/a/b")), Some("/cg/a/b".into()));
        assert_eq!(place(&mount("/a"), Path::new("/a/b")), Some("/cg/b".into()));
        assert_eq!(place(&mount("/x"), Path::new("/a/b")), None);
        assert_eq!(place(&mount("/"), Path::new("/../a")), None);
        assert_eq!(place(&mount(""), Path::new("/a")), None);
    }

    #[test]
    fn any_group_is_below_the_mount() {
        for_any(
            |random| {
                let root = random.one(&["/", "/a", "a", ""]);
                (random.changed(b"12:pids:/a\n1:name=systemd:/b\n0::/a/../b c\n"), root)
            },
            |(lines, root)| properties::of_place(lines, root.as_bytes()),
        );
    }
}
