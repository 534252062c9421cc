// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Network namespaces, found by their processes and names. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/namespaces.h"
#include "trace/selection.h"
#include "trace/state.h"

static bool inodes_has(const struct inodes *inodes, ino_t inode)
{
	for (size_t i = 0; i < inodes->count; i++)
		if (inodes->inode[i] == inode)
			return true;
	return false;
}

/* False if it is there already, or out of memory. */
static bool inodes_add(struct inodes *inodes, ino_t inode)
{
	ino_t *grown;

	if (inodes_has(inodes, inode))
		return false;
	grown = realloc(inodes->inode, (inodes->count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	grown[inodes->count++] = inode;
	inodes->inode = grown;
	return true;
}

/* The inode number of a file of a process; 0: the process is gone, or /proc hides it. */
static ino_t inode_of(const char *pid, const char *file)
{
	char path[64];
	struct stat stat_;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	return stat(path, &stat_) ? 0 : stat_.st_ino;
}

/* Whether a table of sockets has any that is no listener; listeners are its first rows. */
static bool has_sessions(const char *pid, const char *file)
{
	char path[64], line[256];
	bool is_found = false;
	unsigned int state;
	FILE *table;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	table = fopen(path, "re");
	while (table && !is_found && fgets(line, sizeof(line), table))
		is_found = sscanf(line, " %*u: %*s %*s %x", &state) == 1 && state != STATE_LISTEN;
	if (table)
		fclose(table);
	return is_found;
}

void namespaces_note_missed(struct namespaces *namespaces, const char *pid)
{
	ino_t inode = inode_of(pid, "net/tcp");

	if (!inode || inodes_has(&namespaces->known, inode) ||
	    inodes_has(&namespaces->missed, inode))
		return;
	if (has_sessions(pid, "net/tcp") || has_sessions(pid, "net/tcp6"))
		inodes_add(&namespaces->missed, inode);
}

/* Returns fd, or closes it and returns -1 if that namespace was opened before. */
static int opened_first(struct namespaces *namespaces, int fd)
{
	struct stat stat;

	if (!fstat(fd, &stat) && inodes_add(&namespaces->opened, stat.st_ino))
		return fd;
	close(fd);
	return -1;
}

int namespaces_open(struct namespaces *namespaces, const char *pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			namespaces_note_missed(namespaces, pid);
		return -1;
	}
	return opened_first(namespaces, fd);
}

int namespaces_open_named(struct namespaces *namespaces, const char *name)
{
	char path[sizeof(NAMESPACES_FOLDER) + NAME_MAX];
	int fd;

	snprintf(path, sizeof(path), NAMESPACES_FOLDER "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return -1;
	}
	return opened_first(namespaces, fd);
}

void namespaces_note_scanned(struct namespaces *namespaces, const char *pid, int fd)
{
	ino_t inode = pid ? inode_of(pid, "net/tcp") : 0;
	struct stat stat;

	if (inode)
		inodes_add(&namespaces->known, inode);
	if (!fstat(fd, &stat))
		inodes_add(&namespaces->scanned, stat.st_ino);
}

bool namespaces_has_scanned(const struct namespaces *namespaces, ino_t inode)
{
	return inodes_has(&namespaces->scanned, inode);
}

size_t namespaces_count_missed(const struct namespaces *namespaces)
{
	size_t count = 0;

	for (size_t i = 0; i < namespaces->missed.count; i++)
		count += !inodes_has(&namespaces->known, namespaces->missed.inode[i]);
	return count;
}

void namespaces_free(struct namespaces *namespaces)
{
	free(namespaces->opened.inode);
	free(namespaces->scanned.inode);
	free(namespaces->known.inode);
	free(namespaces->missed.inode);
}
