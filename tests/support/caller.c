/* `caller STATE` starts programs from a process in that state, one after the other: standard input has a line for each,
 * words with tabs between: `root` or `nsuser`, the program's path, and its argv. Prints what each came to:
 * `== STATUS`, what it printed to descriptor 250 (tests/support/state.c), and a line if something was wrong.
 *
 * Each starts as process 1000 with the same descriptors, so that what differs is the programs' doing. */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mempolicy.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT = 250, PROC = 251, KNOWN = 252, FIRST = 300, USER = 4242, PID = 1000, SECONDS = 5 };

/* Newer than some headers. */
#define SET_MDWE 65
#define SET_MEMORY_MERGE 67

static const char *state;
static int known, last_pid, master = -1, gone, opened[4];
static char *environment[] = { "PATH=/tmp/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp/stage", "SHELL=/tmp/bin/state",
			       "LC_ALL=C", "NS_HINTS=never", NULL };
/* Twice the same name, none, nothing at all; what libc takes from a program with more rights than its caller. */
static char *odd_environment[] = { "PATH=/tmp/bin:/bin", "Z=1", "", "A=1", "Z=2", "no equals sign", "=nameless", "TMPDIR=/tmp",
				   "PATH=/nowhere", "LD_LIBRARY_PATH=", "B=\n2", "NS_HINTS=never", "SHELL=/tmp/bin/state",
				   "LC_ALL=C", NULL };
static char *no_environment[] = { NULL };

/* Whether this is the process that becomes the program. */
static int is_starting;

static int check(int result, const char *step)
{
	if (result < 0 && is_starting)
		dprintf(OUT, "wrong: %s: %s\n", step, strerror(errno));
	if (result < 0)
		error(1, errno, "%s", step);
	return result;
}

static int is(const char *name)
{
	return !strcmp(state, name);
}

/* Puts a descriptor where the program finds it, or out of its way. */
static int put(int fd, int number, int flags)
{
	check(dup3(fd, number, flags), "dup3");
	close(fd);
	return number;
}

static void write_file(const char *path, const char *text)
{
	int fd = check(open(path, O_WRONLY | O_CLOEXEC), path);

	check(write(fd, text, strlen(text)), path);
	close(fd);
}

/* Which namespaces are whose, the caller's first. */
static void note_namespaces(void)
{
	static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	static const int pids[] = { 0, 100, 200, 500, 600, 700 };

	for (int i = 0; i < 6; i++)
		for (int kind = 0; kind < 8; kind++) {
			char path[64], link[64] = "";

			snprintf(path, sizeof path, "/proc/%d/ns/%s", pids[i] ? pids[i] : getpid(), kinds[kind]);
			if (readlink(path, link, sizeof link - 1) > 0)
				dprintf(known, "%s of %s %.0d\n", link, pids[i] ? "target" : "the caller", pids[i]);
		}
}

/* Who is who in this run. */
static void note_processes(int caller, int program)
{
	char line[64];

	snprintf(line, sizeof line, "caller %8d program %8d \n", caller, program);
	check(pwrite(known, line, strlen(line), 0), "pwrite");
}

/* What all runs have in common, and must come from the same files. */
static void open_descriptors(void)
{
	int pair[2];

	known = put(check(open("/tmp/known", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), "known"), FIRST, O_CLOEXEC);
	last_pid = put(check(open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC), "pid"), FIRST + 1, O_CLOEXEC);
	put(check(open("/proc", O_RDONLY | O_DIRECTORY), "/proc"), PROC, 0);
	put(check(open("/tmp/known", O_RDONLY), "known"), KNOWN, 0);
	note_processes(0, 0);
	lseek(known, 0, SEEK_END);
	note_namespaces();
	check(mkdir("/tmp/gone", 0777), "mkdir");
	gone = put(check(open("/tmp/gone", O_PATH | O_CLOEXEC), "gone"), FIRST + 2, O_CLOEXEC);
	check(rmdir("/tmp/gone"), "rmdir");
	opened[0] = put(check(open("/tmp/stage/held", O_RDWR | O_CREAT | O_CLOEXEC, 0666), "held"), FIRST + 3, O_CLOEXEC);
	check(ftruncate(opened[0], 1000), "ftruncate");
	opened[1] = put(check(open("/tmp/stage/dir", O_PATH | O_CLOEXEC), "dir"), FIRST + 4, O_CLOEXEC);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
	opened[2] = put(pair[0], FIRST + 5, O_CLOEXEC);
	put(pair[1], FIRST + 6, O_CLOEXEC);
	check(pipe2(pair, O_CLOEXEC | O_NONBLOCK), "pipe2");
	opened[3] = put(pair[1], FIRST + 7, O_CLOEXEC);
	put(pair[0], FIRST + 8, O_CLOEXEC);
	if (is("terminal") || is("background")) {
		mkdir("/tmp/pts", 0755);
		check(mount("devpts", "/tmp/pts", "devpts", 0, "mode=666,ptmxmode=666"), "devpts");
	}
}

/* By a raw call, since libc keeps 32 and 33 to itself. */
static void ignore(int signal)
{
	struct { void (*handler)(int); unsigned long flags; void (*restorer)(void); uint64_t mask; } action = { SIG_IGN, 0, 0, 0 };

	syscall(SYS_rt_sigaction, signal, &action, NULL, 8);
}

static void block(uint64_t mask)
{
	check(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8), "sigprocmask");
}

#define BIT(signal) (1ULL << ((signal) - 1))

static void signals(void)
{
	if (is("ignored"))
		for (int signal = 1; signal <= 64; signal++)
			ignore(signal);
	if (is("mixed")) {
		static const int ignored[] = { SIGPIPE, SIGINT, SIGQUIT, SIGCHLD, SIGTTOU, 33, 41 };

		for (int i = 0; i < 7; i++)
			ignore(ignored[i]);
		block(BIT(SIGTERM) | BIT(SIGCHLD) | BIT(SIGUSR1) | BIT(SIGTSTP) | BIT(SIGCONT) | BIT(32) | BIT(40));
	}
	if (is("blocked")) {
		union sigval value = { .sival_int = 7 };

		block(~0ULL);
		kill(getpid(), SIGUSR1);
		kill(getpid(), SIGTERM);
		sigqueue(getpid(), SIGRTMIN + 1, value);
		value.sival_int = 8;
		sigqueue(getpid(), SIGRTMIN + 1, value);
		syscall(SYS_tkill, getpid(), SIGHUP);
	}
}

static void descriptors(void)
{
	if (is("descriptors")) {
		lseek(opened[0], 123, SEEK_SET);
		check(dup2(opened[0], 3), "dup2");
		check(dup3(opened[0], 4, O_CLOEXEC), "dup3");
		check(dup2(opened[1], 5), "dup2");
		check(dup2(opened[2], 9), "dup2");
		check(dup3(opened[2], 10, O_CLOEXEC), "dup3");
		check(dup2(opened[3], 200), "dup2");
		check(dup2(opened[0], 63), "dup2");
		check(dup2(opened[3], 1023), "dup2");
	}
	if (is("closed") || is("closed-stdin"))
		close(0);
	if (is("closed"))
		close(1);
	if (is("closed") || is("closed-stderr"))
		close(2);
}

static void limits(void)
{
	static const struct rlimit lower[16] = {
		[RLIMIT_CPU] = { 100, 200 }, [RLIMIT_FSIZE] = { 1 << 24, 1 << 25 }, [RLIMIT_DATA] = { 1 << 28, 1 << 29 },
		[RLIMIT_STACK] = { 1 << 22, 1 << 23 }, [RLIMIT_CORE] = { 0, 4096 }, [RLIMIT_RSS] = { 1 << 28, 1 << 29 },
		[RLIMIT_NPROC] = { 500, 600 }, [RLIMIT_NOFILE] = { 64, 300 }, [RLIMIT_MEMLOCK] = { 4096, 8192 },
		[RLIMIT_AS] = { 1 << 29, 1 << 30 }, [RLIMIT_LOCKS] = { 10, 20 }, [RLIMIT_SIGPENDING] = { 50, 60 },
		[RLIMIT_MSGQUEUE] = { 4000, 5000 }, [RLIMIT_NICE] = { 0, 0 }, [RLIMIT_RTPRIO] = { 0, 0 },
		[RLIMIT_RTTIME] = { 1000000, 2000000 },
	};

	for (int resource = 0; resource < 16; resource++)
		check(setrlimit(resource, &lower[resource]), "setrlimit");
}

/* The capabilities that one process has: permitted and effective, inheritable. */
static void set_capabilities(uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { permitted, permitted, inheritable },
						  { permitted >> 32, permitted >> 32, inheritable >> 32 } };

	check(syscall(SYS_capset, &header, data), "capset");
}

static uint64_t permitted_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	check(syscall(SYS_capget, &header, data), "capget");
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

#define CAP(capability) (1ULL << (capability))

static void raise_ambient(uint64_t set)
{
	set_capabilities(permitted_capabilities(), set);
	for (int capability = 0; capability < 64; capability++)
		if (set & CAP(capability))
			check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0), "ambient");
}

static void attributes(void)
{
	unsigned long node = 1;
	struct sched_param none = { 0 };

	umask(0);
	check(personality(ADDR_NO_RANDOMIZE | ADDR_COMPAT_LAYOUT | STICKY_TIMEOUTS), "personality");
	check(setpriority(PRIO_PROCESS, 0, 5), "nice");
	check(sched_setscheduler(0, SCHED_BATCH, &none), "scheduler");
	check(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6), "ioprio");
	check(syscall(SYS_set_mempolicy, MPOL_PREFERRED, &node, 8), "mempolicy");
	write_file("/proc/self/oom_score_adj", "500");
	write_file("/proc/self/coredump_filter", "0x7f");
	check(prctl(PR_SET_TIMERSLACK, 12345, 0, 0, 0), "slack");
	check(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), "thp");
	check(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0), "machine checks");
	check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper");
	/* Not everywhere. */
	prctl(SET_MDWE, 1, 0, 0, 0);
	prctl(SET_MEMORY_MERGE, 1, 0, 0, 0);
}

/* What a change of ids would undo. */
static void personal_attributes(void)
{
	struct itimerval timers[] = { { { 7, 0 }, { 1000, 0 } }, { { 0, 0 }, { 2000, 0 } }, { { 0, 0 }, { 3000, 0 } } };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	check(prctl(PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0), "death signal");
	check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps");
	check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable");
	for (int which = 0; which < 3; which++)
		check(setitimer(which, &timers[which], NULL), "setitimer");
	check(dup2(opened[0], 3), "dup2");
	check(fcntl(3, F_SETLK, &lock), "lock");
}

static void filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	for (int n = 0; n < 2; n++)
		check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), "seccomp");
}

/* The living child, which whoever started the program ends. */
static pid_t *living;

/* A living child and one that has ended; nobody has waited for it. */
static void beget(void)
{
	siginfo_t info;
	pid_t pid;

	pid = check(fork(), "fork");
	if (pid == 0)
		for (;;)
			pause();
	*living = pid;
	pid = check(fork(), "fork");
	if (pid == 0)
		_exit(3);
	check(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), "waitid");
}

/* A terminal of its own; the program leads the session, or is in a group of it that is not in the foreground. */
static void terminal(void)
{
	char path[32];
	int number, slave, status;
	pid_t pid;

	master = put(check(open("/tmp/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "ptmx"), FIRST + 9, O_CLOEXEC);
	number = 0;
	check(ioctl(master, TIOCSPTLCK, &number), "unlock");
	check(ioctl(master, TIOCGPTN, &number), "number");
	snprintf(path, sizeof path, "/tmp/pts/%d", number);
	slave = check(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC), path);
	check(setsid(), "setsid");
	check(ioctl(slave, TIOCSCTTY, 0), "controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		check(dup2(slave, fd), "dup2");
	if (slave > 2)
		close(slave);
	if (!is("background"))
		return;
	pid = check(fork(), "fork");
	if (pid > 0) {
		check(waitpid(pid, &status, 0), "waitpid");
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	check(setpgid(0, 0), "setpgid");
}

static void become(int is_nsuser)
{
	static const gid_t groups[] = { 7, 8, USER };

	if (is("capabilities") || is("noroot"))
		check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keepcaps");
	check(setgroups(is("groups") ? 3 : 0, groups), "setgroups");
	if (is("ids")) {
		/* As after the start of a set-user-ID program; or what is still somebody else's. */
		check(is_nsuser ? setresgid(USER, USER, 5) : setresgid(USER, 0, 5), "setresgid");
		check(is_nsuser ? setresuid(USER, USER, 1) : setresuid(USER, 0, 0), "setresuid");
	} else if (is_nsuser) {
		check(setresgid(USER, USER, USER), "setresgid");
		check(setresuid(USER, USER, USER), "setresuid");
	}
	if (is("capabilities") || is("noroot"))
		check(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), "keepcaps");
}

/* Makes this process what the program finds as its caller. */
static void enter_state(int is_nsuser)
{
	if (is("session"))
		check(setsid(), "setsid");
	if (is("terminal") || is("background"))
		terminal();
	if (is("group"))
		check(setpgid(0, 0), "setpgid");
	if (is("limits"))
		limits();
	if (is("attributes"))
		attributes();
	if (is("bounding")) {
		set_capabilities(permitted_capabilities(), CAP(CAP_NET_RAW) | CAP(CAP_KILL) | CAP(CAP_SYS_NICE));
		for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
			if (capability == CAP_KILL || capability == CAP_NET_RAW || capability == CAP_SYS_MODULE)
				check(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "bounding set");
	}
	if (is("securebits"))
		check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_CAP_AMBIENT_RAISE |
			    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, 0, 0, 0), "securebits");
	if (is("gone"))
		check(fchdir(gone), "fchdir");
	become(is_nsuser);
	if (is("capabilities")) {
		uint64_t some = CAP(CAP_NET_BIND_SERVICE) | CAP(CAP_SYS_CHROOT) | CAP(CAP_NET_RAW);

		if (is_nsuser)
			set_capabilities(some, some);
		raise_ambient(some);
	}
	if (is("noroot")) {
		raise_ambient(permitted_capabilities());
		check(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0), "securebits");
	}
	if (is("attributes"))
		personal_attributes();
	if (is("filtered"))
		filter();
	if (is("children"))
		beget();
	descriptors();
	signals();
}

/* `@PATH` becomes `@` and the number of the namespace that the path leads to. */
static char *with_number(char *word)
{
	char *place = strstr(word, "@/"), *replaced;
	struct stat file;

	if (!place)
		return word;
	check(stat(place + 1, &file), place + 1);
	check(asprintf(&replaced, "%.*s@%ju", (int)(place - word), word, (uintmax_t)file.st_ino), "asprintf");
	return replaced;
}

static _Noreturn void start(char **words)
{
	int caller = getppid();
	char **variables = is("environment") || is("ids") ? odd_environment : is("empty") ? no_environment : environment;

	is_starting = 1;
	for (int i = 3; words[i]; i++)
		words[i] = with_number(words[i]);
	block(0);
	signal(SIGALRM, SIG_DFL);
	enter_state(!strcmp(words[0], "nsuser"));
	note_processes(caller, getpid());
	execve(words[1], words + 2, variables);
	check(-1, words[1]);
	abort();
}

static void late(int signal)
{
	(void)signal;
}

/* Waits for the program, and then for all that it leaves. */
static int wait_for(pid_t program, int *is_late, int *left)
{
	struct sigaction action = { .sa_handler = late };
	int status = 0, ended;
	pid_t pid;

	sigaction(SIGALRM, &action, NULL);
	alarm(SECONDS);
	for (*is_late = *left = 0; (pid = waitpid(-1, &ended, 0)) > 0 || errno == EINTR;) {
		if (pid == program) {
			status = ended;
			if (*living)
				kill(*living, SIGKILL);
			*living = 0;
		}
		if (pid < 0) {
			char children[64], list[4096] = "", *rest = list, *child;
			int fd;

			/* Only this process's own, which is whatever lost its parent as well. */
			snprintf(children, sizeof children, "/proc/self/task/%d/children", getpid());
			fd = check(open(children, O_RDONLY | O_CLOEXEC), children);
			check(read(fd, list, sizeof list - 1), children);
			close(fd);
			while ((child = strtok_r(rest, " ", &rest))) {
				*is_late |= atoi(child) == program;
				*left |= atoi(child) != program;
				kill(atoi(child), SIGKILL);
			}
			alarm(SECONDS);
		}
	}
	alarm(0);
	return status;
}

/* What the lines pin, write and hold. */
static void clean(void)
{
	static const char *const pins[] = { "/tmp/stage/dir/a", "/tmp/stage/dir/b", "/tmp/stage/dir/c" };

	for (int i = 0; i < 3; i++)
		while (umount2(pins[i], MNT_DETACH) == 0)
			;
	unlink("/tmp/stage/new");
}

static void run(char **words)
{
	int is_late, left, out = put(check(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666), "out"), FIRST + 10, O_CLOEXEC);
	char number[16], buffer[1 << 16];
	ssize_t length;
	pid_t program;
	int status;

	snprintf(number, sizeof number, "%d", PID - 1);
	check(pwrite(last_pid, number, strlen(number), 0), "ns_last_pid");
	fflush(stdout);
	program = check(fork(), "fork");
	if (program == 0) {
		check(dup2(out, OUT), "dup2");
		start(words);
	}
	status = wait_for(program, &is_late, &left);
	printf("== %s%d\n", WIFEXITED(status) ? "exit " : "signal ", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	lseek(out, 0, SEEK_SET);
	while ((length = read(out, buffer, sizeof buffer)) > 0)
		fwrite(buffer, 1, length, stdout);
	if (program != PID)
		printf("wrong: process %d and not %d\n", program, PID);
	if (is_late)
		printf("wrong: does not end\n");
	if (left)
		printf("wrong: left a process behind\n");
	close(out);
	clean();
}

/* Standard error of the programs: what they say is compared elsewhere. */
static void drive(void)
{
	static char input[1 << 20];
	char *line, *rest = input;

	check(fread(input, 1, sizeof input - 1, stdin), "stdin");
	check(setsid(), "setsid");
	check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "subreaper");
	syscall(SYS_keyctl, 1, NULL);
	open_descriptors();
	living = mmap(NULL, sizeof *living, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(living == MAP_FAILED ? -1 : 0, "mmap");
	/* Where they are found by the programs; this process prints elsewhere. */
	put(check(dup(1), "dup"), FIRST + 11, O_CLOEXEC);
	put(check(open("/dev/null", O_RDWR), "null"), 0, 0);
	check(dup2(0, 1), "dup2");
	if (!getenv("CALLER_SHOWS"))
		check(dup2(0, 2), "dup2");
	stdout = fdopen(FIRST + 11, "w");
	while ((line = strtok_r(rest, "\n", &rest))) {
		char *words[64], *next = line;
		int count = 0;

		while (next && count < 63)
			words[count++] = strsep(&next, "\t");
		words[count] = NULL;
		run(words);
	}
	fclose(stdout);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	state = argc > 1 ? argv[1] : "plain";
	pid = check(fork(), "fork");
	if (pid == 0) {
		drive();
		return 0;
	}
	check(waitpid(pid, &status, 0), "waitpid");
	return status != 0;
}
