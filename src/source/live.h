/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The running kernel as a source: what its parts share. live.c opens it, live_read.c reads. */
#ifndef TCPSTATES_SOURCE_LIVE_H
#define TCPSTATES_SOURCE_LIVE_H

#include "bpf/shared.h"
#include "source/btf/target.h"
#include "source/btf/types.h"
#include "source/exact.h"
#include "source/initial_scan.h"
#include "source/join.h"
#include "source/listener_reader.h"
#include "source/loss_counter.h"
#include "source/port_reader.h"
#include "source/record_queue.h"
#include "source/reset_reader.h"
#include "source/source.h"
#include "source/start_probe.h"
#include "source/syn_cookies.h"

struct exact_bpf;
struct ring_buffer;
struct tcpstates_bpf;

struct live {
	struct source source;
	struct tcpstates_bpf *program;
	struct exact_bpf *exact; /* NULL: not loaded */
	struct types types;      /* released once tracing has started */
	struct targets targets;  /* in types */
	struct ring_buffer *ring;
	struct start_probe probe;
	struct join join;
	struct initial_scan scan;
	struct record_queue snapshots; /* of iterators: struct transition */
	struct record_queue queue;     /* records that arrived while iterators ran */
	struct loss_counter counter;
	const struct numbers *cookie_namespaces; /* where to count; NULL: not wanted */
	struct syn_cookies cookies;
	struct reset_reader resets;
	struct listener_reader listeners;
	struct port_reader ports;
	unsigned int left;    /* records that this read may still take */
	bool is_kept;         /* records are added to the queue when read */
	bool has_finished;    /* the scan at the end has run */
	bool wants_last_peek; /* tracing has stopped: orphans are checked once more */
};

/* libbpf's callback: a negative answer ends the read after this record. */
int live_take_from_ring(void *context, void *data, size_t size);

/* For initial_scan.h. Records without room in the queue stay in the ring buffer. */
void live_keep_records(void *context);

/* Hands over all queued records, or until the receiver says otherwise. Returns its last answer. */
enum delivery live_hand_over_snapshots(struct live *live, const struct receiver *receiver);

/* For minisock_tracker.h: runs the kernel program that reads minisocks. */
bool live_peek_minisocks(void *context, struct minisock_peek *peeks, size_t count);

int live_read(struct source *source, const struct receiver *receiver);

#endif
