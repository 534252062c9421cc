/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A queue of records in memory, unchanged and in order: records of the ring buffer that arrived
 * while they could not be handed over, and snapshots that iterators reported.
 */
#ifndef TCPSTATES_SOURCE_RECORD_QUEUE_H
#define TCPSTATES_SOURCE_RECORD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/source.h"

struct queue_piece;

/* Zeroed at first. */
struct record_queue {
	struct queue_piece *first;
	struct queue_piece *last;
	size_t taken;    /* bytes already taken from the first piece */
	size_t pieces;   /* how many there are */
	uint64_t missed; /* records that were dropped without memory */
};

/* Adds a copy of a record. */
void record_queue_add(struct record_queue *queue, const void *record, size_t size);

/* Enough for a million records. */
#define RECORD_QUEUE_MAX ((size_t)256 << 20)

/* Whether it has reached RECORD_QUEUE_MAX bytes. record_queue_add() does not check this. */
bool record_queue_is_full(const struct record_queue *queue);

bool record_queue_is_empty(const struct record_queue *queue);

/* The oldest record, of *size bytes; valid until it is dropped. NULL if the queue is empty. */
const void *record_queue_first(const struct record_queue *queue, size_t *size);
void record_queue_drop_first(struct record_queue *queue);

/* Calls visit for each record, oldest first. */
void record_queue_visit(const struct record_queue *queue,
			void (*visit)(void *context, const void *record), void *context);

/*
 * For a queue of snapshots: hands over up to count of them, in order, until the receiver says
 * otherwise. Returns its last answer.
 */
enum delivery record_queue_hand_over(struct record_queue *queue, size_t count,
				     const struct receiver *receiver);

void record_queue_close(struct record_queue *queue);

#endif
