// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions that have been told of, and wait to be handed over. */
#include <stdlib.h>

#include "standing.h"

#define PIECE_COUNT 128

struct standing_piece {
	struct standing_piece *next;
	size_t count;
	struct transition transitions[PIECE_COUNT];
};

static struct standing_piece *add_piece(struct standing *standing)
{
	struct standing_piece *piece = malloc(sizeof(*piece));

	if (!piece)
		return NULL;
	piece->next = NULL;
	piece->count = 0;
	if (standing->last)
		standing->last->next = piece;
	else
		standing->first = piece;
	standing->last = piece;
	return piece;
}

void standing_add(struct standing *standing, const struct transition *transition)
{
	struct standing_piece *piece = standing->last;

	if (!piece || piece->count == PIECE_COUNT)
		piece = add_piece(standing);
	if (piece)
		piece->transitions[piece->count++] = *transition;
	else
		standing->missed++;
}

bool standing_is_empty(const struct standing *standing)
{
	return !standing->first;
}

static void drop_first(struct standing *standing)
{
	struct standing_piece *piece = standing->first;

	standing->first = piece->next;
	if (!standing->first)
		standing->last = NULL;
	standing->taken = 0;
	free(piece);
}

enum delivery standing_hand_over(struct standing *standing, size_t count, source_deliver *deliver,
				 void *context)
{
	enum delivery answer = DELIVERY_CONTINUE;

	while (count-- && standing->first && answer == DELIVERY_CONTINUE) {
		answer = deliver(context, &standing->first->transitions[standing->taken++]);
		if (standing->taken == standing->first->count)
			drop_first(standing);
	}
	return answer;
}

void standing_close(struct standing *standing)
{
	while (standing->first)
		drop_first(standing);
}
