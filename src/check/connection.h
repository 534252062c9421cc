/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connection that --check makes: what it is to show, and how it is made. */
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

/* A change of state that it makes. */
struct connection_step {
	enum connection_end end;
	uint8_t oldstate, newstate;
	enum cause cause;
	bool has_duration; /* which the kernel program knows */
};

#define CONNECTION_STEPS 12
extern const struct connection_step connection_steps[CONNECTION_STEPS];

#define CONNECTION_BYTES 4 /* that each end sends */

struct connection {
	bool is_apart;         /* in a network namespace of its own */
	uint32_t netns;        /* its inode number; 0: not known */
	uint16_t lport, rport; /* the server's, and the client's: host order */
	uint64_t cookies[END_COUNT];
	uint64_t begin_ns, end_ns; /* CLOCK_MONOTONIC: all of it happened between them */
};

/*
 * Connects to itself on 127.0.0.1, sends something both ways, and closes: the client first, the
 * listener last. 0 or a negative errno; *failed is the call.
 */
int connection_make(struct connection *connection, const char **failed);

/* The step that it is of, a number; -1: it is another's. */
int connection_find(const struct connection *connection, const struct transition *transition);

#endif
