// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes a recording entry by entry. */
#include <stdio.h>
#include <string.h>

#include "trace/recording_format.h"

void recording_write_header(struct buffer *buffer, const struct recording_origin *origin)
{
	struct file_header header = {
		.origin =
			{
				.byte_order = BYTE_ORDER_MARK,
				.version = TRANSITION_VERSION,
				.size = sizeof(header),
				.wall_offset_ns = origin->wall_offset_ns,
				.start_ns = origin->start_ns,
			},
		.sizes =
			{
				[ENTRY_TRANSITION] = sizeof(struct transition),
				[ENTRY_OFFSET] = sizeof(int64_t),
				[ENTRY_LOSSES] = sizeof(struct file_losses),
				[ENTRY_END] = sizeof(struct file_end),
				[ENTRY_CGROUP] = sizeof(struct file_cgroup),
				[ENTRY_TICK] = sizeof(uint64_t),
				[ENTRY_SNAPSHOT] = sizeof(struct transition),
				[ENTRY_RESETS] =
					origin->has_resets ? sizeof(struct reset_count) : 0,
				[ENTRY_LISTENER] =
					origin->has_listeners ? sizeof(struct listener) : 0,
				[ENTRY_PORTS] = origin->has_ports ? sizeof(struct port_space) : 0,
			},
	};

	memcpy(header.origin.magic, RECORDING_MAGIC, sizeof(header.origin.magic));
	memcpy(header.origin.host, origin->host, sizeof(header.origin.host));
	memcpy(header.origin.kernel, origin->kernel, sizeof(header.origin.kernel));
	header.checksum = header_checksum(&header);
	buffer_append(buffer, &header, sizeof(header));
}

/* Inlined: the compiler knows the size of a transition and copies it without a loop. */
static inline __attribute__((always_inline)) void write_entry(struct buffer *buffer,
							      enum entry_kind kind,
							      const void *payload, size_t size)
{
	struct file_entry entry = {.kind = kind, .size = size};
	char *place = buffer_reserve(buffer, sizeof(entry) + size);

	if (!place)
		return;
	entry.checksum = entry_checksum(&entry, payload, size);
	memcpy(place, &entry, sizeof(entry));
	memcpy(place + sizeof(entry), payload, size);
	buffer_commit(buffer, place + sizeof(entry) + size);
}

void recording_write_transition(struct buffer *buffer, const struct transition *transition)
{
	write_entry(buffer, ENTRY_TRANSITION, transition, sizeof(*transition));
}

void recording_write_snapshot(struct buffer *buffer, const struct transition *snapshot)
{
	write_entry(buffer, ENTRY_SNAPSHOT, snapshot, sizeof(*snapshot));
}

void recording_write_resets(struct buffer *buffer, const struct reset_count *count)
{
	write_entry(buffer, ENTRY_RESETS, count, sizeof(*count));
}

void recording_write_listener(struct buffer *buffer, const struct listener *report)
{
	write_entry(buffer, ENTRY_LISTENER, report,
		    report->event == LISTENER_ACCEPTED ? LISTENER_SIZE_ACCEPTED : sizeof(*report));
}

void recording_write_ports(struct buffer *buffer, const struct port_space *space)
{
	write_entry(buffer, ENTRY_PORTS, space, sizeof(*space));
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
	return (struct file_losses){.transitions = losses->transitions,
				    .clocks = losses->clocks,
				    .details = losses->details};
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
