// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgroups COUNT FOLDER PORT: COUNT cgroups, one after the other, each of which lives as long as
 * one process in it that connects to that port of 127.0.0.1, where nobody listens. FOLDER is in the
 * cgroup2 hierarchy.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* In a process of the cgroup; 0 if the connection was refused. */
static int connect_in_vain(unsigned int port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 || !connect(fd, (const struct sockaddr *)&to, sizeof(to)) ||
	       errno != ECONNREFUSED;
}

/* fork() into a cgroup (Linux 5.7). */
static pid_t fork_into(int cgroup)
{
	struct clone_args how = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};

	return (pid_t)syscall(SYS_clone3, &how, sizeof(how));
}

static void live(const char *name, unsigned int port)
{
	int cgroup, status;
	pid_t child;

	if (mkdir(name, 0700))
		fail("mkdir");
	cgroup = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		fail("open");
	child = fork_into(cgroup);
	if (!child)
		_exit(connect_in_vain(port));
	if (child < 0)
		fail("clone3");
	if (waitpid(child, &status, 0) != child || status)
		fail("the process in the cgroup");
	close(cgroup);
	/* A process that has been waited for may be in it for a little longer. */
	while (rmdir(name))
		if (errno != EBUSY)
			fail("rmdir");
}

int main(int argc, char **argv)
{
	char name[24];

	if (argc != 4 || chdir(argv[2])) {
		fprintf(stderr, "cgroups: needs COUNT FOLDER PORT\n");
		return 2;
	}
	for (unsigned long i = 0; i < strtoul(argv[1], NULL, 10); i++) {
		snprintf(name, sizeof(name), "%lu", i);
		live(name, (unsigned int)strtoul(argv[3], NULL, 10));
	}
	return 0;
}
