/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Resets for packets of no session, by peer: both addresses, the reason, the kind of packet. Within
 * a group they are counted by local port as long as there are few: a scan becomes one row.
 */
#ifndef TCPSTATES_VIEW_RESETS_H
#define TCPSTATES_VIEW_RESETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/reset_count.h"

/* Port numbers from low to high: not each of them need occur. */
struct reset_ports {
	uint16_t low;
	uint16_t high;
};

/* Resets to or from a range of ports. */
struct reset_sum {
	uint64_t count;
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
	int64_t first_wall_ns; /* since 1970, by the wall clock when they were counted */
	int64_t last_wall_ns;
	struct reset_ports lports;
	struct reset_ports rports;
};

/* With more local ports than this, a group has one row for all of them. */
#define RESET_LPORTS_MAX 8

struct reset_group {
	struct hash_entry by_key; /* first member: cast from struct hash_entry * */
	struct reset_key key;     /* without ports */
	struct reset_sum whole;
	struct reset_sum by_lport[RESET_LPORTS_MAX];
	unsigned int lports; /* how many of by_lport are used */
	bool has_more_lports;
};

/* At most this many groups; what comes later is counted without addresses. */
#define RESET_GROUPS_MAX 16384

/* Initialize to zero. */
struct resets {
	struct hash by_key;
	size_t groups;    /* that have addresses */
	uint64_t missing; /* resets not counted: out of memory */
};

struct reset_row; /* resets_row.h */

/* wall_offset_ns: wall time minus monotonic time. */
void resets_add(struct resets *resets, const struct reset_count *count, int64_t wall_offset_ns);

/*
 * All rows, those with most resets first; those without addresses are last. The caller frees them;
 * the groups stay with resets. NULL: there are none, or (*count is not 0) no memory.
 */
struct reset_row *resets_sort(const struct resets *resets, size_t *count);

void resets_close(struct resets *resets);

#endif
