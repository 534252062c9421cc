// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads a recording entry by entry, of this version or an older one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace/recording_format.h"

/*
 * The checksum of versions 1 to 3. Each word is mixed in by a rotation and a multiplication by an
 * odd number; the halves are folded at the end. size % 8 == 0.
 */
static uint32_t checksum_3(uint64_t seed, const void *data, size_t size)
{
	const char *bytes = data;
	uint64_t sum = seed ^ 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		sum ^= word;
		sum = (sum << 29 | sum >> 35) * 0x9e3779b97f4a7c15u;
	}
	return (uint32_t)(sum ^ sum >> 32);
}

static void item_corrupt(struct recording_item *item, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void item_corrupt(struct recording_item *item, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(item->why, sizeof(item->why), format, args);
	va_end(args);
	item->kind = RECORDING_CORRUPT;
}

/* Checks byte order and version, which all headers have. False after item_corrupt(). */
static bool check_version(const struct file_origin *origin, struct recording_item *item)
{
	if (origin->byte_order == BYTE_ORDER_FOREIGN)
		item_corrupt(item, "recorded on a machine with the other byte order; replay it on "
				   "such a machine");
	else if (origin->byte_order != BYTE_ORDER_MARK)
		item_corrupt(item, "the header is damaged (byte order mark %08x)",
			     origin->byte_order);
	else if (origin->version > TRANSITION_VERSION)
		item_corrupt(item,
			     "written by a newer tcpstates (format %u; this version reads formats "
			     "up to %u)",
			     origin->version, TRANSITION_VERSION);
	else
		return true;
	return false;
}

static void take_name(char *name, const char *from_file)
{
	memcpy(name, from_file, RECORDING_NAME_SIZE);
	name[RECORDING_NAME_SIZE - 1] = '\0';
}

static void take_origin(struct recording_reader *reader, const struct file_origin *origin,
			struct recording_item *item)
{
	item->kind = RECORDING_HEADER;
	item->origin.has_resets = item->origin.has_listeners = item->origin.has_ports = false;
	item->origin.wall_offset_ns = origin->wall_offset_ns;
	item->origin.start_ns = origin->start_ns;
	take_name(item->origin.host, origin->host);
	take_name(item->origin.kernel, origin->kernel);
	reader->version = origin->version;
}

/* Up to version 3; the data has the whole header. */
static void read_header_3(struct recording_reader *reader, const struct file_header_3 *header,
			  struct recording_item *item)
{
	static const uint16_t transition_sizes[] = {
		[1] = TRANSITION_SIZE_1,
		[2] = TRANSITION_SIZE_2,
		[3] = TRANSITION_SIZE_3,
	};
	static const uint16_t sizes[RECORDING_ENTRY_KINDS] = {
		[ENTRY_OFFSET] = sizeof(int64_t),
		[ENTRY_LOSSES] = sizeof(struct file_losses_3),
		[ENTRY_END] = sizeof(struct file_end_3),
		[ENTRY_CGROUP] = sizeof(struct file_cgroup),
		[ENTRY_TICK] = sizeof(uint64_t),
	};
	const struct file_origin *origin = &header->origin;

	if (header->checksum != checksum_3(0, header, offsetof(struct file_header_3, checksum))) {
		item_corrupt(item, "the header is damaged (wrong checksum)");
		return;
	}
	if (!origin->version || origin->size != transition_sizes[origin->version]) {
		item_corrupt(item, "the header is damaged (format %u with records of %u bytes)",
			     origin->version, origin->size);
		return;
	}
	take_origin(reader, origin, item);
	memcpy(reader->sizes, sizes, sizeof(reader->sizes));
	reader->sizes[ENTRY_TRANSITION] = origin->size;
}

/* Version 4; the data has the whole header. */
static void read_header_4(struct recording_reader *reader, const struct file_header *header,
			  struct recording_item *item)
{
	if (header->checksum != header_checksum(header)) {
		item_corrupt(item, "the header is damaged (wrong checksum)");
		return;
	}
	if (header->origin.size != sizeof(*header)) {
		item_corrupt(item, "the header is damaged (format %u with a header of %u bytes)",
			     header->origin.version, header->origin.size);
		return;
	}
	take_origin(reader, &header->origin, item);
	memcpy(reader->sizes, header->sizes, sizeof(reader->sizes));
	item->origin.has_resets = reader->sizes[ENTRY_RESETS];
	item->origin.has_listeners = reader->sizes[ENTRY_LISTENER];
	item->origin.has_ports = reader->sizes[ENTRY_PORTS];
}

static void read_header(struct recording_reader *reader, const void *data, size_t size,
			struct recording_item *item)
{
	size_t known = size < RECORDING_MAGIC_SIZE ? size : RECORDING_MAGIC_SIZE;
	const struct file_origin *origin = data;

	if (memcmp(data, RECORDING_MAGIC, known)) {
		item_corrupt(item, "not a tcpstates recording");
		return;
	}
	/* All headers are at least that long. */
	item->size = sizeof(struct file_header_3);
	if (size < item->size || !check_version(origin, item))
		return;
	if (origin->version < 4) {
		read_header_3(reader, data, item);
		return;
	}
	item->size = sizeof(struct file_header);
	if (size >= item->size)
		read_header_4(reader, data, item);
}

/* The minimum size of an entry of that kind since version 4; 0: unknown kind. */
static size_t least_size(unsigned int kind)
{
	switch (kind) {
	case ENTRY_TRANSITION:
	case ENTRY_SNAPSHOT:
		return TRANSITION_SIZE_1;
	case ENTRY_OFFSET:
		return sizeof(int64_t);
	case ENTRY_TICK:
		return sizeof(uint64_t);
	case ENTRY_CGROUP:
		return sizeof(struct file_cgroup);
	case ENTRY_LOSSES:
		return sizeof(struct file_losses);
	case ENTRY_END:
		return sizeof(struct file_end);
	case ENTRY_RESETS:
		return sizeof(struct reset_count);
	case ENTRY_LISTENER:
		return LISTENER_SIZE_ACCEPTED;
	case ENTRY_PORTS:
		return sizeof(struct port_space);
	default:
		return 0;
	}
}

/* Whether the header allows such an entry. */
static bool entry_may_be(const struct recording_reader *reader, const struct file_entry *entry)
{
	size_t most = entry->kind < RECORDING_ENTRY_KINDS ? reader->sizes[entry->kind] : 0;

	if (reader->version < 4)
		return entry->size && entry->size == most;
	return entry->size && entry->size <= most && entry->size % sizeof(uint64_t) == 0 &&
	       entry->size >= least_size(entry->kind);
}

static uint32_t checksum_of(const struct recording_reader *reader, const struct file_entry *entry,
			    const void *payload)
{
	if (reader->version < 4)
		return checksum_3((uint64_t)entry->kind << 16 | entry->size, payload, entry->size);
	return entry_checksum(entry, payload, entry->size);
}

/* Members that the recorder did not have become zero. */
static const struct transition *transition_complete(struct transition *completed,
						    const void *payload, size_t size)
{
	memset(completed, 0, sizeof(*completed));
	memcpy(completed, payload, size);
	return completed;
}

static void take_transition(struct recording_reader *reader, const struct file_entry *entry,
			    const void *payload, struct recording_item *item)
{
	const struct transition *t = payload;

	if (entry->size < sizeof(*t))
		t = transition_complete(&item->completed, payload, entry->size);
	if (t->ip != 4 && t->ip != 6) {
		item_corrupt(item, "a transition has address family %u (4 or 6 expected)", t->ip);
		return;
	}
	item->kind = RECORDING_TRANSITION;
	if (entry->kind == ENTRY_SNAPSHOT || (reader->version < 4 && transition_is_snapshot(t)))
		item->kind = RECORDING_SNAPSHOT;
	item->transition = t;
	reader->transitions++;
}

static void take_resets(const void *payload, struct recording_item *item)
{
	memcpy(&item->resets, payload, sizeof(item->resets));
	item->kind = RECORDING_RESETS;
}

static void take_listener(const void *payload, size_t size, struct recording_item *item)
{
	memset(&item->listener, 0, sizeof(item->listener));
	memcpy(&item->listener, payload,
	       size < sizeof(item->listener) ? size : sizeof(item->listener));
	item->kind = RECORDING_LISTENER;
}

static void take_ports(const void *payload, struct recording_item *item)
{
	memcpy(&item->ports, payload, sizeof(item->ports));
	item->kind = RECORDING_PORTS;
}

static void take_cgroup(const void *payload, struct recording_item *item)
{
	const struct file_cgroup *cgroup = payload;

	item->kind = RECORDING_CGROUP;
	item->cgroup = cgroup->id;
	item->cgroup_path = cgroup->path;
}

static void take_losses(const struct recording_reader *reader, const void *payload,
			struct recording_item *item)
{
	struct file_losses losses = {0};

	memcpy(&losses, payload,
	       reader->version < 4 ? sizeof(struct file_losses_3) : sizeof(losses));
	item->losses = (struct losses){.transitions = losses.transitions,
				       .details = losses.details,
				       .clocks = losses.clocks};
	item->kind = RECORDING_LOSSES;
}

static void take_end(struct recording_reader *reader, const void *payload,
		     struct recording_item *item)
{
	size_t offset = reader->version < 4 ? offsetof(struct file_end_3, transitions)
					    : offsetof(struct file_end, transitions);
	uint64_t transitions;

	memcpy(&transitions, (const char *)payload + offset, sizeof(transitions));
	if (transitions != reader->transitions) {
		item_corrupt(item, "the end mark counts %llu transitions, the file has %llu",
			     (unsigned long long)transitions,
			     (unsigned long long)reader->transitions);
		return;
	}
	take_losses(reader, payload, item);
	item->kind = RECORDING_END;
	reader->has_ended = true;
}

static void take_payload(struct recording_reader *reader, const struct file_entry *entry,
			 const void *payload, struct recording_item *item)
{
	switch (entry->kind) {
	case ENTRY_TRANSITION:
	case ENTRY_SNAPSHOT:
		take_transition(reader, entry, payload, item);
		break;
	case ENTRY_RESETS:
		take_resets(payload, item);
		break;
	case ENTRY_LISTENER:
		take_listener(payload, entry->size, item);
		break;
	case ENTRY_PORTS:
		take_ports(payload, item);
		break;
	case ENTRY_OFFSET:
		memcpy(&item->wall_offset_ns, payload, sizeof(item->wall_offset_ns));
		item->kind = RECORDING_OFFSET;
		break;
	case ENTRY_TICK:
		memcpy(&item->tick_ns, payload, sizeof(item->tick_ns));
		item->kind = RECORDING_TICK;
		break;
	case ENTRY_CGROUP:
		take_cgroup(payload, item);
		break;
	case ENTRY_LOSSES:
		take_losses(reader, payload, item);
		break;
	case ENTRY_END:
		take_end(reader, payload, item);
		break;
	default:
		item->kind = RECORDING_SKIPPED;
		break;
	}
}

/* The fast path: a complete, valid transition. Almost all entries are transitions. */
static bool read_transition(struct recording_reader *reader, const void *data, size_t size,
			    struct recording_item *item)
{
	const struct transition *t = (const void *)((const char *)data + sizeof(struct file_entry));
	struct file_entry entry;

	if (size < sizeof(entry) + sizeof(*t))
		return false;
	memcpy(&entry, data, sizeof(entry));
	if (entry.kind != ENTRY_TRANSITION || entry.size != sizeof(*t) ||
	    reader->sizes[ENTRY_TRANSITION] < sizeof(*t) || (t->ip != 4 && t->ip != 6) ||
	    entry.checksum != entry_checksum(&entry, t, sizeof(*t)))
		return false;
	item->kind = RECORDING_TRANSITION;
	item->size = sizeof(entry) + sizeof(*t);
	item->transition = t;
	reader->transitions++;
	return true;
}

static void read_entry(struct recording_reader *reader, const void *data, size_t size,
		       struct recording_item *item)
{
	struct file_entry entry;

	item->size = sizeof(entry);
	if (size < sizeof(entry))
		return;
	memcpy(&entry, data, sizeof(entry));
	if (!entry_may_be(reader, &entry)) {
		item_corrupt(item, "damaged: no valid entry (kind %u, size %u)", entry.kind,
			     entry.size);
		return;
	}
	item->size += entry.size;
	if (size < item->size)
		return;
	data = (const char *)data + sizeof(entry);
	if (entry.checksum != checksum_of(reader, &entry, data))
		item_corrupt(item, "damaged: wrong checksum of an entry");
	else
		take_payload(reader, &entry, data, item);
}

/* All other data, valid or not. noinline: keeps register spills off the fast path. */
static __attribute__((noinline)) void read_any(struct recording_reader *reader, const void *data,
					       size_t size, struct recording_item *item)
{
	item->kind = RECORDING_INCOMPLETE;
	item->size = 1;
	if (!size)
		return;
	if (reader->has_ended)
		item_corrupt(item, "data follows the end mark");
	else if (!reader->version)
		read_header(reader, data, size, item);
	else
		read_entry(reader, data, size, item);
}

void recording_read(struct recording_reader *reader, const void *data, size_t size,
		    struct recording_item *item)
{
	if (reader->has_ended || !read_transition(reader, data, size, item))
		read_any(reader, data, size, item);
}
