//! The stage: surroundings that are the same for every program that is run on them, and gone when it has ended.
//!
//! A run gets a mount namespace and a PID namespace of its own, with its own /proc, so the PIDs in messages agree and no process, mount or file outlives it.
//! /tmp is empty but for what [`Stage`] lists; /etc/passwd, group, subuid and subgid are the stage's. PID 1 is a shell which waits; ending it ends everything.
//! Only system calls and `sh` build a stage, so nothing that is tested is trusted.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::slice;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use nix::fcntl::readlinkat;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_getcpu, sched_setaffinity, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::programs::{Program, find, oracle, ours};

/// How long a run may take: much longer than any does, since a busy machine can stall one for seconds. Whatever is left on the stage is killed then.
pub const LIMIT: Duration = Duration::from_secs(15);

/// The accounts of a stage. root's shell tells its name apart from /bin/sh; nsuser has none.
pub const ACCOUNTS: [(&str, &str); 4] = [
    (
        "passwd",
        "root:x:0:0:root:/root:/tmp/bin/rootshell\ndaemon:x:1:1::/:/bin/false\n\
         nsuser:x:4242:4242::/tmp/stage:\nnobody:x:65534:65534::/nonexistent:/bin/false\n",
    ),
    ("group", "root:x:0:\ndaemon:x:1:\ntty:x:5:\nnsuser:x:4242:\nnogroup:x:65534:\n"),
    ("subuid", "nsuser:300000:65536\nroot:500000:65536\n"),
    ("subgid", "nsuser:400000:65536\nroot:600000:65536\n"),
];

/// Programs of the stage, found first in PATH: what a scenario runs to show what it got.
const SHOWS: [(&str, &str); 5] = [
    (
        "maps",
        "for map in uid gid; do while read -r in out count; do echo $map $in:$out:$count; done </proc/self/${map}_map; done; cat /proc/self/setgroups",
    ),
    // The kinds of namespace in which this is elsewhere than the stage.
    (
        "ns",
        "cd /proc/self/ns; set -- $(readlink cgroup ipc mnt net pid time user uts)\n\
         while read -r then; do [ $1 = $then ] || kinds=\"$kinds ${1%:*}\"; shift; done </tmp/ns; echo $kinds",
    ),
    ("caps", "grep ^Cap /proc/self/status"),
    // `await S PID` ends when that process sleeps, `await T PID` when it is stopped.
    ("await", "until grep -q \"^State:.$1\" /proc/$2/status; do :; done"),
    // The root mount and those of the stage, with propagation, type and options.
    (
        "mounts",
        "awk '$5 ~ \"^/$|^/(tmp|proc)\" { tags = \"\"; for (i = 7; $i != \"-\"; i++) { sub(/:.*/, \"\", $i); tags = tags $i \" \" }\n\
         print $5, tags $(i + 1), $6 }' /proc/self/mountinfo",
    ),
];

/// The processes of the stage of `first`, a line each: what they are, what they wait for, and what they hold open.
fn processes_beside(first: &Child) -> String {
    let stage = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let here = stage(&first.id().to_string());
    let entries =
        fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let beside = entries.filter(|pid| here.is_some() && stage(pid) == here);
    let line = |pid: String| {
        let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let open: Vec<_> = open.filter_map(|fd| Some((fd.file_name(), fs::read_link(fd.path()).ok()?))).collect();
        let command = text(&read("cmdline")).replace('\0', " ");
        format!("  {} | {command} | {} | {open:?}\n", text(&read("stat")).trim(), text(&read("wchan")))
    };
    beside.map(line).collect()
}

/// Who runs the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// uid 0 with all that it may do here.
    Root,
    /// uid 4242, gid 4242, no other groups, no capabilities.
    Nsuser,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this exit status.
    Exit(i32),
    /// Killed by this signal.
    Signal(i32),
    /// Not in time, or something that it left behind kept its output open.
    Timeout,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// All its standard output.
    pub stdout: String,
    /// All its standard error.
    pub stderr: String,
}

impl Outcome {
    /// Fails unless the program ended so and said this, hints aside, which tests of their own hold.
    pub fn must_be(self, title: &str, status: Status, stdout: &str, stderr: &str) {
        let expected = Outcome { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() };
        let without_hints = self.stderr.split_inclusive('\n').filter(|line| !line.contains(": hint: ")).collect();
        let outcome = Outcome { stderr: without_hints, ..self };
        assert!(outcome == expected, "{title}\n  came to:  {outcome}\n  not to:   {expected}");
    }
}

/// Surroundings for runs. Below /tmp, which is the stage's own, there are:
///
/// * `bin`: first in PATH; the program (or programs) under its own name, and `maps`, `ns`, `caps`, `mounts`, which show what it got, and `await STATE PID`;
/// * `stage`: the working directory, which everybody may write to, with `file` and `other` (empty), `dir`, `plain` (not executable),
///   `noshebang` and `nointerp` (scripts), `locked` (mode 700, root's), `loop` (a link to itself), `never` (a fifo that nobody writes to);
/// * `root`: a root directory with a static busybox as /bin/sh, and an empty /proc, /tmp and /etc;
/// * `ns`: the stage's own namespaces, a link text per line.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Who runs the program.
    pub user: User,
    /// Shell commands that root's PID 1 carries out before, in the working directory.
    pub setup: &'a str,
    /// Kinds of namespace that the stage has of its own, besides mount and PID.
    pub apart: CloneFlags,
}

impl Stage<'_> {
    /// A stage with nothing special about it.
    pub fn new(user: User) -> Self {
        Stage { user, setup: "", apart: CloneFlags::empty() }
    }

    /// Runs `program` with these arguments.
    pub fn run<S: AsRef<OsStr>>(&self, program: &Program, args: &[S]) -> Outcome {
        self.perform(slice::from_ref(program), || {
            let mut command = Command::new(Path::new("/tmp/bin").join(program.name));
            command.arg0(program.name).args(args);
            command
        })
    }

    /// Runs a line of shell in which the program is known by its name.
    pub fn run_sh(&self, program: &Program, line: &str) -> Outcome {
        self.run_sh_with(slice::from_ref(program), line)
    }

    /// Runs a line of shell in which each of the programs is known by its name.
    pub fn run_sh_with(&self, programs: &[Program], line: &str) -> Outcome {
        self.perform(programs, || {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", line]);
            command
        })
    }

    /// A busy virtual machine leaves a runnable process standing for seconds, now and then: what was too late
    /// once is asked again. What hangs does so again.
    fn perform(&self, programs: &[Program], command: impl Fn() -> Command) -> Outcome {
        match self.perform_once(programs, command()) {
            Outcome { status: Status::Timeout, .. } => self.perform_once(programs, command()),
            outcome => outcome,
        }
    }

    fn perform_once(&self, programs: &[Program], command: Command) -> Outcome {
        // Namespaces are a thread's own, so the stage is entered by a thread that ends after the start.
        let libraries = libraries();
        let started = thread::scope(|scope| scope.spawn(|| self.start(programs, libraries, command)).join());
        let (mut first, running) = started.expect("the stage stands");

        let (over, end) = mpsc::channel::<()>();
        let watchdog = thread::spawn(move || {
            let late = end.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
            if late {
                eprintln!("still on the stage:\n{}", processes_beside(&first));
            }
            first.kill().and_then(|()| first.wait()).expect("PID 1 of the stage can be killed");
            late
        });
        let output = running.wait_with_output().expect("the program can be waited for");
        drop(over);
        let late = watchdog.join().expect("the watchdog ends");
        Outcome {
            status: if late { Status::Timeout } else { output.status.into() },
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Builds the stage around the calling thread: the stage's PID 1, and the program on it.
    fn start(&self, programs: &[Program], libraries: &[PathBuf], mut command: Command) -> (Child, Child) {
        let proc = File::open("/proc").expect("/proc");
        stay_on_this_cpu();
        separate().and_then(|()| unshare(self.apart)).expect("namespaces for the stage");
        let places: Vec<String> = programs.iter().map(|program| format!("bin/{}", program.name)).collect();
        let paths = programs.iter().map(|program| &*program.path);
        furnish(&paths.zip(places.iter().map(String::as_str)).collect::<Vec<_>>(), libraries);
        let first = self.start_first();
        record_namespaces(&proc, &first);
        command.env_clear().envs(ENVIRONMENT).current_dir("/tmp/stage");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.user == User::Nsuser {
            // std drops the supplementary groups with it.
            command.uid(4242).gid(4242);
        }
        let running = spawn(&mut command).expect("the program can be started on the stage");
        (first, running)
    }

    /// PID 1: mounts the stage's /proc, carries out the set-up, and waits to be killed, or for this process to end.
    fn start_first(&self) -> Child {
        let script = format!("mount -t proc proc /proc && {{ :\n{}\n}} >&2 && echo ready && read -r end", self.setup);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-ec", &script]).env_clear().envs(ENVIRONMENT).current_dir("/tmp/stage");
        let mut shell = spawn(shell.stdin(Stdio::piped()).stdout(Stdio::piped())).expect("sh");
        let mut ready = String::new();
        BufReader::new(shell.stdout.take().expect("a pipe")).read_line(&mut ready).expect("the pipe can be read");
        assert_eq!(ready, "ready\n", "the set-up failed: {}", self.setup);
        shell
    }
}

pub(crate) const ENVIRONMENT: [(&str, &str); 4] =
    [("PATH", "/tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/tmp/stage"), ("SHELL", "/bin/sh"), ("LC_ALL", "C")];

/// Why no stage can be built here; None if it can.
pub fn unavailable() -> Option<&'static str> {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    if find("busybox").is_none() {
        return Some("no busybox in PATH");
    }
    if ACCOUNTS.iter().any(|(name, _)| !Path::new("/etc").join(name).exists()) {
        return Some("no /etc/passwd, group, subuid and subgid");
    }
    let possible = POSSIBLE.get_or_init(|| thread::spawn(separate).join().is_ok_and(|result| result.is_ok()));
    (!possible).then_some("no root that may make namespaces")
}

/// Gives the calling thread the namespaces of a stage. No mount leaves them.
pub(crate) fn separate() -> nix::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
}

/// Mounts and fills /tmp, and puts the accounts over /etc. Each program gets the place below /tmp that stands beside it.
pub(crate) fn furnish(programs: &[(&Path, &str)], libraries: &[PathBuf]) {
    // Opened before /tmp covers them, since each of them may be below it.
    let binaries: Vec<(File, &str)> = programs.iter().map(|(path, place)| (handle(path), *place)).collect();
    let busybox = handle(&find("busybox").expect("busybox"));
    let libraries: Vec<(&PathBuf, File)> = libraries.iter().map(|dir| (dir, handle(dir))).collect();

    tmpfs("/tmp", "mode=1777");
    expose(&libraries);
    for (dir, mode) in
        [("bin", 0o755), ("stage", 0o777), ("root", 0o755), ("stage/dir", 0o755), ("stage/locked", 0o700)]
    {
        directory(&Path::new("/tmp").join(dir), mode);
    }
    for dir in ["bin", "proc", "tmp", "etc"] {
        directory(&Path::new("/tmp/root").join(dir), 0o755);
    }
    for (binary, place) in &binaries {
        bind(binary, &file(&format!("/tmp/{place}"), "", 0o755));
    }
    bind(&busybox, &file("/tmp/root/bin/busybox", "", 0o755));
    for (link, target) in [("root/bin/sh", "busybox"), ("bin/rootshell", "/bin/sh"), ("stage/loop", "loop")] {
        symlink(target, Path::new("/tmp").join(link)).expect("a link");
    }
    let nobody_forks = alone();
    for (name, script) in SHOWS {
        file(&format!("/tmp/bin/{name}"), &format!("#!/bin/sh\n{script}\n"), 0o755);
    }
    for (name, text, mode) in SCRATCH {
        file(&format!("/tmp/stage/{name}"), text, mode);
    }
    drop(nobody_forks);
    mkfifo("/tmp/stage/never", Mode::S_IRUSR).expect("a fifo");
    fs::set_permissions("/tmp/stage/never", Permissions::from_mode(0o666)).expect("a fifo for everybody");
    for (name, text) in ACCOUNTS {
        let ours = file(&format!("/tmp/{name}"), text, 0o644);
        bind(&handle(&ours), &Path::new("/etc").join(name));
    }
}

/// Between its fork and its exec, a child has open whatever any thread of this process had, and what is open for writing
/// cannot be executed (ETXTBSY). So nothing is started while somebody holds this, who writes a file that is to be executed, say.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static FORKS: Mutex<()> = Mutex::new(());
    FORKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a command; it is its program by then.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    let _nobody_writes = alone();
    command.spawn()
}

/// The regular files of the working directory.
const SCRATCH: [(&str, &str, u32); 5] = [
    ("file", "", 0o666),
    ("other", "", 0o666),
    ("plain", "echo plain\n", 0o644),
    ("noshebang", "echo no shebang: \"$@\"\n", 0o755),
    ("nointerp", "#!/no/interpreter\n", 0o755),
];

/// Where util-linux lies if it is not installed, with a loader and libraries that it finds by absolute paths.
pub(crate) fn libraries() -> &'static [PathBuf] {
    static LIBRARIES: OnceLock<Vec<PathBuf>> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let stand_in = env::var_os("NS_OURS").map(|_| ours("unshare", ""));
        let programs = oracle("unshare").into_iter().chain(stand_in);
        let homes =
            programs.filter_map(|program| Some(program.path.canonicalize().ok()?.parent()?.parent()?.to_owned()));
        let mut homes: Vec<PathBuf> =
            homes.filter(|home| !home.starts_with("/usr") && home != Path::new("/")).collect();
        homes.dedup();
        homes
    })
}

/// Makes directories reachable for everybody at the paths they have, although a parent (/root, say) may be locked.
fn expose(dirs: &[(&PathBuf, File)]) {
    let mut covered = vec![PathBuf::from("/tmp")];
    for (dir, handle) in dirs {
        let top: PathBuf = dir.components().take(2).collect();
        if !covered.contains(&top) {
            tmpfs(top.to_str().expect("UTF-8"), "mode=755");
            covered.push(top);
        }
        fs::create_dir_all(dir).expect("a directory");
        bind(handle, dir);
    }
}

/// Keeps the calling thread, and what it starts, on one CPU. Linux 6.18 hands out the ids of mount namespaces in batches per CPU, and lets a mount namespace
/// be bound to a file only inside one with a lower id: whether `--mount=FILE` works would be a matter of luck otherwise.
pub(crate) fn stay_on_this_cpu() {
    let mut here = CpuSet::new();
    here.set(sched_getcpu().expect("a CPU")).expect("a CPU of the set");
    sched_setaffinity(Pid::from_raw(0), &here).expect("this thread may choose its CPU");
}

/// Writes down the namespaces of PID 1, by the /proc of outside.
fn record_namespaces(proc: &File, first: &Child) {
    let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];
    let links = kinds.map(|kind| readlinkat(proc, &*format!("{}/ns/{kind}", first.id())).expect("a namespace link"));
    let lines: String = links.iter().map(|link| format!("{}\n", link.to_string_lossy())).collect();
    file("/tmp/ns", &lines, 0o644);
}

/// What a program wrote. Bytes that are not UTF-8 stay distinct, as `\xff`.
fn text(bytes: &[u8]) -> String {
    bytes.utf8_chunks().map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii())).collect()
}

fn tmpfs(point: &str, options: &str) {
    mount(Some("tmpfs"), point, Some("tmpfs"), MsFlags::empty(), Some(options)).expect("a tmpfs");
}

/// A handle that stays good when a mount covers the path.
fn handle(path: &Path) -> File {
    let opened = File::options().read(true).custom_flags(nix::libc::O_PATH).open(path);
    opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn bind(what: &File, point: &Path) {
    let source = format!("/proc/self/fd/{}", what.as_raw_fd());
    mount(Some(&*source), point, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .unwrap_or_else(|error| panic!("{}: {error}", point.display()));
}

fn directory(path: &Path, mode: u32) {
    fs::create_dir(path).and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode))).expect("a directory");
}

pub(crate) fn file(path: &str, text: &str, mode: u32) -> PathBuf {
    fs::write(path, text).and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode))).expect("a file");
    PathBuf::from(path)
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Self {
        // A wait status without a code is a signal's.
        status.code().map_or_else(|| Status::Signal(status.signal().unwrap_or(0)), Status::Exit)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?}", self.status)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            for line in text.lines() {
                write!(f, "\n      {name}: {line}")?;
            }
        }
        Ok(())
    }
}
