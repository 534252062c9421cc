/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Resets for packets of no session, counted by the kernel program (bpf/reset_tally.h). */
#ifndef TCPSTATES_SOURCE_RESET_READER_H
#define TCPSTATES_SOURCE_RESET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/btf/types.h"
#include "trace/receiver.h"
#include "trace/wants.h"

struct tcpstates_bpf;

struct reset_reader {
	uint64_t due_ns;  /* monotonic: when to read the counts; UINT64_MAX: there are none */
	uint64_t wait_ns; /* from the first one until then */
	bool is_last;     /* tracing has stopped: read them now */
	bool is_attached; /* the kernel program counts */
};

/* Call it before load: chooses the program, if it is wanted and if this kernel can tell. */
void reset_reader_configure(struct tcpstates_bpf *program, const struct wants *wants,
			    const struct types *types);

/* Call it once the programs are attached. */
void reset_reader_open(struct reset_reader *reader, const struct tcpstates_bpf *program);

/* Why the kernel tells no such resets, for a message; NULL: it does. */
const char *reset_reader_lack(const struct tcpstates_bpf *program, const struct wants *wants);

/* Whether it is the record that says that resets are counted, which is not handed over. */
bool reset_reader_take(struct reset_reader *reader, const void *record, size_t size);

/* Hands over the counts since the last time, if they are due. Whether there were any. */
bool reset_reader_read(struct reset_reader *reader, struct tcpstates_bpf *program, uint64_t now_ns,
		       const struct receiver *receiver);

#endif
