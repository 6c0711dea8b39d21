/* The least that a listing of namespaces can do: read every link below every
   process's /proc/PID/ns and /proc/PID/fd, one after the other, and say nothing. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static const char *const kinds[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
static char link_text[4096];

/* Open a directory of a process; one that is gone by now is none. */
static int open_below(int proc, const char *pid, const char *name)
{
	char path[NAME_MAX + sizeof "/ns"];

	snprintf(path, sizeof path, "%s/%s", pid, name);
	return openat(proc, path, DIRECTORY);
}

static void read_namespaces(int proc, const char *pid)
{
	int ns = open_below(proc, pid, "ns");

	if (ns < 0)
		return;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		(void)!readlinkat(ns, kinds[i], link_text, sizeof link_text);
	close(ns);
}

static void read_descriptors(int proc, const char *pid)
{
	char buffer[32768];
	ssize_t size;
	int fd = open_below(proc, pid, "fd");

	if (fd < 0)
		return;
	while ((size = getdents64(fd, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0; at < size;) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			if (entry->d_type == DT_LNK)
				(void)!readlinkat(fd, entry->d_name, link_text, sizeof link_text);
			at += entry->d_reclen;
		}
	close(fd);
}

int main(void)
{
	static char buffer[32768];
	ssize_t size;
	int proc = open("/proc", DIRECTORY);

	if (proc < 0)
		return 1;
	while ((size = getdents64(proc, buffer, sizeof buffer)) > 0)
		for (ssize_t at = 0; at < size;) {
			struct dirent64 *entry = (struct dirent64 *)(buffer + at);

			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
				read_namespaces(proc, entry->d_name);
				read_descriptors(proc, entry->d_name);
			}
			at += entry->d_reclen;
		}
	return size < 0;
}
