/* Runs a command and lets one system call of one of its processes fail, which strace(1) cannot: it counts in all processes at once.
 *
 *   inject REPORT COMMAND...                      writes every call to REPORT: PROCESS INDEX NAME ERRNO
 *   inject REPORT PROCESS INDEX ERRNO COMMAND...  lets that call fail, and writes to REPORT which it was
 *
 * USER=nsuser in its environment has uid and gid 4242 run the command, and root trace it, so that set-user-ID programs work.
 * Processes are counted from 0, the command, in the order of their forks; calls from when the C library has started the
 * command. What executes another program is let go. Ends as the command does, when all that it forked has ended too. */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a call fails with. Those that can be interrupted are tried with EINTR too. */
static const struct call {
	long number;
	const char *name;
	int error;
	int interruptible;
} calls[] = {
#define CALL(name, error, interruptible) { SYS_##name, #name, error, interruptible }
	CALL(access, EACCES, 0),
	CALL(bind, EACCES, 0),
	CALL(capget, EPERM, 0),
	CALL(capset, EPERM, 0),
	CALL(chdir, EACCES, 0),
	CALL(chroot, EPERM, 0),
	CALL(clone, EAGAIN, 0),
	CALL(clone3, ENOSPC, 0),
	CALL(close, EIO, 0),
	CALL(connect, EACCES, 0),
	CALL(dup, EMFILE, 0),
	CALL(dup3, EMFILE, 0),
	CALL(execve, ENOMEM, 0),
	CALL(fchdir, EACCES, 0),
	CALL(fchmod, EPERM, 0),
	CALL(fchown, EPERM, 0),
	CALL(fcntl, EMFILE, 0),
	CALL(flock, ENOLCK, 0),
	CALL(fork, EAGAIN, 0),
	CALL(fstat, EIO, 0),
	CALL(fstatfs, EIO, 0),
	CALL(fsync, EIO, 0),
	CALL(ftruncate, EIO, 0),
	CALL(getcwd, ENOENT, 0),
	CALL(getdents64, EIO, 0),
	CALL(getgroups, EINVAL, 0),
	CALL(getpgid, ESRCH, 0),
	CALL(getpriority, ESRCH, 0),
	CALL(getrandom, ENOSYS, 0),
	CALL(getsockopt, EINVAL, 0),
	CALL(ioctl, EPERM, 0),
	CALL(kill, EPERM, 0),
	CALL(linkat, EACCES, 0),
	CALL(lseek, EINVAL, 0),
	CALL(lstat, EACCES, 0),
	CALL(madvise, EINVAL, 0),
	CALL(mmap, ENOMEM, 0),
	CALL(mount, EPERM, 0),
	CALL(mremap, ENOMEM, 0),
	CALL(newfstatat, EACCES, 0),
	CALL(open, EACCES, 1),
	CALL(openat, EACCES, 1),
	CALL(openat2, EACCES, 1),
	CALL(pidfd_getfd, EPERM, 0),
	CALL(pidfd_open, EMFILE, 0),
	CALL(pidfd_send_signal, EPERM, 0),
	CALL(pipe2, EMFILE, 0),
	CALL(poll, ENOMEM, 1),
	CALL(ppoll, ENOMEM, 1),
	CALL(prctl, EPERM, 0),
	CALL(pread64, EIO, 1),
	CALL(prlimit64, EPERM, 0),
	CALL(pwrite64, EIO, 1),
	CALL(read, EIO, 1),
	CALL(readlink, EACCES, 0),
	CALL(readlinkat, EACCES, 0),
	CALL(recvfrom, ENOMEM, 1),
	CALL(recvmsg, ENOMEM, 1),
	CALL(rename, EIO, 0),
	CALL(renameat2, EIO, 0),
	CALL(rt_sigtimedwait, EINTR, 0),
	CALL(sched_getaffinity, EINVAL, 0),
	CALL(sendmsg, ENOBUFS, 1),
	CALL(sendto, ENOBUFS, 1),
	CALL(setgid, EPERM, 0),
	CALL(setgroups, EPERM, 0),
	CALL(sethostname, EPERM, 0),
	CALL(setns, EPERM, 0),
	CALL(setresgid, EPERM, 0),
	CALL(setresuid, EPERM, 0),
	CALL(setsockopt, EPERM, 0),
	CALL(setuid, EPERM, 0),
	CALL(signalfd4, EMFILE, 0),
	CALL(sigaltstack, ENOMEM, 0),
	CALL(socket, EMFILE, 0),
	CALL(socketpair, EMFILE, 0),
	CALL(stat, EACCES, 0),
	CALL(statfs, EIO, 0),
	CALL(statx, EACCES, 0),
	CALL(tgkill, EPERM, 0),
	CALL(umount2, EBUSY, 0),
	CALL(unlink, EBUSY, 0),
	CALL(unlinkat, EBUSY, 0),
	CALL(unshare, ENOSPC, 0),
	CALL(vfork, EAGAIN, 0),
	CALL(wait4, EINTR, 0),
	CALL(waitid, EINTR, 0),
	CALL(write, EIO, 1),
	CALL(writev, EIO, 1),
};

/* Cannot fail: what returns an id or the break, or fails for a wrong address only. */
static const long infallible[] = {
	SYS_brk, SYS_exit, SYS_exit_group, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpgrp, SYS_getpid, SYS_getppid, SYS_gettid,
	SYS_getuid, SYS_restart_syscall, SYS_rt_sigreturn, SYS_umask, SYS_set_robust_list, SYS_rseq, SYS_set_tid_address, SYS_arch_prctl,
	SYS_mprotect, SYS_munmap, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask,
};

static struct process {
	pid_t pid;
	int number; /* -1: stopped, and its parent's fork is not known yet */
	int inside; /* between the entry of a call and its exit */
	int fails;
	int index;
	int execs;
	int started;
} processes[64];

static FILE *report;
static int wanted_process = -1, wanted_index, wanted_error, forks;

static void fail(const char *step)
{
	error(98, errno, "inject: %s", step);
}

static struct process *of(pid_t pid)
{
	struct process *free = NULL;
	for (struct process *process = processes; process < processes + 64; process++) {
		if (process->pid == pid)
			return process;
		if (!process->pid && !free)
			free = process;
	}
	if (!free)
		error(98, 0, "inject: more than 64 processes");
	*free = (struct process){ .pid = pid, .number = -1 };
	return free;
}

static void resume(struct process *process, int signal)
{
	/* It may have been killed meanwhile. */
	if (ptrace(PTRACE_SYSCALL, process->pid, 0, (long)signal) && errno != ESRCH)
		fail("PTRACE_SYSCALL");
}

static const struct call *known(long number)
{
	for (size_t i = 0; i < sizeof infallible / sizeof *infallible; i++)
		if (infallible[i] == number)
			return NULL;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].number == number)
			return &calls[i];
	error(98, 0, "inject: no error is known for system call %ld", number);
	return NULL;
}

static void enter_or_leave(struct process *process)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, process->pid, 0, &registers))
		return;
	process->inside = !process->inside;
	if (!process->inside) {
		if (process->fails) {
			registers.rax = -wanted_error;
			ptrace(PTRACE_SETREGS, process->pid, 0, &registers);
			process->fails = 0;
		}
		/* The last that the C library does of a static program: what was relocated becomes read-only. */
		if (!process->started && registers.orig_rax == SYS_mprotect)
			process->started = 1;
		return;
	}
	if (!process->started)
		return;
	const struct call *call = known(registers.orig_rax);
	if (!call)
		return;
	/* There is always a child to wait for; and without waiting there is nothing to interrupt. */
	if ((call->number == SYS_wait4 && registers.rdx & WNOHANG) || (call->number == SYS_waitid && registers.r10 & WNOHANG))
		return;
	/* A path is only looked up, so nothing of a device or server is waited for. */
	int interruptible = call->interruptible && !(call->number == SYS_openat && registers.rdx & O_PATH);
	int index = process->index++;
	/* Calls that are many in one are told apart by what they are told to do. */
	char name[32];
	snprintf(name, sizeof name, "%s", call->name);
	if (call->number == SYS_fcntl || call->number == SYS_prctl || call->number == SYS_ioctl)
		snprintf(name, sizeof name, "%s:%ld", call->name, (long)(call->number == SYS_prctl ? registers.rdi : registers.rsi));
	if (wanted_process < 0) {
		fprintf(report, "%d %d %s %d\n", process->number, index, name, call->error);
		if (interruptible)
			fprintf(report, "%d %d %s %d\n", process->number, index, name, EINTR);
	} else if (process->number == wanted_process && index == wanted_index) {
		fprintf(report, "%s\n", name);
		process->fails = 1;
		registers.orig_rax = -1;
		if (ptrace(PTRACE_SETREGS, process->pid, 0, &registers))
			fail("PTRACE_SETREGS");
	}
	fflush(report);
}

/* What a stop is about. */
static void stopped(struct process *process, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == (SIGTRAP | 0x80)) {
		enter_or_leave(process);
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		unsigned long pid;
		signal = 0;
		if (!ptrace(PTRACE_GETEVENTMSG, process->pid, 0, &pid)) {
			struct process *child = of(pid);
			int waits = child->number == -1 && child->execs < 0;
			child->number = ++forks;
			child->execs = 1;
			child->started = process->started;
			if (waits)
				resume(child, 0);
		}
	} else if (event == PTRACE_EVENT_EXEC) {
		signal = 0;
		if (process->execs++) {
			pid_t pid = process->pid;
			process->pid = process->number ? 0 : pid;
			ptrace(PTRACE_DETACH, pid, 0, 0);
			return;
		}
	} else if (signal == SIGSTOP && process->number == -1) {
		process->execs = -1;
		return;
	} else if (signal == SIGSTOP && process->index == 0 && !process->inside && process->execs == 1 && process->number > 0) {
		signal = 0;
	}
	resume(process, signal);
}

int main(int argc, char **argv)
{
	report = argc < 3 ? NULL : fopen(argv[1], "we");
	if (!report)
		fail("REPORT COMMAND");
	argv += 2;
	if (argv[0][0] >= '0' && argv[0][0] <= '9') {
		wanted_process = atoi(argv[0]);
		wanted_index = atoi(argv[1]);
		wanted_error = atoi(argv[2]);
		argv += 3;
	}
	pid_t first = fork();
	if (first == 0) {
		/* While it is root: the kernel asks then what the tracer of a set-user-ID program may do. */
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		const char *user = getenv("USER");
		if (user && !strcmp(user, "nsuser") && (setgroups(0, NULL) || setgid(4242) || setuid(4242)))
			fail("setuid");
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	int status, end = -1;
	if (waitpid(first, &status, 0) != first)
		fail("wait");
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		       PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SETOPTIONS, first, 0, options))
		fail("PTRACE_SETOPTIONS");
	struct process *process = of(first);
	process->number = 0;
	resume(process, 0);
	for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
		process = of(pid);
		if (WIFSTOPPED(status)) {
			stopped(process, status);
			continue;
		}
		process->pid = 0;
		if (pid == first)
			end = status;
	}
	if (WIFSIGNALED(end))
		return 128 + WTERMSIG(end);
	return WEXITSTATUS(end);
}
