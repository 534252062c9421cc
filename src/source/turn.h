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

#endif
