/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording: a header, then entries, each with its kind, size and checksum, and as the last one
 * an end mark. Entries are only ever appended, so what a killed recorder leaves can be read.
 * Numbers are in the byte order of the machine that wrote them, which the header tells.
 * docs/recording.md describes the format.
 */
#ifndef TCPSTATES_TRACE_RECORDING_H
#define TCPSTATES_TRACE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buffer.h"
#include "trace/cgroup.h"
#include "trace/losses.h"
#include "trace/transition.h"

#define RECORDING_NAME_SIZE 72

/* Kinds of entries that a header has room for. */
#define RECORDING_ENTRY_KINDS 32

/* Where and when the recording was made. */
struct recording_origin {
	int64_t wall_offset_ns; /* wall time minus the monotonic time of the transitions */
	uint64_t start_ns;      /* monotonic time at which tracing began */
	char host[RECORDING_NAME_SIZE];
	char kernel[RECORDING_NAME_SIZE];
};

/* Writing: each appends to the buffer. */
void recording_write_header(struct buffer *buffer, const struct recording_origin *origin);
void recording_write_transition(struct buffer *buffer, const struct transition *transition);
/* A session that stays in its state: transition_is_snapshot(). */
void recording_write_snapshot(struct buffer *buffer, const struct transition *snapshot);
/* The wall clock was set: the offset holds for what follows. */
void recording_write_offset(struct buffer *buffer, int64_t wall_offset_ns);
/* The path of a cgroup that transitions behind it have. */
void recording_write_cgroup(struct buffer *buffer, uint64_t id, const char *path);
/* It is now_ns, monotonic: for views, which may say something though nothing happens. */
void recording_write_tick(struct buffer *buffer, uint64_t now_ns);
/* Losses so far. */
void recording_write_losses(struct buffer *buffer, const struct losses *losses);
/* The end mark. transitions: how many were written, with the snapshots. */
void recording_write_end(struct buffer *buffer, const struct losses *losses, uint64_t transitions);

enum recording_kind {
	RECORDING_INCOMPLETE, /* the data ends within this entry, or has no further one */
	RECORDING_CORRUPT,
	RECORDING_HEADER,
	RECORDING_TRANSITION,
	RECORDING_SNAPSHOT,
	RECORDING_OFFSET,
	RECORDING_CGROUP,
	RECORDING_TICK,
	RECORDING_LOSSES,
	RECORDING_END,
	RECORDING_SKIPPED, /* of a kind that this program does not know: a newer one's */
};

/* What was read: by kind, one member. */
struct recording_item {
	enum recording_kind kind;
	size_t size; /* bytes of the data that it took; when incomplete, how many it needs at least
		      */
	char why[160];                       /* corrupt: what is wrong, and what would be right */
	const struct transition *transition; /* or snapshot; in the data, or in completed */
	struct transition completed;         /* one that is shorter than this version's */
	struct recording_origin origin;
	int64_t wall_offset_ns;
	uint64_t tick_ns;
	uint64_t cgroup;
	const char *cgroup_path; /* in the data; CGROUP_PATH_SIZE bytes */
	struct losses losses;
};

/* Between the calls of recording_read(); zeroed at first. */
struct recording_reader {
	unsigned int version;                  /* 0: the header is still to come */
	uint16_t sizes[RECORDING_ENTRY_KINDS]; /* of an entry of each kind, at most; 0: none */
	uint64_t transitions;                  /* and snapshots, read so far */
	bool has_ended;
};

/*
 * Reads the next entry at the beginning of the data, which is aligned to eight bytes: the size of
 * every entry is a multiple of that. The item points into the data.
 */
void recording_read(struct recording_reader *reader, const void *data, size_t size,
		    struct recording_item *item);

#endif
