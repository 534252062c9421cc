/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pools of local ports: a local address, remote address and remote port in one network namespace.
 * Two connections of a pool cannot have the same local port, so connect() fails when the ports of
 * the namespace's range are all taken there (__inet_hash_connect(), 5.10 to 7.2).
 */
#ifndef TCPSTATES_VIEW_PORT_POOL_H
#define TCPSTATES_VIEW_PORT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "trace/port_space.h"
#include "trace/transition.h"

/* At most this many pools. */
#define PORT_POOLS_MAX 16384

/* The most processes, by name, that are known to have made the sessions in TIME_WAIT of a pool. */
#define PORT_MAKERS_MAX 4

struct port_pool_key {
	uint8_t laddr[16];
	uint8_t raddr[16];
	uint32_t netns;
	uint16_t rport;
	uint16_t padding; /* zero: it is compared as bytes */
};

struct port_maker {
	char comm[TRANSITION_COMM_SIZE]; /* NUL-terminated; "": not known */
	uint32_t count;                  /* 0: the place is free */
};

/* Of a period. */
struct port_stats {
	uint64_t opened;    /* connections begun that had a port */
	uint64_t failed;    /* connect() found no port */
	uint64_t lingering; /* entered TIME_WAIT */
	int64_t live;       /* at its beginning: ports of live sessions, */
	int64_t time_wait;  /* and of those in TIME_WAIT */
};

/* When the largest part of its ports could not be chosen, the last time. */
struct port_peak {
	uint64_t time_ns; /* monotonic */
	uint32_t live;
	uint32_t time_wait;      /* 0 if such ports can be used again */
	uint32_t of;             /* 0: there was no peak, as the range is not known */
	bool is_most;            /* reserved ports are not known: they may be fewer */
	struct port_maker maker; /* of most of those in TIME_WAIT */
};

/* A network namespace. */
struct port_home {
	struct hash_entry by_netns; /* first member: cast from struct hash_entry * */
	uint32_t netns;
	bool is_known;
	struct port_space space; /* if it is known */
};

struct port_pool {
	struct hash_entry by_key; /* first member: cast from struct hash_entry * */
	struct port_pool_key key;
	const struct port_home *home;
	uint32_t live;      /* ports in use now, out of the range: by live sessions, */
	uint32_t time_wait; /* and in TIME_WAIT */
	struct port_maker makers[PORT_MAKERS_MAX]; /* of those in TIME_WAIT */
	struct port_stats lately;                  /* since port_pools_turn() */
	struct port_stats whole;                   /* before that */
	struct port_peak peak;
	uint64_t failed_ns; /* monotonic: when connect() found no port, the last time */
	bool is_match;      /* the filter accepts one of its sessions */
	uint8_t told;       /* for the user */
};

/* Initialized with zeros. */
struct port_pools {
	struct hash by_key;
	struct hash homes;
};

/* The pool of a session; NULL if there is no room. */
struct port_pool *port_pools_find_or_add(struct port_pools *pools, const struct transition *t);

/* Returns its network namespace; NULL if out of memory. */
const struct port_home *port_pools_set_space(struct port_pools *pools,
					     const struct port_space *space);

/* The local ports of its network namespace; NULL: not known. */
const struct port_space *port_pool_space(const struct port_pool *pool);

/*
 * Whether connect() may use a port in TIME_WAIT again after a second, as long as both ends have TCP
 * timestamps: net.ipv4.tcp_tw_reuse (tcp_twsk_unique(), 5.10 to 7.2).
 */
bool port_pool_reuses(const struct port_pool *pool);

/* How many of its ports connect() cannot choose now. */
uint32_t port_pool_taken(const struct port_pool *pool);

/* Counts a session in TIME_WAIT by its owner. Returns its place; PORT_MAKERS_MAX: there is none. */
uint8_t port_pool_add_maker(struct port_pool *pool, const struct transition *t);

/*
 * Updates the peak; pending: of its live sessions, those that may find no port. Returns whether
 * other numbers of ports make the peak than before.
 */
bool port_pool_note_peak(struct port_pool *pool, uint64_t time_ns, unsigned int pending);

/* Ends a period. */
void port_pools_turn(struct port_pools *pools);

/*
 * The pools that the filter accepts and that have ports in use, or had connections in the period
 * (is_whole: the whole run); those with the largest part of their ports taken first. The caller
 * frees the array. NULL: there are none, or (*count is not 0) no memory.
 */
struct port_pool **port_pools_sort(const struct port_pools *pools, bool is_whole, size_t *count);

void port_pools_close(struct port_pools *pools);

#endif
