/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The local ports of network namespaces (bpf/read_ports.h): read in the kernel by a socket in the
 * namespace, with its first session, and at most once a second with later ones.
 */
#ifndef TCPSTATES_SOURCE_PORT_READER_H
#define TCPSTATES_SOURCE_PORT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hash.h"
#include "source/record_queue.h"
#include "trace/receiver.h"
#include "trace/wants.h"

struct port_namespace;
struct tcpstates_bpf;

/* Zeroed at first. */
struct port_reader {
	struct tcpstates_bpf *program; /* NULL: not wanted */
	struct hash by_netns;
	struct port_namespace *last; /* the one seen last; NULL: none */
	struct port_namespace *due;  /* list of those to read */
};

/* Call it before load. */
void port_reader_configure(struct tcpstates_bpf *program, const struct wants *wants);

/* Call it once the programs are attached. */
void port_reader_open(struct port_reader *reader, struct tcpstates_bpf *program,
		      const struct wants *wants);

/* A record of the ring buffer, before it is handed over, and the snapshots of the initial scan. */
void port_reader_see(struct port_reader *reader, const void *record);
void port_reader_see_snapshots(struct port_reader *reader, const struct record_queue *snapshots);

/* Whether a namespace is to be read. */
static inline bool port_reader_is_due(const struct port_reader *reader)
{
	return reader->due;
}

/* Reads those that are due. Hands over what is new or has changed. */
void port_reader_read(struct port_reader *reader, const struct receiver *receiver);

void port_reader_close(struct port_reader *reader);

#endif
