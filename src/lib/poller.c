// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Waits for several file descriptors. */
#include <errno.h>
#include <stdlib.h>

#include "lib/poller.h"

struct poller_entry {
	int fd; /* pollfd.fd is -1 while it is ignored: poll(2) skips it */
	poller_ready *ready;
	void *context;
};

#define FIRST_ROOM 8

/* False: out of memory. */
static bool make_room(struct poller *poller)
{
	size_t room = poller->room ? 2 * poller->room : FIRST_ROOM;
	struct poller_entry *entries;
	struct pollfd *fds;

	if (poller->count < poller->room)
		return true;
	fds = realloc(poller->fds, room * sizeof(*fds));
	if (fds)
		poller->fds = fds;
	entries = realloc(poller->entries, room * sizeof(*entries));
	if (entries)
		poller->entries = entries;
	if (!fds || !entries)
		return false;
	poller->room = room;
	return true;
}

int poller_add(struct poller *poller, int fd, short events, poller_ready *ready, void *context)
{
	if (!make_room(poller))
		return -ENOMEM;
	poller->entries[poller->count] = (struct poller_entry){fd, ready, context};
	poller->fds[poller->count++] = (struct pollfd){.fd = fd, .events = events};
	return 0;
}

static size_t find(const struct poller *poller, int fd)
{
	size_t i = 0;

	while (i < poller->count && poller->entries[i].fd != fd)
		i++;
	return i;
}

void poller_want(struct poller *poller, int fd, short events)
{
	size_t i = find(poller, fd);

	if (i == poller->count)
		return;
	poller->fds[i].fd = events == POLLER_IGNORE ? -1 : fd;
	poller->fds[i].events = events == POLLER_IGNORE ? 0 : events;
}

bool poller_wait(struct poller *poller, int timeout_ms)
{
	bool is_ready = poll(poller->fds, poller->count, timeout_ms) > 0;

	/*
	 * From last to first: an entry that removes itself moves none that is still to be called.
	 */
	for (size_t i = is_ready ? poller->count : 0; i-- > 0;) {
		const struct poller_entry *entry = &poller->entries[i];
		short ready = poller->fds[i].revents;

		poller->fds[i].revents = 0;
		if (ready && entry->ready)
			entry->ready(entry->context, ready);
	}
	return is_ready;
}

void poller_close(struct poller *poller)
{
	free(poller->fds);
	free(poller->entries);
	*poller = (struct poller){0};
}
