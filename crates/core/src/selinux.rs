//! SELinux contexts by the files that libselinux uses, see `attr` in proc_pid_attr(5).

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;

use crate::error::{Doing, Result, While, opening};
use crate::handle;
use crate::process::Target;
use crate::procfile;

/// Where SELinux shows itself to programs.
const SELINUXFS: &str = "/sys/fs/selinux/enforce";

/// Whether the kernel enforces, or at least watches, a policy of SELinux.
///
/// # Errors
/// [`Doing::Opening`] where that cannot be found out.
pub fn is_active() -> Result<bool> {
    fs::exists(SELINUXFS).doing(opening(Path::new(SELINUXFS)))
}

/// A context that the next program is to have, and the /proc in which that is said.
#[derive(Debug)]
pub struct Context {
    text: Vec<u8>,
    proc: OwnedFd,
}

impl Context {
    /// The context of `target`.
    ///
    /// # Errors
    /// [`Doing::Opening`], [`Doing::Reading`].
    pub fn of(target: &Target) -> Result<Self> {
        let path = Path::new("/proc");
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        // Opened before a foreign mount namespace is entered: what is called /proc there may be anything.
        let proc = open(path, flags, Mode::empty()).doing(opening(path))?;
        if !handle::is_proc(&proc).doing(opening(path))? {
            return Err(nix::errno::Errno::EOPNOTSUPP).doing(opening(path));
        }
        Ok(Self { text: target.read("attr/current")?, proc })
    }

    /// Lets the next program that this process executes have it.
    ///
    /// # Errors
    /// [`Doing::Opening`], [`Doing::Writing`]: EACCES where the policy does not allow it.
    pub fn take(&self) -> Result<()> {
        const FILE: &str = "thread-self/attr/exec";
        let path = Path::new("/proc").join(FILE);
        log::info!("write(\"{}\", \"{}\")", path.display(), self.text.escape_ascii());
        let file = openat(&self.proc, FILE, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).doing(opening(&path))?;
        procfile::write(&File::from(file), &self.text, || Doing::Writing { path: path.clone() })
    }
}
