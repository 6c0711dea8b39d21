//! What the targets in `fuzz/` call: each function takes what somebody may have written, and panics where a property
//! does not hold. The properties stand beside the parsers; the unit tests try the same ones.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::{Command, CommandFactory};
use nix::errno::Errno;

use crate::error::Doing;
use crate::getopt::{self, Dialect, Respelt};
use crate::hints::{self, System};
use crate::idmap::{IDS, IdRange, Side};
use crate::kind::{Kind, Kinds};
use crate::timens::{Clock, Offset};
use crate::{accounts, cgroup, container, exec, idmap, mounts, netnsid, number, proc, process, signals, timens};

/// A program's command line, words between NULs: the words, and what getopt makes of them.
pub fn words_of<Options: CommandFactory>(program: &str, dialect: &Dialect, data: &[u8]) -> (Vec<OsString>, Respelt) {
    thread_local!(static COMMAND: RefCell<Option<Command>> = const { RefCell::new(None) });
    let words = std::iter::once(program.as_bytes()).chain(data.split(|byte| *byte == 0));
    let words: Vec<OsString> = words.map(|word| OsString::from_vec(word.to_vec())).collect();
    let respelt = COMMAND.with_borrow_mut(|command| {
        let command = command.get_or_insert_with(Options::command);
        getopt::properties::of_words(command, dialect, &words)
    });
    (words, respelt)
}

/// Lines of passwd(5), group(5), nsswitch.conf(5), as files and getent(1) have them.
pub fn accounts(text: &[u8]) {
    accounts::properties::of_answer(text);
}

/// /proc/PID/cgroup.
pub fn cgroup(text: &[u8]) {
    container::properties::of_cgroups(text);
    for root in ["/", "/a", "a", ""] {
        cgroup::properties::of_place(text, root.as_bytes());
    }
}

/// A program's file, as far as hints read it: ELF, and `#!`.
pub fn elf(file: &[u8]) {
    let root = System::below(root());
    write("program", file);
    hints::elf_file(file, &root);
    for errno in [Errno::ENOENT, Errno::EACCES, Errno::ENOEXEC, Errno::ELOOP] {
        hints::properties::of_hint(Doing::Executing { program: "/program".into() }, errno, &root);
    }
}

/// /proc/PID/environ.
pub fn environ(contents: &[u8]) {
    exec::properties::of_environment(contents);
}

/// Words that people and scripts type: ids, maps, signals, offsets, processes.
pub fn words(text: &[u8]) {
    number::properties::of_number(text);
    idmap::properties::of_range(text);
    signals::properties::of_signals(text);
    process::properties::of_name(text);
    hints::properties::of_text(text);
    if let Ok(seconds) = number::parse(OsStr::new(&*String::from_utf8_lossy(text)), i64::MIN, i64::MAX) {
        timens::properties::of_offset(Clock::Monotonic, seconds);
        timens::properties::of_offset(Clock::Boottime, seconds);
    }
}

/// Lines of subuid(5), and of a kernel's map.
pub fn idmap(text: &[u8]) {
    for line in text.split(|byte| *byte == b'\n') {
        idmap::properties::of_subordinate_line(line);
        str::from_utf8(line).ok().and_then(IdRange::of_line);
    }
}

/// Maps fitted around a single id: the numbers are the ends of ranges.
pub fn fit(numbers: &[u32]) {
    let [inner, outer, range @ ..] = numbers else { return };
    let single = IdRange::single(inner % IDS, outer % IDS);
    let mut ends: Vec<u32> = range.iter().map(|end| end % IDS).collect();
    if let [inner, outer, count, ..] = ends[..] {
        let range = IdRange { inner, outer, count: (count % 100).min(IDS - inner).min(IDS - outer) };
        for is_open in [false, true] {
            idmap::properties::of_fitting(range, is_open, None);
            idmap::properties::of_fitting(range, is_open, Some(single));
        }
    }
    ends.sort_unstable();
    idmap::properties::of_several_ranges(single, &ends);
}

/// /proc/PID/mountinfo.
pub fn mounts(text: &[u8]) {
    mounts::properties::of_table(text);
    mounts::properties::of_escapes(text);
    hints::system::properties::of_mounts(text);
    let mut paths = text.splitn(3, |byte| *byte == 0);
    let mut path = || paths.next().unwrap_or_default();
    mounts::properties::of_paths([path(), path(), path()], "master:2 ");
}

/// What the kernel answers over netlink.
pub fn netlink(message: &[u8]) {
    netnsid::properties::of_answer(message);
}

/// /proc/PID/stat and status, directories, and the texts of links.
pub fn process(text: &[u8]) {
    proc::properties::of_stat(text);
    proc::properties::of_status(text);
    proc::properties::of_entries(text);
    proc::properties::of_link(text);
    proc::properties::of_name(text, 4711);
    hints::system::properties::of_status(text);
}

/// What a container may have in the files that hints read: the first byte says which of them.
pub fn hints(data: &[u8]) {
    const FILES: [&str; 8] = [
        "proc/self/mountinfo",
        "proc/self/status",
        "proc/self/uid_map",
        "proc/self/gid_map",
        "proc/self/setgroups",
        "proc/sys/kernel/osrelease",
        "etc/passwd",
        "etc/subuid",
    ];
    let Some((first, text)) = data.split_first() else { return };
    let file = FILES[usize::from(*first) % FILES.len()];
    let before = fs::read(root().join(file)).unwrap_or_default();
    write(file, text);
    let (range, offset) = (IdRange { inner: 0, outer: 1000, count: 5 }, Offset { clock: Clock::Boottime, seconds: -5 });
    let side = Side::Users;
    for errno in [Errno::EPERM, Errno::EACCES, Errno::EINVAL, Errno::ENOENT, Errno::EBUSY] {
        for doing in [
            Doing::Mounting { filesystem: "proc", target: "/proc".into() },
            Doing::SettingPropagation { target: "/".into() },
            Doing::ChangingRoot { directory: "/tmp".into() },
            Doing::Unsharing { kinds: Kinds::from_iter([Kind::User, Kind::Mount]) },
            Doing::WritingOwnMap { side, range },
            Doing::WritingMap { path: "/proc/7/uid_map".into(), side, ranges: vec![range] },
            Doing::WritingOffsets { path: "/proc/self/timens_offsets".into(), offset },
            Doing::AskingMapper { side, ranges: vec![range], status: 1 },
            Doing::Pinning { source: "/proc/7/ns/uts".into(), target: "/run/x".into() },
            Doing::Opening { path: "/proc/7/ns/net".into() },
            Doing::SettingUid { uid: 7 },
            Doing::DroppingGroups,
        ] {
            hints::properties::of_hint(doing, errno, &System::below(root()));
        }
    }
    write(file, &before);
}

/// The root directory of what hints read here.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = std::env::temp_dir().join(format!("nscore-fuzz-{}", std::process::id()));
        for directory in ["proc/self/ns", "proc/sys/kernel", "etc", "tmp", "bin"] {
            let made = fs::create_dir_all(root.join(directory));
            assert!(made.is_ok(), "{made:?}");
        }
        root
    })
}

fn write(name: &str, contents: &[u8]) {
    let written = fs::write(root().join(name), contents);
    assert!(written.is_ok(), "{written:?}");
}
