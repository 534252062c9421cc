/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two maps that take turns: the kernel programs add to one while user space reads and empties the
 * other.
 */
#ifndef TCPSTATES_SOURCE_TURN_H
#define TCPSTATES_SOURCE_TURN_H

#include <linux/types.h>
#include <stdbool.h>

struct bpf_map;

/*
 * Switches to the other map and waits until no program adds to this one any more: the kernel waits
 * for an RCU grace period. now: a variable of the kernel programs; the map of the turn is odd if it
 * is odd. Returns the value of the turn that has ended.
 */
__u32 turn_end(__u32 *now);

/* Whether the map has no entry. */
bool turn_is_empty(const struct bpf_map *map);

/* One entry. The values of a map per CPU are one after the other, each in value_size bytes. */
struct turn_entry {
	const void *key;
	const void *values;
	int value_count; /* possible CPUs, or 1 */
};

/*
 * Takes all entries out of the map of a turn that has ended, and hands each to take(). If that
 * fails, which is logged, the map keeps the rest until its next turn. what: its entries, for the
 * message. Batches exist since 5.6.
 */
void turn_drain(const struct bpf_map *map, const char *what,
		void (*take)(const void *context, const struct turn_entry *entry),
		const void *context);

#endif
