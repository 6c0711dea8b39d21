/* What there is in great number.
 *
 *   crowd fds COUNT LAST       holds COUNT descriptors, or as many as it may, says how many, and stays
 *   crowd mounts COUNT LAST TIMES
 *                              makes COUNT mounts below ./many/0, and binds that with all of them so many times more
 *   crowd at NUMBER COMMAND... has ./file open as descriptor NUMBER, or as the highest that it may have, says which on
 *                              stderr, and becomes the command
 *
 * The LAST of them are of new UTS namespaces, one each. */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(int result, const char *step)
{
	if (result < 0)
		error(9, errno, "%s", step);
	return result;
}

/* Lets descriptors be below `end`, or below the limit, which not every root may raise. */
static int raise_limit(int end)
{
	struct rlimit limit, wanted = { end, end };

	if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
		return end;
	check(getrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	return limit.rlim_cur < (rlim_t)end ? (int)limit.rlim_cur : end;
}

static void hold(int count, int last)
{
	int end = raise_limit(count), here, null, fd;

	here = check(open("/proc/self/ns/uts", O_RDONLY), "ns/uts");
	null = check(open("/dev/null", O_RDONLY), "/dev/null");
	do
		fd = check(dup(null), "dup");
	while (fd + 1 < end - last);
	while (fd + 1 < end) {
		check(unshare(CLONE_NEWUTS), "unshare");
		fd = check(open("/proc/self/ns/uts", O_RDONLY), "ns/uts");
	}
	check(setns(here, 0), "setns");
	printf("%d\n", end);
	fclose(stdout);
	for (;;)
		pause();
}

static void mount_all(int count, int last, int times)
{
	char path[64];

	check(mkdir("many/0", 0755), "many/0");
	for (int i = 0; i < count; i++) {
		int is_namespace = i >= count - last;

		snprintf(path, sizeof path, "many/0/%d", i);
		if (is_namespace) {
			check(unshare(CLONE_NEWUTS), "unshare");
			close(check(open(path, O_CREAT | O_WRONLY, 0644), path));
		} else {
			check(mkdir(path, 0755), path);
		}
		check(mount(is_namespace ? "/proc/self/ns/uts" : "dir", path, NULL, MS_BIND, NULL), path);
	}
	for (int i = 1; i <= times; i++) {
		snprintf(path, sizeof path, "many/%d", i);
		check(mkdir(path, 0755), path);
		check(mount("many/0", path, NULL, MS_BIND | MS_REC, NULL), path);
	}
}

static void become(int number, char **command)
{
	int fd = check(open("file", O_RDWR | O_APPEND), "file");

	number = raise_limit(number + 1) - 1;
	check(dup2(fd, number), "dup2");
	close(fd);
	fprintf(stderr, "%d\n", number);
	execvp(command[0], command);
	check(-1, command[0]);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 9;
	if (!strcmp(argv[1], "fds"))
		hold(atoi(argv[2]), atoi(argv[3]));
	else if (!strcmp(argv[1], "mounts") && argc > 4)
		mount_all(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	else if (!strcmp(argv[1], "at"))
		become(atoi(argv[2]), argv + 3);
	return 0;
}
