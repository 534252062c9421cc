/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording: a header, then entries, each with its kind, size and checksum; the last one is an
 * end mark. Entries are only appended, so the file of a killed recorder can be read. Numbers are in
 * the byte order of the recording machine, which the header states. docs/recording.md describes
 * the format.
 */
#ifndef TCPSTATES_TRACE_RECORDING_H
#define TCPSTATES_TRACE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buffer.h"
#include "trace/cgroup.h"
#include "trace/listener.h"
#include "trace/losses.h"
#include "trace/port_space.h"
#include "trace/reset_count.h"
#include "trace/transition.h"

#define RECORDING_NAME_SIZE 72

/* The header has room for this many kinds of entries. */
#define RECORDING_ENTRY_KINDS 32

/* Where and when the recording was made. */
struct recording_origin {
	int64_t wall_offset_ns; /* wall time minus the monotonic time of the transitions */
	uint64_t start_ns;      /* monotonic time at which tracing began */
	char host[RECORDING_NAME_SIZE];
	char kernel[RECORDING_NAME_SIZE];
	bool has_resets;    /* resets for packets of no session are recorded, if there are any */
	bool has_listeners; /* reports on listeners are recorded, if there are any */
	bool has_ports;     /* the local ports of network namespaces are recorded */
};

/* Each of these appends to the buffer. */
void recording_write_header(struct buffer *buffer, const struct recording_origin *origin);
void recording_write_transition(struct buffer *buffer, const struct transition *transition);
/* snapshot: transition_is_snapshot() is true for it. */
void recording_write_snapshot(struct buffer *buffer, const struct transition *snapshot);
/* Only if the header says has_resets. */
void recording_write_resets(struct buffer *buffer, const struct reset_count *count);
/* Only if the header says has_listeners. */
void recording_write_listener(struct buffer *buffer, const struct listener *report);
/* Only if the header says has_ports. */
void recording_write_ports(struct buffer *buffer, const struct port_space *space);
/* The wall clock was set: the offset applies to the entries that follow. */
void recording_write_offset(struct buffer *buffer, int64_t wall_offset_ns);
/* The path of a cgroup, before the transitions that refer to it. */
void recording_write_cgroup(struct buffer *buffer, uint64_t id, const char *path);
/* now_ns: the monotonic time. For views, which may report even if nothing changes. */
void recording_write_tick(struct buffer *buffer, uint64_t now_ns);
/* Losses so far. */
void recording_write_losses(struct buffer *buffer, const struct losses *losses);
/* The end mark. transitions: how many were written, including snapshots. */
void recording_write_end(struct buffer *buffer, const struct losses *losses, uint64_t transitions);

enum recording_kind {
	RECORDING_INCOMPLETE, /* the data ends before or within this entry */
	RECORDING_CORRUPT,
	RECORDING_HEADER,
	RECORDING_TRANSITION,
	RECORDING_SNAPSHOT,
	RECORDING_RESETS,
	RECORDING_LISTENER,
	RECORDING_PORTS,
	RECORDING_OFFSET,
	RECORDING_CGROUP,
	RECORDING_TICK,
	RECORDING_LOSSES,
	RECORDING_END,
	RECORDING_SKIPPED, /* a kind that this version does not know */
};

/* What was read; the kind determines which member is set. */
struct recording_item {
	enum recording_kind kind;
	size_t size;   /* bytes of data consumed; if incomplete, the least number needed */
	char why[160]; /* corrupt: what is wrong, and what is expected */
	const struct transition *transition; /* or snapshot; points into the data or to completed */
	struct transition completed; /* one shorter than in this version, filled with zeroes */
	struct reset_count resets;
	struct listener listener; /* what the recorder did not have is zero */
	struct port_space ports;
	struct recording_origin origin;
	int64_t wall_offset_ns;
	uint64_t tick_ns;
	uint64_t cgroup;
	const char *cgroup_path; /* points into the data; CGROUP_PATH_SIZE bytes */
	struct losses losses;
};

/* State between calls of recording_read(); initially zero. */
struct recording_reader {
	unsigned int version;                  /* 0: the header was not read yet */
	uint16_t sizes[RECORDING_ENTRY_KINDS]; /* maximum for each kind of entry; 0: none */
	uint64_t transitions;                  /* and snapshots read so far */
	bool has_ended;
};

/*
 * Reads the entry at the beginning of the data. The data must be aligned to 8 bytes; the size of
 * every entry is a multiple of 8. The item points into the data.
 */
void recording_read(struct recording_reader *reader, const void *data, size_t size,
		    struct recording_item *item);

#endif
