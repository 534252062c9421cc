/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The minisocks that the initial scan finds. A session may become one while the scan runs, after
 * tracing has begun: then its transition reports it, and the scan must not. Which of the two comes
 * first is known only once the scan has ended.
 */
#ifndef TCPSTATES_SOURCE_FOUND_MINISOCKS_H
#define TCPSTATES_SOURCE_FOUND_MINISOCKS_H

#include <stddef.h>

#include "bpf/record.h"
#include "source/record_queue.h"
#include "source/watchlist.h"

/* Zeroed at first. */
struct found_minisocks {
	struct record_queue found; /* struct record_minisock_found */
	struct watchlist traced;   /* those that a transition has reported, or that were taken */
};

void found_minisocks_add(struct found_minisocks *minisocks,
			 const struct record_minisock_found *found);

/* A record of the ring buffer that has arrived while the scan runs. */
void found_minisocks_see(struct found_minisocks *minisocks, const void *record, size_t size);

/*
 * Takes the next one that no transition reports, in the order in which they were found. False:
 * there is none.
 */
bool found_minisocks_take(struct found_minisocks *minisocks, struct record_minisock_found *found);

void found_minisocks_close(struct found_minisocks *minisocks);

#endif
