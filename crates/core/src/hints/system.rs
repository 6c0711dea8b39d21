//! What can be asked of the system once something has failed: /proc, /sys and /etc, below a root that tests replace.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use caps::Capability;

use crate::handle;
use crate::idmap::{IdRange, Side};
use crate::kind::Kind;
use crate::mounts::{self, Mount};
use crate::plainfile::open_plain;

/// The system that this process runs on, or what a test shows in its place.
#[derive(Debug, Clone)]
pub struct System {
    root: PathBuf,
}

/// No file is read further than this: somebody in a container may have made it.
const LONGEST: u64 = 8 << 20;

impl System {
    /// The real one.
    pub fn here() -> Self {
        Self::below(Path::new("/"))
    }

    /// The one whose files stand below `root`.
    pub fn below(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Whether the kernel can be asked about it, too.
    pub(super) fn is_real(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where a file that everybody knows as `path` is. One that is not absolute is the working directory's, on the real
    /// system.
    pub(super) fn place(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        if self.is_real() {
            return path.into();
        }
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What is in the file `path`; none where it cannot be read, is no plain file, or claims to be of a /proc that is none.
    pub(super) fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let path = path.as_ref();
        let file = self.open(path)?;
        if self.is_real() && path.starts_with("/proc") && !handle::is_proc(&file).ok()? {
            return None;
        }
        let mut contents = Vec::new();
        file.take(LONGEST).read_to_end(&mut contents).ok()?;
        Some(contents)
    }

    /// At most `length` bytes of the file `path`, from `offset` on; none where it is no plain file.
    pub(super) fn part(&self, path: &Path, offset: u64, length: usize) -> Option<Vec<u8>> {
        let mut part = vec![0; length];
        let read = self.open(path)?.read_at(&mut part, offset).ok()?;
        part.truncate(read);
        Some(part)
    }

    /// Opens a plain file, and nothing else: somebody's root directory may have a fifo or a device in the place of any.
    fn open(&self, path: &Path) -> Option<File> {
        open_plain(&self.place(path)).ok()
    }

    /// The same as text, without blanks around it.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        self.read(path).map(|contents| String::from_utf8_lossy(contents.trim_ascii()).into_owned())
    }

    /// The number that the file consists of.
    pub(super) fn number(&self, path: impl AsRef<Path>) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// Whether there is such a file, of whatever type.
    pub(super) fn has(&self, path: impl AsRef<Path>) -> bool {
        fs::symlink_metadata(self.place(path)).is_ok()
    }

    /// Where the link `path` leads.
    pub(super) fn link(&self, path: impl AsRef<Path>) -> Option<OsString> {
        fs::read_link(self.place(path)).ok().map(PathBuf::into_os_string)
    }

    /// What /proc/self/status says.
    pub(super) fn status(&self) -> Option<Status> {
        Status::parse(&self.text("/proc/self/status")?)
    }

    /// Whether this process has a capability, in its own user namespace; none where /proc does not say.
    pub(super) fn may(&self, capability: Capability) -> Option<bool> {
        self.status().map(|status| status.has(capability))
    }

    /// The id map of this process's user namespace.
    pub(super) fn id_map(&self, side: Side) -> Option<Vec<IdRange>> {
        let text = self.text(Path::new("/proc/self").join(side.map_file()))?;
        Some(text.lines().filter_map(IdRange::of_line).collect())
    }

    /// Whether this process is in the first user namespace: the one that maps every id to itself.
    pub(super) fn is_first_user_namespace(&self) -> Option<bool> {
        /// PROC_USER_INIT_INO of the kernel's `proc_ns.h`.
        const FIRST: &[u8] = b"user:[4026531837]";
        self.link("/proc/self/ns/user").map(|link| link.as_bytes() == FIRST)
    }

    /// The mounts that this process sees.
    pub(super) fn mounts(&self) -> Option<Vec<VisibleMount>> {
        let text = self.read("/proc/self/mountinfo")?;
        Some(text.split(|byte| *byte == b'\n').filter_map(VisibleMount::parse).collect())
    }

    /// The mount that `path` is on: that of the longest mount point above it, the last one that was mounted there.
    pub(super) fn mount_of(&self, path: &Path) -> Option<VisibleMount> {
        let path = if self.is_real() { fs::canonicalize(path).ok()? } else { path.into() };
        VisibleMount::parse(mounts::line_of(&self.read("/proc/self/mountinfo")?, &path)?)
    }

    /// Whether this kernel has namespaces of a kind.
    pub(super) fn has_kind(&self, kind: Kind) -> bool {
        self.has(Path::new("/proc/self/ns").join(kind.link()))
    }

    /// Whether /proc is there, whichever pid namespace's it is.
    pub(super) fn has_proc(&self) -> bool {
        let Ok(directory) = File::open(self.place("/proc")) else { return false };
        !self.is_real() || handle::is_proc(&directory) == Ok(true)
    }

    /// Whether the kernel is older than this version; false where it does not say.
    pub(super) fn is_older_than(&self, version: (u32, u32)) -> bool {
        let release = self.text("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse().ok());
        matches!((numbers.next(), numbers.next()), (Some(major), Some(minor)) if (major, minor) < version)
    }

    /// Whether the root directory of this process is another than that of its mount namespace.
    pub(super) fn is_chrooted(&self) -> Option<bool> {
        let mounts = self.mounts()?;
        if !mounts.iter().any(|mount| mount.target() == Path::new("/")) {
            return Some(true);
        }
        // A chroot to a mount point looks like a root. PID 1 may tell; an ordinary user may not look there.
        let identity = |path: &str| fs::metadata(self.place(path)).ok().map(|it| (it.dev(), it.ino()));
        match (identity("/proc/1/root/."), identity("/")) {
            (Some(first), Some(own)) if self.shares_mounts_with_first() => Some(first != own),
            _ => Some(false),
        }
    }

    fn shares_mounts_with_first(&self) -> bool {
        let of = |process: &str| self.link(format!("/proc/{process}/ns/mnt"));
        of("1").is_some_and(|first| Some(first) == of("self"))
    }

    /// What kind of container this is, if it says so itself.
    pub(super) fn container(&self) -> Option<String> {
        if self.has("/.dockerenv") {
            return Some("docker".into());
        }
        if self.has("/run/.containerenv") {
            return Some("podman".into());
        }
        self.text("/run/systemd/container").filter(|name| !name.is_empty())
    }

    /// Where a command is found.
    pub(super) fn find_command(&self, name: &str) -> Option<PathBuf> {
        let is_file = |path: &PathBuf| fs::metadata(self.place(path)).is_ok_and(|it| it.is_file());
        candidates(OsStr::new(name)).into_iter().find(is_file)
    }
}

/// Where execvp(3) looks for a program.
pub(super) fn candidates(program: &OsStr) -> Vec<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return vec![program.into()];
    }
    let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
    env::split_paths(&path).map(|directory| directory.join(program)).collect()
}

/// A mount that this process sees, with what decides over what may be done there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VisibleMount {
    pub(super) mount: Mount,
    /// Its number.
    pub(super) id: u64,
    /// The number of the mount that it is mounted on.
    pub(super) parent: u64,
    options: Vec<u8>,
    super_options: Vec<u8>,
    is_shared: bool,
}

impl VisibleMount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let mut number = || str::from_utf8(fields.next()?).ok()?.parse().ok();
        let (id, parent) = (number()?, number()?);
        let mut fields = fields.skip(3);
        let options = fields.next()?.to_vec();
        // Behind optional fields and a lone dash: the type, the source, the options.
        let super_options = fields.skip_while(|field| *field != b"-").nth(3).unwrap_or_default().to_vec();
        let (mount, is_shared) = (mounts::parse_mount(line)?, mounts::is_shared(line));
        Some(Self { mount, id, parent, options, super_options, is_shared })
    }

    pub(super) fn target(&self) -> &Path {
        &self.mount.target
    }

    /// Whether it is mounted with an option, such as `ro` or `nosuid`.
    pub(super) fn has_option(&self, option: &str) -> bool {
        self.options.split(|byte| *byte == b',').any(|given| given == option.as_bytes())
    }

    /// Whether its file system has an option, such as `hidepid`, with whatever value.
    pub(super) fn has_super_option(&self, option: &str) -> bool {
        let is_it = |given: &[u8]| given.split(|byte| *byte == b'=').next() == Some(option.as_bytes());
        self.super_options.split(|byte| *byte == b',').any(is_it)
    }

    /// Whether what is mounted there is passed on to other mounts.
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }
}

/// The lines of proc_pid_status(5) that decide what a process may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Status {
    pub(super) uid: u32,
    pub(super) effective_uid: u32,
    pub(super) effective_gid: u32,
    effective: u64,
    pub(super) no_new_privileges: bool,
    pub(super) is_filtered: bool,
    pub(super) threads: u64,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = |name: &str, place: usize| field(name)?.split_ascii_whitespace().nth(place)?.parse().ok();
        Some(Self {
            uid: number("Uid", 0)?,
            effective_uid: number("Uid", 1)?,
            effective_gid: number("Gid", 1)?,
            effective: u64::from_str_radix(field("CapEff")?.trim(), 16).ok()?,
            no_new_privileges: number("NoNewPrivs", 0) == Some(1),
            // SECCOMP_MODE_FILTER
            is_filtered: number("Seccomp", 0) == Some(2),
            threads: number("Threads", 0).unwrap_or(1).into(),
        })
    }

    pub(super) fn has(self, capability: Capability) -> bool {
        self.effective & capability.bitmask() != 0
    }
}

/// Whether a map has an id inside.
pub(super) fn maps(ranges: &[IdRange], id: u32) -> bool {
    ranges.iter().any(|range| id.checked_sub(range.inner).is_some_and(|place| place < range.count))
}

/// A name that may be hostile, for a line on a terminal.
pub(super) fn shown(name: impl AsRef<OsStr>) -> String {
    name.as_ref().to_string_lossy().into_owned()
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// Of a mount table, the hints see the same as all others.
    pub fn of_mounts(text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            let Some(seen) = VisibleMount::parse(line) else { continue };
            assert_eq!(Some(&seen.mount), mounts::parse_mount(line).as_ref());
            assert_eq!(seen.is_shared(), mounts::is_shared(line));
        }
    }

    /// /proc/PID/status is read to its end.
    pub fn of_status(text: &[u8]) {
        let status = Status::parse(&String::from_utf8_lossy(text));
        assert!(status.is_none_or(|status| status.threads <= u32::MAX.into()));
    }
}
