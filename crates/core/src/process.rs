//! A process that stays the same process, whatever becomes of its number.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Result, While};

/// A process, held by its directory in /proc: when the process is gone, so are the files below it,
/// even if another process has got its number.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    directory: File,
}

impl Process {
    /// The process that calls this.
    ///
    /// # Errors
    /// [`Doing::Opening`] when there is no /proc.
    pub fn this() -> Result<Self> {
        let path = Path::new("/proc/self");
        let flags = libc::O_PATH | libc::O_DIRECTORY;
        let directory = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .doing(|| Doing::Opening { path: path.into() })?;
        Ok(Self { pid: std::process::id(), directory })
    }

    /// Its number, as this process's /proc shows it.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What people call its file `name`: `/proc/PID/name`.
    pub fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.pid).into()
    }

    /// A path that leads to the file `name` of this process and of no other, for calls that take no descriptor.
    pub fn sure_path(&self, name: &str) -> PathBuf {
        format!("/proc/self/fd/{}/{name}", self.directory.as_raw_fd()).into()
    }
}

/// Who this process is to the kernel, in one line for the log: ids, capabilities, and what else decides over its calls.
pub fn identity() -> String {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    let Ok(status) = status else { return "this process: /proc does not say".into() };
    let optional = |value: Option<u64>| value.map_or("?".into(), |value| value.to_string());
    format!(
        "this process: uid {} {} {}, gid {} {} {}, CapEff {:016x}, NoNewPrivs {}, Seccomp {}",
        status.ruid,
        status.euid,
        status.suid,
        status.rgid,
        status.egid,
        status.sgid,
        status.capeff,
        optional(status.nonewprivs),
        optional(status.seccomp.map(u64::from)),
    )
}
