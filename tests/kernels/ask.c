/* Asks the kernel what no program of busybox does, with calls that ours do not share. */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GET_ID _IOR(0xb7, 13, uint64_t) /* NS_GET_ID, see ioctl_nsfs(2) */
#define PIDFD_OPEN 434

static int check(int result, const char *on)
{
	if (result < 0)
		error(1, errno, "%s", on);
	return result;
}

/* The inode of a process's pidfd. */
static void pidfd(const char *pid)
{
	struct stat file;

	check(fstat(check(syscall(PIDFD_OPEN, atoi(pid), 0), pid), &file), pid);
	printf("%ju\n", (uintmax_t)file.st_ino);
}

/* The id of a namespace. */
static void id(const char *path)
{
	uint64_t id;

	check(ioctl(check(open(path, O_RDONLY), path), GET_ID, &id), path);
	printf("%" PRIu64 "\n", id);
}

/* Hold a socket of the network namespace at PATH, from outside, and say so on descriptor 3. */
static void hold_socket(const char *path)
{
	int own = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "own network");
	int there = check(open(path, O_RDONLY), path);

	check(setns(there, CLONE_NEWNET), path);
	check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	check(setns(own, CLONE_NEWNET), "own network");
	close(own);
	close(there);
	check(write(3, "up\n", 3), "descriptor 3");
	pause();
}

/* Hold the namespace at PATH by nothing but a message that nobody has read, and say so on descriptor 3. */
static void hold_queued(const char *path)
{
	int pair[2], file = check(open(path, O_RDONLY), path);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof file)];
	} rights = { .header = { CMSG_LEN(sizeof file), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec text = { "x", 1 };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights };

	memcpy(CMSG_DATA(&rights.header), &file, sizeof file);
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	check(sendmsg(pair[0], &message, 0), "sendmsg");
	close(file);
	check(write(3, "up\n", 3), "descriptor 3");
	pause();
}

int main(int count, char **words)
{
	const char *what = count == 3 ? words[1] : "";

	if (strcmp(what, "pidfd") == 0)
		pidfd(words[2]);
	else if (strcmp(what, "id") == 0)
		id(words[2]);
	else if (strcmp(what, "hold-socket") == 0)
		hold_socket(words[2]);
	else if (strcmp(what, "hold-queued") == 0)
		hold_queued(words[2]);
	else
		error(1, 0, "usage: ask pidfd PID | ask id FILE | ask hold-socket FILE | ask hold-queued FILE");
	return 0;
}
