/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* File descriptors to wait for with poll(2), each with a callback. */
#ifndef TCPSTATES_LIB_POLLER_H
#define TCPSTATES_LIB_POLLER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* Called from poller_wait(). ready: poll(2)'s revents. */
typedef void poller_ready(void *context, short ready);

struct poller_entry;

/* Initialize to zero. */
struct poller {
	struct pollfd *fds;
	struct poller_entry *entries; /* same index as fds */
	size_t count;
	size_t room;
};

/*
 * Waits for events (POLLIN, POLLOUT; 0: only errors and hang-up) of fd, which the caller owns.
 * poller_wait() then calls ready; NULL: it only stops waiting. 0, or -ENOMEM.
 */
int poller_add(struct poller *poller, int fd, short events, poller_ready *ready, void *context);

/* Changes the events to wait for on fd. POLLER_IGNORE: not even errors. */
#define POLLER_IGNORE ((short)-1)
void poller_want(struct poller *poller, int fd, short events);

/*
 * Waits at most timeout_ms milliseconds (-1: no limit) until a descriptor is ready, and calls the
 * callbacks of those that are. They may change the set. Returns whether any was ready; false if a
 * signal interrupts.
 */
bool poller_wait(struct poller *poller, int timeout_ms);

void poller_close(struct poller *poller);

#endif
