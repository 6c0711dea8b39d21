//! A system that a test makes up: the files of an ordinary user's process, below a directory that goes when the test ends.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;

use super::{Case, Cause, CommandLine, System, explain};
use crate::error::{Doing, Error};
use crate::report::ProgramName;

/// The files; each method changes one of them.
pub(super) struct Faked {
    root: PathBuf,
}

/// What a system has unless a test says otherwise.
const FILES: [(&str, &str); 7] = [
    ("/proc/self/status", ""),
    ("/proc/self/uid_map", "         0          0 4294967295\n"),
    ("/proc/self/gid_map", "         0          0 4294967295\n"),
    ("/proc/self/setgroups", "allow\n"),
    (
        "/proc/self/mountinfo",
        "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n22 21 0:4 / /proc rw,relatime - proc proc rw\n",
    ),
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n"),
    ("/etc/subuid", "user:100000:65536\n"),
];

impl Faked {
    /// uid and gid 1000 without capabilities, in the first namespaces of a system that restricts nothing.
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("nscore-faked-{}-{count}", std::process::id()));
        let faked = FILES.iter().fold(Self { root }, |faked, (path, text)| faked.file(path, text));
        let faked = Self::kinds().fold(faked, |faked, (kind, number)| {
            faked.link(
                &format!("/proc/self/ns/{kind}"),
                &format!("{}:[{number}]", kind.trim_end_matches("_for_children")),
            )
        });
        faked.status(1000, 0)
    }

    /// The first namespaces, of those kinds that have fixed numbers.
    fn kinds() -> impl Iterator<Item = (&'static str, u32)> {
        [("user", 4_026_531_837), ("pid", 4_026_531_836), ("pid_for_children", 4_026_531_836)].into_iter()
    }

    /// A process of `uid`, its gid the same, with the capabilities of that mask.
    pub(super) fn status(self, uid: u32, capabilities: u64) -> Self {
        let ids = format!("{uid}\t{uid}\t{uid}\t{uid}");
        let text = format!(
            "Name:\tunshare\nUid:\t{ids}\nGid:\t{ids}\nThreads:\t1\nNSpid:\t42\nCapEff:\t{capabilities:016x}\n\
             CapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n"
        );
        self.file("/proc/self/status", &text)
    }

    /// A process with all capabilities, in a user namespace that it has just made.
    pub(super) fn in_new_user_namespace(self) -> Self {
        let faked = self.status(65534, u64::MAX).file("/proc/self/uid_map", "").file("/proc/self/gid_map", "");
        faked.link("/proc/self/ns/user", "user:[4026533000]")
    }

    /// A file with this text, in the place of any that was there.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    /// The same for what is no text.
    pub(super) fn bytes(self, path: &str, contents: &[u8]) -> Self {
        fs::write(self.fresh(path), contents).unwrap();
        self
    }

    /// A symbolic link. A relative target stays below the root.
    pub(super) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.fresh(path)).unwrap();
        self
    }

    /// An empty directory.
    pub(super) fn directory(self, path: &str) -> Self {
        fs::create_dir(self.fresh(path)).unwrap();
        self
    }

    /// The same without a file, or a directory and what is in it.
    pub(super) fn without(self, path: &str) -> Self {
        let place = self.place(path);
        match fs::symlink_metadata(&place) {
            Ok(it) if it.is_dir() => fs::remove_dir_all(place).unwrap(),
            Ok(_) => fs::remove_file(place).unwrap(),
            Err(_) => {}
        }
        self
    }

    /// Another line of /proc/self/mountinfo.
    pub(super) fn mount(self, line: &str) -> Self {
        let mounts = fs::read_to_string(self.place("/proc/self/mountinfo")).unwrap();
        self.file("/proc/self/mountinfo", &format!("{mounts}{line}\n"))
    }

    /// What the probes are given.
    pub(super) fn system(&self) -> System {
        System::below(&self.root)
    }

    /// The cause that is found when `line` failed so.
    pub(super) fn explain(&self, line: &str, doing: Doing, errno: impl Into<Option<Errno>>) -> Option<Cause> {
        let args: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
        let program = ProgramName::from_args(&args, "unshare");
        // Each word that begins with a dash is an option, and by its full name.
        let place = args.iter().skip(1).position(|word| !word.as_encoded_bytes().starts_with(b"-"));
        let mut respelt = args.clone();
        place.into_iter().for_each(|place| respelt.insert(place + 1, "--".into()));
        let tool = format!("rs-{}", line.split(' ').next().unwrap());
        let command = CommandLine::new(program, &tool, &args, &respelt);
        explain(
            &Error { doing, errno: errno.into() },
            Case { system: &self.system(), command: &command, is_wanted: true },
        )
    }

    /// The name of that cause, empty where none is found.
    pub(super) fn cause(&self, line: &str, doing: Doing, errno: impl Into<Option<Errno>>) -> &'static str {
        self.explain(line, doing, errno).map_or("", |cause| cause.name)
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// The place of a file that is not there yet, in a directory that is.
    fn fresh(&self, path: &str) -> PathBuf {
        let place = self.place(path);
        fs::create_dir_all(place.parent().unwrap_or(Path::new("/"))).unwrap();
        let _ = fs::remove_file(&place);
        place
    }
}

impl Drop for Faked {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
