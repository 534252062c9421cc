/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The layout of a recording, for its writer and its reader. See docs/recording.md. */
#ifndef TCPSTATES_TRACE_RECORDING_FORMAT_H
#define TCPSTATES_TRACE_RECORDING_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/crc32c.h"
#include "trace/cgroup.h"
#include "trace/recording.h"
#include "trace/transition.h"

/* As in PNG: a transfer that converts line ends damages the magic, so the reader detects it. */
#define RECORDING_MAGIC "\x89TCPST\r\n"

#define RECORDING_MAGIC_SIZE 8

#define BYTE_ORDER_MARK    0x01020304u
#define BYTE_ORDER_FOREIGN 0x04030201u

/* The headers of all versions begin with this. */
struct file_origin {
	char magic[RECORDING_MAGIC_SIZE];
	uint32_t byte_order;
	uint16_t version;
	uint16_t size; /* of the header; up to version 3, of a transition */
	int64_t wall_offset_ns;
	uint64_t start_ns;
	char host[RECORDING_NAME_SIZE];
	char kernel[RECORDING_NAME_SIZE];
};

/* Up to version 3. */
struct file_header_3 {
	struct file_origin origin;
	uint64_t checksum; /* checksum_3() of all bytes before it */
};

struct file_header {
	struct file_origin origin;
	uint16_t sizes[RECORDING_ENTRY_KINDS]; /* maximum for each kind of entry; 0: none */
	uint8_t reserved[56];                  /* zero */
	uint32_t zero;
	uint32_t checksum; /* CRC-32C of all bytes before it */
};

struct file_entry {
	uint16_t kind; /* enum entry_kind */
	uint16_t size; /* of the payload after this head; a multiple of 8 */
	uint32_t checksum;
};

/* Part of the file format: numbers are never reused. */
enum entry_kind {
	ENTRY_TRANSITION = 1, /* up to version 3 also snapshots */
	ENTRY_OFFSET = 2,
	ENTRY_LOSSES = 3,
	ENTRY_END = 4,
	ENTRY_CGROUP = 5,   /* since version 2 */
	ENTRY_TICK = 6,     /* since version 3 */
	ENTRY_SNAPSHOT = 7, /* since version 4 */
	ENTRY_RESETS = 8,   /* likewise; older recordings have none */
	ENTRY_LISTENER = 9, /* likewise */
	ENTRY_PORTS = 10,   /* likewise */
};

/* Up to version 3. */
struct file_losses_3 {
	uint64_t transitions;
	uint64_t clocks;
};

struct file_end_3 {
	struct file_losses_3 losses;
	uint64_t transitions;
};

struct file_losses {
	uint64_t transitions;
	uint64_t clocks;
	uint64_t details;
};

struct file_cgroup {
	uint64_t id;
	char path[CGROUP_PATH_SIZE]; /* NUL-terminated, the rest zero */
};

struct file_end {
	struct file_losses losses;
	uint64_t transitions;
};

_Static_assert(sizeof(struct file_origin) == 176, "a file format");
_Static_assert(sizeof(struct file_header_3) == 184, "a file format");
_Static_assert(sizeof(struct file_header) == 304, "a file format");
_Static_assert(sizeof(struct file_entry) == 8, "a file format");
_Static_assert(sizeof(struct file_losses) == 24, "a file format");
_Static_assert(sizeof(struct file_cgroup) == 264, "a file format");
_Static_assert(sizeof(struct file_end) == 32, "a file format");
_Static_assert(sizeof(struct file_end_3) == 24, "a file format");
_Static_assert(sizeof(struct transition) == 232 && TRANSITION_VERSION == 4,
	       "a file format: docs/recording.md, and the size of this version");

/* Covers the entry's head before the checksum, and the payload. */
static inline uint32_t entry_checksum(const struct file_entry *entry, const void *payload,
				      size_t size)
{
	uint32_t state = crc32c(CRC32C_BEGIN, entry, offsetof(struct file_entry, checksum));

	return ~crc32c(state, payload, size);
}

static inline uint32_t header_checksum(const struct file_header *header)
{
	return ~crc32c(CRC32C_BEGIN, header, offsetof(struct file_header, checksum));
}

#endif
