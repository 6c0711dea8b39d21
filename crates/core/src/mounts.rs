//! Mounts of a new mount namespace: propagation, /proc, binfmt_misc; and namespaces kept in files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Doing, Error, Result, While};
use crate::kind::Kind;
use crate::process::Process;
use crate::procfile;

/// How mounts of a new mount namespace and of the old one are passed on to each other,
/// see "SHARED SUBTREES" in mount_namespaces(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// Both ways.
    Shared,
    /// From outside to inside only.
    Slave,
    /// Neither way.
    Private,
    /// Neither way, and the mounts cannot be bind-mounted.
    Unbindable,
    /// As the old namespace has it.
    Unchanged,
}

impl Propagation {
    /// Reads the mode's name.
    ///
    /// # Errors
    /// [`Doing::ParsingPropagation`] for anything else.
    pub fn parse(text: &OsStr) -> Result<Self> {
        match text.as_bytes() {
            b"shared" => Ok(Propagation::Shared),
            b"slave" => Ok(Propagation::Slave),
            b"private" => Ok(Propagation::Private),
            b"unbindable" => Ok(Propagation::Unbindable),
            b"unchanged" => Ok(Propagation::Unchanged),
            _ => Err(Error::new(Doing::ParsingPropagation { text: text.into() })),
        }
    }

    /// The flag of mount(2) and its name; none for what is left as it is.
    pub fn flag(self) -> Option<(MsFlags, &'static str)> {
        match self {
            Propagation::Shared => Some((MsFlags::MS_SHARED, "MS_SHARED")),
            Propagation::Slave => Some((MsFlags::MS_SLAVE, "MS_SLAVE")),
            Propagation::Private => Some((MsFlags::MS_PRIVATE, "MS_PRIVATE")),
            Propagation::Unbindable => Some((MsFlags::MS_UNBINDABLE, "MS_UNBINDABLE")),
            Propagation::Unchanged => None,
        }
    }
}

/// Sets the propagation of every mount below the root.
///
/// # Errors
/// [`Doing::SettingPropagation`]: EINVAL when the root is no mount point, as in a chroot.
pub fn set_propagation(propagation: Propagation) -> Result<()> {
    let Some((flag, _)) = propagation.flag() else { return Ok(()) };
    propagate(Path::new("/"), flag)
}

/// Makes the mounts on and below `target` private, so that what is mounted there stays here.
///
/// # Errors
/// [`Doing::SettingPropagation`]; a `target` that is no mount point is none.
pub fn make_private(target: &Path) -> Result<()> {
    match propagate(target, MsFlags::MS_PRIVATE) {
        Err(Error { errno: Some(Errno::EINVAL), .. }) => Ok(()),
        result => result,
    }
}

fn propagate(target: &Path, flag: MsFlags) -> Result<()> {
    mount(Some("none"), target, None::<&str>, MsFlags::MS_REC | flag, None::<&str>)
        .doing(|| Doing::SettingPropagation { target: target.into() })
}

/// What /proc and its like are mounted with: nothing in them is to be executed or opened as a device.
const HARMLESS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// Mounts the current pid namespace's /proc on `target`.
///
/// # Errors
/// [`Doing::Mounting`]: EPERM when the pid namespace belongs to another user namespace, or the /proc that is there hides something.
pub fn mount_proc(target: &Path) -> Result<()> {
    mount_filesystem("proc", target)
}

/// Where binfmt_misc belongs.
pub const BINFMT_MISC: &str = "/proc/sys/fs/binfmt_misc";

/// Mounts the current user namespace's binfmt_misc on `target`.
///
/// # Errors
/// [`Doing::Mounting`]: EPERM outside a mount namespace of one's own, or in kernels before 6.7.
pub fn mount_binfmt(target: &Path) -> Result<()> {
    mount_filesystem("binfmt_misc", target)
}

fn mount_filesystem(kind: &str, target: &Path) -> Result<()> {
    mount(Some(kind), target, Some(kind), HARMLESS, None::<&str>).doing(|| Doing::Mounting { target: target.into() })
}

/// Registers a binary format with the binfmt_misc that is mounted on `directory`.
///
/// # Errors
/// [`Doing::Opening`], [`Doing::Writing`]: EINVAL for a definition that the kernel does not understand.
pub fn register_format(directory: &Path, definition: &OsStr) -> Result<()> {
    let path = directory.join("register");
    let file = procfile::open(&path, || Doing::Opening { path: path.clone() })?;
    if definition.is_empty() {
        // The file must be there and open for us, but a write of nothing registers nothing.
        return Ok(());
    }
    procfile::write(&file, definition.as_bytes(), || Doing::Writing { path: path.clone() })
}

/// Makes `directory` the root directory and the working directory.
///
/// # Errors
/// [`Doing::ChangingRoot`].
pub fn change_root(directory: &Path) -> Result<()> {
    let what = || Doing::ChangingRoot { directory: directory.into() };
    nix::unistd::chroot(directory).doing(what)?;
    nix::unistd::chdir("/").doing(what)
}

/// Makes `directory` the working directory.
///
/// # Errors
/// [`Doing::ChangingDirectory`].
pub fn change_directory(directory: &Path) -> Result<()> {
    nix::unistd::chdir(directory).doing(|| Doing::ChangingDirectory { directory: directory.into() })
}

/// A namespace to be kept alive by a bind mount on a file, see namespaces(7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Which of the process's namespaces.
    pub kind: Kind,
    /// The file, which must exist.
    pub file: PathBuf,
}

/// Binds namespaces of `process` to files, all of them or none.
///
/// For pid and time it is the namespace of the process's children.
///
/// # Errors
/// [`Doing::Pinning`]: EINVAL for a mount namespace on a shared mount, ENOENT for a missing file or
/// a pid namespace that has no process yet.
pub fn pin_namespaces(process: &Process, pins: &[Pin]) -> Result<()> {
    for (done, pin) in pins.iter().enumerate() {
        if let Err(error) = pin_namespace(process, pin) {
            unpin(&pins[..done]);
            return Err(error);
        }
    }
    Ok(())
}

fn pin_namespace(process: &Process, pin: &Pin) -> Result<()> {
    let link = format!("ns/{}", pin.kind.children_link());
    let source = process.path(&link);
    log::info!("mount({source:?}, {:?}, MS_BIND)", pin.file);
    mount(Some(&process.sure_path(&link)), &pin.file, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .doing(|| Doing::Pinning { source: source.clone(), target: pin.file.clone() })
}

/// Takes back pins that were made, the last one first.
fn unpin(pins: &[Pin]) {
    for pin in pins.iter().rev() {
        log::info!("umount2({:?}, MNT_DETACH|UMOUNT_NOFOLLOW)", pin.file);
        // What cannot be undone is no reason to hide the error that led here.
        let _ = umount2(&pin.file, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW);
    }
}
