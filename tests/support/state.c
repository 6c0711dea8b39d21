/* Prints all that a started program inherits, a line `what: value` each, to descriptor 250. What can be asked only of
 * a /proc it asks of 251, the stage's; 252 says which namespaces are known (tests/support/caller.c opens them).
 *
 * Numbers that differ from run to run are told by what they mean: processes by who they are, namespaces by whose. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { OUT = 250, PROC = 251, KNOWN = 252 };

/* Newer than some headers. */
#define GET_IO_FLUSHER 58
#define GET_MDWE 66
#define GET_MEMORY_MERGE 68
#define ARCH_GET_CPUID 0x1011

static char known[1 << 16];
static char text[1 << 16];
static FILE *out;
static int self;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(out, format, list);
	va_end(list);
}

/* Prints a text in which no line can hide. */
static void say_text(const char *what, const char *value)
{
	say("%s: ", what);
	for (; *value; value++)
		say(*value == '\n' ? "\\n" : "%c", *value);
	say("\n");
}

/* The contents of a file of /proc, or the reason why there are none. */
static const char *read_proc(const char *name)
{
	int fd = openat(PROC, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = -1, all = 0;

	while (fd >= 0 && (length = read(fd, text + all, sizeof text - 1 - all)) > 0)
		all += length;
	if (length < 0)
		all = snprintf(text, sizeof text, "(%s)", strerror(errno));
	text[all] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

static void read_known(void)
{
	ssize_t length = pread(KNOWN, known, sizeof known - 1, 0);

	known[length < 0 ? 0 : length] = 0;
}

/* The number that stands behind a word in what is known. */
static int known_number(const char *word)
{
	const char *place = strstr(known, word);

	return place ? atoi(place + strlen(word)) : -1;
}

/* Who a process is, by its number outside. */
static const char *who(int pid)
{
	if (pid == 0)
		return "nobody here";
	if (pid == self)
		return "itself";
	if (pid == known_number("caller "))
		return "the caller";
	if (pid == known_number("program "))
		return "the program that started it";
	return "another";
}

/* The field of /proc/self/stat with this number, see proc_pid_stat(5). */
static int stat_field(int number)
{
	const char *field = strrchr(read_proc("self/stat"), ')');

	for (int at = 2; field && at < number; at++)
		field = strchr(field + 1, ' ');
	return field ? atoi(field + 1) : -1;
}

static void relations(void)
{
	static const struct { const char *what; int field; } fields[] = {
		{ "process group", 5 }, { "session", 6 }, { "foreground group", 8 },
	};

	self = atoi(read_proc("self/stat"));
	say("process: %s\n", self == known_number("program ") ? "that of the program that started it" : "a child");
	say("parent: %s\n", who(stat_field(4)));
	say("parent as the program sees it: %s\n", getppid() == 0 ? "none" : getppid() == 1 ? "1" : "some");
	say("number: %s\n", getpid() == 1 ? "1" : getpid() == self ? "that of outside" : "another");
	for (int i = 0; i < 3; i++) {
		int number = stat_field(fields[i].field);

		say("%s: %s\n", fields[i].what, number < 0 ? "none" : who(number));
	}
	say("terminal: %d\n", stat_field(7));
	say("exit signal: %d\n", stat_field(38));
	say("/dev/tty: %s\n", open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC) < 0 ? strerror(errno) : "opens");
}

/* Children that it has not made; those of the caller are its own where the caller has become it. */
static void children(void)
{
	char list[4096], name[64], *pid, *rest = list;

	snprintf(name, sizeof name, "self/task/%d/children", self);
	snprintf(list, sizeof list, "%s", read_proc(name));
	for (int n = 1; (pid = strtok_r(rest, " ", &rest)); n++) {
		const char *end;

		snprintf(name, sizeof name, "%s/stat", pid);
		end = strrchr(read_proc(name), ')');
		say("child %d: %s\n", n, !end ? "gone" : end[2] == 'Z' ? "ended" : "living");
	}
	say("threads: %d\n", stat_field(20));
}

static void descriptors(void)
{
	int last = OUT + 800;

	for (int fd = 0; fd < last; fd++) {
		int flags = fcntl(fd, F_GETFD);
		char name[32], path[4096] = "";
		struct stat file;

		if (flags < 0 || fd == OUT)
			continue;
		fstat(fd, &file);
		snprintf(name, sizeof name, "self/fd/%d", fd);
		if (readlinkat(PROC, name, path, sizeof path - 1) < 0)
			strcpy(path, strerror(errno));
		say("descriptor %d: flags=%d status=%#o offset=%jd file=%jx:%ju mode=%o signal=%d path=%s\n", fd, flags,
		    fcntl(fd, F_GETFL), (intmax_t)lseek(fd, 0, SEEK_CUR), (uintmax_t)file.st_dev, (uintmax_t)file.st_ino,
		    file.st_mode, fcntl(fd, F_GETSIG), path);
	}
}

/* By raw calls, since libc keeps 32 and 33 from sight. */
static void dispositions(void)
{
	struct { void (*handler)(int); unsigned long flags; void (*restorer)(void); uint64_t mask; } action;

	for (int signal = 1; signal <= 64; signal++) {
		if (syscall(SYS_rt_sigaction, signal, NULL, &action, 8) < 0)
			say("signal %d: %s\n", signal, strerror(errno));
		else
			say("signal %d: %s flags=%#lx mask=%#jx\n", signal,
			    action.handler == SIG_DFL ? "default" : action.handler == SIG_IGN ? "ignored" : "caught",
			    action.flags, (uintmax_t)action.mask);
	}
}

/* Takes them, so it comes last. */
static void pending(void)
{
	uint64_t mask = 0, waiting = 0;
	struct timespec now = { 0, 0 };
	siginfo_t info;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	say("blocked: %016jx\n", (uintmax_t)mask);
	syscall(SYS_rt_sigpending, &waiting, 8);
	say("pending: %016jx\n", (uintmax_t)waiting);
	for (int n = 1; n < 20 && syscall(SYS_rt_sigtimedwait, &waiting, &info, &now, 8) > 0; n++)
		say("pending %d: signal=%d code=%d value=%d\n", n, info.si_signo, info.si_code,
		    info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
}

static void credentials(void)
{
	static const char *const lines[] = {
		"Umask", "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
		"Seccomp_filters", "Speculation_Store_Bypass", "SpeculationIndirectBranch", "Cpus_allowed", "Mems_allowed",
		"SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "THP_enabled",
	};
	char status[1 << 14], *line, *rest = status;

	snprintf(status, sizeof status, "%s", read_proc("self/status"));
	while ((line = strtok_r(rest, "\n", &rest))) {
		char *end = strchr(line, ':');
		int levels = 0;

		if (!end)
			continue;
		*end = 0;
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			if (!strcmp(line, lines[i]))
				say_text(line, end + 1);
		if (!strcmp(line, "NStgid")) {
			for (char *at = end + 1; *at; at++)
				levels += *at == '\t';
			say("levels of pid namespaces: %d\n", levels);
		}
	}
	/* Both give what was before; nothing is changed by -1. */
	say("file system ids: %d %d\n", setfsuid(-1), setfsgid(-1));
}

static void attributes(void)
{
	static const struct { const char *what; int option; } asked[] = {
		{ "dumpable", PR_GET_DUMPABLE }, { "keepcaps", PR_GET_KEEPCAPS }, { "securebits", PR_GET_SECUREBITS },
		{ "no_new_privs", PR_GET_NO_NEW_PRIVS }, { "timer slack", PR_GET_TIMERSLACK },
		{ "thp disabled", PR_GET_THP_DISABLE }, { "seccomp", PR_GET_SECCOMP }, { "timing", PR_GET_TIMING },
		{ "machine checks", PR_MCE_KILL_GET }, { "io flusher", GET_IO_FLUSHER }, { "mdwe", GET_MDWE },
		{ "memory merge", GET_MEMORY_MERGE },
	};
	static const struct { const char *what; int option; } stored[] = {
		{ "death signal", PR_GET_PDEATHSIG }, { "subreaper", PR_GET_CHILD_SUBREAPER }, { "tsc", PR_GET_TSC },
	};
	static const struct { const char *what, *file; } files[] = {
		{ "oom_score_adj", "self/oom_score_adj" }, { "coredump filter", "self/coredump_filter" },
		{ "cgroup", "self/cgroup" }, { "uid map", "self/uid_map" }, { "gid map", "self/gid_map" },
		{ "setgroups", "self/setgroups" }, { "clock offsets", "self/timens_offsets" }, { "login uid", "self/loginuid" },
		{ "audit session", "self/sessionid" }, { "security context", "self/attr/current" },
		{ "security context for exec", "self/attr/exec" }, { "cpuset", "self/cpuset" },
		{ "slack of timers", "self/timerslack_ns" }, { "comm", "self/comm" },
	};

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		say("%s: %d\n", asked[i].what, prctl(asked[i].option, 0, 0, 0, 0));
	for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
		int value = -1;

		prctl(stored[i].option, &value, 0, 0, 0);
		say("%s: %d\n", stored[i].what, value);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		say_text(files[i].what, read_proc(files[i].file));
	for (int which = 0; which < 3; which++)
		say("speculation %d: %d\n", which, prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0));
#ifdef SYS_arch_prctl
	say("cpuid: %ld\n", syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0));
#endif
	say("personality: %x\n", personality(0xffffffff));
	say("session keyring: %ld\n", syscall(SYS_keyctl, 0, -3, 0));
}

static void scheduling(void)
{
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t rest[5]; } attributes = { 0 };
	unsigned long nodes[16] = { 0 };
	cpu_set_t set;
	int mode = -1;

	syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0);
	say("scheduling: policy=%u flags=%jx nice=%d priority=%u clamp=%jx\n", attributes.policy,
	    (uintmax_t)attributes.flags, attributes.nice, attributes.priority, (uintmax_t)attributes.rest[3]);
	say("nice: %d\n", getpriority(PRIO_PROCESS, 0));
	say("io priority: %ld\n", syscall(SYS_ioprio_get, 1, 0));
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof set, &set);
	say("affinity:");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			say(" %d", cpu);
	syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, NULL, 0);
	say("\nmemory policy: %d %lx\n", mode, nodes[0]);
}

static void limits(void)
{
	struct rlimit limit;

	for (int resource = 0; resource < 16; resource++)
		if (getrlimit(resource, &limit) == 0)
			say("limit %d: %jd %jd\n", resource, (intmax_t)limit.rlim_cur, (intmax_t)limit.rlim_max);
}

/* In tens of seconds, since they run. */
static void timers(void)
{
	struct itimerval timer;

	for (int which = 0; which < 3; which++) {
		getitimer(which, &timer);
		say("timer %d: %jd every %jd\n", which, (intmax_t)(timer.it_value.tv_sec + 5) / 10,
		    (intmax_t)timer.it_interval.tv_sec);
	}
}

static void locks(void)
{
	int count = 0;
	char *line, *rest;

	read_proc("locks");
	for (rest = text; (line = strtok_r(rest, "\n", &rest));) {
		char kind[16] = "";
		int pid = 0;

		count += sscanf(line, "%*s %15s %*s %*s %d", kind, &pid) == 2 && pid == self && !strcmp(kind, "POSIX");
	}
	say("locks: %d\n", count);
}

static void directories(void)
{
	static const char *const places[] = { ".", "/" };
	char path[4096];
	struct stat file;

	for (int i = 0; i < 2; i++) {
		if (stat(places[i], &file) < 0)
			say("directory %s: %s\n", places[i], strerror(errno));
		else
			say("directory %s: %jx:%ju\n", places[i], (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);
	}
	/* The call itself: libc's does not say "(unreachable)". */
	say_text("working directory", syscall(SYS_getcwd, path, sizeof path) < 0 ? strerror(errno) : path);
}

static void namespaces(void)
{
	static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time",
					     "time_for_children", "user", "uts" };

	for (int i = 0; i < 10; i++) {
		char name[64], link[64] = "", wanted[80];
		const char *line;

		snprintf(name, sizeof name, "self/ns/%s", kinds[i]);
		if (readlinkat(PROC, name, link, sizeof link - 1) < 0)
			strcpy(link, strerror(errno));
		snprintf(wanted, sizeof wanted, "%s of ", link);
		line = strstr(known, wanted);
		if (line)
			say("namespace %s: of %.*s\n", kinds[i], (int)strcspn(line + strlen(wanted), "\n"), line + strlen(wanted));
		else
			say("namespace %s: %s\n", kinds[i], strchr(link, '[') ? "new" : link);
	}
}

static void words(int argc, char **argv, char **variables)
{
	char what[32];

	for (int i = 0; i < argc; i++) {
		snprintf(what, sizeof what, "argument %d", i);
		say_text(what, argv[i]);
	}
	for (int i = 0; variables[i]; i++) {
		snprintf(what, sizeof what, "variable %d", i);
		say_text(what, variables[i]);
	}
	say_text("executed as", (const char *)getauxval(AT_EXECFN));
	say("secure: %lu ids: %lu %lu %lu %lu flags: %lu\n", getauxval(AT_SECURE), getauxval(AT_UID), getauxval(AT_EUID),
	    getauxval(AT_GID), getauxval(AT_EGID), getauxval(AT_FLAGS));
}

int main(int argc, char **argv, char **variables)
{
	if (!(out = fdopen(OUT, "w")))
		return 1;
	read_known();
	descriptors();
	relations();
	children();
	words(argc, argv, variables);
	credentials();
	attributes();
	scheduling();
	limits();
	timers();
	locks();
	directories();
	namespaces();
	dispositions();
	pending();
	say("end: of state\n");
	return fclose(out) != 0;
}
