// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions whose sockets may no longer exist: a list, and a hash table by address of the socket. */
#include <stdlib.h>

#include "trace/doubts.h"

static bool has_skaddr(const struct hash_entry *entry, const void *skaddr)
{
	return ((const struct doubt *)entry)->last.skaddr == *(const uint64_t *)skaddr;
}

struct doubt *doubts_find(const struct doubts *doubts, uint64_t skaddr)
{
	return (struct doubt *)hash_find(&doubts->by_skaddr, &skaddr, 1, has_skaddr, &skaddr);
}

void doubts_add(struct doubts *doubts, const struct transition *last)
{
	struct doubt *doubt;
	uint64_t skaddr = last->skaddr;

	if (doubts_find(doubts, skaddr))
		return;
	doubt = calloc(1, sizeof(*doubt));
	if (!doubt)
		return;
	doubt->last = *last;
	if (!hash_add(&doubts->by_skaddr, &doubt->by_skaddr, &skaddr, 1)) {
		free(doubt);
		return;
	}
	if (doubts->newest)
		doubts->newest->next = doubt;
	else
		doubts->first = doubt;
	doubts->newest = doubt;
	doubts->count++;
}

void doubts_close(struct doubts *doubts)
{
	struct doubt *doubt, *next = doubts->first;

	while ((doubt = next)) {
		next = doubt->next;
		free(doubt);
	}
	hash_close(&doubts->by_skaddr);
	*doubts = (struct doubts){0};
}
