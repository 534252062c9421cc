/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections of the other address family for which a client gives up an attempt that nobody has
 * answered (RFC 8305, "Happy Eyeballs"): for the rule happy-eyeballs of --diagnose.
 */
#ifndef TCPSTATES_VIEW_RIVAL_H
#define TCPSTATES_VIEW_RIVAL_H

#include <stdint.h>

#include "trace/clock.h"
#include "view/session.h"

/* Places in the table: one for a process and a remote port. The latest that needs it has it. */
#define RIVAL_PLACES 1024

/* The last connections of one family. If all of them fit, which one was meant is not known. */
#define RIVAL_ROOM 8

/* The second attempt begins this long after the first one (curl: 200 ms; browsers: 250 to 300). */
#define RIVAL_LEAST_NS (50 * (uint64_t)NSEC_PER_MSEC)
#define RIVAL_MOST_NS  (3 * (uint64_t)NSEC_PER_SEC)

/* The first attempt is closed when the second one has succeeded, or when its TLS handshake has. */
#define RIVAL_CLOSE_NS ((uint64_t)NSEC_PER_SEC)

struct rival {
	uint64_t began_ns; /* monotonic */
	uint64_t ready_ns; /* when it became ESTABLISHED; 0: there is none */
};

struct rival_place {
	uint32_t pid;
	uint32_t netns;
	uint16_t port;
	uint8_t next[2];                    /* where the next one of each family goes */
	struct rival rivals[2][RIVAL_ROOM]; /* IPv4, IPv6 */
};

/* Initialize to zero. */
struct rivals {
	struct rival_place *places; /* NULL: none has come, or there is no memory */
};

/* Takes note of a session that has just become ESTABLISHED, if it is a client's. */
void rivals_note(struct rivals *rivals, const struct session *session);

/*
 * Of a client's session that was closed in SYN_SENT: how long after it the connection began for
 * which it was given up. 0: there was none, or it is not known which.
 */
uint64_t rivals_find(const struct rivals *rivals, const struct session *session);

void rivals_close(struct rivals *rivals);

#endif
