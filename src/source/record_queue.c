// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records that wait, one after the other in pieces of memory, each behind its size. */
#include <stdlib.h>
#include <string.h>

#include "source/record_queue.h"

#define PIECE_SIZE ((size_t)1 << 20)
#define ALIGNMENT  sizeof(uint64_t)

struct backlog_piece {
	struct backlog_piece *next;
	size_t size; /* bytes in use */
	uint64_t bytes[(PIECE_SIZE - 2 * sizeof(size_t)) / ALIGNMENT];
};

/* What a record takes with its size before it. */
static size_t room_for(size_t size)
{
	return ALIGNMENT + (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static char *place(struct backlog_piece *piece, size_t offset)
{
	return (char *)piece->bytes + offset;
}

static struct backlog_piece *add_piece(struct backlog *backlog)
{
	struct backlog_piece *piece = malloc(sizeof(*piece));

	if (!piece)
		return NULL;
	piece->next = NULL;
	piece->size = 0;
	if (backlog->last)
		backlog->last->next = piece;
	else
		backlog->first = piece;
	backlog->last = piece;
	backlog->pieces++;
	return piece;
}

void backlog_add(struct backlog *backlog, const void *record, size_t size)
{
	struct backlog_piece *piece = backlog->last;
	size_t room = room_for(size);

	if (!piece || piece->size + room > sizeof(piece->bytes))
		piece = room <= sizeof(piece->bytes) ? add_piece(backlog) : NULL;
	if (!piece) {
		backlog->missed++;
		return;
	}
	memcpy(place(piece, piece->size), &size, sizeof(size));
	memcpy(place(piece, piece->size + ALIGNMENT), record, size);
	piece->size += room;
}

bool backlog_is_full(const struct backlog *backlog)
{
	return backlog->pieces >= BACKLOG_MAX / PIECE_SIZE;
}

bool backlog_is_empty(const struct backlog *backlog)
{
	return !backlog->first;
}

const void *backlog_first(const struct backlog *backlog, size_t *size)
{
	if (!backlog->first)
		return NULL;
	memcpy(size, place(backlog->first, backlog->taken), sizeof(*size));
	return place(backlog->first, backlog->taken + ALIGNMENT);
}

static void drop_piece(struct backlog *backlog)
{
	struct backlog_piece *piece = backlog->first;

	backlog->first = piece->next;
	if (!backlog->first)
		backlog->last = NULL;
	backlog->taken = 0;
	backlog->pieces--;
	free(piece);
}

void backlog_drop_first(struct backlog *backlog)
{
	size_t size;

	if (!backlog_first(backlog, &size))
		return;
	backlog->taken += room_for(size);
	if (backlog->taken == backlog->first->size)
		drop_piece(backlog);
}

enum delivery backlog_hand_over(struct backlog *backlog, size_t count,
				const struct receiver *receiver)
{
	enum delivery answer = DELIVERY_CONTINUE;
	const void *session;
	size_t size;

	while (count-- && answer == DELIVERY_CONTINUE &&
	       (session = backlog_first(backlog, &size))) {
		answer = receiver->snapshot(receiver->context, session);
		backlog_drop_first(backlog);
	}
	return answer;
}

void backlog_close(struct backlog *backlog)
{
	while (backlog->first)
		drop_piece(backlog);
}
