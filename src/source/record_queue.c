// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records are stored back to back in pieces of memory, each after its size. */
#include <stdlib.h>
#include <string.h>

#include "source/record_queue.h"

#define PIECE_SIZE ((size_t)1 << 20)
#define ALIGNMENT  sizeof(uint64_t)

struct queue_piece {
	struct queue_piece *next;
	size_t size; /* bytes in use */
	uint64_t bytes[(PIECE_SIZE - 2 * sizeof(size_t)) / ALIGNMENT];
};

/* The bytes that a record takes, including its size. */
static size_t room_for(size_t size)
{
	return ALIGNMENT + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static char *place(struct queue_piece *piece, size_t offset)
{
	return (char *)piece->bytes + offset;
}

static struct queue_piece *add_piece(struct record_queue *queue)
{
	struct queue_piece *piece = malloc(sizeof(*piece));

	if (!piece)
		return NULL;
	piece->next = NULL;
	piece->size = 0;
	if (queue->last)
		queue->last->next = piece;
	else
		queue->first = piece;
	queue->last = piece;
	queue->pieces++;
	return piece;
}

void record_queue_add(struct record_queue *queue, const void *record, size_t size)
{
	struct queue_piece *piece = queue->last;
	size_t room = room_for(size);

	if (!piece || piece->size + room > sizeof(piece->bytes))
		piece = room <= sizeof(piece->bytes) ? add_piece(queue) : NULL;
	if (!piece) {
		queue->missed++;
		return;
	}
	memcpy(place(piece, piece->size), &size, sizeof(size));
	memcpy(place(piece, piece->size + ALIGNMENT), record, size);
	piece->size += room;
}

bool record_queue_is_full(const struct record_queue *queue)
{
	return queue->pieces >= RECORD_QUEUE_MAX / PIECE_SIZE;
}

bool record_queue_is_empty(const struct record_queue *queue)
{
	return !queue->first;
}

const void *record_queue_first(const struct record_queue *queue, size_t *size)
{
	if (!queue->first)
		return NULL;
	memcpy(size, place(queue->first, queue->taken), sizeof(*size));
	return place(queue->first, queue->taken + ALIGNMENT);
}

static void drop_piece(struct record_queue *queue)
{
	struct queue_piece *piece = queue->first;

	queue->first = piece->next;
	if (!queue->first)
		queue->last = NULL;
	queue->taken = 0;
	queue->pieces--;
	free(piece);
}

void record_queue_drop_first(struct record_queue *queue)
{
	size_t size;

	if (!record_queue_first(queue, &size))
		return;
	queue->taken += room_for(size);
	if (queue->taken == queue->first->size)
		drop_piece(queue);
}

/* The records of a piece from offset on. */
static void visit_piece(struct queue_piece *piece, size_t offset,
			void (*visit)(void *context, const void *record), void *context)
{
	size_t size;

	while (offset < piece->size) {
		memcpy(&size, place(piece, offset), sizeof(size));
		visit(context, place(piece, offset + ALIGNMENT));
		offset += room_for(size);
	}
}

void record_queue_visit(const struct record_queue *queue,
			void (*visit)(void *context, const void *record), void *context)
{
	for (struct queue_piece *piece = queue->first; piece; piece = piece->next)
		visit_piece(piece, piece == queue->first ? queue->taken : 0, visit, context);
}

enum delivery record_queue_hand_over(struct record_queue *queue, size_t count,
				     const struct receiver *receiver)
{
	enum delivery answer = DELIVERY_CONTINUE;
	const void *session;
	size_t size;

	while (count-- && answer == DELIVERY_CONTINUE &&
	       (session = record_queue_first(queue, &size))) {
		answer = receiver->snapshot(receiver->context, session);
		record_queue_drop_first(queue);
	}
	return answer;
}

void record_queue_close(struct record_queue *queue)
{
	while (queue->first)
		drop_piece(queue);
}
