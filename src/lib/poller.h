/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* File descriptors to be waited for, each with what is to be done when it is ready: poll(2). */
#ifndef TCPSTATES_LIB_POLLER_H
#define TCPSTATES_LIB_POLLER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* Called from poller_wait(). ready: poll(2)'s revents. */
typedef void poller_ready(void *context, short ready);

struct poller_entry;

/* Zeroed at first. */
struct poller {
	struct pollfd *fds;
	struct poller_entry *entries; /* of the same index */
	size_t count;
	size_t room;
};

/*
 * Waits for events (POLLIN, POLLOUT; 0: only for errors and a hang-up) of fd, which stays the
 * caller's. ready is called then; NULL: nothing is to be done but to stop waiting. 0, or -ENOMEM.
 */
int poller_add(struct poller *poller, int fd, short events, poller_ready *ready, void *context);

/* Waits for other events of fd from now on. POLLER_IGNORE: not for errors either. */
#define POLLER_IGNORE ((short)-1)
void poller_want(struct poller *poller, int fd, short events);

/*
 * Waits until a descriptor is ready, for timeout_ms milliseconds at most (-1: for ever), and calls
 * the functions of those that are. They may change what is waited for. Whether any was ready; a
 * signal handler's interruption counts as none.
 */
bool poller_wait(struct poller *poller, int timeout_ms);

void poller_close(struct poller *poller);

#endif
