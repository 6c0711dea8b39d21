/* Holds a program at one of its system calls while something else happens, so that a race is always lost in the same place.
 *
 *   step run REPORT COMMAND INDEX PROGRAM...   at the entry of call INDEX of PROGRAM, `sh -c COMMAND` runs and ends; then PROGRAM goes on
 *   step run REPORT COMMAND reads PROGRAM...   the same at each read(2)
 *   step twin PID NAME [user]                  starts a container in /tmp/twins/NAME as the process with this PID; prints who it is
 *   step mover PID [user]                      starts root's process, or an ordinary user's, in no namespaces of its own
 *   step move PID                              has it make namespaces, and /tmp/twins/second the root there
 *   step end PID                               kills a process, and waits until its number is free, if it can be
 *   step who PID                               prints who a process is
 *   step reap PROGRAM...                       runs it, waits for all orphans that it leaves, and ends as it does
 *
 * Calls are counted in all processes of PROGRAM together, from 0, once the C library has started it; but not those that see
 * nothing of the outside, where nothing can be lost that is not lost at the next one. What executes another program is let
 * go. COMMAND finds the PID of who is held in $HELD; the others may go on meanwhile, as far as to their next call. Ends as
 * PROGRAM does; after 10 s with SIGALRM, and all of PROGRAM's processes with it. REPORT gets lines:
 *
 *   calls N            how many there were
 *   at INDEX NUMBER    the call before which COMMAND ran
 *   beside NUMBER      each call that another process was in by then, and the first that it came to since: what it does in
 *                      that one it may have decided before
 *   opened PATH        what is neither plain file nor directory
 *   call INDEX NUMBER  each call, where COMMAND never runs (INDEX -1)
 *   who ...            each program that was executed, of the moment before its first instruction */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static int check(long result, const char *step)
{
	if (result < 0)
		error(98, errno, "step: %s", step);
	return result;
}

/* The first line of a file below /proc/PID; a dash where there is none. */
static void show_line(FILE *out, const char *title, pid_t pid, const char *name)
{
	char path[64], line[64] = "-";
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
	if (length > 0)
		line[length] = '\0';
	if (fd >= 0)
		close(fd);
	fprintf(out, " %s=%.*s", title, (int)strcspn(line, "\n"), line);
}

static void show_environment(FILE *out, pid_t pid)
{
	char path[64], text[4096] = "";
	snprintf(path, sizeof path, "/proc/%d/environ", pid);
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
	if (file)
		fclose(file);
	const char *who = "-";
	for (const char *word = text; word < text + length; word += strlen(word) + 1)
		if (!strncmp(word, "WHO=", 4))
			who = word + 4;
	fprintf(out, " env=%s", who);
}

/* Namespaces, root and working directory, environment, ids. */
static void show(FILE *out, pid_t pid)
{
	static const char *kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	char path[64];
	struct stat it;
	for (int i = 0; i < 8; i++) {
		snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kinds[i]);
		fprintf(out, "%s%s=%ld", i ? " " : "", kinds[i], stat(path, &it) ? -1L : (long)it.st_ino);
	}
	show_line(out, "root", pid, "root/name");
	show_line(out, "cwd", pid, "cwd/here");
	show_environment(out, pid);
	snprintf(path, sizeof path, "/proc/%d", pid);
	check(stat(path, &it), path);
	fprintf(out, " uid=%d gid=%d", it.st_uid, it.st_gid);
	long pidfd = syscall(SYS_pidfd_open, pid, 0);
	fprintf(out, " pidfd=%ld\n", pidfd < 0 || fstat(pidfd, &it) ? -1L : (long)it.st_ino);
	if (pidfd >= 0)
		close(pidfd);
}

/* Whether the process has ended but for a pid namespace that waits for somebody whose parent is held. */
static int lingers(pid_t pid)
{
	char path[64], place[64] = "";
	snprintf(path, sizeof path, "/proc/%d/wchan", pid);
	FILE *file = fopen(path, "re");
	int known = file && fgets(place, sizeof place, file);
	if (file)
		fclose(file);
	return known && !strncmp(place, "zap_pid_ns", 10);
}

/* Waits until nobody has this number; or says no, where it is kept until the one who is held goes on. */
static int await_end(pid_t pid)
{
	long pidfd;
	int patience = getenv("HELD") ? 50 : 100000;
	while ((pidfd = syscall(SYS_pidfd_open, pid, 0)) >= 0 && patience > 0) {
		struct pollfd end = { .fd = pidfd, .events = POLLIN };
		if (poll(&end, 1, 1) == 0 && lingers(pid))
			patience--;
		close(pidfd);
		sched_yield();
	}
	return pidfd < 0;
}

/* Makes the directory /tmp/twins/NAME the root, its directory `here` the working directory, and becomes a program that waits. */
static void become(const char *name, int has_user)
{
	char root[64], who[64];
	snprintf(root, sizeof root, "/tmp/twins/%s", name);
	snprintf(who, sizeof who, "WHO=%s", name);
	check(sethostname(name, strlen(name)), "sethostname");
	check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	check(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
	check(chdir(root), root);
	/* While there is one to be seen that hides nothing: else a user may not. */
	check(mount("proc", "proc", "proc", 0, NULL), "proc");
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount");
	check(chdir("/here"), "here");
	int id = has_user ? 5 : strcmp(name, "first") ? 1002 : 1001;
	check(setgroups(0, NULL), "setgroups");
	check(setgid(id), "setgid");
	check(setuid(id), "setuid");
	char *words[] = { (char *)name, "stay", NULL }, *environment[] = { who, "PATH=/tmp/bin", NULL };
	execve("/tmp/bin/step", words, environment);
	check(-1, "execve");
}

static void map(pid_t pid, const char *name, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = check(open(path, O_WRONLY | O_CLOEXEC), path);
	check(write(fd, text, strlen(text)), path);
	close(fd);
}

/* Where a twin's program finds the pipe whose end tells that it runs. */
enum { UP = 20 };

static int twin(pid_t pid, const char *name, int has_user)
{
	/* In its own pid namespace it is process 1. */
	pid_t numbers[] = { 1, pid };
	struct clone_args args = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME |
			 (has_user ? CLONE_NEWUSER : 0),
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)numbers,
		.set_tid_size = 2,
	};
	int mapped[2], up[2];
	char byte;
	check(pipe2(mapped, O_CLOEXEC) | pipe2(up, O_CLOEXEC), "pipe2");
	long child;
	while ((child = syscall(SYS_clone3, &args, sizeof args)) < 0 && errno == EEXIST)
		if (!await_end(pid))
			return 0;
	if (check(child, "clone3") == 0) {
		close(mapped[1]);
		check(dup2(up[1], UP), "dup2");
		if (read(mapped[0], &byte, 1) == 0)
			become(name, has_user);
		return 98;
	}
	if (has_user) {
		map(pid, "uid_map", "0 100000 65536");
		map(pid, "gid_map", "0 100000 65536");
	}
	close(mapped[1]);
	close(up[1]);
	/* Nothing comes, but the end. execve(2) itself closes what is to be closed before there are words and variables to be read. */
	read(up[0], &byte, 1);
	show(stdout, pid);
	return 0;
}

/* What runc(8) does with a container's first process; for its user, anybody may do the same. */
static _Noreturn void move_inside(int is_user)
{
	int flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
	check(unshare(flags | (is_user ? CLONE_NEWUSER : 0)), "unshare");
	check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	check(mount("/tmp/twins/second", "/tmp/twins/second", NULL, MS_BIND | MS_REC, NULL), "bind");
	check(chdir("/tmp/twins/second"), "chdir");
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount");
	check(chdir("/here"), "here");
	check(sethostname("moved", 5), "sethostname");
	for (;;)
		pause();
}

static int mover(pid_t pid, int is_user)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1 };
	sigset_t signals;
	int up[2], signal;
	char byte;
	check(pipe2(up, O_CLOEXEC), "pipe2");
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	check(sigprocmask(SIG_BLOCK, &signals, NULL), "sigprocmask");
	long child;
	while ((child = syscall(SYS_clone3, &args, sizeof args)) < 0 && errno == EEXIST)
		await_end(pid);
	if (check(child, "clone3") == 0) {
		if (is_user) {
			check(setgroups(0, NULL), "setgroups");
			check(setgid(4242), "setgid");
			check(setuid(4242), "setuid");
			/* Else its files in /proc are root's. */
			check(prctl(PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE");
		}
		close(up[1]);
		close(up[0]);
		sigwait(&signals, &signal);
		move_inside(is_user);
	}
	close(up[1]);
	read(up[0], &byte, 1);
	show(stdout, pid);
	return 0;
}

static int move(pid_t pid)
{
	struct stat it;
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cwd/here", pid);
	kill(pid, SIGUSR1);
	/* A plain file: what is called so in the root itself is the directory to which the process goes last. */
	while ((stat(path, &it) || !S_ISREG(it.st_mode)) && syscall(SYS_kill, pid, 0) == 0)
		sched_yield();
	show(stdout, pid);
	return 0;
}

/* Calls that see nothing but this process. */
static const long blind[] = {
	SYS_arch_prctl, SYS_brk, SYS_close, SYS_exit, SYS_exit_group, SYS_fcntl, SYS_futex, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpid,
	SYS_getrandom, SYS_gettid, SYS_getuid, SYS_lseek, SYS_madvise, SYS_mmap, SYS_mprotect, SYS_mremap, SYS_munmap, SYS_prlimit64, SYS_rseq,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sched_getaffinity, SYS_set_robust_list, SYS_set_tid_address,
	SYS_sigaltstack, SYS_umask,
};

static struct process {
	pid_t pid;
	int inside; /* between the entry of a call and its exit */
	long number; /* of the last call that counts */
	int beside; /* has come to none since COMMAND ran */
	int execs;
	int started;
} processes[64];

static FILE *report;
static const char *hostile;
static long calls, wanted = -1;
static int at_reads, end = -1, waiting[64];
static pid_t first;

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
		error(98, 0, "step: more than 64 processes");
	*free = (struct process){ .pid = pid, .execs = 1, .started = 1 };
	return free;
}

static void ended(pid_t pid, int status)
{
	for (int i = 0; i < 64; i++)
		if (processes[i].pid == pid)
			processes[i].pid = waiting[i] = 0;
	if (pid == first)
		end = status;
}

static void interfere(struct process *held, long number)
{
	fprintf(report, "at %ld %ld\n", calls, number);
	for (struct process *process = processes; process < processes + 64; process++)
		if (process->pid > 0 && process != held) {
			process->beside = 1;
			if (process->inside)
				fprintf(report, "beside %ld\n", process->number);
		}
	fflush(report);
	pid_t shell = check(fork(), "fork");
	if (shell == 0) {
		char pid[16];
		snprintf(pid, sizeof pid, "%d", held->pid);
		setenv("HELD", pid, 1);
		execl("/bin/sh", "sh", "-c", hostile, NULL);
		_exit(127);
	}
	/* Meanwhile others may end, for which COMMAND may wait, or stop, which they stay. */
	int status;
	for (pid_t pid; (pid = check(waitpid(-1, &status, __WALL), "waitpid")) != shell;)
		if (WIFSTOPPED(status))
			waiting[of(pid) - processes] = status;
		else
			ended(pid, status);
	if (status)
		error(98, 0, "step: %s ended with %x", hostile, status);
}

/* Tells what was opened that is neither a plain file nor a directory: that may block, or act. */
static void look_at(pid_t pid, long number, long fd)
{
	if (fd < 0 || (number != SYS_open && number != SYS_openat && number != SYS_openat2))
		return;
	struct stat it;
	char path[64], name[256], line[64];
	int flags = 0;
	snprintf(path, sizeof path, "/proc/%d/fdinfo/%ld", pid, fd);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		sscanf(line, "flags: %o", &flags);
	if (file)
		fclose(file);
	snprintf(path, sizeof path, "/proc/%d/fd/%ld", pid, fd);
	if (flags & O_PATH || stat(path, &it) || S_ISREG(it.st_mode) || S_ISDIR(it.st_mode))
		return;
	ssize_t length = readlink(path, name, sizeof name - 1);
	fprintf(report, "opened %.*s\n", (int)length, name);
}

static void enter_or_leave(struct process *process)
{
	struct user_regs_struct registers;
	if (ptrace(PTRACE_GETREGS, process->pid, 0, &registers))
		return;
	process->inside = !process->inside;
	long number = registers.orig_rax;
	if (!process->inside)
		look_at(process->pid, number, registers.rax);
	/* The last that the C library does of a static program: what was relocated becomes read-only. */
	if (!process->inside && !process->started && number == SYS_mprotect)
		process->started = 1;
	if (!process->inside || !process->started)
		return;
	for (size_t i = 0; i < sizeof blind / sizeof *blind; i++)
		if (blind[i] == number)
			return;
	process->number = number;
	if (process->beside) {
		fprintf(report, "beside %ld\n", number);
		process->beside = 0;
	}
	if (wanted == -1 && !at_reads)
		fprintf(report, "call %ld %ld\n", calls, number);
	if (calls == wanted || (at_reads && number == SYS_read))
		interfere(process, number);
	calls++;
}

static void stopped(struct process *process, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == (SIGTRAP | 0x80)) {
		enter_or_leave(process);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC && process->execs++) {
		fprintf(report, "who ");
		show(report, process->pid);
		fflush(report);
		pid_t pid = process->pid;
		process->pid = -1;
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return;
	} else if (event || signal == SIGSTOP) {
		/* Also the stop with which a child begins. */
		signal = 0;
	}
	/* It may have been killed meanwhile. */
	if (ptrace(PTRACE_SYSCALL, process->pid, 0, (long)signal) && errno != ESRCH)
		check(-1, "PTRACE_SYSCALL");
}

static int run(char **argv)
{
	report = fopen(argv[0], "we");
	check(report ? 0 : -1, argv[0]);
	hostile = argv[1];
	at_reads = !strcmp(argv[2], "reads");
	wanted = at_reads ? -1 : atol(argv[2]);
	alarm(10);
	first = check(fork(), "fork");
	if (first == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	int status;
	check(waitpid(first, &status, 0), "waitpid");
	check(ptrace(PTRACE_SETOPTIONS, first, 0,
		     PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
			     PTRACE_O_EXITKILL),
	      "PTRACE_SETOPTIONS");
	*of(first) = (struct process){ .pid = first };
	check(ptrace(PTRACE_SYSCALL, first, 0, 0), "PTRACE_SYSCALL");
	for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
		if (WIFSTOPPED(status))
			stopped(of(pid), status);
		else
			ended(pid, status);
		for (int i = 0; i < 64; i++)
			if (processes[i].pid > 0 && waiting[i]) {
				status = waiting[i];
				waiting[i] = 0;
				stopped(&processes[i], status);
			}
	}
	fprintf(report, "calls %ld\n", calls);
	return WIFSIGNALED(end) ? 128 + WTERMSIG(end) : WEXITSTATUS(end);
}

static int reap(char **argv)
{
	check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "PR_SET_CHILD_SUBREAPER");
	pid_t first = check(fork(), "fork");
	if (first == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	int status;
	while (check(wait(&status), "wait") != first)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (!strcmp(what, "run") && argc > 5)
		return run(argv + 2);
	if (!strcmp(what, "twin") && argc > 3)
		return twin(atoi(argv[2]), argv[3], argc > 4);
	if (!strcmp(what, "end") && argc > 2) {
		kill(atoi(argv[2]), SIGKILL);
		await_end(atoi(argv[2]));
		return 0;
	}
	if (!strcmp(what, "who") && argc > 2)
		return show(stdout, atoi(argv[2])), 0;
	if (!strcmp(what, "mover") && argc > 2)
		return mover(atoi(argv[2]), argc > 3);
	if (!strcmp(what, "move") && argc > 2)
		return move(atoi(argv[2]));
	if (!strcmp(what, "reap") && argc > 2)
		return reap(argv + 2);
	if (!strcmp(what, "stay")) {
		close(UP);
		for (;;)
			pause();
	}
	error(98, 0, "step: run, twin, mover, move, end, who, reap");
}
