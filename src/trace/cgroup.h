/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths of cgroups by id. Each is looked up once and cached as long as there is room. */
#ifndef TCPSTATES_TRACE_CGROUP_H
#define TCPSTATES_TRACE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"

#define CGROUP_PATH_SIZE 256 /* including the final NUL; longer paths are cut */
#define CGROUP_PATH_UNIT 16  /* lib/text.h reads text in units of this many bytes */

/*
 * Converts a user's path, with or without the hierarchy's mount point, to the path from the root,
 * without empty parts or a trailing slash. False if text is not a valid path or is too long.
 */
bool cgroup_path_parse(char path[CGROUP_PATH_SIZE], const char *text);

/* Opens the root directory of the hierarchy. A descriptor (the caller's), or a negative errno. */
int cgroup_open_root(void);

/* Whether such a cgroup exists. cgroup_exists(): true if the kernel does not say. */
bool cgroup_exists(int root, uint64_t id);
bool cgroup_path_exists(int root, const char *path);

/*
 * At most this many cgroups are cached, in about 25 MB; then a new one replaces the oldest. A host
 * with short-lived containers keeps creating cgroups. More than the groups of a summary, which asks
 * for their paths when they begin and again when it reports.
 */
#define CGROUPS_MAX 131072

struct cgroup {
	struct hash_entry by_id; /* first: a struct hash_entry * is one of these */
	struct hash_entry by_path;
	struct cgroup *newer;
	uint64_t id;
	uint64_t parent; /* its id; 0: not known, or the root */
	char *path;      /* from the hierarchy's root, "/a/b"; NULL: not known */
};

struct cgroups {
	struct hash by_id;
	struct hash by_path; /* those whose path is known */
	struct cgroup *oldest;
	struct cgroup *newest;
	uint64_t forgotten; /* replaced because the cache was full */
	int root; /* descriptor of the cgroup2 hierarchy's root; -1: only learned paths are known */
};

/* root: a descriptor of the root directory, which cgroups_close() closes; or -1. */
void cgroups_open(struct cgroups *cgroups, int root);
void cgroups_close(struct cgroups *cgroups);

/* Whether that id is cached: looked up or learned before. */
bool cgroups_has(const struct cgroups *cgroups, uint64_t id);

/*
 * The path of a cgroup; "" if it is not known: the cgroup is gone, or there is no root. Valid until
 * the next call; padded with NULs to a multiple of CGROUP_PATH_UNIT. The answer for an id stays the
 * same as long as the id is cached.
 */
const char *cgroups_find(struct cgroups *cgroups, uint64_t id);

/* The id of a path; the newest one if there are several; 0 if it is not known. */
uint64_t cgroups_find_id(const struct cgroups *cgroups, const char *path);

/*
 * Whether a cgroup is the other one or below it. A path may be used again, an id is not
 * (kernfs_new_node(), 5.10 to 7.2), so a cgroup that took the other one's path is neither. With
 * learned paths only, those below such a cgroup cannot be told apart from those below the other.
 */
bool cgroups_is_in_id(struct cgroups *cgroups, uint64_t id, uint64_t other);

/* Whether a cgroup has that path or is below it. */
bool cgroups_is_in(struct cgroups *cgroups, uint64_t id, const char *path);

/* Stores a path from a recording; at most CGROUP_PATH_SIZE bytes, cut if there is no NUL. */
void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path);

#endif
