/* Runs a command and lets one system call of one of its processes fail, or signals one of them at one, which strace(1) cannot: it counts
 * in all processes at once.
 *
 *   inject REPORT COMMAND...                      writes every call to REPORT: PROCESS INDEX NAME ERRNO, a line for each errno
 *   inject REPORT PROCESS INDEX ERRNO COMMAND...  lets that call fail, and writes to REPORT which it was
 *   inject REPORT moments COMMAND...              writes every moment to REPORT: PROCESS INDEX NAME, and the processes that there are
 *   inject REPORT PROCESS INDEX SIGNAL@OTHER COMMAND...
 *                                                 signals process OTHER at that moment, and writes to REPORT what came of it, see below
 *
 * USER=nsuser in its environment has uid and gid 4242 run the command, and root trace it, so that set-user-ID programs work.
 * Processes are counted from 0, the command, in the order of their forks; calls from when the C library has started the
 * command. What executes another program is let go. Ends as the command does, when all that it forked has ended too.
 *
 * A moment is the entry of a call, unless the call changes nothing that another process or a signal depends on. Who is there is held until
 * all others have done what they do about the signal. Who has stopped is continued when nobody moves any more.
 * REPORT has a line for each thing:
 *   sent NAME              the signal was sent, at this call
 *   exec PROCESS COMMAND   a process has become a program
 *   last PROCESS NAME      a process has ended that had not; this was its last moment
 *   ended PROCESS COMMAND  nobody moved any more, so this program was killed
 *   hangs PROCESS COMMAND  nobody moved any more, and there was no program, so this process was killed */
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
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a call fails with: the most telling first. Those that can be interrupted are tried with EINTR too. */
static const struct call {
	long number;
	const char *name;
	int interruptible;
	/* Which argument is the path that it is about, counted from 1; -1 where the first is a descriptor. */
	int path;
	int errors[8];
} calls[] = {
#define CALL(name, path, interruptible, ...) { SYS_##name, #name, interruptible, path, { __VA_ARGS__ } }
	CALL(access, 1, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(bind, 0, 0, EACCES, ENOMEM),
	CALL(capget, 0, 0, EPERM),
	CALL(capset, 0, 0, EPERM),
	CALL(chdir, 1, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(chroot, 1, 0, EPERM, ENOMEM, EIO),
	CALL(clone, 0, 0, EAGAIN, ENOMEM, ENOSPC, EPERM),
	CALL(clone3, 0, 0, ENOSPC, EAGAIN, ENOMEM, EPERM, EINVAL, ENOSYS),
	CALL(close, 0, 0, EIO, EINTR, ENOSPC),
	CALL(connect, 0, 0, EACCES, EAGAIN),
	CALL(dup, 0, 0, EMFILE),
	CALL(dup2, 0, 0, EMFILE, EINTR),
	CALL(dup3, 0, 0, EMFILE),
	CALL(execve, 1, 0, ENOMEM, EACCES, EIO, E2BIG),
	CALL(faccessat2, 2, 0, EACCES, ENOENT, ENOSYS, EIO),
	CALL(fchdir, 0, 0, EACCES, EIO),
	CALL(fchmod, 0, 0, EPERM, EIO),
	CALL(fchown, 0, 0, EPERM, EIO),
	CALL(fcntl, 0, 0, EMFILE, EINVAL, EPERM),
	CALL(flock, -1, 0, ENOLCK, EINTR),
	CALL(fork, 0, 0, EAGAIN, ENOMEM),
	CALL(fstat, -1, 0, EIO, ENOMEM),
	CALL(fstatfs, -1, 0, EIO, ENOMEM),
	CALL(fsync, -1, 0, EIO, ENOSPC),
	CALL(ftruncate, -1, 0, EIO, EPERM),
	CALL(getcwd, 0, 0, ENOENT, ENOMEM),
	CALL(getdents64, -1, 0, EIO, ENOENT, ENOMEM),
	CALL(getgroups, 0, 0, EINVAL),
	CALL(getpgid, 0, 0, ESRCH, EPERM),
	CALL(getpriority, 0, 0, ESRCH),
	CALL(getrandom, 0, 0, ENOSYS),
	CALL(getsockopt, 0, 0, EINVAL),
	CALL(ioctl, 0, 0, EPERM, EMFILE, ENOMEM, ENOTTY),
	CALL(kill, 0, 0, EPERM, ESRCH),
	CALL(linkat, 2, 0, EACCES, ENOENT, ENOSPC, EIO),
	CALL(lseek, 0, 0, EINVAL),
	CALL(lstat, 1, 0, EACCES, ENOENT, EIO),
	CALL(madvise, 0, 0, EINVAL),
	CALL(mmap, 0, 0, ENOMEM),
	CALL(mount, 2, 0, EPERM, EACCES, EINVAL, ENOSPC, ENOMEM, EBUSY),
	CALL(mremap, 0, 0, ENOMEM),
	CALL(newfstatat, 2, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(open, 1, 1, EACCES, ENOENT, EMFILE, ENOMEM, EIO),
	CALL(open_by_handle_at, 0, 0, ESTALE, EPERM, EMFILE, ENOMEM),
	CALL(openat, 2, 1, EACCES, ENOENT, EMFILE, ENOMEM, EIO),
	CALL(openat2, 2, 1, EACCES, ENOENT, EMFILE, ENOMEM, ENOSYS),
	CALL(pidfd_getfd, 0, 0, EPERM, EMFILE, ENOSYS, ESRCH),
	CALL(pidfd_open, 0, 0, EMFILE, ENOMEM, EPERM, ENOSYS, ESRCH),
	CALL(pidfd_send_signal, 0, 0, EPERM, ENOSYS, ESRCH),
	CALL(pipe2, 0, 0, EMFILE, ENFILE),
	CALL(poll, 0, 1, ENOMEM),
	CALL(ppoll, 0, 1, ENOMEM),
	CALL(prctl, 0, 0, EPERM, EINVAL),
	CALL(pread64, -1, 1, EIO, ENOMEM),
	CALL(prlimit64, 0, 0, EPERM),
	CALL(pwrite64, -1, 1, EIO, ENOSPC),
	CALL(ptrace, 0, 0, EPERM, ESRCH),
	CALL(read, -1, 1, EIO, ESRCH, ENOMEM),
	CALL(readlink, 1, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(readlinkat, 2, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(recvfrom, 0, 1, ENOMEM, ENOBUFS),
	CALL(recvmsg, 0, 1, ENOMEM),
	CALL(rename, 1, 0, EIO, ENOSPC, EACCES),
	CALL(renameat2, 2, 0, EIO, ENOSPC, EACCES),
	CALL(rt_sigtimedwait, 0, 0, EINTR),
	CALL(sched_getaffinity, 0, 0, EINVAL),
	CALL(sendmsg, 0, 1, ENOBUFS, ENOMEM),
	CALL(sendto, 0, 1, ENOBUFS, ENOMEM),
	CALL(setgid, 0, 0, EPERM, EINVAL),
	CALL(setgroups, 0, 0, EPERM, ENOMEM, EINVAL),
	CALL(sethostname, 0, 0, EPERM),
	CALL(setns, 0, 0, EPERM, EINVAL, ENOMEM, ENOSPC),
	CALL(setresgid, 0, 0, EPERM, EINVAL),
	CALL(setresuid, 0, 0, EPERM, EINVAL, EAGAIN),
	CALL(setsockopt, 0, 0, EPERM),
	CALL(setuid, 0, 0, EPERM, EINVAL, EAGAIN),
	CALL(signalfd4, 0, 0, EMFILE, ENOMEM),
	CALL(sigaltstack, 0, 0, ENOMEM),
	CALL(socket, 0, 0, EMFILE, EACCES, EAFNOSUPPORT, ENOMEM),
	CALL(socketpair, 0, 0, EMFILE, ENOMEM),
	CALL(stat, 1, 0, EACCES, ENOENT, ENOMEM, EIO),
	CALL(statfs, 1, 0, EIO, EACCES),
	CALL(statx, 2, 0, EACCES, ENOENT, ENOMEM, EIO, ENOSYS),
	CALL(tgkill, 0, 0, EPERM),
	CALL(umount2, 1, 0, EBUSY, EPERM),
	CALL(unlink, 1, 0, EBUSY, EACCES),
	CALL(unlinkat, 2, 0, EBUSY, EACCES),
	CALL(unshare, 0, 0, ENOSPC, EPERM, EINVAL, ENOMEM),
	CALL(vfork, 0, 0, EAGAIN, ENOMEM),
	CALL(wait4, 0, 0, EINTR),
	CALL(waitid, 0, 0, EINTR),
	CALL(write, -1, 1, EIO, EPERM, EINVAL, ENOSPC),
	CALL(writev, 0, 1, EIO, ENOSPC),
	/* Which the C library's headers may not have. */
	{ 470, "listns", 0, 0, { EPERM, ENOSYS, ENOMEM } },
};

/* Cannot fail: what returns an id or the break, or fails for a wrong address only. */
static const long infallible[] = {
	SYS_brk, SYS_exit, SYS_exit_group, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpgrp, SYS_getpid, SYS_getppid, SYS_gettid,
	SYS_getuid, SYS_restart_syscall, SYS_futex, SYS_sched_yield, SYS_clock_gettime, SYS_rt_sigreturn, SYS_umask, SYS_set_robust_list, SYS_rseq, SYS_set_tid_address, SYS_arch_prctl,
	SYS_mprotect, SYS_munmap, SYS_rt_sigaction, SYS_rt_sigpending, SYS_rt_sigprocmask,
};

/* Change nothing that another process or a signal depends on; so do other calls that open, or ask for what is there. */
static const long idle[] = {
	SYS_access, SYS_brk, SYS_capget, SYS_faccessat2, SYS_fstat, SYS_fstatfs, SYS_getcwd, SYS_getdents64, SYS_getegid, SYS_geteuid,
	SYS_getgid, SYS_getgroups, SYS_getpgid, SYS_getpid, SYS_getppid, SYS_getrandom, SYS_getresgid, SYS_getresuid, SYS_getsid,
	SYS_gettid, SYS_getuid, SYS_ioctl, SYS_lseek, SYS_lstat, SYS_madvise, SYS_mmap, SYS_mprotect, SYS_mremap, SYS_munmap,
	SYS_newfstatat, SYS_pidfd_open, SYS_poll, SYS_pread64, SYS_prlimit64, SYS_readlink, SYS_readlinkat, SYS_rt_sigpending,
	SYS_sigaltstack, SYS_stat, SYS_statfs, SYS_statx, SYS_uname,
};

static struct process {
	pid_t pid;
	int number; /* -1: stopped, and its parent's fork is not known yet */
	int inside; /* between the entry of a call and its exit */
	int fails;
	int index;
	int execs;
	int started;
	int moments;
	long moment; /* the call of the last one */
	int attached; /* the stop with which it began is over */
	enum { NOT, HELD, STOPPED } waits; /* until nobody moves any more */
	int program; /* let go */
} processes[64];

static FILE *report;
static int wanted_process = -1, wanted_index, wanted_error, forks;
static int signalling, wanted_signal, wanted_other, sent, still, hangs;

/* Whether the call has failed: nothing more is to be looked at. Not where a process may have to be let go for another tracer. */
static int is_over, lets_go;

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
	if (ptrace(is_over ? PTRACE_CONT : PTRACE_SYSCALL, process->pid, 0, (long)signal) && errno != ESRCH)
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

/* The call's name, and which of many it is: what fcntl(2) is told to do, what is opened or read. Numbers differ from run to run. */
static void describe(char *name, size_t room, pid_t pid, const struct call *call, const struct user_regs_struct *registers)
{
	const unsigned long long arguments[] = { registers->rdi, registers->rsi, registers->rdx };
	size_t length = snprintf(name, room, "%s", call->name);
	if (call->number == SYS_fcntl || call->number == SYS_prctl || call->number == SYS_ioctl || call->number == SYS_ptrace) {
		snprintf(name + length, room - length, ":%ld", (long)arguments[call->number == SYS_fcntl || call->number == SYS_ioctl]);
		return;
	}
	if (!call->path)
		return;
	char text[64] = "";
	if (call->path < 0) {
		char link[64];
		snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)registers->rdi);
		if (readlink(link, text, sizeof text - 1) < 0)
			return;
	} else {
		/* What stands close to the end of its page is read as far as that goes. */
		unsigned long from = arguments[call->path - 1], page = 4096 - from % 4096;
		struct iovec here = { text, sizeof text - 1 };
		struct iovec there[] = { { (void *)from, page }, { (void *)(from + page), sizeof text } };
		process_vm_readv(pid, &here, 1, there, 2, 0);
		/* A descriptor: asked for itself, or opened again by its number in /proc/self/fd. Of the former, only these are told apart. */
		char link[96] = "", own[32], directory[64] = "", target[64] = "";
		snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)registers->rdi);
		if (readlink(link, directory, sizeof directory - 1) < 0)
			*directory = 0;
		snprintf(own, sizeof own, "/proc/%d/fd", pid);
		/* Read as a list, it is something else. */
		if (call->number == SYS_openat && registers->rdx & O_PATH && !strcmp(text, "/proc"))
			strcpy(text, "/proc:path");
		if (call->number == SYS_newfstatat && !*text && !strncmp(directory, "/etc/", 5))
			memcpy(text, directory, sizeof text);
		else if (call->number == SYS_openat && !strcmp(directory, own) && strspn(text, "0123456789") == strlen(text)) {
			snprintf(link, sizeof link, "/proc/%d/fd/%.20s", pid, text);
			if (readlink(link, target, sizeof target - 1) > 0)
				memcpy(text, target, sizeof text);
		}
	}
	name[length++] = ':';
	for (const char *from = text; *from && length < room - 1; from++) {
		int digit = *from >= '0' && *from <= '9';
		if (!digit || name[length - 1] != 'N')
			name[length++] = digit ? 'N' : *from > ' ' && *from <= '~' ? *from : '?';
	}
	name[length] = 0;
}

static int is_idle(const struct user_regs_struct *registers)
{
	if (registers->orig_rax == SYS_openat)
		return !(registers->rdx & (O_CREAT | O_TMPFILE));
	if (registers->orig_rax == SYS_fcntl)
		return registers->rsi == F_GETFD || registers->rsi == F_GETFL || registers->rsi == F_SETFD || registers->rsi == F_DUPFD_CLOEXEC;
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (idle[i] == (long)registers->orig_rax)
			return 1;
	return 0;
}

static const char *name_of(long number)
{
	static char name[32];
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].number == number)
			return calls[i].name;
	snprintf(name, sizeof name, "call:%ld", number);
	return name;
}

/* At the entry of a call: whether the process is to be held there. */
static int moment(struct process *process, const struct user_regs_struct *registers)
{
	long before = process->moment;
	if (process->moments && is_idle(registers))
		return 0;
	process->moment = registers->orig_rax;
	/* Of these, many come in a row. Only the last of them can change anything, or they all have set what was set before. */
	if (process->moment == before && (before == SYS_execve || before == SYS_rt_sigaction))
		return 0;
	int index = process->moments++;
	const char *name = name_of(process->moment);
	struct process *other = NULL;
	if (wanted_process < 0)
		fprintf(report, "%d %d %s", process->number, index, name);
	for (struct process *each = processes; each < processes + 64; each++) {
		if (wanted_process < 0 && each->pid && each->number >= 0 && !each->program)
			fprintf(report, " %d", each->number);
		if (each->pid && each->number == wanted_other)
			other = each;
	}
	if (wanted_process < 0) {
		fprintf(report, "\n");
		return 0;
	}
	if (sent || process->number != wanted_process || index != wanted_index || !other)
		return 0;
	sent = 1;
	fprintf(report, "sent %s\n", name);
	if (kill(other->pid, wanted_signal) && errno != ESRCH)
		fail("kill");
	return other != process;
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
			is_over = !lets_go;
		}
		/* The last that the C library does of a static program: what was relocated becomes read-only. */
		if (!process->started && registers.orig_rax == SYS_mprotect)
			process->started = 1;
		return;
	}
	if (!process->started)
		return;
	if (signalling) {
		process->waits = moment(process, &registers) ? HELD : NOT;
		return;
	}
	const struct call *call = known(registers.orig_rax);
	if (!call)
		return;
	/* There is always a child to wait for; and without waiting there is nothing to interrupt. */
	if ((call->number == SYS_wait4 && registers.rdx & WNOHANG) || (call->number == SYS_waitid && registers.r10 & WNOHANG))
		return;
	/* A path is only looked up, so nothing of a device or server is waited for. */
	int interruptible = call->interruptible && !(call->number == SYS_openat && registers.rdx & O_PATH);
	int index = process->index++;
	char name[128];
	describe(name, sizeof name, process->pid, call, &registers);
	if (wanted_process < 0) {
		for (const int *error = call->errors; *error; error++)
			fprintf(report, "%d %d %s %d\n", process->number, index, name, *error);
		if (interruptible)
			fprintf(report, "%d %d %s %d\n", process->number, index, name, EINTR);
	} else if (process->number == wanted_process && index == wanted_index) {
		fprintf(report, "%s\n", name);
		process->fails = 1;
		/* What cannot be closed is gone all the same, see close(2). */
		if (call->number != SYS_close)
			registers.orig_rax = -1;
		if (ptrace(PTRACE_SETREGS, process->pid, 0, &registers))
			fail("PTRACE_SETREGS");
		fflush(report);
		return;
	}
	fflush(report);
	/* Nobody has two tracers: who wants another one is let go, as is what executes another program. */
	if (call->number == SYS_ptrace && registers.rdi == PTRACE_TRACEME) {
		ptrace(PTRACE_DETACH, process->pid, 0, 0);
		process->pid = 0;
	}
}

static void tell_program(const char *what, const struct process *process)
{
	char path[32], name[32] = "";
	snprintf(path, sizeof path, "/proc/%d/comm", process->pid);
	FILE *file = fopen(path, "re");
	if (file) {
		if (!fgets(name, sizeof name, file))
			name[0] = 0;
		fclose(file);
	}
	fprintf(report, "%s %d %s\n", what, process->number, strtok(name, "\n") ? name : "?");
}

/* What a stop is about. */
static void stopped(struct process *process, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	siginfo_t information;
	if (signal == (SIGTRAP | 0x80)) {
		enter_or_leave(process);
		if (process->waits)
			return;
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		unsigned long pid;
		signal = 0;
		if (!ptrace(PTRACE_GETEVENTMSG, process->pid, 0, &pid)) {
			struct process *child = of(pid);
			int waits = child->number == -1 && child->execs < 0;
			child->number = ++forks;
			child->waits = NOT;
			child->attached = waits;
			child->execs = 1;
			child->started = process->started;
			if (waits)
				resume(child, 0);
		}
	} else if (event == PTRACE_EVENT_EXEC) {
		signal = 0;
		if (process->execs++) {
			pid_t pid = process->pid;
			process->program = signalling;
			if (signalling)
				tell_program("exec", process);
			else
				process->pid = process->number ? 0 : pid;
			ptrace(PTRACE_DETACH, pid, 0, 0);
			return;
		}
	} else if (signal == SIGSTOP && process->number == -1) {
		process->execs = -1;
		/* Its parent may be killed before it can tell of its fork. */
		process->waits = HELD;
		return;
	} else if (signal == SIGSTOP && process->number > 0 && !process->attached) {
		process->attached = 1;
		signal = 0;
	} else if (signal == SIGSTOP && signalling && ptrace(PTRACE_GETSIGINFO, process->pid, 0, &information) && errno == EINVAL) {
		process->waits = STOPPED;
		return;
	}
	resume(process, signal);
}

/* As in /proc/PID/stat; 0 of none. */
static char state(const struct process *process)
{
	char path[32], text[64] = "";
	snprintf(path, sizeof path, "/proc/%d/stat", process->pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	char *end = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
	fclose(file);
	return end ? end[2] : 0;
}

static int sleeps(const struct process *process)
{
	/* D: whoever has called vfork(2), mostly. */
	char now = state(process);
	return !now || strchr("SZXTD", now);
}

static int is_alive(const struct process *process)
{
	return process->pid && !kill(process->pid, 0);
}

/* What can be done when nobody moves any more. */
static void go_on(int held, int stopped, int programs)
{
	for (struct process *process = processes; process < processes + 64; process++) {
		if (!process->pid)
			continue;
		if (held ? process->waits == HELD : process->waits == STOPPED) {
			if (process->waits == STOPPED && kill(process->pid, SIGCONT) && errno != ESRCH)
				fail("SIGCONT");
			if (process->number < 0)
				*process = (struct process){ .pid = process->pid, .number = ++forks, .execs = 1, .started = 1, .attached = 1 };
			process->waits = NOT;
			resume(process, 0);
		} else if (stopped && process->program) {
			kill(process->pid, SIGCONT);
		} else if (!held && !stopped && process->program && is_alive(process)) {
			tell_program("ended", process);
			kill(process->pid, SIGKILL);
		} else if (!held && !stopped && !programs && is_alive(process)) {
			tell_program("hangs", process);
			kill(process->pid, SIGKILL);
			hangs = 1;
		}
	}
}

/* Every millisecond: whether nobody moves any more. */
static void look(void)
{
	int held = 0, stopped = 0, programs = 0, busy = 0;
	for (struct process *process = processes; process < processes + 64; process++) {
		if (process->pid && !process->waits && !sleeps(process)) {
			still = 0;
			return;
		}
		held |= process->pid && process->waits == HELD;
		stopped |= process->pid && (process->waits == STOPPED || (process->program && state(process) == 'T'));
		programs |= process->program && is_alive(process);
		busy |= process->pid && !process->waits && state(process) == 'D';
	}
	/* Once may be by chance. Who ought to be reached by a signal gets more time; and who waits in the kernel, as for the end of a
	 * mount namespace, goes on by himself, be the machine ever so slow. */
	if (++still >= (held || stopped || (programs && !sent && !busy) ? (busy ? 10 : 2) : programs && !busy ? 50 : 2000)) {
		still = 0;
		go_on(held, stopped, programs);
	}
}

static void alarmed(int signal)
{
	(void)signal;
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
		signalling = sscanf(argv[2], "%d@%d", &wanted_signal, &wanted_other) == 2;
		argv += 3;
	} else if (!strcmp(argv[0], "moments")) {
		signalling = 1;
		argv++;
	}
	for (char **argument = argv; *argument; argument++)
		lets_go |= !strcmp(*argument, "--check");
	pid_t first = fork();
	if (first == 0) {
		/* Whatever the caller ignores, such as what nohup(1) or a background job does. */
		signal(SIGHUP, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
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
	if (signalling) {
		const struct itimerval every = { { 0, 1000 }, { 0, 1000 } };
		/* Orphans come here. */
		if (prctl(PR_SET_CHILD_SUBREAPER, 1) || sigaction(SIGALRM, &(struct sigaction){ .sa_handler = alarmed }, NULL) ||
		    setitimer(ITIMER_REAL, &every, NULL))
			fail("setitimer");
	}
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR) {
			look();
			continue;
		}
		if (pid < 0)
			break;
		still = 0;
		process = of(pid);
		if (WIFSTOPPED(status)) {
			stopped(process, status);
			continue;
		}
		process->pid = 0;
		if (signalling && !process->program)
			fprintf(report, "last %d %s\n", process->number, name_of(process->moment));
		if (pid == first)
			end = status;
	}
	fclose(report);
	if (hangs)
		return 124;
	if (WIFSIGNALED(end))
		return 128 + WTERMSIG(end);
	return WEXITSTATUS(end);
}
