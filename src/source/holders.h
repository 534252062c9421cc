/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes that have the sockets of a scan open, and which of them a snapshot names: the owner
 * known so far if it is one of them, else the one with the lowest process ID.
 */
#ifndef TCPSTATES_SOURCE_HOLDERS_H
#define TCPSTATES_SOURCE_HOLDERS_H

#include "bpf/record.h"
#include "lib/hash.h"
#include "trace/transition.h"

/* Initialized with zeros. */
struct holders {
	struct hash by_skaddr;
};

/* Only a socket that a process could have open is searched for; a subflow has no descriptor. */
bool holders_are_sought(const struct transition *snapshot);

/* A process that has one of the sockets open. Without memory, it is not known. */
void holders_add(struct holders *holders, const struct record_holder *found);

/* Fills in the owner of a snapshot of a later scan. */
void holders_apply(const struct holders *holders, struct transition *snapshot);

void holders_close(struct holders *holders);

#endif
