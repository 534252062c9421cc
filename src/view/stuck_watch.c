// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What --stuck watches: a list of at most two for each session, and a heap of all deadlines. */
#include <stdlib.h>

#include "view/stuck_watch.h"

bool watch_add(struct heap *deadlines, const struct watch *model, uint64_t due_ns)
{
	struct watch *watch = malloc(sizeof(*watch));

	if (!watch)
		return false;
	*watch = *model;
	watch->next = watch->session->view;
	if (!heap_add(deadlines, &watch->turn, due_ns)) {
		free(watch);
		return false;
	}
	watch->session->view = watch;
	return true;
}

struct watch *watch_find(const struct session *session, bool is_stall)
{
	struct watch *watch = session->view;

	while (watch && watch->is_stall != is_stall)
		watch = watch->next;
	return watch;
}

static void take_out(struct watch *watch)
{
	struct watch *first = watch->session->view;

	if (first == watch)
		watch->session->view = watch->next;
	else
		first->next = watch->next;
}

void watch_remove(struct heap *deadlines, struct watch *watch)
{
	if (watch->count)
		watch->count->now--;
	heap_remove(deadlines, &watch->turn);
	take_out(watch);
	free(watch);
}

void watches_remove(struct heap *deadlines, struct session *session)
{
	while (session->view)
		watch_remove(deadlines, session->view);
}
