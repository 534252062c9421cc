/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports on listeners (trace/listener.h), from the ring buffer and from scans. */
#ifndef TCPSTATES_SOURCE_LISTENER_READER_H
#define TCPSTATES_SOURCE_LISTENER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "source/netstat.h"
#include "source/record_queue.h"
#include "trace/listener.h"
#include "trace/receiver.h"

/* The counters of a network namespace, as the last scan found them. */
struct namespace_netstat {
	struct hash_entry by_netns; /* first member: cast from struct hash_entry * */
	uint64_t netns;             /* inode number */
	struct netstat netstat;
	uint32_t scan; /* the number of that scan */
};

/* Zeroed at first. */
struct listener_reader {
	struct record_queue queue; /* struct listener, in the order in which they came */
	struct netstat netstat;    /* of the network namespace that is scanned */
	bool has_netstat;
	struct hash by_netns; /* struct namespace_netstat, of those that still exist */
	uint32_t scan;        /* number of the present scan */
};

/* Whether a record of the ring buffer is a report; if so, it is queued. */
bool listener_reader_take(struct listener_reader *reader, const void *record, size_t size);

/* Call it before each run of the iterator over sockets, in the namespace that it visits. */
void listener_reader_enter(struct listener_reader *reader);

/* Call it when all namespaces have been scanned: forgets those that were not found. */
void listener_reader_end_scan(struct listener_reader *reader);

/* A report of that iterator. */
void listener_reader_found(struct listener_reader *reader, const struct listener *report);

/* Hands over what is queued. Whether there was anything. */
bool listener_reader_hand_over(struct listener_reader *reader, const struct receiver *receiver);

void listener_reader_close(struct listener_reader *reader);

#endif
