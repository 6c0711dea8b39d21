/* A process for lsns to find: carries out its arguments, says "up" and stays. What it opens stays open. */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static sem_t entered;

/* A failure is said as well, since a parent that stays may keep standard output open. */
static int check(int result, const char *step)
{
	if (result < 0) {
		error(0, errno, "%s", step);
		puts("failed");
		exit(1);
	}
	return result;
}

static void enter(const char *path)
{
	int fd = check(open(path, O_RDONLY | O_CLOEXEC), path);

	check(setns(fd, 0), path);
	close(fd);
}

static void *enter_and_stay(void *path)
{
	enter(path);
	sem_post(&entered);
	pause();
	return path;
}

static void thread(char *path)
{
	pthread_t other;

	sem_init(&entered, 0, 0);
	pthread_create(&other, NULL, enter_and_stay, path);
	sem_wait(&entered);
}

/* What is left to do is done by a child, and this process stays. */
static void child(void)
{
	if (check(fork(), "fork") == 0)
		return;
	fclose(stdout);
	for (;;)
		pause();
}

static void zombie(void)
{
	siginfo_t end;
	pid_t child = check(fork(), "fork");

	if (child == 0)
		_exit(0);
	check(waitid(P_PID, child, &end, WEXITED | WNOWAIT), "waitid");
}

static void stay(void)
{
	if (puts("up") >= 0 && fclose(stdout) == 0)
		for (;;)
			pause();
	exit(1);
}

static char **arguments;

/* Takes the pages with the arguments away, so that /proc/PID/cmdline is empty as a kernel thread's. */
static void forget(void)
{
	char **last = arguments;
	uintptr_t page = sysconf(_SC_PAGESIZE), start = (uintptr_t)*arguments & -page;

	while (last[1])
		last++;
	check(munmap((void *)start, (uintptr_t)*last + strlen(*last) - start), "munmap");
	stay();
}

/* The stack may lie in those pages too, so another one is needed. */
static void bare(char **argv)
{
	static char stack[65536];
	ucontext_t here, there;

	arguments = argv;
	check(getcontext(&there), "getcontext");
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof stack;
	makecontext(&there, forget, 0);
	check(swapcontext(&here, &there), "swapcontext");
}

/* Starts anew as a program whose only argument, its name, is empty. */
static void nameless(void)
{
	char *nothing[] = { "", NULL };

	check(execve("/proc/self/exe", nothing, nothing + 1), "execve");
}

/* Of a new time namespace only children become members. */
static int flag(const char *kind)
{
	return !strcmp(kind, "net") ? CLONE_NEWNET : !strcmp(kind, "time") ? CLONE_NEWTIME : CLONE_NEWUTS;
}

static void step(const char *name, char *value, char **argv)
{
	if (!strcmp(name, "open"))
		check(open(value, O_RDONLY), value);
	else if (!strcmp(name, "enter"))
		enter(value);
	else if (!strcmp(name, "new"))
		check(unshare(flag(value)), "unshare");
	else if (!strcmp(name, "inet"))
		check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	else if (!strcmp(name, "unix"))
		check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
	else if (!strcmp(name, "thread"))
		thread(value);
	else if (!strcmp(name, "child"))
		child();
	else if (!strcmp(name, "zombie"))
		zombie();
	else if (!strcmp(name, "comm"))
		check(prctl(PR_SET_NAME, value), "PR_SET_NAME");
	else if (!strcmp(name, "nameless"))
		nameless();
	else if (!strcmp(name, "bare"))
		bare(argv);
	/* Anything else is there to be seen in the command line. */
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char name[16] = "", *value = strchr(argv[i], '=');

		strncpy(name, argv[i], sizeof name - 1);
		name[strcspn(name, "=")] = '\0';
		step(name, value ? value + 1 : NULL, argv);
	}
	stay();
}
