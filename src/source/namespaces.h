/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network namespaces that processes have or ip-netns(8) names, each once; and those that are
 * out of reach. */
#ifndef TCPSTATES_SOURCE_NAMESPACES_H
#define TCPSTATES_SOURCE_NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed at first. */
struct inodes {
	ino_t *inode;
	size_t count;
};

/*
 * Zeroed at first. To read /proc/PID/ns/net takes the rights of ptrace(2), to enter another
 * namespace CAP_SYS_ADMIN. Anybody may look at /proc/PID/net/tcp, whose inode number is another one
 * in each namespace (proc_register(), get_proc_task_net(), 5.10 to 7.2).
 */
struct namespaces {
	struct inodes opened;  /* of /proc/PID/ns/net, or of a name */
	struct inodes scanned; /* likewise */
	struct inodes known;   /* those scanned, of /proc/PID/net/tcp */
	struct inodes missed;  /* could not be scanned and have sessions; likewise */
};

/*
 * Opens the namespace of a process, "self" or a number as text. Returns a descriptor, the caller's;
 * -1 if it was opened before or cannot be opened.
 */
int namespaces_open(struct namespaces *namespaces, const char *pid);

/*
 * Likewise, by the name of a file in NAMESPACES_FOLDER. Such a namespace need not have a process:
 * orphans and time-wait sockets outlive those. -1 also if the file is no network namespace.
 */
int namespaces_open_named(struct namespaces *namespaces, const char *name);

/* Call these for what namespaces_open() returned a descriptor of; pid: NULL for a named one. */
void namespaces_note_scanned(struct namespaces *namespaces, const char *pid, int fd);
void namespaces_note_missed(struct namespaces *namespaces, const char *pid);

/* Whether the namespace of that number was scanned. */
bool namespaces_has_scanned(const struct namespaces *namespaces, ino_t inode);

/* How many have sessions but were not scanned. Call it after the last process. */
size_t namespaces_count_missed(const struct namespaces *namespaces);

void namespaces_free(struct namespaces *namespaces);

#endif
