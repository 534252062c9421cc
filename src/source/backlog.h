/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records of the ring buffer, as they were, in order: of a time in which they could not be taken,
 * when it would have filled.
 */
#ifndef TCPSTATES_SOURCE_BACKLOG_H
#define TCPSTATES_SOURCE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backlog_piece;

/* Zeroed at first. */
struct backlog {
	struct backlog_piece *first;
	struct backlog_piece *last;
	size_t taken;    /* bytes of the first piece */
	size_t pieces;   /* how many there are */
	uint64_t missed; /* there was no memory for them */
};

/* So many bytes at most: enough for a million records. */
#define BACKLOG_MAX ((size_t)256 << 20)

/* Adds a copy of a record. */
void backlog_add(struct backlog *backlog, const void *record, size_t size);

/* It has come to BACKLOG_MAX: nothing more is to be added. */
bool backlog_is_full(const struct backlog *backlog);

bool backlog_is_empty(const struct backlog *backlog);

/* The oldest record, of *size bytes; valid until it is dropped. NULL: there is none. */
const void *backlog_first(const struct backlog *backlog, size_t *size);
void backlog_drop_first(struct backlog *backlog);

void backlog_close(struct backlog *backlog);

#endif
