//! What failed: what was being done, on what, and the errno that the kernel gave.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::handle::Handle;
use crate::hints;
use crate::idmap::{IdRange, Side};
use crate::kind::{Kind, Kinds};
use crate::report;
use crate::signals::Signal;
use crate::timens::Offset;

/// A result whose error says what was being done.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What was being done, and on what.
    pub doing: Doing,
    /// The kernel's reason; none where it was not the kernel that refused.
    pub errno: Option<Errno>,
}

/// What was being done when something failed.
///
/// The variants are the steps that the programs take; [`Error::message`] words them as util-linux does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the variants and their fields are named after what they say
pub enum Doing {
    // Values on the command line.
    ParsingUid {
        text: OsString,
    },
    ParsingGid {
        text: OsString,
    },
    ResolvingUid {
        text: OsString,
    },
    ResolvingGid {
        text: OsString,
    },
    ParsingOwner,
    ParsingMapping {
        text: OsString,
    },
    ParsingSignal {
        text: OsString,
    },
    ParsingPropagation {
        text: OsString,
    },
    ParsingSetgroups {
        text: OsString,
    },
    ParsingOffset {
        clock: &'static str,
        text: OsString,
    },
    ParsingPid {
        text: OsString,
    },
    ParsingNamespaceId {
        text: OsString,
    },
    ParsingDescriptor {
        text: OsString,
    },
    ParsingTask {
        text: OsString,
    },
    ParsingInode {
        text: OsString,
    },
    ParsingKind {
        text: OsString,
    },
    ParsingRelation {
        text: OsString,
    },
    ParsingColouring {
        text: OsString,
    },
    ParsingColumn {
        text: OsString,
    },
    /// With the rule that it breaks, where the reason does not tell.
    ParsingFilter {
        text: OsString,
        reason: OsString,
        rule: Option<&'static str>,
    },
    InitializingFilter {
        names: Vec<String>,
    },
    /// An option that says itself what is listed, and a namespace.
    CombiningWithNamespace {
        option: &'static str,
    },
    ForwardingSignal {
        signal: Signal,
    },
    ParsingHostname {
        text: OsString,
    },
    OffsetsWithoutTimeNamespace,
    AllowingSetgroupsWithGroupMap,
    RepeatingTarget,
    CombiningOptions {
        first: &'static str,
        second: &'static str,
    },
    CheckingAsJson,
    // What is missing on the command line.
    FindingTarget,
    FindingTargetFor {
        file: &'static str,
    },
    FindingNamespaces,
    FindingNamespace {
        inode: u64,
    },
    FindingProcessIn {
        inode: u64,
    },
    /// What was typed, and what there is instead.
    FindingContainer {
        text: OsString,
        others: Vec<String>,
    },
    /// What was typed, and what it may mean.
    DistinguishingContainers {
        text: OsString,
        candidates: Vec<OsString>,
    },
    FindingProcess {
        pid: u32,
    },
    // Files that describe who may map what.
    FindingSubordinateIds {
        user: OsString,
        file: PathBuf,
    },
    OpeningIdRanges {
        path: PathBuf,
    },
    ParsingSubordinateIds {
        text: OsString,
    },
    FindingUser {
        uid: u32,
    },
    FindingCgroup2,
    // System calls.
    Unsharing {
        kinds: Kinds,
    },
    CheckingPid {
        pid: u32,
    },
    OpeningPidfdOf {
        pid: u32,
    },
    CopyingDescriptor {
        pidfd: i32,
        number: i32,
    },
    AskingSocket {
        socket: i32,
    },
    OpeningById {
        id: u64,
    },
    OpeningByInode {
        inode: u64,
    },
    OpeningOwner,
    Comparing {
        path: PathBuf,
    },
    /// Entering somebody who meanwhile went into other namespaces, or has another root.
    FindingAgain {
        pid: u32,
    },
    Hiding,
    Entering {
        kind: Kind,
        namespace: Handle,
    },
    EnteringTarget {
        pid: u32,
        kinds: Kinds,
    },
    Forking,
    OpeningSockets,
    /// Letting another process of ours go on, or waiting to be let.
    PassingGate,
    OpeningPidfd,
    PollingParent,
    Waiting,
    BlockingSignals,
    SettingDeathSignal,
    AdoptingOrphans,
    PassingOnSignal {
        signal: i32,
    },
    Opening {
        path: PathBuf,
    },
    Reading {
        path: PathBuf,
    },
    Writing {
        path: PathBuf,
    },
    OpeningNamespaceFile {
        path: PathBuf,
    },
    FittingMap {
        path: PathBuf,
    },
    WritingMap {
        path: PathBuf,
        side: Side,
        ranges: Vec<IdRange>,
    },
    /// The map of this process's own user namespace.
    WritingOwnMap {
        side: Side,
        range: IdRange,
    },
    /// newuidmap or newgidmap has refused, and said why itself.
    AskingMapper {
        side: Side,
        ranges: Vec<IdRange>,
        status: u8,
    },
    WritingOffsets {
        path: PathBuf,
        offset: Offset,
    },
    Mounting {
        filesystem: &'static str,
        target: PathBuf,
    },
    Pinning {
        source: PathBuf,
        target: PathBuf,
    },
    SettingPropagation {
        target: PathBuf,
    },
    ChangingRoot {
        directory: PathBuf,
    },
    ChangingDirectory {
        directory: PathBuf,
    },
    ChangingRootByDescriptor,
    ChangingDirectoryByDescriptor {
        which: &'static str,
    },
    OpeningWorkingDirectory {
        directory: PathBuf,
    },
    SettingEnvironment,
    DroppingGroups,
    SettingGid {
        gid: u32,
    },
    SettingUid {
        uid: u32,
    },
    SettingCapabilities,
    RaisingAmbientCapabilities,
    SettingHostname,
    RaisingLoopback,
    WritingInfo {
        number: i32,
    },
    Executing {
        program: OsString,
    },
    WritingOutput,
    ParsingMountinfo,
    ReadingLimit {
        kind: Kind,
    },
    ApplyingFilter,
    /// A process of ours was killed before it could say anything.
    Dying {
        process: &'static str,
        signal: i32,
    },
    /// A process of ours failed and has said why itself; there is nothing to add.
    Reported {
        status: u8,
    },
}

impl Error {
    /// An error without an errno.
    pub fn new(doing: Doing) -> Self {
        Self { doing, errno: None }
    }

    /// The text after `PROG: `, with libc's words for the errno; empty when another process has reported it.
    pub fn message(&self) -> OsString {
        let mut text = self.doing.words();
        if let Some(errno) = self.errno {
            text.push(": ");
            text.push(report::strerror(errno));
        }
        text
    }

    /// What is to be said after the message, a line each.
    pub fn further_messages(&self) -> Vec<OsString> {
        match &self.doing {
            Doing::InitializingFilter { names } => {
                let others = names.iter().skip(1).map(|name| named("unknown column: ", name));
                others.chain(["failed to initialize filter".into()]).collect()
            }
            // In the names of cgroups may be anything.
            Doing::DistinguishingContainers { candidates, .. } => {
                candidates.iter().map(|candidate| hints::printable(&candidate.to_string_lossy()).into()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The program's exit status: 127 for a program that is not there and 126 for one that cannot be
    /// executed, as env(1) and the shells have it; 32 where lsns cannot read /proc; else 1.
    pub fn exit_status(&self) -> u8 {
        match (&self.doing, self.errno) {
            (Doing::Executing { .. }, Some(Errno::ENOENT)) => 127,
            (Doing::Executing { .. }, _) => 126,
            (Doing::Reported { status } | Doing::AskingMapper { status, .. }, _) => *status,
            (Doing::ParsingMountinfo, _) => 32,
            _ => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message().to_string_lossy())
    }
}

impl std::error::Error for Error {}

impl Doing {
    fn words(&self) -> OsString {
        match self {
            Doing::ParsingUid { text } => quoted("failed to parse uid: ", text),
            Doing::ParsingGid { text } => quoted("failed to parse gid: ", text),
            Doing::ResolvingUid { text } => quoted("failed to parse uid ", text),
            Doing::ResolvingGid { text } => quoted("failed to parse gid ", text),
            Doing::ParsingOwner => "failed to parse owner".into(),
            Doing::ParsingMapping { text } => quoted("invalid mapping ", text),
            Doing::ParsingSignal { text } => named("unknown signal: ", text),
            Doing::ParsingPropagation { text } => named("unsupported propagation mode: ", text),
            Doing::ParsingSetgroups { text } => quoted("unsupported --setgroups argument ", text),
            Doing::ParsingOffset { clock, text } => quoted(&format!("failed to parse {clock} offset: "), text),
            Doing::ParsingPid { text } => quoted("failed to parse PID argument ", text),
            Doing::ParsingNamespaceId { text } => named("failed to parse nsid: ", text),
            Doing::ParsingDescriptor { text } => quoted("failed to parse file descriptor: ", text),
            Doing::ForwardingSignal { signal } => format!("signal cannot be forwarded: {signal}").into(),
            Doing::ParsingHostname { text } => quoted("failed to parse host name: ", text),
            Doing::RepeatingTarget => "option --target may be given only once".into(),
            Doing::CombiningOptions { first, second } => {
                format!("options --{first} and --{second} cannot be combined").into()
            }
            Doing::CheckingAsJson => "option --json is for --check".into(),
            Doing::FindingTarget => "no target PID specified".into(),
            Doing::FindingTargetFor { file } => format!("neither filename nor target pid supplied for {file}").into(),
            Doing::FindingNamespaces => "no namespace specified".into(),
            Doing::FindingCgroup2 => "--join-cgroup is only supported in cgroup v2".into(),
            Doing::OffsetsWithoutTimeNamespace => {
                "options --monotonic and --boottime require unsharing of a time namespace (-T)".into()
            }
            Doing::AllowingSetgroupsWithGroupMap => {
                "options --setgroups=allow and --map-group are mutually exclusive".into()
            }
            Doing::FindingSubordinateIds { user, file } => {
                joined(&[b"no line matching user \"", bytes(user), b"\" in ", bytes(file)])
            }
            Doing::OpeningIdRanges { path } => quoted("could not open ", path),
            Doing::ParsingSubordinateIds { text } => quoted("failed to parse subid map: ", text),
            Doing::FindingUser { uid } => format!("you (user {uid}) don't exist.").into(),
            step => {
                step.words_of_listing().or_else(|| step.words_of_entering()).unwrap_or_else(|| step.words_of_a_call())
            }
        }
    }

    /// The words for what only lsns does.
    fn words_of_listing(&self) -> Option<OsString> {
        Some(match self {
            Doing::ParsingTask { text } => quoted("invalid PID argument: ", text),
            Doing::ParsingInode { text } => quoted("invalid namespace argument: ", text),
            Doing::ParsingKind { text } => named("unknown namespace type: ", text),
            Doing::ParsingRelation { text } => named("unknown tree type: ", text),
            Doing::ParsingColouring { text } => named("unsupported color mode: ", text),
            Doing::FindingProcess { pid } => format!("cannot read process {pid}").into(),
            Doing::ParsingColumn { text } => named("unknown column: ", text),
            Doing::InitializingFilter { names } => named("unknown column: ", names.first().map_or("", |name| name)),
            Doing::ParsingFilter { text, reason, .. } => {
                joined(&[b"failed to parse \"", bytes(text), b"\": ", bytes(reason)])
            }
            Doing::CombiningWithNamespace { option } => {
                format!("--{option} is mutually exclusive with <namespace>").into()
            }
            Doing::FindingNamespace { inode } => format!("not found namespace: {inode}").into(),
            Doing::ParsingMountinfo => "failed to parse /proc/self/mountinfo".into(),
            Doing::ReadingLimit { kind } => {
                format!("cannot read how many {} namespaces there may be", kind.link()).into()
            }
            Doing::ApplyingFilter => "failed to apply filter".into(),
            _ => return None,
        })
    }

    /// The words for what only nsenter does.
    fn words_of_entering(&self) -> Option<OsString> {
        Some(match self {
            Doing::CheckingPid { pid } => format!("failed to obtain a valid file descriptor for PID {pid}").into(),
            Doing::OpeningPidfdOf { pid } => format!("failed to pidfd_open() for {pid}").into(),
            Doing::CopyingDescriptor { pidfd, number } => format!("pidfd_getfd({pidfd}, {number})").into(),
            Doing::AskingSocket { socket } => format!("ioctl({socket}, SIOCGSKNS)").into(),
            Doing::OpeningById { id } => format!("cannot open namespace of id {id}").into(),
            Doing::OpeningByInode { inode } => format!("cannot open namespace {inode}").into(),
            Doing::FindingProcessIn { inode } => format!("no process found in namespace {inode}").into(),
            Doing::FindingContainer { text, .. } => quoted("no process found in ", text),
            Doing::DistinguishingContainers { text, .. } => joined(&[b"'", bytes(text), b"' can mean several"]),
            Doing::OpeningOwner => "failed to open parent namespace".into(),
            Doing::Comparing { path } => joined(&[b"stat of ", bytes(path), b" failed"]),
            Doing::FindingAgain { pid } => format!("PID {pid} went elsewhere while it was entered").into(),
            Doing::Hiding => "prctl failed".into(),
            Doing::Entering { kind, .. } => format!("reassociate to namespace 'ns/{}' failed", kind.link()).into(),
            Doing::EnteringTarget { .. } => "reassociate to namespaces failed".into(),
            Doing::ChangingRootByDescriptor => "chroot failed".into(),
            Doing::ChangingDirectoryByDescriptor { which } => {
                format!("change directory by {which} file descriptor failed").into()
            }
            Doing::OpeningWorkingDirectory { .. } => "cannot open current working directory".into(),
            Doing::SettingEnvironment => "failed to set environment variables".into(),
            _ => return None,
        })
    }

    fn words_of_a_call(&self) -> OsString {
        match self {
            Doing::Unsharing { .. } => "unshare failed".into(),
            Doing::Forking => "fork failed".into(),
            Doing::OpeningSockets => "socketpair failed".into(),
            Doing::PassingGate => "synchronizing with another process failed".into(),
            Doing::OpeningPidfd => "pidfd_open failed".into(),
            Doing::PollingParent => "poll parent pidfd failed".into(),
            Doing::Waiting => "waitpid failed".into(),
            Doing::BlockingSignals => "sigprocmask block failed".into(),
            Doing::SettingDeathSignal | Doing::AdoptingOrphans => "prctl failed".into(),
            Doing::PassingOnSignal { signal } => {
                format!("child exit failed: signal {signal} does not end this process").into()
            }
            Doing::Opening { path } => named("cannot open ", path),
            Doing::Reading { path } => named("cannot read ", path),
            Doing::Writing { path } => named("write failed ", path),
            Doing::OpeningNamespaceFile { path } => named("failed to open ", path),
            Doing::FittingMap { path } => joined(&[bytes(path), b" too large for kernel 4k limit"]),
            Doing::WritingMap { path, .. } => named("failed to write ", path),
            Doing::WritingOwnMap { side, .. } => named("write failed /proc/self/", side.map_file()),
            Doing::WritingOffsets { path, .. } => named("failed to write to ", path),
            Doing::Mounting { target, .. } => joined(&[b"mount ", bytes(target), b" failed"]),
            Doing::Pinning { source, target } => {
                joined(&[b"mount ", bytes(source), b" on ", bytes(target), b" failed"])
            }
            Doing::SettingPropagation { target } if target == Path::new("/") => {
                "cannot change root filesystem propagation".into()
            }
            Doing::SettingPropagation { target } => {
                joined(&[b"cannot change ", bytes(target), b" filesystem propagation"])
            }
            Doing::ChangingRoot { directory } => quoted("cannot change root directory to ", directory),
            Doing::ChangingDirectory { directory } => named("cannot change directory to ", directory),
            Doing::DroppingGroups => "setgroups failed".into(),
            Doing::SettingGid { .. } => "setgid() failed".into(),
            Doing::SettingUid { .. } => "setuid() failed".into(),
            Doing::SettingCapabilities => "capset failed".into(),
            Doing::RaisingAmbientCapabilities => "prctl(PR_CAP_AMBIENT) failed".into(),
            Doing::SettingHostname => "sethostname failed".into(),
            Doing::RaisingLoopback => "cannot bring up the loopback device".into(),
            Doing::WritingInfo { number } => format!("cannot write to file descriptor {number}").into(),
            Doing::Executing { program } => named("failed to execute ", program),
            Doing::Dying { process, signal } => format!("{process} was ended by signal {signal}").into(),
            Doing::WritingOutput => "write error".into(),
            _ => OsString::new(),
        }
    }
}

/// Adds what was being done to a bare errno.
pub trait While<T> {
    /// Turns `Err(errno)` into an [`Error`] that says what was being done.
    ///
    /// # Errors
    /// That one.
    fn doing(self, what: impl FnOnce() -> Doing) -> Result<T>;
}

impl<T> While<T> for nix::Result<T> {
    fn doing(self, what: impl FnOnce() -> Doing) -> Result<T> {
        self.map_err(|errno| Error { doing: what(), errno: Some(errno) })
    }
}

impl<T> While<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> Doing) -> Result<T> {
        self.map_err(|error| Error { doing: what(), errno: error.raw_os_error().map(Errno::from_raw) })
    }
}

fn bytes<T: AsRef<OsStr> + ?Sized>(text: &T) -> &[u8] {
    std::os::unix::ffi::OsStrExt::as_bytes(text.as_ref())
}

fn joined(parts: &[&[u8]]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(parts.concat())
}

fn named<T: AsRef<OsStr> + ?Sized>(words: &str, name: &T) -> OsString {
    joined(&[words.as_bytes(), bytes(name)])
}

fn quoted<T: AsRef<OsStr> + ?Sized>(words: &str, name: &T) -> OsString {
    joined(&[words.as_bytes(), b"'", bytes(name), b"'"])
}

/// The error for opening `path`.
pub(crate) fn opening(path: &Path) -> impl FnOnce() -> Doing + '_ {
    || Doing::Opening { path: path.into() }
}
