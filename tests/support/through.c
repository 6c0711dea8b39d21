/* Goes through a command line: lets each call of each of its processes fail in turn, and says what came of that.
 *
 *   through FROM SECONDS INJECT COMMAND...
 *
 * First the command runs as it is. Then each call fails, from the FROM-th line on of what `inject` says of them, for as many
 * SECONDS as that takes, or these are over: with each error that it may fail with; where a process makes the same call for the
 * third time and more, as for each process in a list, with one of them, in their turn. With NS_FAULTS=all in the environment, with
 * each in any case. A run is told in lines, of which the first is
 *
 *   == PROCESS INDEX CALL ERRNO STATUS       what failed; `whole` in the place of all but the status for the first run
 *   out: TEXT, err: TEXT                     what it said
 *   miss: CALL                               it came to another call, or none, in that place
 *   left: TEXT                               what is there now and was not before it, or the other way round
 *
 * and the last line is `== next NUMBER`, or `== end`. What a run has left is cleared away before the next one: mounts and files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a run may take, in seconds. */
#define LIMIT 5

#define CALLS "/tmp/log/calls"
#define HIT "/tmp/log/hit"
#define OUT "/tmp/log/out"
#define ERR "/tmp/log/err"

/* What is there, in sorted lines: mounts, files, processes, namespaces, the host name. */
struct state {
	char **lines;
	size_t count;
};

static struct state *growing;

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	char *line;
	va_list values;
	va_start(values, format);
	if (vasprintf(&line, format, values) < 0)
		error(98, 0, "through: no memory");
	va_end(values);
	if (growing->count % 64 == 0)
		growing->lines = reallocarray(growing->lines, growing->count + 64, sizeof *growing->lines);
	growing->lines[growing->count++] = line;
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static int file(const char *path, const struct stat *stat, int type, struct FTW *place)
{
	(void)type, (void)place;
	add("file %s %o %u %lld", path, stat->st_mode, stat->st_uid, S_ISREG(stat->st_mode) ? (long long)stat->st_size : 0);
	return 0;
}

static void mounts(void)
{
	char line[8192];
	FILE *table = fopen("/proc/self/mountinfo", "re");
	while (table && fgets(line, sizeof line, table)) {
		char root[4096], rest[4096];
		if (sscanf(line, "%*d %*d %*s %4095s %4095[^\n]", root, rest) != 2)
			continue;
		add("mount %s", rest);
		/* `net:[4026531840]` */
		if (root[0] != '/')
			add("namespace %s", root);
	}
	if (table)
		fclose(table);
}

/* The namespaces that the links below a directory lead to. */
static void links(const char *process, const char *directory)
{
	char path[PATH_MAX], text[PATH_MAX];
	snprintf(path, sizeof path, "/proc/%s/%s", process, directory);
	DIR *stream = opendir(path);
	if (!stream)
		return;
	for (struct dirent *entry; (entry = readdir(stream));) {
		ssize_t length = readlinkat(dirfd(stream), entry->d_name, text, sizeof text - 1);
		text[length < 0 ? 0 : length] = 0;
		if (strstr(text, ":[") && strncmp(text, "socket:", 7) && strncmp(text, "pipe:", 5))
			add("namespace %s", text);
	}
	closedir(stream);
}

/* Those that are dead need not have been waited for yet. */
static void processes(void)
{
	DIR *stream = opendir("/proc");
	for (struct dirent *entry; stream && (entry = readdir(stream));) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		char path[PATH_MAX], stat[1024] = "", command[256] = "";
		snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, stat, sizeof stat - 1) <= 0)
			stat[0] = 0;
		close(fd);
		char *name_end = strrchr(stat, ')');
		if (!name_end || strchr("ZX", name_end[2]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = read(fd, command, sizeof command - 1);
		close(fd);
		for (ssize_t i = 0; i < length - 1; i++)
			if (!command[i])
				command[i] = ' ';
		add("process %s %s", entry->d_name, command);
		links(entry->d_name, "ns");
		links(entry->d_name, "fd");
	}
	closedir(stream);
}

static struct state look(void)
{
	struct state state = { 0 };
	struct utsname names;
	growing = &state;
	uname(&names);
	add("host %s", names.nodename);
	mounts();
	processes();
	nftw("/tmp/stage", file, 32, FTW_PHYS);
	nftw("/tmp/root", file, 32, FTW_PHYS);
	qsort(state.lines, state.count, sizeof *state.lines, compare);
	/* Many are in the same namespaces. */
	size_t kept = 0;
	for (size_t i = 0; i < state.count; i++) {
		if (kept && !strcmp(state.lines[i], state.lines[kept - 1]))
			free(state.lines[i]);
		else
			state.lines[kept++] = state.lines[i];
	}
	state.count = kept;
	return state;
}

static void forget(struct state *state)
{
	for (size_t i = 0; i < state->count; i++)
		free(state->lines[i]);
	free(state->lines);
}

/* Shows `each` line that is in one of them alone: '<' in the first, '>' in the second. Gives how many. */
static int differ(const struct state *then, const struct state *now, void (*each)(char side, const char *line))
{
	size_t i = 0, j = 0;
	int count = 0;
	while (i < then->count || j < now->count) {
		int order = i == then->count ? 1 : j == now->count ? -1 : strcmp(then->lines[i], now->lines[j]);
		if (order)
			count++, each ? each(order < 0 ? '<' : '>', order < 0 ? then->lines[i] : now->lines[j]) : (void)0;
		i += order <= 0;
		j += order >= 0;
	}
	return count;
}

static void tell(char side, const char *line)
{
	printf("left: %c %s\n", side, line);
}

static void clear(char side, const char *line)
{
	char path[PATH_MAX];
	if (side != '>')
		return;
	if (sscanf(line, "mount %4095s", path) == 1)
		umount2(path, MNT_DETACH);
	else if (sscanf(line, "file %4095s", path) == 1)
		remove(path);
}

/* Puts a file's lines out, with this before each. */
static void show(const char *prefix, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	FILE *stream = fopen(path, "re");
	for (ssize_t length; stream && (length = getline(&line, &room, stream)) > 0;) {
		if (line[length - 1] == '\n')
			line[length - 1] = 0;
		printf("%s: %s\n", prefix, line);
	}
	free(line);
	if (stream)
		fclose(stream);
}

/* So the processes of each run get the same numbers. */
static void count_processes_from(int number)
{
	FILE *last = fopen("/proc/sys/kernel/ns_last_pid", "we");
	if (last) {
		fprintf(last, "%d", number - 1);
		fclose(last);
	}
}

/* Runs a command; gives its exit status, 124 if that takes too long. */
static int run(char **command)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	count_processes_from(2000);
	pid_t pid = fork();
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &child, NULL);
		int out = open(OUT, O_WRONLY | O_CREAT | O_TRUNC, 0666), err = open(ERR, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		if (dup2(out, 1) < 0 || dup2(err, 2) < 0 || close(out) || close(err))
			_exit(98);
		execvp(command[0], command);
		_exit(127);
	}
	struct timespec limit = { LIMIT, 0 };
	int status = 0, late = 0;
	/* Others are waited for too: what has lost its parent has become ours. */
	for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) != pid;) {
		if (ended > 0)
			continue;
		if (sigtimedwait(&child, NULL, &limit) < 0 && errno == EAGAIN) {
			late = 1;
			kill(pid, SIGKILL);
		}
	}
	int end = late ? 124 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
	return end;
}

static int running;

static void count_running(char side, const char *line)
{
	running += side == '>' && !strncmp(line, "process ", 8);
}

/* What is going need not have gone in the moment in which that is said; and on a busy machine a process takes its time. */
static struct state settled(const struct state *before)
{
	struct state now = look();
	for (int i = 0; running = 0, i < 400 && differ(before, &now, count_running) && (running || i < 20); i++) {
		usleep(5000);
		forget(&now);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		now = look();
	}
	return now;
}

static void tell_and_clear(const struct state *before, int failed)
{
	struct state now = failed ? settled(before) : look();
	show("out", OUT);
	show("err", ERR);
	if (differ(before, &now, tell))
		for (int i = 0; i < 4 && differ(before, &now, clear); i++) {
			forget(&now);
			now = look();
		}
	forget(&now);
}

/* A call of a process, and what it fails with. */
static struct fault {
	char process[16], index[16], call[128], error[16];
	int is_left_out;
} *faults;

static size_t fault_count;

static int is_same_call(const struct fault *one, const struct fault *other)
{
	return !strcmp(one->process, other->process) && !strcmp(one->index, other->index);
}

/* How often the process has made this call before, that one aside. */
static int calls_before(const struct fault *fault)
{
	int count = 0;
	for (const struct fault *other = faults; !is_same_call(other, fault); other++)
		if (!strcmp(other->process, fault->process) && !strcmp(other->call, fault->call))
			count += !is_same_call(other, other + 1);
	return count;
}

static void read_faults(void)
{
	FILE *calls = fopen(CALLS, "re");
	struct fault fault = { 0 };
	while (calls && fscanf(calls, "%15s %15s %127s %15s", fault.process, fault.index, fault.call, fault.error) == 4) {
		if (fault_count % 256 == 0)
			faults = reallocarray(faults, fault_count + 256, sizeof *faults);
		faults[fault_count++] = fault;
	}
	/* A list of descriptors shows what this process has open. */
	if (calls)
		fclose(calls);
	const char *wanted = getenv("NS_FAULTS");
	int is_all = wanted && !strcmp(wanted, "all");
	for (size_t i = 0, count; i < fault_count; i += count) {
		for (count = 1; i + count < fault_count && is_same_call(faults + i, faults + i + count); count++)
			;
		int before = is_all ? 0 : calls_before(faults + i);
		for (size_t j = 0; j < count; j++)
			faults[i + j].is_left_out = before >= 2 && j != before % count;
	}
}

int main(int argc, char **argv)
{
	if (argc < 5)
		error(98, 0, "through FROM SECONDS INJECT COMMAND...");
	long from = atol(argv[1]);
	double end = atof(argv[2]);
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	mkdir("/tmp/log", 0755);
	umask(022);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);

	struct state before = look();
	char **command = calloc(argc + 4, sizeof *command);
	command[0] = argv[3];
	command[1] = CALLS;
	memcpy(command + 2, argv + 4, (argc - 4) * sizeof *command);
	fflush(stdout);
	int status = run(command);
	printf("== whole %d\n", status);
	tell_and_clear(&before, status != 0);

	read_faults();
	command[1] = HIT;
	memcpy(command + 5, argv + 4, (argc - 4) * sizeof *command);
	for (size_t i = from; i < fault_count; i++) {
		struct fault *fault = faults + i;
		if (fault->is_left_out)
			continue;
		command[2] = fault->process;
		command[3] = fault->index;
		command[4] = fault->error;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9 > end) {
			printf("== next %zu\n", i);
			return 0;
		}
		fflush(stdout);
		status = run(command);
		printf("== %s %s %s %s %d\n", fault->process, fault->index, fault->call, fault->error, status);
		char hit[sizeof fault->call] = "";
		FILE *report = fopen(HIT, "re");
		if (report && fscanf(report, "%127s", hit) != 1)
			hit[0] = 0;
		if (report)
			fclose(report);
		if (strcmp(hit, fault->call))
			printf("miss: %s\n", hit);
		tell_and_clear(&before, status != 0);
	}
	printf("== end\n");
	return 0;
}
