//! What may fail without a word, and why.

use nix::errno::Errno;
use nix::errno::Errno::{EACCES, EAFNOSUPPORT, EINVAL, EIO, ENOENT, ENOMEM, ENOSPC, ENOSYS, ENOTTY, EPERM, ESRCH};

/// Whose program it is, what stands in the options, which call (with `*` at its end: which begins so), and with which
/// errors; none where that is all the same. And why.
pub type Row = (&'static str, &'static str, &'static str, &'static [Errno], &'static str);

/// Whether a row of the table is about that.
pub fn allows(table: &[Row], program: &str, options: &str, call: &str, errno: i32) -> bool {
    let is_it = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => call.starts_with(beginning),
        None => call == pattern,
    };
    table.iter().any(|(whose, option, pattern, errnos, _)| {
        program.contains(whose)
            && options.contains(option)
            && is_it(pattern)
            && (errnos.is_empty() || errnos.iter().any(|allowed| *allowed as i32 == errno))
    })
}

/// What is said of a process that it has gone, or is closed to who asks.
const OF_ONE: &[Errno] = &[ENOENT, EACCES];

const GONE: &str = "that process is gone, or closed to this one: it is left out, as docs/compatibility.md says";
const NEEDLESS: &str = "what cannot be had of /proc/PID is missed where it is needed; here the pidfd does";
const ANOTHER: &str = "another process in the namespace leads to it, too";
const UNKNOWN: &str = "the namespace lies outside, or the kernel is older than the question: that stays unknown";
const NO_SOCKETS: &str = "no pidfds here, or not for this process: sockets are not looked through, as before Linux 5.6";
const PLACE: &str = "the file system on the way to a mount may be anybody's and say anything: the row stays, what it would tell does not";
const NO_EIO: &str = "procfs and the file system of namespaces have no device that could fail";
const SAID_LATER: &str = "a target that is about to go, or closed to this process: entering says so";
const NO_KIND: &str = "this kernel has no such kind, so there is nothing to enter";
const CLOSED: &str = "a mount namespace that cannot be joined is counted as one";
const DEFAULT: &str = "libc reads ngroups_max, and has a default";
const GETENT: &str = "getent(1) is asked instead";
const NO_PROC: &str = "without a /proc the files in the other root are opened by their names";
const LOW: &str = "/proc is to leave low numbers to others; where it cannot, that matters to nobody";
const NAMED: &str = "the file cannot be without a name at first, and gets it at once";

/// What is without consequence: the run says and does the same.
pub const SILENT: &[Row] = &[
    ("", "", "close", &[], "the descriptor is gone all the same"),
    (
        "",
        "",
        "fcntl:1",
        &[],
        "F_GETFD asks which of 0, 1 and 2 are closed, which only EBADF says; std asks before a close",
    ),
    ("", "", "ioctl:21523", &[], "TIOCGWINSZ asks for the width of the help text"),
    ("", "", "statx:", &[], "std asks how much there is to read, and reads without an answer"),
    ("", "", "lseek", &[], "std asks how much has been read, and reads without an answer"),
    ("", "", "execve:*", &[EACCES], "execvp(3) tries the next directory of PATH"),
    ("", "", "getrandom", &[ENOSYS], "std has another source, for its hash maps"),
    ("", "", "clone3", &[ENOSYS], "std forks in the old way"),
    ("", "", "newfstatat:/etc/passwd", &[], GETENT),
    ("", "", "openat:/etc/passwd", &[], GETENT),
    ("", "", "read:/etc/passwd", &[], GETENT),
    ("unshare", "", "newfstatat:/etc/group", &[], GETENT),
    ("unshare", "", "openat:/etc/group", &[], GETENT),
    ("unshare", "", "read:/etc/group", &[], GETENT),
    ("unshare", "--init", "recvfrom", &[], "the reins are emptied so that the next signal finds room"),
    ("nsenter", "", "pidfd_open", &[ENOSYS, EPERM], "/proc stands in, as on kernels that have no pidfd"),
    ("nsenter", "", "pidfd_send_signal", &[EPERM], "it says that the process is there"),
    ("nsenter", "", "pidfd_send_signal", &[ENOSYS, ESRCH], NEEDLESS),
    ("nsenter", "", "openat:/proc/N", &[], NEEDLESS),
    ("nsenter", "", "fstatfs:/proc/N", &[], NEEDLESS),
    (
        "nsenter",
        "",
        "fcntl:1030",
        &[],
        "then the directory of the target keeps a low number, which other messages show",
    ),
    ("nsenter", "", "openat:/proc/self/fd/N", &[ENOENT], "without /proc it is opened by its name"),
    ("nsenter", "-a", "newfstatat:ns/*", OF_ONE, SAID_LATER),
    ("nsenter", "-a", "newfstatat:root", OF_ONE, SAID_LATER),
    ("nsenter", "", "newfstatat:/proc/self/ns/*", &[ENOENT], NO_KIND),
    ("nsenter", "-Z", "statx:/sys/fs/selinux/enforce", &[ENOENT, ENOSYS], "no SELinux here; std asks in the old way"),
    ("nsenter", "-t 200", "setgroups", &[], "tried outside and inside; one of both is enough"),
    ("nsenter", "-t 700", "setgroups", &[], "tried outside and inside; one of both is enough"),
    ("nsenter", "-t 500", "setgroups", &[], "there are none"),
    ("nsenter", "-t 200", "setns", &[], "tried before the user namespace and after it"),
    ("nsenter", "container:", "setns", &[], "tried before the user namespace and after it"),
    ("nsenter", "", "openat:/proc/sys/kernel/ngroups_max", &[], DEFAULT),
    ("nsenter", "", "read:/proc/sys/kernel/ngroups_max", &[], DEFAULT),
    ("", "", "statx:self/ns/*", &[], "the next kind tells the device of all"),
    (
        "",
        "",
        "readlinkat:self",
        &[ENOENT],
        "a /proc of another pid namespace: what takes a number of this one is not asked",
    ),
    ("nsenter", "-t @", "openat:N/ns", OF_ONE, GONE),
    ("nsenter", "-t @", "readlinkat:*", OF_ONE, GONE),
    ("nsenter", "-u=@", "openat:N", &[], ANOTHER),
    ("nsenter", "-u=@", "openat:ns/uts", &[], ANOTHER),
    ("nsenter", "-u=@", "readlinkat:ns/*", &[], ANOTHER),
    ("nsenter", "-u=@", "fstatfs:uts:[N]", &[], ANOTHER),
    ("nsenter", ":$id", "openat:N*", OF_ONE, GONE),
    ("nsenter", ":$id", "openat:status", OF_ONE, GONE),
    ("nsenter", ":$id", "read:/proc/N/*", &[ESRCH], GONE),
    ("lsns", "", "statx:self/fd/N", &[ENOSYS], "an old filter of system calls: asked in the old way"),
    ("lsns", "", "kill", &[], "the child that visits mount namespaces has ended, or does so when nobody listens"),
    (
        "lsns",
        "",
        "readlinkat:ns/mnt",
        &[EIO, ENOMEM],
        "this process's own mount namespace is visited as well, and told nothing new",
    ),
    (
        "lsns",
        "",
        "readlinkat:self",
        &[EIO],
        "this process's own mount namespace is visited as well, and told nothing new",
    ),
    ("lsns", "", "statx:N", &[ENOSYS], "an old filter of system calls: asked in the old way"),
];

/// What may make a difference to what is said or left.
pub const CHANGING: &[Row] = &[
    ("", "", "write:/tmp/log/err", &[], "stderr takes no more, so nobody can be told"),
    (
        "unshare",
        "--check",
        "mount:/",
        &[],
        "mounts that cannot be kept private are not tried, and are said to be not tried",
    ),
    ("", "--check", "ptrace:0", &[], "what cannot be tried is said to be not tried"),
    // Of /etc/subuid too; but then the files themselves are seen above.
    ("unshare", "--map-", "openat:/proc:path", &[], GETENT),
    ("unshare", "--map-", "fstatfs:/proc", &[], GETENT),
    ("unshare", "--map-", "openat2:self/fd", &[], GETENT),
    ("lsns", "", "openat:/proc:path", &[], GETENT),
    ("lsns", "", "openat2:self/fd", &[], GETENT),
    ("unshare", "-R", "openat:/proc:path", &[ENOENT], NO_PROC),
    ("unshare", "--root", "openat:/proc:path", &[ENOENT], NO_PROC),
    ("unshare", "-R", "fcntl:1030", &[], LOW),
    ("unshare", "--root", "fcntl:1030", &[], LOW),
    ("nsenter", "", "openat:/proc:path", &[ENOENT], NO_PROC),
    ("unshare", "--pid-file", "newfstatat:new", &[], NAMED),
    ("unshare", "--pid-file", "openat:.", &[], NAMED),
    ("unshare", "--pid-file", "newfstatat:/proc/self/fd/N", &[], NAMED),
    ("unshare", "--pid-file", "newfstatat:", &[], NAMED),
    ("unshare", "--pid-file", "clone", &[], NAMED),
    ("unshare", "--pid-file", "recvfrom", &[], "asked when the program has ended; without an answer the PID file goes"),
    ("nsenter", "-v", "pidfd_open", &[ENOSYS, EPERM], "/proc stands in, which the log shows"),
    ("nsenter", "--check", "newfstatat:/proc/self/ns/*", &[ENOENT], NO_KIND),
    ("lsns", "", "openat:N*", OF_ONE, GONE),
    ("lsns", "", "openat:ns/*", OF_ONE, GONE),
    ("lsns", "", "openat:cmdline", OF_ONE, GONE),
    ("lsns", "", "openat:stat*", OF_ONE, GONE),
    ("lsns", "", "openat:cgroup", OF_ONE, GONE),
    ("lsns", "", "openat:uid_map", OF_ONE, GONE),
    ("lsns", "", "readlinkat:*", OF_ONE, GONE),
    ("lsns", "", "newfstatat:N/task", OF_ONE, GONE),
    ("lsns", "", "getdents64:/proc/N/*", &[ENOENT], GONE),
    ("lsns", "", "read:/proc/N/*", &[ESRCH], GONE),
    (
        "lsns",
        "",
        "statx:N",
        &[ENOENT, EACCES, EIO],
        "closed by now, or in a file system that fails, which is not that of namespaces",
    ),
    ("lsns", "", "statx:self/fd/N", OF_ONE, GONE),
    ("lsns", "", "openat:self/fd/N", OF_ONE, GONE),
    (
        "lsns",
        "",
        "newfstatat:",
        &[],
        "the kernel has in memory what it says of a namespace that is open: this cannot fail",
    ),
    ("lsns", "", "ioctl:4684*", &[ENOTTY, EPERM], UNKNOWN),
    ("lsns", "", "ioctl:4685*", &[ENOTTY, EPERM], UNKNOWN),
    ("lsns", "", "ioctl:2148054797", &[ENOTTY, EPERM], UNKNOWN),
    ("lsns", "", "ioctl:35148", &[ENOTTY, EPERM], NO_SOCKETS),
    ("lsns", "", "pidfd_open", &[ENOSYS, EPERM, ESRCH], NO_SOCKETS),
    ("lsns", "", "pidfd_getfd", &[ENOSYS, EPERM, ESRCH], NO_SOCKETS),
    (
        "lsns",
        "",
        "socket",
        &[EACCES, EAFNOSUPPORT],
        "a kernel without netlink, or a filter: the number stays unassigned, as with util-linux",
    ),
    ("lsns", "", "openat:/tmp/stage/*", &[], PLACE),
    ("lsns", "", "openat2:/tmp/stage/*", &[], PLACE),
    ("lsns", "", "openat:/proc/self/fd/N", &[], PLACE),
    ("lsns", "", "fstatfs:/tmp/stage/*", &[], PLACE),
    ("lsns", "-A", "setns", &[EPERM, EINVAL, ENOSPC], CLOSED),
    ("lsns", "--all", "setns", &[EPERM, EINVAL, ENOSPC], CLOSED),
    ("lsns", "", "prctl:1", &[], CLOSED),
    // The child's, which asks whether its parent lives; the parent's own is a shortage.
    ("lsns", "", "poll", &[ENOMEM], CLOSED),
    ("lsns", "", "openat:self", OF_ONE, CLOSED),
    ("lsns", "", "openat:mountinfo", OF_ONE, CLOSED),
    ("lsns", "", "sendmsg", &[], "the child that cannot answer ends, and what it was at counts as closed"),
    (
        "lsns",
        "",
        "fstatfs:*",
        &[EIO, ENOMEM],
        "what a namespace's file system is, the kernel has in memory: this cannot fail",
    ),
    ("lsns", "", "openat:N*", &[EIO], NO_EIO),
    ("lsns", "", "openat:ns/mnt", &[EIO], NO_EIO),
    ("lsns", "", "openat:self*", &[EIO], NO_EIO),
    ("lsns", "", "openat:mountinfo", &[EIO], NO_EIO),
    ("lsns", "", "read:/proc/N/mountinfo", &[EIO], NO_EIO),
    ("lsns", "", "statx:self/fd/N", &[EIO], NO_EIO),
    ("lsns", "", "listns", &[EPERM, ENOSYS], "before Linux 6.19 there is no such list"),
    ("lsns", "--limits", "openat:max_*", &[ENOENT], "this kernel has no such kind"),
    ("lsns", "--limits", "openat:sys/user", &[ENOENT], "this kernel has no limits"),
];
