/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports on listeners (trace/listener.h), from the ring buffer and from scans. */
#ifndef TCPSTATES_SOURCE_LISTENER_READER_H
#define TCPSTATES_SOURCE_LISTENER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/netstat.h"
#include "source/record_queue.h"
#include "trace/listener.h"
#include "trace/receiver.h"

/* The counters of a network namespace, as the last scan found them. */
struct namespace_netstat {
	uint64_t netns; /* inode number */
	struct netstat netstat;
};

/* Zeroed at first. */
struct listener_reader {
	struct record_queue queue; /* struct listener, in the order in which they came */
	struct netstat netstat;    /* of the network namespace that is scanned */
	bool has_netstat;
	struct namespace_netstat *scanned; /* all namespaces that were; */
	size_t scanned_count;              /* how many */
};

/* Whether a record of the ring buffer is a report; if so, it is queued. */
bool listener_reader_take(struct listener_reader *reader, const void *record, size_t size);

/* Call it before each run of the iterator over sockets, in the namespace that it visits. */
void listener_reader_enter(struct listener_reader *reader);

/* A report of that iterator. */
void listener_reader_found(struct listener_reader *reader, const struct listener *report);

/* Hands over what is queued. Whether there was anything. */
bool listener_reader_hand_over(struct listener_reader *reader, const struct receiver *receiver);

void listener_reader_close(struct listener_reader *reader);

#endif
