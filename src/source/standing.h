/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions that the kernel program's iterators have told of, FACT_STANDING, on their way to who
 * reads the source. Kept in pieces, each of which is freed as soon as it is handed over: there may
 * be a million.
 */
#ifndef TCPSTATES_SOURCE_STANDING_H
#define TCPSTATES_SOURCE_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../transition.h"
#include "source.h"

struct standing_piece;

/* Zeroed at first. */
struct standing {
	struct standing_piece *first;
	struct standing_piece *last;
	size_t taken;    /* of the first piece */
	uint64_t missed; /* there was no memory for them */
};

void standing_add(struct standing *standing, const struct transition *transition);

bool standing_is_empty(const struct standing *standing);

/* Hands over, in order, up to count of them, or until deliver says otherwise: its last answer. */
enum delivery standing_hand_over(struct standing *standing, size_t count, source_deliver *deliver,
				 void *context);

void standing_close(struct standing *standing);

#endif
