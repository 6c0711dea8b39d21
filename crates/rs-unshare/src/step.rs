//! One step of a plan: a thing that the process does to itself, and the system call that does it.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use nscore::error::While;
use nscore::idmap::{self, IdRange, Setgroups, Side};
use nscore::mounts::{self, Propagation};
use nscore::timens::{self, Offset};
use nscore::{Doing, Kinds, Result, credentials, hostname, loopback};

/// A step that changes the process which takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // each is explained by its call, see `Display`
pub enum Step {
    Unshare(Kinds),
    SetOffset(Offset),
    WriteMap(Side, IdRange),
    SetSetgroups(Setgroups),
    SetPropagation(Propagation),
    MakePrivate(PathBuf),
    ChangeRoot(PathBuf),
    ChangeDirectory(PathBuf),
    MountProc(PathBuf),
    MountBinfmt(PathBuf),
    RegisterFormat { directory: PathBuf, format: OsString },
    DropGroups,
    SetGid(u32),
    SetUid(u32),
    KeepCapabilities,
    SetHostname(OsString),
    RaiseLoopback,
}

impl Step {
    /// Does it.
    ///
    /// # Errors
    /// What the kernel refused.
    pub fn take(&self) -> Result<()> {
        log::info!("{self}");
        match self {
            Step::Unshare(kinds) => nix::sched::unshare(kinds.flags()).doing(|| Doing::Unsharing { kinds: *kinds }),
            Step::SetOffset(offset) => timens::set_offset(*offset),
            Step::WriteMap(side, range) => idmap::write_own(*side, *range),
            Step::SetSetgroups(policy) => idmap::set_setgroups(*policy),
            Step::SetPropagation(propagation) => mounts::set_propagation(*propagation),
            Step::MakePrivate(target) => mounts::make_private(target),
            Step::ChangeRoot(directory) => mounts::change_root(directory),
            Step::ChangeDirectory(directory) => mounts::change_directory(directory),
            Step::MountProc(target) => mounts::mount_proc(target),
            Step::MountBinfmt(target) => mounts::mount_binfmt(target),
            Step::RegisterFormat { directory, format } => mounts::register_format(directory, format),
            Step::DropGroups => credentials::drop_groups(),
            Step::SetGid(gid) => credentials::set_gid(*gid),
            Step::SetUid(uid) => credentials::set_uid(*uid),
            Step::KeepCapabilities => credentials::keep_capabilities(),
            Step::SetHostname(name) => hostname::set(name),
            Step::RaiseLoopback => loopback::raise(),
        }
    }

    /// Whether the program can do without it: then a failure is worth a warning, no more.
    pub fn is_dispensable(&self) -> bool {
        matches!(self, Step::RaiseLoopback)
    }

    /// Whether it mounts something, which others may see.
    pub fn is_mount(&self) -> bool {
        matches!(self, Step::MountProc(_) | Step::MountBinfmt(_))
    }

    /// Whether it is about who the program is. An init stays who it was, so that it can signal the program.
    pub fn is_personal(&self) -> bool {
        self.changes_credentials() || matches!(self, Step::DropGroups | Step::KeepCapabilities)
    }

    /// Whether the kernel forgets the death signal over it.
    pub fn changes_credentials(&self) -> bool {
        matches!(self, Step::SetGid(_) | Step::SetUid(_))
    }
}

/// The step as its system call.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HARMLESS: &str = "MS_NOSUID|MS_NODEV|MS_NOEXEC";
        match self {
            Step::Unshare(kinds) => write!(f, "unshare({kinds})"),
            Step::SetOffset(offset) => write!(f, "write(\"{}\", \"{offset}\")", timens::OFFSETS),
            Step::WriteMap(side, range) => write!(f, "write(\"/proc/self/{}\", \"{range}\")", side.map_file()),
            Step::SetSetgroups(policy) => write!(f, "write(\"/proc/self/setgroups\", \"{}\")", policy.word()),
            Step::SetPropagation(propagation) => {
                write!(f, "mount(\"/\", MS_REC|{})", propagation.flag().map_or("0", |(_, name)| name))
            }
            Step::MakePrivate(target) => write!(f, "mount({target:?}, MS_REC|MS_PRIVATE)"),
            Step::ChangeRoot(directory) => write!(f, "chroot({directory:?}), chdir(\"/\")"),
            Step::ChangeDirectory(directory) => write!(f, "chdir({directory:?})"),
            Step::MountProc(target) => write!(f, "mount(\"proc\", {target:?}, {HARMLESS})"),
            Step::MountBinfmt(target) => write!(f, "mount(\"binfmt_misc\", {target:?}, {HARMLESS})"),
            Step::RegisterFormat { directory, format } => {
                write!(f, "write({:?}, {format:?})", directory.join("register"))
            }
            Step::SetHostname(name) => write!(f, "sethostname({name:?})"),
            Step::RaiseLoopback => f.write_str("ioctl(SIOCSIFFLAGS, \"lo\", IFF_UP)"),
            Step::DropGroups => f.write_str("setgroups(0)"),
            Step::SetGid(gid) => write!(f, "setgid({gid})"),
            Step::SetUid(uid) => write!(f, "setuid({uid})"),
            Step::KeepCapabilities => {
                f.write_str("capset(inheritable = permitted), prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE)")
            }
        }
    }
}
