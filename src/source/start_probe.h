/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A socket of the trace's own that changes its state once the kernel program is attached: if its
 * records do not arrive, the trace is blind. The kernel program recognises its cookie
 * (bpf/probe.h), so no output includes it, and filters do not matter.
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
 * Call it before the kernel program is attached, so that the socket's creation is not traced. On
 * failure, -v reports it, and the other functions do nothing.
 */
void start_probe_open(struct start_probe *probe);

/*
 * Call it once the program is attached: listens on a free port of the loopback address, and stops
 * at once. read() empties the ring buffer into start_probe_take(). False if no record arrives
 * within 1 s; true also if this process may not listen, which -v reports.
 */
bool start_probe_arrives(struct start_probe *probe, void (*read)(void *context), void *context);

/* Whether a record of the ring buffer is the probe's; if so, marks it as arrived. */
bool start_probe_take(struct start_probe *probe, const void *record, size_t size);

void start_probe_close(struct start_probe *probe);

#endif
