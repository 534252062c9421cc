/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A socket of the trace's own that changes its state once the kernel program is attached: when that
 * does not arrive, the trace is blind. The kernel program knows it by its cookie (bpf/probe.h), so
 * no output has it, and filters do not matter.
 */
#ifndef TCPSTATES_SOURCE_START_PROBE_H
#define TCPSTATES_SOURCE_START_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct start_probe {
	int fd;          /* -1: there is none */
	uint64_t cookie; /* of the socket; 0: there is none */
	bool has_arrived;
};

/*
 * Before the kernel program is attached, so that it does not see the socket being created. Where
 * that is not possible, -v says so, and the others do nothing.
 */
void start_probe_open(struct start_probe *probe);

/*
 * Once it is attached: listens on a free port of the loopback address, and stops at once. read()
 * empties the ring buffer into start_probe_take(). False when that does not come within a second;
 * true also when this process may not listen, which -v says.
 */
bool start_probe_arrives(struct start_probe *probe, void (*read)(void *context), void *context);

/* Whether a record of the ring buffer is the probe's; notes that it has arrived. */
bool start_probe_take(struct start_probe *probe, const void *record, size_t size);

void start_probe_close(struct start_probe *probe);

#endif
