//! The only unsafe code: the calls that nix does not offer in a safe form, each taking and giving owned types.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, OsString, c_char, c_int, c_long, c_short, c_void};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, raise};
use nix::unistd::Pid;

/// Makes a call again for as long as a signal interrupts it.
pub(crate) fn while_interrupted<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Which side of a fork(2) this is.
pub(crate) enum Fork {
    /// The new process.
    Child,
    /// The caller; the pid is the new process's, as the caller sees it.
    Parent(Pid),
}

/// fork(2). The programs have one thread each, so everything may be used on both sides.
pub(crate) fn fork() -> nix::Result<Fork> {
    // SAFETY: no other thread exists that could hold a lock or own memory in the middle of a change.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Child => Ok(Fork::Child),
        nix::unistd::ForkResult::Parent { child } => Ok(Fork::Parent(child)),
    }
}

/// The same, but nothing is told of the child's end: of a SIGCHLD, a program that has it blocked would think that it is
/// of a child of its own.
pub(crate) fn fork_silently() -> nix::Result<Fork> {
    // clone(2) takes nothing but zeros here, so that their order, which is not the same everywhere, does not matter.
    // SAFETY: without flags nothing is shared, so this is a fork; see there.
    fork_result(unsafe { libc::syscall(libc::SYS_clone, 0_usize, 0_usize, 0_usize, 0_usize, 0_usize) })
}

fn fork_result(pid: c_long) -> nix::Result<Fork> {
    match libc::pid_t::try_from(Errno::result(pid)?).map_err(|_| Errno::EINVAL)? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(Pid::from_raw(pid))),
    }
}

/// unshare(2) of `flags` and of one that no kernel knows: fails, and changes nothing. EINVAL unless something refuses
/// the call before the kernel looks at it.
pub(crate) fn unshare_with_wrong_flags(flags: nix::sched::CloneFlags) -> Errno {
    /// In the byte that is a signal's number in clone(2).
    const NO_FLAG: c_int = 0x1;
    // SAFETY: the call takes numbers and touches no memory of ours.
    Errno::result(unsafe { libc::unshare(flags.bits() | NO_FLAG) }).err().unwrap_or(Errno::UnknownErrno)
}

/// setns(2) without a descriptor: fails, and changes nothing. EBADF unless something refuses the call before the kernel
/// looks at it.
pub(crate) fn setns_nowhere() -> Errno {
    // SAFETY: the call takes numbers and touches no memory of ours.
    Errno::result(unsafe { libc::setns(-1, 0) }).err().unwrap_or(Errno::UnknownErrno)
}

/// _exit(2): ends a child without running what its parent left to be run at the end.
pub(crate) fn end(status: u8) -> ! {
    // SAFETY: nothing of ours runs after it.
    unsafe { libc::_exit(status.into()) }
}

/// Takes a step in a child that ends at once, whatever comes of it.
///
/// Its result is what the step says; EAGAIN where no child can be had.
pub(crate) fn in_child(step: impl FnOnce() -> nix::Result<()>) -> nix::Result<()> {
    let (_, status) = first_change_of_child(step)?;
    result_of_child(status)
}

/// Has `execute` replace a child by a program, which is ended before its first instruction: it is traced, and so stops
/// there. The errno is that of what came back. False where the child cannot be traced.
pub(crate) fn execute_in_child(execute: impl FnOnce() -> Errno) -> nix::Result<bool> {
    let (child, mut status) = first_change_of_child(|| {
        // Should this process die before the options are set, the program must not run.
        set_death_signal(libc::SIGKILL)?;
        let stopped = ptrace::traceme().and_then(|()| raise(Signal::SIGSTOP));
        stopped.map_or(Ok(()), |()| Err(execute()))
    })?;
    if status.stopped_signal().is_some() {
        // Without the first option the stop is a SIGTRAP, which the caller may have blocked: then the program would run.
        // The second holds for a set-user-ID program, too, which is not told of a parent's death.
        ptrace::setoptions(child, Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL)?;
    }
    while status.stopped_signal().is_some() {
        if status.into_raw() >> 16 == libc::PTRACE_EVENT_EXEC {
            kill(child, libc::SIGKILL)?;
            return wait(child, 0).map(|_| true);
        }
        // A signal that came meanwhile: nothing of the program runs that it could be for.
        ptrace::cont(child, None)?;
        status = wait(child, 0)?.ok_or(Errno::ECHILD)?;
    }
    result_of_child(status).map(|()| false)
}

/// Forks a child for one step, after which it ends, and waits until it has ended or been stopped as one that is traced.
fn first_change_of_child(step: impl FnOnce() -> nix::Result<()>) -> nix::Result<(Pid, ExitStatus)> {
    match fork()? {
        Fork::Parent(pid) => wait(pid, 0)?.map(|status| (pid, status)).ok_or(Errno::ECHILD),
        Fork::Child => {
            let errno = step().map_or_else(|errno| errno as c_int, |()| 0);
            // No errno is larger than a status.
            end(u8::try_from(errno).unwrap_or(u8::MAX))
        }
    }
}

fn result_of_child(status: ExitStatus) -> nix::Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(errno) => Err(Errno::from_raw(errno)),
        None => Err(Errno::EINTR),
    }
}

/// `struct clone_args` of clone3(2), as far as version 0 of it goes.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// fork(2), but the child is killed when the last copy of its pidfd is closed, which only this process has; see
/// CLONE_PIDFD_AUTOKILL in `linux/sched.h`, of Linux 7. Nobody can wait for such a child but by its pidfd.
///
/// EINVAL before, EPERM without privilege.
pub(crate) fn fork_tied() -> nix::Result<Option<(Pid, OwnedFd)>> {
    const FLAGS: u64 = libc::CLONE_PIDFD as u64 | CLONE_AUTOREAP | CLONE_PIDFD_AUTOKILL;
    const CLONE_AUTOREAP: u64 = 1 << 34;
    const CLONE_PIDFD_AUTOKILL: u64 = 1 << 36;
    let mut pidfd: RawFd = -1;
    let arguments = CloneArguments { flags: FLAGS, pidfd: &raw mut pidfd as u64, ..CloneArguments::default() };
    // SAFETY: without memory in common this is a fork, and there is one thread; `pidfd` outlives the call.
    match unsafe { clone3(arguments) }? {
        Fork::Child => Ok(None),
        Fork::Parent(pid) => adopt(pidfd).map(|pidfd| Some((pid, pidfd))),
    }
}

/// clone3(2) of a child in new namespaces: `flags` are those of the kinds.
pub(crate) fn fork_into(flags: nix::sched::CloneFlags) -> nix::Result<Fork> {
    let flags = u64::from(flags.bits().cast_unsigned());
    let exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    // SAFETY: nothing is in common and nothing is written to, so this is a fork; see there.
    unsafe { clone3(CloneArguments { flags, exit_signal, ..CloneArguments::default() }) }
}

/// # Safety
/// What `arguments` point to must outlive the call, and nothing may be shared with the child.
unsafe fn clone3(mut arguments: CloneArguments) -> nix::Result<Fork> {
    // SAFETY: as above.
    fork_result(unsafe { libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<CloneArguments>()) })
}

/// `struct pidfd_info` of `linux/pidfd.h`, as far as version 0 of it goes.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: c_int,
}

/// PIDFD_GET_INFO of the process of a pidfd, which has ended and been reaped: how it ended. ENODATA before that.
pub(crate) fn ending_of(pidfd: BorrowedFd<'_>) -> nix::Result<ExitStatus> {
    const PIDFD_INFO_EXIT: u64 = 1 << 3;
    /// `_IOWR(0xff, 11, struct pidfd_info)`, with the size above.
    const PIDFD_GET_INFO: libc::Ioctl = 0xc040_ff0b_u32 as libc::Ioctl;
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: the request says how long the struct is, which outlives the call.
    Errno::result(unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) })?;
    (info.mask & PIDFD_INFO_EXIT != 0).then(|| ExitStatus::from_raw(info.exit_code)).ok_or(Errno::ENODATA)
}

/// signalfd(2), close-on-exec, for signals that are blocked.
pub(crate) fn signal_descriptor(bits: u64) -> nix::Result<OwnedFd> {
    let set = signal_set(bits);
    // SAFETY: the set is initialised and outlives the call.
    Errno::result(unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC) }).and_then(adopt)
}

/// Reads a signal and its `si_code` from a signalfd.
pub(crate) fn read_signal(signals: BorrowedFd<'_>) -> nix::Result<(c_int, c_int)> {
    let mut info = std::mem::MaybeUninit::<libc::signalfd_siginfo>::zeroed();
    let (start, length) = (info.as_mut_ptr().cast(), size_of::<libc::signalfd_siginfo>());
    // SAFETY: the call writes at most as many bytes as there is room for.
    Errno::result(unsafe { libc::read(signals.as_raw_fd(), start, length) })?;
    // SAFETY: a struct of numbers, zeroed and then filled.
    let info = unsafe { info.assume_init() };
    Ok((info.ssi_signo.cast_signed(), info.ssi_code))
}

/// waitpid(2) for the end of `pid`, continued after signals; with `WNOHANG` there may be none yet.
///
/// nix's own fails for a child that a real-time signal has killed. One of [`fork_silently`] is waited for as well.
pub(crate) fn wait(pid: Pid, flags: c_int) -> nix::Result<Option<ExitStatus>> {
    let (mut status, flags) = (0, flags | libc::__WALL);
    // SAFETY: `status` outlives the call.
    let wait = || Errno::result(unsafe { libc::waitpid(pid.as_raw(), &raw mut status, flags) });
    let reaped = while_interrupted(wait)?;
    Ok((reaped != 0).then(|| ExitStatus::from_raw(status)))
}

/// Waits until `pid` has ended or stopped, and leaves it to [`wait`] to say which.
pub(crate) fn await_change(pid: Pid) -> nix::Result<()> {
    let flags = libc::WEXITED | libc::WSTOPPED | libc::WNOWAIT;
    let id = libc::id_t::try_from(pid.as_raw()).map_err(|_| Errno::ECHILD)?;
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
    // SAFETY: `info` has room for what the call writes, and nobody reads it.
    while_interrupted(|| Errno::result(unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), flags) })).map(drop)
}

/// kill(2) with any signal, real-time signals included; nix knows only the classic ones.
pub(crate) fn kill(pid: Pid, signal: c_int) -> nix::Result<()> {
    // SAFETY: kill touches no memory of ours.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal) }).map(drop)
}

/// Sets the disposition of `signal` to the default; says whether it was ignored before.
pub(crate) fn default_disposition(signal: c_int) -> nix::Result<bool> {
    // SAFETY: SIG_DFL is a valid handler and runs no code of ours.
    match unsafe { libc::signal(signal, libc::SIG_DFL) } {
        libc::SIG_ERR => Err(Errno::last()),
        before => Ok(before == libc::SIG_IGN),
    }
}

/// Has `signal` ignored.
pub(crate) fn ignore(signal: c_int) -> nix::Result<()> {
    // SAFETY: SIG_IGN is a valid handler and runs no code of ours.
    match unsafe { libc::signal(signal, libc::SIG_IGN) } {
        libc::SIG_ERR => Err(Errno::last()),
        _ => Ok(()),
    }
}

/// sigprocmask(2) with sets as bits, signal 1 being the lowest; gives the old mask.
///
/// Not by libc, which would let through its own signals, 32 and 33, when a mask that has them is put back.
pub(crate) fn change_mask(how: c_int, bits: u64) -> nix::Result<u64> {
    let set = if how == libc::SIG_BLOCK { as_bits(&signal_set(bits)) } else { bits };
    let (call, mut old, size) = (libc::SYS_rt_sigprocmask, 0_u64, size_of::<u64>());
    // SAFETY: both sets are as long as the kernel is told, and outlive the call.
    Errno::result(unsafe { libc::syscall(call, how, &raw const set, &raw mut old, size) })?;
    Ok(old)
}

/// Takes a signal that is pending, if it is.
pub(crate) fn discard_signal(signal: c_int) {
    let (set, at_once) = (signal_set(bit(signal)), libc::timespec { tv_sec: 0, tv_nsec: 0 });
    // SAFETY: the set and the time are initialised and outlive the call, which is told to store nothing.
    unsafe { libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const at_once) };
}

/// sigpending(2), as bits.
pub(crate) fn pending_signals() -> nix::Result<u64> {
    let mut set = signal_set(0);
    // SAFETY: the set is initialised and outlives the call.
    Errno::result(unsafe { libc::sigpending(&raw mut set) })?;
    Ok(as_bits(&set))
}

/// A set as bits, signal 1 being the lowest.
fn as_bits(set: &libc::sigset_t) -> u64 {
    // SAFETY: the set is initialised; a number that is no signal gives -1.
    (1..=64).filter(|signal| unsafe { libc::sigismember(set, *signal) } == 1).map(bit).sum()
}

/// sigwaitinfo(2), continued after a stop: the signal and its `si_code`.
pub(crate) fn await_signal(bits: u64) -> nix::Result<(c_int, c_int)> {
    let set = signal_set(bits);
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: the set is initialised, and `info` has room for what the call writes.
    let wait = || Errno::result(unsafe { libc::sigwaitinfo(&raw const set, info.as_mut_ptr()) });
    let signal = while_interrupted(wait)?;
    // SAFETY: a struct of numbers, zeroed and then filled.
    Ok((signal, unsafe { info.assume_init() }.si_code))
}

fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}

fn signal_set(bits: u64) -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set.
    let mut set = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for signal in (1..=64).filter(|signal| bits & bit(*signal) != 0) {
        // SAFETY: the set is initialised; those that libc keeps for itself it refuses, and they stay out.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    set
}

/// waitpid(2) for any child that has ended, stopped or continued; none if there is no such.
pub(crate) fn wait_for_any() -> nix::Result<Option<(Pid, ExitStatus)>> {
    let mut status = 0;
    let flags = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    // SAFETY: `status` outlives the call.
    let pid = Errno::result(unsafe { libc::waitpid(-1, &raw mut status, flags) })?;
    Ok((pid != 0).then(|| (Pid::from_raw(pid), ExitStatus::from_raw(status))))
}

/// prctl(2) PR_SET_CHILD_SUBREAPER: descendants who lose their parent become this process's children.
pub(crate) fn set_child_subreaper() -> nix::Result<()> {
    // SAFETY: the call takes numbers and touches no memory of ours.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }).map(drop)
}

/// Has `pid` sent a signal whenever something comes in at `file`, see F_SETOWN, F_SETSIG and O_ASYNC in fcntl(2).
pub(crate) fn signal_on_input(file: BorrowedFd<'_>, pid: Pid, signal: c_int) -> nix::Result<()> {
    /// From `asm-generic/fcntl.h`.
    const F_SETSIG: c_int = 10;
    // SAFETY: these requests take numbers and touch no memory of ours.
    let set = |request, value: c_int| Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), request, value) });
    set(libc::F_SETOWN, pid.as_raw())?;
    set(F_SETSIG, signal)?;
    let flags = set(libc::F_GETFL, 0)?;
    set(libc::F_SETFL, flags | libc::O_ASYNC).map(drop)
}

/// prctl(2) PR_SET_PDEATHSIG: the signal that this process gets when its parent ends.
pub(crate) fn set_death_signal(signal: c_int) -> nix::Result<()> {
    // SAFETY: the call takes a number and touches no memory of ours.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) }).map(drop)
}

/// `struct __user_cap_header_struct` and the two `__user_cap_data_struct` of capget(2).
#[repr(C)]
struct Capabilities {
    version: u32,
    pid: c_int,
    sets: [CapabilitySets; 2],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Makes the permitted capabilities of this process inheritable, by capget(2) and capset(2); gives them as bits.
///
/// Nothing is allocated, so it can stand between fork and exec.
pub(crate) fn inherit_permitted_capabilities() -> nix::Result<u64> {
    /// `_LINUX_CAPABILITY_VERSION_3` of `linux/capability.h`.
    const VERSION: u32 = 0x2008_0522;
    let mut it = Capabilities {
        version: VERSION,
        pid: 0,
        sets: [CapabilitySets { effective: 0, permitted: 0, inheritable: 0 }; 2],
    };
    // SAFETY: header and sets are laid out as the version says, and outlive the call.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut it.version, &raw mut it.sets) })?;
    it.sets.iter_mut().for_each(|sets| sets.inheritable = sets.permitted);
    // SAFETY: the same.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut it.version, &raw const it.sets) })?;
    Ok(u64::from(it.sets[0].permitted) | u64::from(it.sets[1].permitted) << 32)
}

/// prctl(2) PR_CAP_AMBIENT_RAISE.
pub(crate) fn raise_ambient_capability(capability: u32) -> nix::Result<()> {
    let raise = libc::PR_CAP_AMBIENT_RAISE;
    // SAFETY: the call takes numbers and touches no memory of ours.
    Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, raise, capability as libc::c_ulong, 0, 0) }).map(drop)
}

/// A program's arguments as execvp(3) takes them. Nothing is allocated any more when it is called.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// What the pointers lead to.
    _words: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Arguments {
    pub(crate) fn new(words: Vec<CString>) -> Self {
        let pointers = words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
        Self { _words: words, pointers }
    }

    /// execvp(3): searches PATH for a `program` without a slash.
    pub(crate) fn execute(&self, program: &CStr) -> Errno {
        // SAFETY: the pointers lead to NUL-terminated words that live as long as `self`; the last is null.
        unsafe { libc::execvp(program.as_ptr(), self.pointers.as_ptr()) };
        Errno::last()
    }

    /// execv(3).
    pub(crate) fn execute_path(&self, path: &CStr) -> Errno {
        // SAFETY: as above.
        unsafe { libc::execv(path.as_ptr(), self.pointers.as_ptr()) };
        Errno::last()
    }
}

/// pidfd_open(2), close-on-exec.
pub(crate) fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and touches no memory of ours.
    adopt_result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) })
}

/// Writes all of `bytes` to a descriptor that somebody else owns, such as stdout.
pub(crate) fn write_all(fd: RawFd, mut bytes: &[u8]) -> nix::Result<()> {
    // SAFETY: a descriptor that is not open gives EBADF, nothing worse; it is not kept.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    while !bytes.is_empty() {
        let written = while_interrupted(|| nix::unistd::write(fd, bytes))?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// strerror(3) in the C locale.
pub(crate) fn strerror(errno: c_int) -> Vec<u8> {
    let mut text: [c_char; 128] = [0; 128];
    // SAFETY: the call writes at most `len` bytes, a terminating NUL among them, also when it cuts the text.
    unsafe { libc::strerror_r(errno, text.as_mut_ptr(), text.len()) };
    // SAFETY: `text` holds a NUL and outlives the borrow.
    unsafe { CStr::from_ptr(text.as_ptr()) }.to_bytes().to_vec()
}

/// Replaces the environment of this process by `variables`, for execvp(3) and getenv(3) alike.
pub(crate) fn replace_environment(variables: &[(OsString, OsString)]) {
    // SAFETY: there is one thread, and nobody holds a pointer into the environment.
    unsafe {
        libc::clearenv();
        variables.iter().for_each(|(name, value)| std::env::set_var(name, value));
    }
}

/// Sees to it that descriptors 0, 1 and 2 are taken, so that no file of ours ends up there.
///
/// What stands in for a closed one cannot be read or written (EBADF, as if closed) and is
/// close-on-exec, so that the program finds what the caller had left: nothing.
fn occupy_standard_descriptors() {
    for fd in 0..=2 {
        // SAFETY: asks about a number; touches no memory of ours.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            // The lowest free number is `fd`, since those below it are taken by now.
            // SAFETY: the path is a NUL-terminated constant; the descriptor is left open on purpose.
            unsafe { libc::open(c"/".as_ptr(), libc::O_PATH | libc::O_CLOEXEC) };
        }
    }
}

/// argv as `main` gets it, after seeing to the standard descriptors. For [`crate::entry`] only.
///
/// # Safety
/// `argv` must hold `argc` pointers to NUL-terminated strings, as the C runtime gives them to `main`.
#[doc(hidden)]
pub unsafe fn begin(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    occupy_standard_descriptors();
    let count = usize::try_from(argc).unwrap_or(0);
    (0..count)
        .map(|place| {
            // SAFETY: `place` is below argc, and the caller vouches for argv.
            let argument = unsafe { CStr::from_ptr(*argv.add(place)) };
            OsString::from_vec(argument.to_bytes().to_vec())
        })
        .collect()
}

/// Makes a function `fn(Vec<OsString>) -> u8` the program's `main`.
///
/// Rust's own start-up ignores SIGPIPE, which the executed program would inherit, and makes some
/// twenty system calls; this one leaves signals as the caller set them.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        /// The program's entry point, called by the C runtime.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        extern "C" fn main(argc: ::std::ffi::c_int, argv: *const *const ::std::ffi::c_char) -> ::std::ffi::c_int {
            // SAFETY: these are the arguments that the C runtime gave us.
            let args = unsafe { $crate::sys::begin(argc, argv) };
            $main(args).into()
        }
    };
}

/// Takes charge of a descriptor that a call has just given to us.
pub(crate) fn adopt(fd: RawFd) -> nix::Result<OwnedFd> {
    if fd < 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: the callers pass on what the kernel gave them a moment ago, and keep no copy.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The same, of what syscall(2) has come back with.
fn adopt_result(result: c_long) -> nix::Result<OwnedFd> {
    RawFd::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF).and_then(adopt)
}

/// A descriptor that somebody else owns: EBADF unless it is open. It must stay so, as those of the caller do that
/// started this program.
pub(crate) fn open_descriptor(number: RawFd) -> nix::Result<BorrowedFd<'static>> {
    // SAFETY: asks about a number; touches no memory of ours.
    Errno::result(unsafe { libc::fcntl(number, libc::F_GETFD) })?;
    // SAFETY: it is open, and nobody here closes what they have not opened.
    Ok(unsafe { BorrowedFd::borrow_raw(number) })
}

/// pidfd_send_signal(2); signal 0 asks whether the process is there.
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: c_int) -> nix::Result<()> {
    let none = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: without a siginfo the call takes numbers only.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal, none, 0) };
    Errno::result(result).map(drop)
}

/// pidfd_getfd(2): a copy, close-on-exec, of another process's descriptor.
pub(crate) fn pidfd_getfd(pidfd: BorrowedFd<'_>, number: c_int) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes numbers and touches no memory of ours.
    adopt_result(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0) })
}

/// ioctl(2) with a request that takes no argument and gives a number.
fn ask(file: BorrowedFd<'_>, request: libc::Ioctl) -> nix::Result<c_int> {
    // SAFETY: none of the requests below has an argument, so no memory of ours is touched.
    Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), request) })
}

/// NS_GET_USERNS of ioctl_nsfs(2), close-on-exec.
pub(crate) fn namespace_owner(namespace: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    ask(namespace, libc::NS_GET_USERNS).and_then(adopt)
}

/// NS_GET_PARENT of ioctl_nsfs(2), close-on-exec.
pub(crate) fn namespace_parent(namespace: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    ask(namespace, libc::NS_GET_PARENT).and_then(adopt)
}

/// NS_GET_NSTYPE of ioctl_nsfs(2): the flag of clone(2).
pub(crate) fn namespace_kind(namespace: BorrowedFd<'_>) -> nix::Result<c_int> {
    ask(namespace, libc::NS_GET_NSTYPE)
}

/// NS_GET_OWNER_UID of ioctl_nsfs(2), for a user namespace.
pub(crate) fn namespace_owner_uid(namespace: BorrowedFd<'_>) -> nix::Result<u32> {
    let mut uid: libc::uid_t = 0;
    // SAFETY: the request writes a uid_t, for which `uid` has room.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_OWNER_UID, &raw mut uid) }).map(|_| uid)
}

/// SIOCGIFFLAGS of netdevice(7): the flags of the network device `name`, at most 15 bytes.
pub(crate) fn device_flags(socket: BorrowedFd<'_>, name: &CStr) -> nix::Result<c_short> {
    let mut request = device_request(name);
    // SAFETY: the request outlives the call, which writes to nothing else.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) })?;
    // SAFETY: the call has filled in this field.
    Ok(unsafe { request.ifr_ifru.ifru_flags })
}

/// SIOCSIFFLAGS of netdevice(7).
pub(crate) fn set_device_flags(socket: BorrowedFd<'_>, name: &CStr, flags: c_short) -> nix::Result<()> {
    let mut request = device_request(name);
    request.ifr_ifru.ifru_flags = flags;
    // SAFETY: the request outlives the call.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw mut request) }).map(drop)
}

fn device_request(name: &CStr) -> libc::ifreq {
    // SAFETY: a struct of numbers, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays NUL.
    let room = request.ifr_name.len() - 1;
    for (place, byte) in request.ifr_name[..room].iter_mut().zip(name.to_bytes()) {
        *place = byte.cast_signed();
    }
    request
}

/// SIOCGSKNS: the network namespace of a socket, close-on-exec.
pub(crate) fn network_of_socket(socket: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    ask(socket, SIOCGSKNS).and_then(adopt)
}

/// From `linux/sockios.h`; libc has it for some targets only.
const SIOCGSKNS: libc::Ioctl = 0x894c;

/// NS_GET_ID of `linux/nsfs.h`, which libc does not know: `_IOR(0xb7, 13, __u64)`.
const NS_GET_ID: libc::Ioctl = 0x8008_b70d_u32 as libc::Ioctl;

/// NS_GET_ID of ioctl_nsfs(2).
pub(crate) fn namespace_id(namespace: BorrowedFd<'_>) -> nix::Result<u64> {
    let mut id = 0u64;
    // SAFETY: the request writes eight bytes, for which `id` has room.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_ID, &raw mut id) }).map(|_| id)
}

/// `struct file_handle` with `struct nsfs_file_handle` in it, see `linux/nsfs.h`.
#[repr(C)]
struct NamespaceHandle {
    bytes: u32,
    kind: c_int,
    id: u64,
    namespace_kind: u32,
    inode: u32,
}

/// open_by_handle_at(2) for the namespace numbered `id`: by that alone, which Linux 6.18 refuses (ESTALE).
pub(crate) fn open_namespace_by_id(id: u64) -> nix::Result<OwnedFd> {
    /// FD_NSFS_ROOT of `linux/fcntl.h`.
    const NSFS_ROOT: c_int = -10003;
    /// FILEID_NSFS of the kernel's `exportfs.h`.
    const NSFS: c_int = 0xf1;
    let mut handle = NamespaceHandle { bytes: 16, kind: NSFS, id, namespace_kind: 0, inode: 0 };
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the handle says how long it is, and outlives the call.
    adopt_result(unsafe { libc::syscall(libc::SYS_open_by_handle_at, NSFS_ROOT, &raw mut handle, flags) })
}

/// `struct ns_id_req` of `linux/nsfs.h`.
#[repr(C)]
struct NamespaceRequest {
    size: u32,
    spare: u32,
    after: u64,
    kinds: u32,
    spare2: u32,
    owner: u64,
}

/// listns(2) of Linux 6.19: fills `ids` with those of the next namespaces behind the one numbered `after`, of any kind and
/// owner, in their order; gives how many they are.
pub(crate) fn list_namespaces(after: u64, ids: &mut [u64]) -> nix::Result<usize> {
    /// The same on all architectures.
    const LISTNS: c_long = 470;
    let request = NamespaceRequest { size: 32, spare: 0, after, kinds: 0, spare2: 0, owner: 0 };
    // SAFETY: the request says how long it is, and the call writes at most as many ids as there is room for.
    let count = unsafe { libc::syscall(LISTNS, &raw const request, ids.as_mut_ptr(), ids.len(), 0) };
    usize::try_from(Errno::result(count)?).map_err(|_| Errno::EINVAL)
}

/// Whether a file has an extended attribute of this name.
pub(crate) fn has_attribute(path: &CStr, name: &CStr) -> bool {
    // SAFETY: both are strings; a size of 0 asks for the length and writes nothing.
    unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) >= 0 }
}

/// Whether the working directory lies below the root directory.
///
/// glibc's getcwd(3) would search on its own where the kernel says "(unreachable)". A path longer than
/// PATH_MAX counts as outside, because the kernel does not say which it is.
pub(crate) fn working_directory_is_below_root() -> bool {
    let mut path = [0u8; libc::PATH_MAX as usize];
    // SAFETY: the call writes at most as many bytes as the buffer has.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len()) };
    length > 0 && path[0] == b'/'
}

/// getdents64(2): how many bytes of `buffer` the next entries of `directory` have filled; none at its end.
pub(crate) fn read_entries(directory: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<usize> {
    let (start, length) = (buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the call writes at most as many bytes as the buffer has.
    let length = unsafe { libc::syscall(libc::SYS_getdents64, directory.as_raw_fd(), start, length) };
    usize::try_from(Errno::result(length)?).map_err(|_| Errno::EINVAL)
}

/// readlinkat(2): the part of `buffer` that the text of the link `name` fills; a longer one is cut off.
pub(crate) fn read_link<'a>(directory: BorrowedFd<'_>, name: &CStr, buffer: &'a mut [u8]) -> nix::Result<&'a [u8]> {
    let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the name is NUL-terminated, and the call writes at most as many bytes as the buffer has.
    let length = unsafe { libc::readlinkat(directory.as_raw_fd(), name.as_ptr(), start, length) };
    let length = usize::try_from(Errno::result(length)?).map_err(|_| Errno::EINVAL)?;
    buffer.get(..length).ok_or(Errno::EINVAL)
}

/// What statx(2) says of a file, as far as it matters to who looks for namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Major and minor number of the device that it is on.
    pub(crate) device: (u32, u32),
    pub(crate) inode: u64,
    pub(crate) is_socket: bool,
}

impl Look {
    /// The same, as stat(2) says it.
    pub(crate) fn of(stat: &nix::sys::stat::FileStat) -> Self {
        let device = (libc::major(stat.st_dev), libc::minor(stat.st_dev));
        Self { device, inode: stat.st_ino, is_socket: stat.st_mode & libc::S_IFMT == libc::S_IFSOCK }
    }
}

/// statx(2) of the file that `name` leads to. Its file system is not asked over the network or in user space, so one
/// that does not answer keeps nobody waiting.
pub(crate) fn look(directory: BorrowedFd<'_>, name: &CStr) -> nix::Result<Look> {
    let (flags, mask) = (libc::AT_STATX_DONT_SYNC, libc::STATX_TYPE | libc::STATX_INO);
    let mut it = std::mem::MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the name is NUL-terminated, and `it` has room for what the call writes.
    Errno::result(unsafe { libc::statx(directory.as_raw_fd(), name.as_ptr(), flags, mask, it.as_mut_ptr()) })?;
    // SAFETY: a struct of numbers, zeroed and then filled.
    let it = unsafe { it.assume_init() };
    let is_socket = u32::from(it.stx_mode) & libc::S_IFMT == libc::S_IFSOCK;
    Ok(Look { device: (it.stx_dev_major, it.stx_dev_minor), inode: it.stx_ino, is_socket })
}

/// statx(2): the number of the mount that the root directory is on; EOPNOTSUPP before Linux 5.8.
pub(crate) fn mount_of_root() -> nix::Result<u64> {
    let (flags, mask) = (libc::AT_STATX_DONT_SYNC, libc::STATX_MNT_ID);
    let mut it = std::mem::MaybeUninit::<libc::statx>::zeroed();
    // SAFETY: the path is NUL-terminated, and `it` has room for what the call writes.
    Errno::result(unsafe { libc::statx(libc::AT_FDCWD, c"/".as_ptr(), flags, mask, it.as_mut_ptr()) })?;
    // SAFETY: a struct of numbers, zeroed and then filled.
    let it = unsafe { it.assume_init() };
    if it.stx_mask & mask == 0 { Err(Errno::EOPNOTSUPP) } else { Ok(it.stx_mnt_id) }
}

/// What regcomp(3) made of an expression; regfree(3) when it goes.
pub(crate) struct CompiledRegex(Box<libc::regex_t>);

impl CompiledRegex {
    /// regcomp(3) with `flags`. The error is regerror(3)'s text.
    pub(crate) fn new(pattern: &CStr, flags: c_int) -> Result<Self, Vec<u8>> {
        let mut room = Box::new(std::mem::MaybeUninit::<libc::regex_t>::zeroed());
        // SAFETY: there is room for what the call writes, and the pattern ends in NUL.
        let code = unsafe { libc::regcomp(room.as_mut_ptr(), pattern.as_ptr(), flags) };
        if code != 0 {
            return Err(regex_error(code));
        }
        // SAFETY: the call has succeeded, so it has initialised all of it.
        Ok(Self(unsafe { room.assume_init() }))
    }

    /// regexec(3) on the whole of `text`, without asking where it matches.
    pub(crate) fn matches(&self, text: &CStr) -> bool {
        // SAFETY: the expression is compiled, the text ends in NUL, and there is no array to write to.
        unsafe { libc::regexec(&raw const *self.0, text.as_ptr(), 0, std::ptr::null_mut(), 0) == 0 }
    }

    /// GNU's re_search, at the beginning of `text` and nowhere else, which the libc crate lacks.
    pub(crate) fn matches_at_start(&mut self, text: &CStr) -> bool {
        type Re = *mut libc::regex_t;
        unsafe extern "C" {
            fn re_search(re: Re, text: *const c_char, len: c_int, start: c_int, range: c_int, at: *mut c_void)
            -> c_int;
        }
        let Ok(length) = c_int::try_from(text.count_bytes()) else { return false };
        // SAFETY: the expression is compiled, the text is so long, and nowhere is asked where it matches.
        unsafe { re_search(&raw mut *self.0, text.as_ptr(), length, 0, 0, std::ptr::null_mut()) >= 0 }
    }
}

impl Drop for CompiledRegex {
    fn drop(&mut self) {
        // SAFETY: it was compiled, and nobody uses it after this.
        unsafe { libc::regfree(&raw mut *self.0) };
    }
}

/// regerror(3) without an expression, which none of its texts needs.
fn regex_error(code: c_int) -> Vec<u8> {
    let mut text: [c_char; 128] = [0; 128];
    // SAFETY: the call writes at most `len` bytes, a terminating NUL among them.
    unsafe { libc::regerror(code, std::ptr::null(), text.as_mut_ptr(), text.len()) };
    // SAFETY: `text` holds a NUL and outlives the borrow.
    unsafe { CStr::from_ptr(text.as_ptr()) }.to_bytes().to_vec()
}

/// A locale(7); freed when it goes.
#[derive(Debug)]
pub(crate) struct Locale(libc::locale_t);

// SAFETY: nobody changes a locale after newlocale(3), and libc's calls only read it.
unsafe impl Send for Locale {}
// SAFETY: the same.
unsafe impl Sync for Locale {}

impl Locale {
    /// newlocale(3): the categories of `mask` from the locale of this name, which the environment gives if it is empty;
    /// the others from C. None if it is not installed.
    pub(crate) fn new(mask: c_int, name: &CStr) -> Option<Self> {
        // SAFETY: the name ends in NUL, and there is no locale to begin with.
        let locale = unsafe { libc::newlocale(mask, name.as_ptr(), std::ptr::null_mut()) };
        (!locale.is_null()).then(|| Self(locale))
    }

    /// Takes a step under this locale: uselocale(3), for this thread alone.
    pub(crate) fn within<T>(&self, step: impl FnOnce() -> T) -> T {
        // SAFETY: the locale lives as long as `self`, hence longer than the step.
        let before = unsafe { libc::uselocale(self.0) };
        let result = step();
        // SAFETY: that is the locale that the thread had, which nobody has freed.
        unsafe { libc::uselocale(before) };
        result
    }

    /// nl_langinfo(3) CODESET: what its character set is called. (glibc's nl_langinfo_l is wrong in static programs.)
    pub(crate) fn character_set(&self) -> Vec<u8> {
        // SAFETY: the answer is NUL-terminated, and lives as long as the locale.
        self.within(|| unsafe { CStr::from_ptr(libc::nl_langinfo(libc::CODESET)) }.to_bytes().to_vec())
    }

    /// iswprint(3) in it, which the libc crate lacks.
    pub(crate) fn is_printable(&self, character: char) -> bool {
        unsafe extern "C" {
            /// `wint_t` is an unsigned int in glibc and in musl.
            fn iswprint_l(character: u32, locale: libc::locale_t) -> c_int;
        }
        // SAFETY: the call takes any number, and the locale lives as long as `self`.
        unsafe { iswprint_l(character.into(), self.0) != 0 }
    }
}

impl Drop for Locale {
    fn drop(&mut self) {
        // SAFETY: no thread uses it: `within` has put back what was there before.
        unsafe { libc::freelocale(self.0) };
    }
}

/// TIOCGWINSZ of ioctl_tty(2): how many columns a terminal has; ENOTTY where `fd` is none.
pub(crate) fn terminal_columns(fd: RawFd) -> nix::Result<u16> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` outlives the call; a descriptor that is not open gives EBADF, nothing worse.
    Errno::result(unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut size) }).map(|_| size.ws_col)
}
