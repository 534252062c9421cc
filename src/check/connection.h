/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection that --check makes, and what a trace should show of it. */
#ifndef TCPSTATES_CHECK_CONNECTION_H
#define TCPSTATES_CHECK_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/cause.h"
#include "trace/transition.h"

enum connection_end {
	END_LISTENER,
	END_CLIENT,
	END_SERVER,
	END_COUNT,
};

/* A transition of the connection. */
struct connection_step {
	enum connection_end end;
	uint8_t oldstate, newstate;
	enum cause cause;
	bool has_duration; /* known to the kernel program */
};

#define CONNECTION_STEPS 12
extern const struct connection_step connection_steps[CONNECTION_STEPS];

#define CONNECTION_BYTES 4 /* sent by each end */

struct connection {
	bool is_apart;         /* in its own network namespace */
	uint32_t netns;        /* its inode number; 0: not known */
	uint16_t lport, rport; /* of the server and the client: host order */
	uint64_t cookies[END_COUNT];
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC: all transitions are between them */
};

/*
 * Connects to itself on 127.0.0.1, sends data both ways, and closes: the client first, the listener
 * last. 0 or a negative errno; *failed: the failed call.
 */
int connection_make(struct connection *connection, const char **failed);

/* Index of the transition's step; -1: another connection's. */
int connection_find(const struct connection *connection, const struct transition *transition);

#endif
