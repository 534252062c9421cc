/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When the last listener at an address and port of this host ended, and when there was one again:
 * for the rule refused of --diagnose. With SO_REUSEPORT, several listen at the same place.
 */
#ifndef TCPSTATES_VIEW_LISTENER_GAP_H
#define TCPSTATES_VIEW_LISTENER_GAP_H

#include <stdint.h>

#include "lib/hash.h"
#include "trace/transition.h"

/* The most addresses and ports; listeners at others are not remembered. */
#define LISTENER_GAPS_MAX 8192

/* An address and port where something listens or has listened, and its last gap. */
struct listener_gap {
	struct hash_entry by_end; /* first: cast from struct hash_entry * */
	struct listener_gap *older;
	uint64_t since_ns;  /* monotonic; when the first one began; 0: before the trace */
	uint64_t closed_ns; /* when the last one ended; 0: no gap is known */
	uint64_t back_ns;   /* 0: none has come back */
	uint32_t listening; /* how many there are now */
	uint32_t netns;
	uint16_t port;
	uint8_t laddr[16];
	char closed_by[TRANSITION_COMM_SIZE]; /* the owner; "": not known */
	char back_by[TRANSITION_COMM_SIZE];
};

/* Initialize to zero. */
struct listener_gaps {
	struct hash by_end;
	struct listener_gap *newest;
};

/* Takes note if a listener begins or ends, or was there before the trace. */
void listener_gaps_take(struct listener_gaps *gaps, const struct transition *transition);

/* What connects to that address of the same host meet. */
struct listener_place {
	uint8_t address[16];
	uint32_t netns;
	uint16_t port;
};

/*
 * The gap that was there from first_ns to last_ns. NULL: none is known, or something listened there
 * or at the unspecified address.
 */
const struct listener_gap *listener_gaps_find(const struct listener_gaps *gaps,
					      const struct listener_place *place, uint64_t first_ns,
					      uint64_t last_ns);

void listener_gaps_close(struct listener_gaps *gaps);

#endif
