/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that wait to be handed over, as they were, in order: those of the ring buffer from a time
 * in which they could not be taken, and what iterators have told of.
 */
#ifndef TCPSTATES_SOURCE_RECORD_QUEUE_H
#define TCPSTATES_SOURCE_RECORD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

struct backlog_piece;

/* Zeroed at first. */
struct backlog {
	struct backlog_piece *first;
	struct backlog_piece *last;
	size_t taken;    /* bytes of the first piece */
	size_t pieces;   /* how many there are */
	uint64_t missed; /* there was no memory for them */
};

/* Adds a copy of a record. */
void backlog_add(struct backlog *backlog, const void *record, size_t size);

/* Enough for a million records. */
#define BACKLOG_MAX ((size_t)256 << 20)

/* It has come to BACKLOG_MAX, which is for the user to heed. */
bool backlog_is_full(const struct backlog *backlog);

bool backlog_is_empty(const struct backlog *backlog);

/* The oldest record, of *size bytes; valid until it is dropped. NULL: there is none. */
const void *backlog_first(const struct backlog *backlog, size_t *size);
void backlog_drop_first(struct backlog *backlog);

/*
 * Of a backlog of snapshots: hands over, in order, up to count of them, or until the receiver says
 * otherwise. Its last answer.
 */
enum delivery backlog_hand_over(struct backlog *backlog, size_t count,
				const struct receiver *receiver);

void backlog_close(struct backlog *backlog);

#endif
