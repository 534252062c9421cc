// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The file format of a recording: one entry written, the next one read. */
#include <stdarg.h>
#include <stdio.h>

#include "trace/recording.h"

/* Not text (as PNG does it): a transfer that mends line ends breaks the magic, and is found out. */
static const char magic[8] = "\x89"
			     "TCPST\r\n";

#define BYTE_ORDER_MARK    0x01020304u
#define BYTE_ORDER_FOREIGN 0x04030201u

struct file_header {
	char magic[8];
	uint32_t byte_order;
	uint16_t version;
	uint16_t transition_size;
	int64_t wall_offset_ns;
	uint64_t start_ns;
	char host[RECORDING_NAME_SIZE];
	char kernel[RECORDING_NAME_SIZE];
	uint64_t checksum; /* of all before it */
};

struct file_entry {
	uint16_t kind; /* enum entry_kind */
	uint16_t size; /* of what follows this head */
	uint32_t checksum;
};

/* Numbers of the file format: never reused. */
enum entry_kind {
	ENTRY_TRANSITION = 1,
	ENTRY_OFFSET = 2,
	ENTRY_LOSSES = 3,
	ENTRY_END = 4,
	ENTRY_CGROUP = 5, /* since version 2 */
	ENTRY_TICK = 6,   /* since version 3 */
};

struct file_losses {
	uint64_t transitions;
	uint64_t clocks;
};

struct file_cgroup {
	uint64_t id;
	char path[CGROUP_PATH_SIZE]; /* NUL-terminated, the rest zero */
};

struct file_end {
	struct file_losses losses;
	uint64_t transitions;
};

_Static_assert(sizeof(struct file_header) == 184, "a file format");
_Static_assert(sizeof(struct file_entry) == 8, "a file format");

/* The record's size in each version, the newest last. */
static const uint16_t transition_sizes[TRANSITION_VERSION + 1] = {
	[1] = TRANSITION_SIZE_1,
	[2] = TRANSITION_SIZE_2,
	[3] = 208,
};

_Static_assert(sizeof(struct transition) == 208, "add a version to transition_sizes");

/*
 * Each word is mixed in by a rotation and a multiplication by an odd number. Both can be undone, so
 * no difference is lost before the halves are folded into what is stored. size % 8 == 0.
 */
static inline uint32_t checksum(uint64_t seed, const void *data, size_t size)
{
	const char *bytes = data;
	uint64_t sum = seed ^ 0xcbf29ce484222325u;

#pragma GCC unroll 32
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes + i, sizeof(word));
		sum ^= word;
		sum = (sum << 29 | sum >> 35) * 0x9e3779b97f4a7c15u;
	}
	return (uint32_t)(sum ^ sum >> 32);
}

static inline uint32_t entry_checksum(unsigned int kind, const void *payload, size_t size)
{
	return checksum((uint64_t)kind << 16 | size, payload, size);
}

void recording_write_header(struct buffer *buffer, const struct recording_origin *origin)
{
	struct file_header header = {
		.byte_order = BYTE_ORDER_MARK,
		.version = TRANSITION_VERSION,
		.transition_size = sizeof(struct transition),
		.wall_offset_ns = origin->wall_offset_ns,
		.start_ns = origin->start_ns,
	};

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.host, origin->host, sizeof(header.host));
	memcpy(header.kernel, origin->kernel, sizeof(header.kernel));
	header.checksum = checksum(0, &header, offsetof(struct file_header, checksum));
	buffer_append(buffer, &header, sizeof(header));
}

/* Inlined: the compiler sees how long a transition is, and has no loop for it. */
static inline __attribute__((always_inline)) void write_entry(struct buffer *buffer,
							      enum entry_kind kind,
							      const void *payload, size_t size)
{
	struct file_entry entry = {.kind = kind, .size = size};
	char *place = buffer_reserve(buffer, sizeof(entry) + size);

	if (!place)
		return;
	entry.checksum = entry_checksum(kind, payload, size);
	memcpy(place, &entry, sizeof(entry));
	memcpy(place + sizeof(entry), payload, size);
	buffer_commit(buffer, place + sizeof(entry) + size);
}

void recording_write_transition(struct buffer *buffer, const struct transition *transition)
{
	write_entry(buffer, ENTRY_TRANSITION, transition, sizeof(*transition));
}

void recording_write_offset(struct buffer *buffer, int64_t wall_offset_ns)
{
	write_entry(buffer, ENTRY_OFFSET, &wall_offset_ns, sizeof(wall_offset_ns));
}

void recording_write_cgroup(struct buffer *buffer, uint64_t id, const char *path)
{
	struct file_cgroup payload = {.id = id};

	snprintf(payload.path, sizeof(payload.path), "%s", path);
	write_entry(buffer, ENTRY_CGROUP, &payload, sizeof(payload));
}

void recording_write_tick(struct buffer *buffer, uint64_t now_ns)
{
	write_entry(buffer, ENTRY_TICK, &now_ns, sizeof(now_ns));
}

static struct file_losses file_losses(const struct losses *losses)
{
	return (struct file_losses){.transitions = losses->transitions, .clocks = losses->clocks};
}

void recording_write_losses(struct buffer *buffer, const struct losses *losses)
{
	struct file_losses payload = file_losses(losses);

	write_entry(buffer, ENTRY_LOSSES, &payload, sizeof(payload));
}

void recording_write_end(struct buffer *buffer, const struct losses *losses, uint64_t transitions)
{
	struct file_end payload = {.losses = file_losses(losses), .transitions = transitions};

	write_entry(buffer, ENTRY_END, &payload, sizeof(payload));
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

/* Up to the magic and what a header of any version has behind it; false after item_corrupt(). */
static bool check_header(const struct file_header *header, struct recording_item *item)
{
	if (header->byte_order == BYTE_ORDER_FOREIGN)
		item_corrupt(item, "recorded on a machine with the other byte order; replay it on "
				   "such a machine");
	else if (header->byte_order != BYTE_ORDER_MARK)
		item_corrupt(item, "the header is damaged (byte order mark %08x)",
			     header->byte_order);
	else if (header->version > TRANSITION_VERSION)
		item_corrupt(item,
			     "written by a newer tcpstates (format %u; this version reads formats "
			     "up to %u)",
			     header->version, TRANSITION_VERSION);
	else if (header->checksum != checksum(0, header, offsetof(struct file_header, checksum)))
		item_corrupt(item, "the header is damaged (wrong checksum)");
	else if (!header->version || header->transition_size != transition_sizes[header->version])
		item_corrupt(item, "the header is damaged (format %u with records of %u bytes)",
			     header->version, header->transition_size);
	else
		return true;
	return false;
}

static void take_name(char *name, const char *from_file)
{
	memcpy(name, from_file, RECORDING_NAME_SIZE);
	name[RECORDING_NAME_SIZE - 1] = '\0';
}

static void read_header(struct recording_reader *reader, const void *data, size_t size,
			struct recording_item *item)
{
	struct file_header header;
	size_t known = size < sizeof(magic) ? size : sizeof(magic);

	if (memcmp(data, magic, known)) {
		item_corrupt(item, "not a tcpstates recording");
		return;
	}
	item->size = sizeof(header);
	if (size < sizeof(header))
		return;
	memcpy(&header, data, sizeof(header));
	if (!check_header(&header, item))
		return;
	item->kind = RECORDING_HEADER;
	item->origin.wall_offset_ns = header.wall_offset_ns;
	item->origin.start_ns = header.start_ns;
	take_name(item->origin.host, header.host);
	take_name(item->origin.kernel, header.kernel);
	reader->version = header.version;
}

/* The size an entry of that kind must have; 0 for a kind that there is not. */
static size_t entry_size(const struct recording_reader *reader, unsigned int kind)
{
	switch (kind) {
	case ENTRY_TRANSITION:
		return transition_sizes[reader->version];
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
	default:
		return 0;
	}
}

/* What an older version did not know is zero. */
static const struct transition *transition_complete(struct transition *completed,
						    const void *payload, size_t size)
{
	memset(completed, 0, sizeof(*completed));
	memcpy(completed, payload, size);
	return completed;
}

static void take_transition(struct recording_reader *reader, const void *payload, size_t size,
			    struct recording_item *item)
{
	const struct transition *t = payload;

	if (size < sizeof(*t))
		t = transition_complete(&item->completed, payload, size);
	if (t->ip != 4 && t->ip != 6) {
		item_corrupt(item, "a transition has address family %u (4 or 6 expected)", t->ip);
		return;
	}
	item->kind = RECORDING_TRANSITION;
	item->transition = t;
	reader->transitions++;
}

static void take_cgroup(const void *payload, struct recording_item *item)
{
	const struct file_cgroup *cgroup = payload;

	item->kind = RECORDING_CGROUP;
	item->cgroup = cgroup->id;
	item->cgroup_path = cgroup->path;
}

static void take_losses(const void *payload, struct recording_item *item)
{
	struct file_losses losses;

	memcpy(&losses, payload, sizeof(losses));
	item->losses = (struct losses){.transitions = losses.transitions, .clocks = losses.clocks};
	item->kind = RECORDING_LOSSES;
}

static void take_end(struct recording_reader *reader, const void *payload,
		     struct recording_item *item)
{
	struct file_end end;

	memcpy(&end, payload, sizeof(end));
	if (end.transitions != reader->transitions) {
		item_corrupt(item, "the end mark counts %llu transitions, the file has %llu",
			     (unsigned long long)end.transitions,
			     (unsigned long long)reader->transitions);
		return;
	}
	take_losses(payload, item);
	item->kind = RECORDING_END;
	reader->has_ended = true;
}

static void take_payload(struct recording_reader *reader, const struct file_entry *entry,
			 const void *payload, struct recording_item *item)
{
	switch (entry->kind) {
	case ENTRY_TRANSITION:
		take_transition(reader, payload, entry->size, item);
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
		take_losses(payload, item);
		break;
	case ENTRY_END:
		take_end(reader, payload, item);
		break;
	}
}

/* The usual entry, whole and sound, in a few steps: almost all of a recording is this. */
static bool read_transition(struct recording_reader *reader, const void *data, size_t size,
			    struct recording_item *item)
{
	const struct transition *t = (const void *)((const char *)data + sizeof(struct file_entry));
	struct file_entry entry;

	if (size < sizeof(entry) + sizeof(*t))
		return false;
	memcpy(&entry, data, sizeof(entry));
	if (entry.kind != ENTRY_TRANSITION || entry.size != sizeof(*t) ||
	    reader->version != TRANSITION_VERSION || (t->ip != 4 && t->ip != 6) ||
	    entry.checksum != entry_checksum(ENTRY_TRANSITION, t, sizeof(*t)))
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
	if (!entry.size || entry.size != entry_size(reader, entry.kind)) {
		item_corrupt(item, "damaged: no valid entry (kind %u, size %u)", entry.kind,
			     entry.size);
		return;
	}
	item->size += entry.size;
	if (size < item->size)
		return;
	data = (const char *)data + sizeof(entry);
	if (entry.checksum != entry_checksum(entry.kind, data, entry.size))
		item_corrupt(item, "damaged: wrong checksum of an entry");
	else
		take_payload(reader, &entry, data, item);
}

/* Any other, and what is none. Apart, so that the usual entry has no registers to save. */
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
