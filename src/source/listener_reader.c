// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports on listeners, queued until they are handed over. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bpf/record.h"
#include "source/listener_reader.h"

#define HEAD_SIZE (sizeof(struct record_listener) - sizeof(struct listener))

static void add(struct listener_reader *reader, const struct listener *report)
{
	record_queue_add(&reader->queue, report, sizeof(*report));
}

static bool has_number(const struct hash_entry *entry, const void *netns)
{
	return ((const struct namespace_netstat *)entry)->netns == *(const uint64_t *)netns;
}

static struct namespace_netstat *find(const struct listener_reader *reader, uint64_t netns)
{
	return (struct namespace_netstat *)hash_find(&reader->by_netns, &netns, 1, has_number,
						     &netns);
}

/* NULL without memory. */
static struct namespace_netstat *find_or_add(struct listener_reader *reader, uint64_t netns)
{
	struct namespace_netstat *found = find(reader, netns);

	if (found)
		return found;
	found = calloc(1, sizeof(*found));
	if (!found)
		return NULL;
	found->netns = netns;
	if (hash_add(&reader->by_netns, &found->by_netns, &netns, 1))
		return found;
	free(found);
	return NULL;
}

/* Those that a scan before this one has seen last. */
static void forget_before(struct listener_reader *reader, uint32_t scan)
{
	struct hash_entry *entry, *next = hash_next(&reader->by_netns, NULL);

	while ((entry = next)) {
		next = hash_next(&reader->by_netns, entry);
		if (((struct namespace_netstat *)entry)->scan >= scan)
			continue;
		hash_remove(&reader->by_netns, entry);
		free(entry);
	}
}

static void fill_netstat(struct listener *report, const struct netstat *netstat)
{
	report->known |= LISTENER_KNOWN_NETNS;
	report->netns_overflows = netstat->listen_overflows;
	report->netns_drops = netstat->listen_drops;
}

/*
 * For a listener that begins, the counters are from an earlier scan: what they have counted since
 * includes all that happens at this listener.
 */
bool listener_reader_take(struct listener_reader *reader, const void *record, size_t size)
{
	const struct record_listener *told = record;
	const struct namespace_netstat *scanned;
	struct listener report = {0};

	if (size < HEAD_SIZE + LISTENER_SIZE_ACCEPTED || told->header.kind != RECORD_LISTENER)
		return false;
	if (size > sizeof(*told))
		size = sizeof(*told);
	memcpy(&report, &told->listener, size - HEAD_SIZE);
	scanned = report.event == LISTENER_BEGAN ? find(reader, report.netns) : NULL;
	if (scanned)
		fill_netstat(&report, &scanned->netstat);
	add(reader, &report);
	return true;
}

/* The namespace of this thread, which setns() may have changed. */
void listener_reader_enter(struct listener_reader *reader)
{
	struct namespace_netstat *scanned;
	struct stat netns;

	reader->has_netstat = netstat_read("/proc/thread-self/net/netstat", &reader->netstat);
	if (!reader->has_netstat || stat("/proc/thread-self/ns/net", &netns))
		return;
	scanned = find_or_add(reader, netns.st_ino);
	if (!scanned)
		return;
	scanned->netstat = reader->netstat;
	scanned->scan = reader->scan;
}

void listener_reader_end_scan(struct listener_reader *reader)
{
	forget_before(reader, reader->scan);
	reader->scan++;
}

void listener_reader_found(struct listener_reader *reader, const struct listener *report)
{
	struct listener found = *report;

	if (reader->has_netstat)
		fill_netstat(&found, &reader->netstat);
	add(reader, &found);
}

bool listener_reader_hand_over(struct listener_reader *reader, const struct receiver *receiver)
{
	const void *report;
	bool has_any = false;
	size_t size;

	while ((report = record_queue_first(&reader->queue, &size))) {
		receiver->listener(receiver->context, report);
		record_queue_drop_first(&reader->queue);
		has_any = true;
	}
	return has_any;
}

void listener_reader_close(struct listener_reader *reader)
{
	record_queue_close(&reader->queue);
	forget_before(reader, UINT32_MAX);
	hash_close(&reader->by_netns);
}
