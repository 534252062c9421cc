// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs the kernel program's iterators: all open files, then each network namespace's sockets. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../clock.h"
#include "../lib/log.h"
#include "../state.h"
#include "seed.h"
#include "tcpstates.skel.h"

/* TCP_TIMEWAIT_LEN in net/tcp.h. */
#define TIME_WAIT_NS (60 * NSEC_PER_SEC)

/* Network namespaces that were visited. */
struct visited {
	ino_t *inodes;
	size_t count;
};

static bool visited_add(struct visited *visited, ino_t inode)
{
	ino_t *inodes;

	for (size_t i = 0; i < visited->count; i++)
		if (visited->inodes[i] == inode)
			return false;
	inodes = realloc(visited->inodes, (visited->count + 1) * sizeof(*inodes));
	if (!inodes)
		return false;
	inodes[visited->count++] = inode;
	visited->inodes = inodes;
	return true;
}

/*
 * When TIME_WAIT began is known by its timer; how long an orphan has been in FIN_WAIT2 is not, but
 * that it began before now.
 */
static void add_minisock(struct minisocks *minisocks, const struct seeded_minisock *seeded)
{
	struct transition t = {
		.time_ns = seeded->now_ns,
		.lport = seeded->lport,
		.rport = seeded->rport,
		.ip = seeded->ip,
		.newstate = seeded->state,
		.flags = TRANSITION_TO_MINISOCK,
		.facts = FACT_FOUND,
		.cookie = seeded->cookie,
		.netns = seeded->netns,
		.minisock = seeded->cookie ? seeded->address : 0,
		.due_ns = seeded->due_ns,
	};

	memcpy(t.laddr, seeded->laddr, sizeof(t.laddr));
	memcpy(t.raddr, seeded->raddr, sizeof(t.raddr));
	if (seeded->state == STATE_TIME_WAIT)
		t.time_ns = seeded->now_ns + seeded->left_ns - TIME_WAIT_NS;
	else
		t.flags |= TRANSITION_DURATION_AT_LEAST;
	minisocks_add(minisocks, &t);
}

/* Runs an iterator to its end, and takes what it writes. 0 or a negative errno. */
static int run_iterator(const struct bpf_link *link, struct minisocks *minisocks)
{
	struct seeded_minisock found[64];
	int fd = bpf_iter_create(bpf_link__fd(link));
	ssize_t size;

	if (fd < 0)
		return -errno;
	while ((size = read(fd, found, sizeof(found))) > 0)
		for (size_t i = 0; minisocks && i < size / sizeof(found[0]); i++)
			add_minisock(minisocks, &found[i]);
	if (size < 0)
		size = -errno;
	close(fd);
	return size;
}

static void seed_namespace(int netns, const struct bpf_link *link, struct minisocks *minisocks)
{
	int err = setns(netns, CLONE_NEWNET) ? -errno : run_iterator(link, minisocks);

	if (err)
		log_verbose("sessions of a network namespace are not known yet: %s",
			    strerror(-err));
}

/* The network namespace of a process, unless it was visited. -1: nothing to do. */
static int open_namespace(const char *pid, struct visited *visited)
{
	char path[64];
	struct stat stat;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &stat) && visited_add(visited, stat.st_ino))
		return fd;
	close(fd);
	return -1;
}

static void seed_namespaces(const struct bpf_link *link, struct minisocks *minisocks)
{
	struct visited visited = {0};
	int home = open_namespace("self", &visited);
	DIR *processes = opendir("/proc");
	struct dirent *process;

	if (home >= 0)
		run_iterator(link, minisocks);
	while (home >= 0 && processes && (process = readdir(processes))) {
		int netns = -1;

		if (process->d_name[0] >= '1' && process->d_name[0] <= '9')
			netns = open_namespace(process->d_name, &visited);
		if (netns < 0)
			continue;
		seed_namespace(netns, link, minisocks);
		close(netns);
	}
	if (home >= 0 && visited.count > 1 && setns(home, CLONE_NEWNET))
		log_verbose("cannot return to the network namespace of the start: %s",
			    strerror(errno));
	if (processes)
		closedir(processes);
	if (home >= 0)
		close(home);
	free(visited.inodes);
}

static struct bpf_link *attach_iterator(const struct bpf_program *program, const char *missing)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);

	if (!link)
		log_verbose("%s: %s", missing, strerror(errno));
	return link;
}

void seed_sessions(const struct tcpstates_bpf *program, struct minisocks *minisocks)
{
	struct bpf_link *files, *sockets;

	files = attach_iterator(program->progs.seed_files,
				"sessions that were there before have no owner yet");
	if (files)
		run_iterator(files, NULL);
	bpf_link__destroy(files);
	sockets = attach_iterator(program->progs.seed_sockets,
				  "orphans and TIME_WAIT that were there before are not known");
	if (sockets)
		seed_namespaces(sockets, minisocks);
	bpf_link__destroy(sockets);
}
