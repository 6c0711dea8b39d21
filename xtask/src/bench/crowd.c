/* A crowd of idle processes, and namespaces that no process is in, for a listing to find:

       crowd DIRECTORY PROCESSES DESCRIPTORS SOCKETS NETWORKS MOUNTS

   It is to be the first process of a PID namespace, in a mount namespace of its own, and mounts that
   PID namespace's /proc, and a file system on DIRECTORY, where it keeps NETWORKS new network namespaces
   and MOUNTS more of its own namespaces by bind mounts. Then it starts PROCESSES children. Each has eight
   descriptors, DESCRIPTORS more, and SOCKETS sockets that no other process has.

   When all have come to rest it writes a byte. It ends with its standard input, or with the first of
   the children, and takes all others with it. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL = 1000 }; /* above all descriptors of the children */

static void try(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

/* Bind this process's namespace KIND to a new file of that number. */
static void hold(const char *directory, const char *kind, int number)
{
	char source[32], target[PATH_MAX];

	snprintf(source, sizeof source, "/proc/self/ns/%s", kind);
	snprintf(target, sizeof target, "%s/%s-%d", directory, kind, number);
	int file = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	try(file, target);
	close(file);
	try(mount(source, target, NULL, MS_BIND, NULL), target);
}

/* In a process of its own: there may be no way back from the last one. */
static void hold_networks(const char *directory, int networks)
{
	int status;
	pid_t child = fork();

	try(child, "starting a process");
	if (child == 0) {
		for (int i = 0; i < networks; i++) {
			try(unshare(CLONE_NEWNET), "a network namespace");
			hold(directory, "net", i);
		}
		_exit(0);
	}
	try(waitpid(child, &status, 0), "waitpid");
	if (status != 0)
		exit(1);
}

static void hold_mounts(const char *directory, int mounts)
{
	static const char *const kinds[] = { "ipc", "uts", "user", "pid" };

	for (int i = 0; i < mounts; i++)
		hold(directory, kinds[i % 4], i);
}

/* Move what leads to whoever started us out of the way, and open what the children are to have:
   ENDS is the pipe by which they say that they stand. */
static void open_descriptors(int descriptors, int ends[2])
{
	try(dup2(STDIN_FILENO, CONTROL), "dup2");
	try(dup2(STDOUT_FILENO, CONTROL + 1), "dup2");
	close(STDIN_FILENO);
	try(open("/dev/null", O_RDONLY), "/dev/null");
	try(dup2(STDIN_FILENO, STDOUT_FILENO), "dup2");
	try(open("/", O_RDONLY), "/");
	try(pipe(ends), "pipe");
	try(eventfd(0, 0), "eventfd");
	try(epoll_create1(0), "epoll_create1");
	for (int i = 0; i < descriptors; i++)
		try(open("/dev/null", O_RDONLY), "/dev/null");
}

static void idle(int sockets, int standing)
{
	close(CONTROL);
	close(CONTROL + 1);
	for (int i = 0; i < sockets; i++)
		try(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	try(write(standing, "", 1), "write");
	for (;;)
		pause();
}

static void lost(int signal)
{
	(void)signal;
	_exit(1);
}

static void start(int processes, int sockets, const int ends[2])
{
	char byte;

	signal(SIGCHLD, lost);
	for (int i = 0; i < processes; i++) {
		pid_t child = fork();

		try(child, "starting a process");
		if (child == 0)
			idle(sockets, ends[1]);
	}
	for (int i = 0; i < processes; i++)
		try(read(ends[0], &byte, 1), "read");
}

int main(int argc, char **argv)
{
	int ends[2];
	char byte = 0;

	if (argc != 7 || getpid() != 1)
		errx(2, "not for use by hand");
	try(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "mounting /proc");
	try(mount("tmpfs", argv[1], "tmpfs", MS_NOSUID | MS_NODEV, NULL), argv[1]);
	hold_networks(argv[1], atoi(argv[5]));
	hold_mounts(argv[1], atoi(argv[6]));
	open_descriptors(atoi(argv[3]), ends);
	start(atoi(argv[2]), atoi(argv[4]), ends);
	try(write(CONTROL + 1, &byte, 1), "write");
	return read(CONTROL, &byte, 1) < 0;
}
