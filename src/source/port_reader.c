// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The local ports of network namespaces: which to read, and when. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/record.h"
#include "bpf/shared.h"
#include "source/port_reader.h"
#include "trace/clock.h"
#include "tcpstates.skel.h"

/* With more namespaces than this, the ports of the rest are not known. */
#define NAMESPACES_MAX 4096

#define INTERVAL_NS NSEC_PER_SEC

/* When connect() finds no port, as the range may be new; and until they are known. */
#define SHORT_INTERVAL_NS (10 * NSEC_PER_MSEC)

struct port_namespace {
	struct hash_entry by_netns; /* first member: cast from struct hash_entry * */
	uint32_t netns;
	bool is_due;
	uint64_t skaddr;  /* of the last session seen */
	uint64_t net;     /* see struct ports_peek */
	uint64_t time_ns; /* of its record */
	uint64_t read_ns; /* likewise, when it was read last; 0: never */
	struct port_namespace *next_due;
	struct port_space told; /* netns is 0: none yet */
};

void port_reader_configure(struct tcpstates_bpf *program, const struct wants *wants)
{
	bpf_program__set_autoload(program->progs.read_ports, wants->ports);
}

void port_reader_open(struct port_reader *reader, struct tcpstates_bpf *program,
		      const struct wants *wants)
{
	reader->program = wants->ports ? program : NULL;
	reader->by_netns.count_max = NAMESPACES_MAX;
}

static bool has_number(const struct hash_entry *entry, const void *netns)
{
	return ((const struct port_namespace *)entry)->netns == *(const uint32_t *)netns;
}

/* NULL if there is no room. */
static struct port_namespace *find_or_add(struct port_reader *reader, uint32_t netns)
{
	const uint64_t word = netns;
	struct hash_entry *entry = hash_find(&reader->by_netns, &word, 1, has_number, &netns);
	struct port_namespace *space;

	if (entry)
		return (struct port_namespace *)entry;
	space = calloc(1, sizeof(*space));
	if (!space)
		return NULL;
	space->netns = netns;
	if (hash_add(&reader->by_netns, &space->by_netns, &word, 1))
		return space;
	free(space);
	return NULL;
}

static bool is_to_be_read(const struct port_namespace *space, const struct transition *t)
{
	bool is_urgent = t->connect_end == CONNECT_END_NO_PORT || !space->told.netns;

	return !space->read_ns ||
	       t->time_ns >= space->read_ns + (is_urgent ? SHORT_INTERVAL_NS : INTERVAL_NS);
}

static void see(struct port_reader *reader, const struct transition *t)
{
	struct port_namespace *space = reader->last;

	if (!t->netns || !(t->skaddr || t->minisock))
		return;
	if (!space || space->netns != t->netns)
		space = reader->last = find_or_add(reader, t->netns);
	if (!space || space->is_due || !is_to_be_read(space, t))
		return;
	/* A minisock lasts longer. */
	space->skaddr = t->minisock ? t->minisock : t->skaddr;
	space->time_ns = t->time_ns;
	space->read_ns = t->time_ns;
	space->is_due = true;
	space->next_due = reader->due;
	reader->due = space;
}

void port_reader_see(struct port_reader *reader, const void *record)
{
	const struct record_transition *changed = record;

	/* One without details does not have the members. */
	if (reader->program && changed->header.size == sizeof(*changed) &&
	    (changed->header.kind == RECORD_TRANSITION ||
	     changed->header.kind == RECORD_PASSIVE_OPEN))
		see(reader, &changed->transition);
}

static void see_snapshot(void *reader, const void *snapshot)
{
	see(reader, snapshot);
}

void port_reader_see_snapshots(struct port_reader *reader, const struct record_queue *snapshots)
{
	if (reader->program)
		record_queue_visit(snapshots, see_snapshot, reader);
}

/* Runs the kernel program. False: nothing is known of it. */
static bool peek(const struct port_reader *reader, const struct port_namespace *space)
{
	struct tcpstates_bpf *program = reader->program;
	struct ports_peek *ports = &program->bss->ports_peek;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	*ports = (struct ports_peek){
		.skaddr = space->skaddr, .net = space->net, .netns = space->netns};
	return !bpf_prog_test_run_opts(bpf_program__fd(program->progs.read_ports), &run) &&
	       ports->is_done && ports->low;
}

static uint32_t count_reserved(const __u64 *bits, const struct port_space *space)
{
	uint32_t count = 0;

	for (unsigned int port = space->low; port <= space->high; port++)
		count += bits[port / 64] >> port % 64 & 1;
	return count;
}

static struct port_space describe(const struct port_reader *reader,
				  const struct port_namespace *from)
{
	const struct ports_peek *ports = &reader->program->bss->ports_peek;
	struct port_space space = {
		.time_ns = from->time_ns,
		.netns = from->netns,
		.low = ports->low,
		.high = ports->high,
	};

	if (ports->has_reserved) {
		space.known |= PORT_SPACE_KNOWN_RESERVED;
		space.reserved = count_reserved(reader->program->bss->reserved_ports, &space);
	}
	if (ports->has_tw_reuse) {
		space.known |= PORT_SPACE_KNOWN_TW_REUSE;
		space.tw_reuse = ports->tw_reuse;
	}
	return space;
}

static bool has_changed(const struct port_space *before, const struct port_space *now)
{
	struct port_space same = *now;

	same.time_ns = before->time_ns;
	return memcmp(before, &same, sizeof(same)) != 0;
}

static void read_one(const struct port_reader *reader, struct port_namespace *from,
		     const struct receiver *receiver)
{
	struct port_space space;

	if (!peek(reader, from))
		return;
	from->net = reader->program->bss->ports_peek.net;
	space = describe(reader, from);
	if (!port_space_is_possible(&space) || !has_changed(&from->told, &space))
		return;
	from->told = space;
	receiver->ports(receiver->context, &space);
}

void port_reader_read(struct port_reader *reader, const struct receiver *receiver)
{
	struct port_namespace *from = reader->due, *next;

	reader->due = NULL;
	for (; from; from = next) {
		next = from->next_due;
		from->is_due = false;
		read_one(reader, from, receiver);
	}
}

void port_reader_close(struct port_reader *reader)
{
	struct hash_entry *entry, *next = hash_next(&reader->by_netns, NULL);

	while ((entry = next)) {
		next = hash_next(&reader->by_netns, entry);
		free(entry);
	}
	hash_close(&reader->by_netns);
}
