//! Mounts: propagation, /proc, binfmt_misc, root and working directory; and namespaces kept in files.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Doing, Error, Result, While};
use crate::kind::{Kind, Kinds};
use crate::plainfile;
use crate::proc;
use crate::process::Process;
use crate::procfile;
use crate::signals::Signals;
use crate::sys;

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

/// Makes every mount of this process's mount namespace private.
///
/// # Errors
/// [`Doing::SettingPropagation`]: EINVAL when the root is no mount point, EPERM without CAP_SYS_ADMIN.
pub fn make_private_here() -> Result<()> {
    propagate(Path::new("/"), MsFlags::MS_PRIVATE)
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

/// Gives this process a copy of its mounts, from which nothing is passed on, and there mounts the current pid
/// namespace's /proc on `target`.
///
/// # Errors
/// [`Doing::Unsharing`]: EPERM without CAP_SYS_ADMIN; [`Doing::SettingPropagation`] with EINVAL in a chroot; those of
/// [`mount_proc`], EINVAL also where the root directory is in another mount namespace than this process.
pub fn mount_proc_apart(target: &Path) -> Result<()> {
    log::info!("unshare(CLONE_NEWNS), mount(\"/\", MS_REC|MS_PRIVATE), mount(\"proc\", {target:?})");
    let kinds = Kinds::from_iter([Kind::Mount]);
    let mounting = || Doing::Mounting { filesystem: "proc", target: target.into() };
    let before = sys::mount_of_root().doing(mounting)?;
    nix::sched::unshare(kinds.flags()).doing(|| Doing::Unsharing { kinds })?;
    // A root directory in the old namespace is in the copy now. One elsewhere has stayed there: what is done to its
    // mounts would be done to somebody else's.
    if sys::mount_of_root().doing(mounting)? == before {
        return Err(Error { doing: mounting(), errno: Some(Errno::EINVAL) });
    }
    make_private_here()?;
    mount_proc(target)
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

fn mount_filesystem(filesystem: &'static str, target: &Path) -> Result<()> {
    mount(Some(filesystem), target, Some(filesystem), HARMLESS, None::<&str>)
        .doing(|| Doing::Mounting { filesystem, target: target.into() })
}

/// Registers a binary format with the binfmt_misc that is mounted on `directory`.
///
/// # Errors
/// [`Doing::Opening`], [`Doing::Writing`]: EINVAL for a definition that the kernel does not understand.
pub fn register_format(directory: &Path, definition: &OsStr) -> Result<()> {
    let path = directory.join("register");
    let file = procfile::open_anywhere(&path).doing(|| Doing::Opening { path: path.clone() })?;
    if definition.is_empty() {
        // The file must be there and open for us, but a write of nothing registers nothing.
        return Ok(());
    }
    procfile::write(&file, definition.as_bytes(), || Doing::Writing { path: path.clone() })
}

/// Makes `directory` the root directory and the working directory.
///
/// # Errors
/// [`Doing::ChangingRoot`]; those of [`plainfile::hold_proc`].
pub fn change_root(directory: &Path) -> Result<()> {
    plainfile::hold_proc()?;
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

/// Makes the directory that is open the root directory and the working directory.
///
/// # Errors
/// [`Doing::ChangingDirectoryByDescriptor`]: ENOTDIR, EACCES; [`Doing::ChangingRootByDescriptor`]: EPERM without
/// CAP_SYS_CHROOT; [`Doing::ChangingDirectory`].
pub fn change_root_to(directory: &File) -> Result<()> {
    log::info!("fchdir(root), chroot(\".\"), chdir(\"/\")");
    nix::unistd::fchdir(directory).doing(|| Doing::ChangingDirectoryByDescriptor { which: "root" })?;
    nix::unistd::chroot(".").doing(|| Doing::ChangingRootByDescriptor)?;
    nix::unistd::chdir("/").doing(|| Doing::ChangingDirectory { directory: "/".into() })
}

/// Makes the directory that is open the working directory, wherever it is.
///
/// # Errors
/// [`Doing::ChangingDirectoryByDescriptor`].
pub fn change_directory_to(directory: &File) -> Result<()> {
    log::info!("fchdir(working directory)");
    nix::unistd::fchdir(directory).doing(|| Doing::ChangingDirectoryByDescriptor { which: "working directory" })
}

/// Whether the working directory lies below the root directory: outside it, `..` leads to files that are none of
/// the program's business.
pub fn working_directory_is_below_root() -> bool {
    sys::working_directory_is_below_root()
}

/// A line of proc_pid_mountinfo(5), as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What of the file system is mounted.
    pub root: PathBuf,
    /// On what.
    pub target: PathBuf,
    /// The type of the file system.
    pub filesystem: OsString,
}

impl Mount {
    /// The kind and inode of the namespace that is mounted, if it is one.
    pub fn namespace(&self) -> Option<(Kind, u64)> {
        (self.filesystem == "nsfs").then(|| proc::namespace(self.root.as_os_str().as_bytes())).flatten()
    }
}

/// The mounts that this process sees.
///
/// # Errors
/// [`Doing::Reading`].
pub fn own_mounts() -> Result<Vec<Mount>> {
    let path = Path::new("/proc/self/mountinfo");
    log::debug!("read(\"{}\")", path.display());
    procfile::read(path).map(|text| parse(&text))
}

/// Reads a whole mount table.
pub(crate) fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|byte| *byte == b'\n').filter_map(parse_mount).collect()
}

/// The files in which this process sees namespaces kept, with the namespaces' kinds and inodes.
pub fn mounted_namespaces() -> impl Iterator<Item = (Kind, u64, PathBuf)> {
    let mounts = own_mounts().unwrap_or_default().into_iter();
    mounts.filter_map(|mount| mount.namespace().map(|(kind, inode)| (kind, inode, mount.target)))
}

/// Reads a line of proc_pid_mountinfo(5).
pub(crate) fn parse_mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let root = unescape(fields.nth(3)?);
    let target = unescape(fields.next()?);
    // Options, and then optional fields up to a lone dash.
    let filesystem = unescape(fields.skip_while(|field| *field != b"-").nth(1)?);
    Some(Mount { root: root.into(), target: target.into(), filesystem })
}

/// Undoes the kernel's spelling of blanks: `\040`.
fn unescape(field: &[u8]) -> OsString {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        // A sign is no digit, but Rust would read it.
        let is_octal = |digits: &&[u8]| byte == b'\\' && digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
        let octal = after.get(..3).filter(is_octal).and_then(|digits| str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(escaped) => (text.push(escaped), rest = &after[3..]),
            None => (text.push(byte), rest = after),
        };
    }
    OsString::from_vec(text)
}

/// A namespace to be kept alive by a bind mount on a file, see namespaces(7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Which of the process's namespaces.
    pub kind: Kind,
    /// The file, which must exist.
    pub file: PathBuf,
}

impl Pin {
    /// What [`pin_namespaces`] does about it for the process that is called `pid`, as the log shows it.
    pub fn words(&self, pid: &str) -> String {
        format!("mount(\"/proc/{pid}/ns/{}\", {:?}, MS_BIND)", self.kind.children_link(), self.file)
    }
}

/// Binds namespaces of `process` to files, all of them or none, unless this process is killed: other signals wait.
///
/// For pid and time it is the namespace of the process's children.
///
/// # Errors
/// [`Doing::Pinning`]: EINVAL for a mount namespace on a shared mount, ENOENT for a missing file or
/// a pid namespace that has no process yet. [`Doing::BlockingSignals`].
pub fn pin_namespaces(process: &Process, pins: &[Pin]) -> Result<()> {
    let mask = Signals::ALL.block_silently()?;
    let pinned = pin_all(process, pins);
    mask.put_back()?;
    pinned
}

fn pin_all(process: &Process, pins: &[Pin]) -> Result<()> {
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
    log::info!("{}", pin.words(&process.pid().to_string()));
    mount(Some(&process.sure_path(&link)), &pin.file, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .doing(|| Doing::Pinning { source: source.clone(), target: pin.file.clone() })
}

/// Finds out whether a namespace could be bound to a file, without doing so where anybody sees it: in a child, in
/// mounts of its own. `has_child` says whether a new pid namespace would have a process by then.
///
/// # Errors
/// As [`pin_namespaces`].
pub fn try_to_pin(pin: &Pin, has_child: bool) -> Result<()> {
    let link = pin.kind.children_link();
    let source = PathBuf::from(format!("/proc/self/ns/{link}"));
    let what = || Doing::Pinning { source: source.clone(), target: pin.file.clone() };
    if pin.kind == Kind::Pid && !has_child {
        return Err(Error { doing: what(), errno: Some(Errno::ENOENT) });
    }
    // Nobody can bind his own mount namespace; another file in its place tells all but what is asked here.
    let is_mount = pin.kind == Kind::Mount;
    if is_mount && is_on_shared_mount(&pin.file) {
        return Err(Error { doing: what(), errno: Some(Errno::EINVAL) });
    }
    let source = if is_mount { Path::new("/proc/self/ns/user") } else { &source };
    let bind = || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)?;
        mount(Some("none"), "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
        mount(Some(source), &pin.file, None::<&str>, MsFlags::MS_BIND, None::<&str>)
    };
    sys::in_child(bind).doing(what)
}

/// Whether what is mounted on `file` would be passed on to other mounts.
fn is_on_shared_mount(file: &Path) -> bool {
    let (file, text) = (std::fs::canonicalize(file), procfile::read(Path::new("/proc/self/mountinfo")));
    file.is_ok_and(|file| text.is_ok_and(|text| line_of(&text, &file).is_some_and(is_shared)))
}

/// Of the lines of proc_pid_mountinfo(5), that of the mount that `path` is on: the longest mount point above it, the
/// last one that was mounted there. No part of the path may be a link.
pub(crate) fn line_of<'a>(text: &'a [u8], path: &Path) -> Option<&'a [u8]> {
    let lines = text.split(|byte| *byte == b'\n');
    let above = lines.filter_map(|line| Some((parse_mount(line)?.target, line))).filter(|it| path.starts_with(&it.0));
    above.max_by_key(|(target, _)| target.as_os_str().len()).map(|(_, line)| line)
}

/// Whether a line of proc_pid_mountinfo(5) is of a mount in a peer group.
pub(crate) fn is_shared(line: &[u8]) -> bool {
    let tags = line.split(|byte| *byte == b' ').skip(6).take_while(|field| *field != b"-");
    tags.into_iter().any(|tag| tag.starts_with(b"shared:"))
}

/// Takes back pins that were made, the last one first.
fn unpin(pins: &[Pin]) {
    for pin in pins.iter().rev() {
        log::info!("umount2({:?}, MNT_DETACH|UMOUNT_NOFOLLOW)", pin.file);
        // What cannot be undone is no reason to hide the error that led here.
        let _ = umount2(&pin.file, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW);
    }
}

/// What has to hold whatever somebody has written: tried by the tests, and by `fuzz/`.
#[cfg(any(test, fuzzing))]
pub(crate) mod properties {
    use super::*;

    /// As the kernel spells a path: blanks, line ends, backslashes and `#` become three octal digits.
    fn escape(path: &[u8]) -> Vec<u8> {
        let escaped = |byte: &u8| match byte {
            b' ' | b'\t' | b'\n' | b'\\' | b'#' => format!("\\{byte:03o}").into_bytes(),
            byte => vec![*byte],
        };
        path.iter().flat_map(escaped).collect()
    }

    /// Any path comes back from a table with two such lines.
    pub fn of_paths([root, target, filesystem]: [&[u8]; 3], tags: &str) {
        let [a, b, c] = [escape(root), escape(target), escape(filesystem)];
        let line = [b"1 2 0:3 ", &a[..], b" ", &b, b" rw ", tags.as_bytes(), b"shared:1 - ", &c, b" none rw"].concat();
        let mounts = parse(&[&line[..], b"\n", &line].concat());
        let path = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
        let filesystem = OsStr::from_bytes(filesystem).to_owned();
        let mount = Mount { root: path(root), target: path(target), filesystem };
        assert_eq!(mounts, [mount.clone(), mount]);
        assert!(is_shared(&line));
    }

    /// Any table is read to its end.
    pub fn of_table(text: &[u8]) {
        let mounts = parse(text);
        assert!(mounts.len() <= text.split(|byte| *byte == b'\n').count());
        let lines = text.split(|byte| *byte == b'\n');
        assert!(lines.filter(|line| is_shared(line)).count() <= text.windows(7).filter(|it| it == b"shared:").count());
        for mount in mounts {
            proc::namespace(mount.root.as_os_str().as_bytes());
            assert!(line_of(text, &mount.target).is_some());
        }
    }

    /// A backslash before three octal digits is an escape, and nothing else is.
    pub fn of_escapes(field: &[u8]) {
        let plain = unescape(field);
        let is_escape = |it: &[u8]| matches!(it, [b'\\', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7']);
        let (mut place, mut escapes) = (0, 0);
        while place < field.len() {
            let escape = field.get(place..place + 4).is_some_and(is_escape);
            escapes += usize::from(escape);
            place += if escape { 4 } else { 1 };
        }
        assert_eq!(plain.len(), field.len() - 3 * escapes, "{plain:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::for_any;

    #[test]
    fn lines_of_mountinfo() {
        let line = b"36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
        let mount = Mount { root: "/mnt1".into(), target: "/mnt 2".into(), filesystem: "ext3".into() };
        assert_eq!(parse_mount(line), Some(mount));
        assert_eq!(parse_mount(b"36 35 98:0 / /a\\134b\\ rw - nsfs nsfs rw").unwrap().target, Path::new("/a\\b\\"));
        assert_eq!(
            parse_mount(b"36 35 98:0 / /\\+12\\400 rw - nsfs nsfs rw").unwrap().target,
            Path::new("/\\+12\\400")
        );
        assert_eq!(parse_mount(b""), None);
    }

    #[test]
    fn any_path_comes_back() {
        for_any(
            |random| ([random.bytes(20), random.bytes(20), random.bytes(6)], "master:2 ".repeat(random.place(3))),
            |(paths, tags)| properties::of_paths(paths.each_ref().map(Vec::as_slice), tags),
        );
    }

    #[test]
    fn any_table_is_read_to_its_end() {
        const TABLE: &[u8] = b"36 35 98:0 /a\\040b /c\\134\\011 rw master:1 shared:2 - ext3 /dev/root rw\n\
            37 36 0:4 mnt:[4026531840] /run/x rw - nsfs nsfs rw\n";
        for_any(|random| random.changed(TABLE), |text| properties::of_table(text));
    }

    #[test]
    fn any_escape() {
        for_any(|random| random.changed(b"\\040\\1a4\\+12\\400\\\\134"), |field| properties::of_escapes(field));
    }
}
