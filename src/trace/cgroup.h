/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths of cgroups by their ids. Each is found out once, while there is room for it. */
#ifndef TCPSTATES_TRACE_CGROUP_H
#define TCPSTATES_TRACE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"

#define CGROUP_PATH_SIZE 256 /* the final NUL included; longer paths are cut */
#define CGROUP_PATH_UNIT 16  /* lib/text.h reads text in units of this many bytes */

/*
 * A path as people type it, from the hierarchy's root or from where it is mounted here, as it is
 * from the root: without empty parts, nor a slash at its end. False when it is none, or too long.
 */
bool cgroup_path_parse(char path[CGROUP_PATH_SIZE], const char *text);

/* The directory that is the hierarchy's root. A descriptor, or a negative errno. */
int cgroup_open_root(void);

/* Whether there is such a cgroup. True where the kernel does not tell. */
bool cgroup_exists(int root, uint64_t id);
bool cgroup_path_exists(int root, const char *path);

/*
 * This many cgroups are remembered, which takes some 25 MB; a new one then takes the place of the
 * oldest. A host with short-lived containers creates cgroups without end. More than the groups of a
 * summary, which asks for their paths when they begin and again when it reports.
 */
#define CGROUPS_MAX 131072

struct cgroup {
	struct hash_entry by_id; /* first: a struct hash_entry * is one of these */
	struct hash_entry by_path;
	struct cgroup *newer;
	uint64_t id;
	char *path; /* as from the hierarchy's root, "/a/b"; NULL: not known */
};

struct cgroups {
	struct hash by_id;
	struct hash by_path; /* those whose path is known */
	struct cgroup *oldest;
	struct cgroup *newest;
	uint64_t forgotten; /* had to make room */
	int root; /* the cgroup2 hierarchy's, to ask; -1: only what was learned is known */
};

/* root: a directory's descriptor, which cgroups_close() closes; or -1. */
void cgroups_open(struct cgroups *cgroups, int root);
void cgroups_close(struct cgroups *cgroups);

/* Whether that id was asked for, or learned, and is remembered. */
bool cgroups_has(const struct cgroups *cgroups, uint64_t id);

/*
 * The path of a cgroup, "" when it is not known: the cgroup is gone, or no root was given. Valid
 * until the next call; NULs fill it up to a multiple of CGROUP_PATH_UNIT. What was answered once
 * for an id is answered as long as it is remembered.
 */
const char *cgroups_find(struct cgroups *cgroups, uint64_t id);

/* The other way round: the id of a path, the newest one's of several; 0 when it is not known. */
uint64_t cgroups_find_id(const struct cgroups *cgroups, const char *path);

/* Whether a cgroup is that of the path, or below it. */
bool cgroups_is_in(struct cgroups *cgroups, uint64_t id, const char *path);

/* From a recording; path: CGROUP_PATH_SIZE bytes at most, cut if there is no NUL. */
void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path);

#endif
