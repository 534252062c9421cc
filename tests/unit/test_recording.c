// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The recording: what is written is read back, and what is damaged is never read as something else.
 */
#include <stdlib.h>

#include "lib/crc32c.h"
#include "trace/recording.h"
#include "unit.h"

#define HEADER_SIZE     304
#define HEADER_SIZE_3   184
#define TRANSITION_SIZE (8 + sizeof(struct transition))

#define CGROUP_SIZE (8 + 8 + CGROUP_PATH_SIZE)

#define FUZZ_INPUTS 100000

static const struct recording_origin origin = {
	.wall_offset_ns = 1700000000123456789,
	.start_ns = 98765432100,
	.host = "web1",
	.kernel = "6.1.0-18-amd64",
	.has_resets = true,
	.has_listeners = true,
	.has_ports = true,
};

static const struct transition transitions[] = {
	{.time_ns = 98765432200,
	 .skaddr = 0xffff8880041c3000,
	 .laddr = {[10] = 0xff, 0xff, 10, 0, 0, 1},
	 .raddr = {[10] = 0xff, 0xff, 192, 0, 2, 7},
	 .c_comm = "curl",
	 .c_pid = 4242,
	 .rport = 443,
	 .ip = 4,
	 .oldstate = 7,
	 .newstate = 2},
	{.time_ns = 98765999999,
	 .duration_ns = 567799,
	 .skaddr = 0xffff8880041c3000,
	 .laddr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
	 .raddr = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
	 .c_comm = "fifteen letters",
	 .c_pid = UINT32_MAX,
	 .lport = 65535,
	 .rport = 1,
	 .ip = 6,
	 .oldstate = 2,
	 .newstate = 1,
	 .flags = TRANSITION_DURATION_KNOWN | TRANSITION_HAS_DETAILS,
	 .pid = 871,
	 .cookie = 0x1001,
	 .cgroup = 4321,
	 .tx_bytes = 78,
	 .comm = "nginx",
	 .facts = FACT_IN_CALL,
	 .err = 104,
	 .owner_from = OWNER_ACCEPT,
	 .tx_queue = 4096,
	 .known = TRANSITION_KNOWN_ISN | TRANSITION_KNOWN_SEGS_OUT,
	 .isn_local = 0xfedcba98,
	 .isn_remote = 0x01234567,
	 .segs_out = 3},
};

static const struct transition snapshot = {
	.time_ns = 98766000000,
	.duration_ns = 20,
	.ip = 4,
	.oldstate = 1,
	.newstate = 1,
	.flags = TRANSITION_DURATION_AT_LEAST | TRANSITION_HAS_DETAILS,
	.facts = FACT_STANDING,
};

static const struct losses losses = {.transitions = 5, .clocks = UINT64_MAX};

static const struct reset_count resets = {
	.key = {.laddr = {[15] = 1},
		.raddr = {[15] = 2},
		.lport = 80,
		.rport = 40000,
		.netns = 4026531840,
		.ip = 6,
		.reason = 2,
		.socket = RESET_SOCKET_LISTENER,
		.flags = RESET_FOR_SYN},
	.count = UINT64_MAX,
	.first_ns = 98766000001,
	.last_ns = 98766000002,
};

static const struct listener listener = {
	.time_ns = 98766000003,
	.skaddr = 0xffff888000000001,
	.cookie = 4097,
	.event = LISTENER_FOUND,
	.known = LISTENER_KNOWN_ACCEPTED,
	.ip = 4,
	.lport = 80,
	.laddr = {[15] = 1},
	.comm = "nginx",
	.queue = 7,
	.drops = UINT32_MAX,
	.netns_drops = UINT64_MAX,
};

static const struct listener accepted = {
	.time_ns = 98766000004,
	.cookie = 4097,
	.delay_ns = 12345,
	.event = LISTENER_ACCEPTED,
	.known = LISTENER_KNOWN_ACCEPTED | LISTENER_KNOWN_DELAY,
};

static const struct port_space ports = {
	.time_ns = 98766000003,
	.netns = 4026531840,
	.low = 1024,
	.high = 65535,
	.reserved = 7,
	.tw_reuse = TW_REUSE_LOOPBACK,
	.known = PORT_SPACE_KNOWN_RESERVED,
};

#define OTHER_OFFSET_NS (-5000000000)

#define TICK_NS 0x0123456789abcdef

/* One of every kind. */
static struct buffer sample_recording(void)
{
	struct buffer data = {0};

	recording_write_header(&data, &origin);
	recording_write_transition(&data, &transitions[0]);
	recording_write_offset(&data, OTHER_OFFSET_NS);
	recording_write_losses(&data, &losses);
	recording_write_cgroup(&data, 4321, "/system.slice/nginx.service");
	recording_write_transition(&data, &transitions[1]);
	recording_write_snapshot(&data, &snapshot);
	recording_write_tick(&data, TICK_NS);
	/* Followed by enough for the longest report: an accept() may be taken for one. */
	recording_write_listener(&data, &accepted);
	recording_write_resets(&data, &resets);
	recording_write_listener(&data, &listener);
	recording_write_ports(&data, &ports);
	recording_write_end(&data, &losses, 3);
	return data;
}

#define ITEMS_MAX 13

/* A recording, read until nothing more can be. */
struct reading {
	struct recording_item items[ITEMS_MAX]; /* zero where the kind says nothing */
	int count;                              /* of items read whole */
	enum recording_kind stop;               /* INCOMPLETE or CORRUPT */
	size_t stop_needs;                      /* incomplete: bytes the next item needs at least */
	size_t left;                            /* bytes not read */
	char why[160];
};

/* A copy that does not point into the data. */
static struct recording_item item_keep(const struct recording_item *item)
{
	struct recording_item kept;

	memcpy(&kept, item, sizeof(kept));
	if (item->transition)
		kept.completed = *item->transition;
	kept.transition = NULL;
	if (item->cgroup_path)
		memcpy(kept.why, item->cgroup_path, sizeof(kept.why) - 1);
	kept.cgroup_path = NULL;
	return kept;
}

/* Reads from an allocation of the exact size, so that the sanitizer sees every byte read beyond. */
static void reading_take(struct reading *reading, const void *data, size_t size)
{
	struct recording_reader reader = {0};
	char *copy = malloc(size ? size : 1), *at = copy;
	struct recording_item item;

	memcpy(copy, data, size);
	*reading = (struct reading){.left = size};
	for (;;) {
		memset(&item, 0, sizeof(item));
		recording_read(&reader, at, reading->left, &item);
		if (item.kind == RECORDING_INCOMPLETE || item.kind == RECORDING_CORRUPT)
			break;
		CHECK(item.size && item.size <= reading->left);
		at += item.size;
		reading->left -= item.size;
		if (reading->count < ITEMS_MAX)
			reading->items[reading->count] = item_keep(&item);
		reading->count++;
	}
	reading->stop = item.kind;
	reading->stop_needs = item.size;
	if (item.kind == RECORDING_CORRUPT)
		strcpy(reading->why, item.why);
	free(copy);
}

/* The whole sample, as it must be read. */
static void read_sample(struct reading *reading)
{
	struct buffer data = sample_recording();

	reading_take(reading, data.data, data.length);
	buffer_free(&data);
}

static void every_kind_is_read_back(void)
{
	static const struct {
		enum recording_kind kind;
		size_t size;
	} expected[] = {
		{RECORDING_HEADER, HEADER_SIZE},
		{RECORDING_TRANSITION, TRANSITION_SIZE},
		{RECORDING_OFFSET, 16},
		{RECORDING_LOSSES, 32},
		{RECORDING_CGROUP, CGROUP_SIZE},
		{RECORDING_TRANSITION, TRANSITION_SIZE},
		{RECORDING_SNAPSHOT, TRANSITION_SIZE},
		{RECORDING_TICK, 16},
		{RECORDING_LISTENER, 8 + LISTENER_SIZE_ACCEPTED},
		{RECORDING_RESETS, 80},
		{RECORDING_LISTENER, 8 + LISTENER_SIZE},
		{RECORDING_PORTS, 32},
		{RECORDING_END, 40},
	};
	struct reading reading;
	const struct recording_item *items = reading.items;

	read_sample(&reading);
	CHECK_NUMBER(ARRAY_SIZE(expected), reading.count);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		unit_row("item %zu", i);
		CHECK_NUMBER(expected[i].kind, items[i].kind);
		CHECK_NUMBER(expected[i].size, items[i].size);
	}
	CHECK_NUMBER(0, reading.left);
	CHECK_NUMBER(RECORDING_INCOMPLETE, reading.stop);
	CHECK_MEMORY(&origin, &items[0].origin, sizeof(origin));
	CHECK_MEMORY(&transitions[0], &items[1].completed, sizeof(transitions[0]));
	CHECK_NUMBER(OTHER_OFFSET_NS, items[2].wall_offset_ns);
	CHECK_MEMORY(&losses, &items[3].losses, sizeof(losses));
	CHECK_NUMBER(4321, items[4].cgroup);
	CHECK_TEXT("/system.slice/nginx.service", items[4].why);
	CHECK_MEMORY(&transitions[1], &items[5].completed, sizeof(transitions[1]));
	CHECK_MEMORY(&snapshot, &items[6].completed, sizeof(snapshot));
	CHECK_NUMBER(TICK_NS, items[7].tick_ns);
	CHECK_MEMORY(&accepted, &items[8].listener, sizeof(accepted));
	CHECK_MEMORY(&resets, &items[9].resets, sizeof(resets));
	CHECK_MEMORY(&listener, &items[10].listener, sizeof(listener));
	CHECK_MEMORY(&ports, &items[11].ports, sizeof(ports));
	CHECK_MEMORY(&losses, &items[12].losses, sizeof(losses));
}

/* Whatever the kernel says is kept to the byte; only the family is judged. */
static void any_transition_is_read_back(void)
{
	for (int i = 0; i < 10000; i++) {
		struct buffer data = {0};
		struct reading reading;
		struct transition any;

		unit_random_bytes(&any, sizeof(any));
		if (i % 2)
			any.ip = i % 4 == 1 ? 4 : 6;
		unit_row("family %u", any.ip);
		recording_write_header(&data, &origin);
		recording_write_transition(&data, &any);
		reading_take(&reading, data.data, data.length);
		if (any.ip == 4 || any.ip == 6) {
			CHECK_NUMBER(2, reading.count);
			CHECK_MEMORY(&any, &reading.items[1].completed, sizeof(any));
		} else {
			CHECK_NUMBER(1, reading.count);
			CHECK_PART("address family", reading.why);
		}
		buffer_free(&data);
	}
}

/* A name that fills its place loses its last byte to the NUL. */
static void names_end(void)
{
	struct recording_origin full = origin;
	struct buffer data = {0};
	struct reading reading;

	memset(full.host, 'h', sizeof(full.host));
	memset(full.kernel, 'k', sizeof(full.kernel));
	recording_write_header(&data, &full);
	reading_take(&reading, data.data, data.length);
	CHECK_NUMBER(1, reading.count);
	CHECK_NUMBER(RECORDING_NAME_SIZE - 1, strlen(reading.items[0].origin.host));
	CHECK_NUMBER(RECORDING_NAME_SIZE - 1, strlen(reading.items[0].origin.kernel));
	buffer_free(&data);
}

/* What was read is the beginning of what was written. */
static bool is_beginning(const struct reading *reading, const struct reading *whole)
{
	return reading->count <= whole->count &&
	       !memcmp(reading->items, whole->items, reading->count * sizeof(*reading->items));
}

/* A file that is still being written: each beginning of it is fine, and asks for more. */
static void truncated_anywhere(void)
{
	struct buffer data = sample_recording();
	struct reading whole, reading;

	read_sample(&whole);
	for (size_t size = 0; size < data.length; size++) {
		unit_row("%zu bytes", size);
		reading_take(&reading, data.data, size);
		CHECK(is_beginning(&reading, &whole));
		CHECK(reading.count < whole.count);
		CHECK_NUMBER(RECORDING_INCOMPLETE, reading.stop);
		CHECK(reading.stop_needs > reading.left);
		CHECK(size - reading.left + reading.stop_needs <= data.length);
	}
	buffer_free(&data);
}

/* Every byte, every other value it can have: reading stops, at the latest where the damage is. */
static void damaged_anywhere(void)
{
	struct buffer data = sample_recording();
	struct reading whole, reading;

	read_sample(&whole);
	for (size_t i = 0; i < data.length; i++) {
		for (int flip = 1; flip < 256; flip++) {
			unit_row("byte %zu, bits %02x", i, flip);
			data.data[i] ^= flip;
			reading_take(&reading, data.data, data.length);
			data.data[i] ^= flip;
			CHECK(is_beginning(&reading, &whole));
			CHECK(data.length - reading.left <= i);
			CHECK_NUMBER(RECORDING_CORRUPT, reading.stop);
		}
	}
	buffer_free(&data);
}

/* Two bytes that change places, which a sum would not notice. */
static void swapped_anywhere(void)
{
	struct buffer data = sample_recording();
	struct reading whole, reading;

	read_sample(&whole);
	for (size_t i = 0; i + 1 < data.length; i++) {
		for (size_t k = i + 1; k < data.length && k <= i + 16; k++) {
			char a = data.data[i], b = data.data[k];

			unit_row("bytes %zu and %zu", i, k);
			data.data[i] = b;
			data.data[k] = a;
			reading_take(&reading, data.data, data.length);
			data.data[i] = a;
			data.data[k] = b;
			CHECK(is_beginning(&reading, &whole));
			CHECK(a == b || reading.stop == RECORDING_CORRUPT);
		}
	}
	buffer_free(&data);
}

/* Says why the data cannot be read. */
static void check_corrupt(const struct buffer *data, int items_before, const char *why)
{
	struct reading reading;

	reading_take(&reading, data->data, data->length);
	CHECK_NUMBER(items_before, reading.count);
	CHECK_NUMBER(RECORDING_CORRUPT, reading.stop);
	CHECK_PART(why, reading.why);
}

static void foreign_files(void)
{
	static const char *const rows[] = {
		"x",
		"\x7f\x45LF",
		"{\"time\":\"2024\"}",
		"\x89PNG\r\n\x1a\n",
		"\x89TCPST\n", /* a transfer that mended line ends */
		"TCPST\r\n",
		"a text that is longer than the magic, and by far",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer data = {0};

		unit_row("row %zu", i);
		buffer_append_text(&data, rows[i]);
		check_corrupt(&data, 0, "not a tcpstates recording");
		buffer_free(&data);
	}
}

/* The checksum of versions 1 to 3, written down a second time: changing it breaks recordings. */
static uint64_t checksum_3(uint64_t seed, const void *data, size_t size)
{
	uint64_t sum = seed ^ 0xcbf29ce484222325, word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		memcpy(&word, (const char *)data + i, sizeof(word));
		sum ^= word;
		sum = (sum << 29 | sum >> 35) * 0x9e3779b97f4a7c15;
	}
	return (uint32_t)(sum ^ sum >> 32);
}

struct head {
	uint16_t kind, size;
	uint32_t checksum;
};

static void append_payload(struct buffer *data, const struct head *head, const void *payload)
{
	buffer_append(data, head, sizeof(*head));
	buffer_append(data, payload, head->size);
}

/* A whole entry of versions 1 to 3, written by hand. */
static void append_entry_3(struct buffer *data, uint16_t kind, const void *payload, uint16_t size)
{
	struct head head = {kind, size, checksum_3((uint64_t)kind << 16 | size, payload, size)};

	append_payload(data, &head, payload);
}

/* Of version 4. */
static void append_entry(struct buffer *data, uint16_t kind, const void *payload, uint16_t size)
{
	struct head head = {kind, size, 0};

	head.checksum = ~crc32c_by_table(crc32c_by_table(CRC32C_BEGIN, &head, 4), payload, size);
	append_payload(data, &head, payload);
}

/* A header of versions 1 to 3. */
static void append_header_3(struct buffer *data, uint16_t version, uint16_t transition_size)
{
	uint64_t sum;

	recording_write_header(data, &origin);
	data->length = HEADER_SIZE_3;
	memcpy(data->data + 12, &version, sizeof(version));
	memcpy(data->data + 14, &transition_size, sizeof(transition_size));
	sum = checksum_3(0, data->data, HEADER_SIZE_3 - sizeof(sum));
	memcpy(data->data + HEADER_SIZE_3 - sizeof(sum), &sum, sizeof(sum));
}

/* One of version 4 in which the number at that place is another one, its checksum mended. */
static void append_header(struct buffer *data, size_t offset, uint16_t value)
{
	uint32_t sum;

	recording_write_header(data, &origin);
	memcpy(data->data + offset, &value, sizeof(value));
	sum = ~crc32c_by_table(CRC32C_BEGIN, data->data, HEADER_SIZE - sizeof(sum));
	memcpy(data->data + HEADER_SIZE - sizeof(sum), &sum, sizeof(sum));
}

/* Where the header has the largest size of that kind. */
#define SIZE_OF_KIND(kind) (176 + 2 * (kind))

static void check_completed(const struct buffer *data, enum recording_kind kind, size_t size)
{
	struct transition expected = {0};
	struct reading reading;

	memcpy(&expected, &transitions[1], size);
	reading_take(&reading, data->data, data->length);
	CHECK_NUMBER(2, reading.count);
	CHECK_NUMBER(RECORDING_INCOMPLETE, reading.stop);
	CHECK_NUMBER(kind, reading.items[1].kind);
	CHECK_MEMORY(&expected, &reading.items[1].completed, sizeof(expected));
}

/* What a version did not know yet is zero, which is to say unknown. */
static void older_versions_are_completed(void)
{
	static const uint16_t sizes[] = {[1] = 88, [2] = 200, [3] = 208};

	for (size_t version = 1; version < ARRAY_SIZE(sizes); version++) {
		struct buffer data = {0};

		unit_row("version %zu", version);
		append_header_3(&data, version, sizes[version]);
		append_entry_3(&data, 1, &transitions[1], sizes[version]);
		check_completed(&data, RECORDING_TRANSITION, sizes[version]);
		buffer_free(&data);
	}
}

/* Up to version 3 only a fact told snapshots from transitions. */
static void older_snapshots(void)
{
	struct buffer data = {0};
	struct reading reading;

	append_header_3(&data, 3, TRANSITION_SIZE_3);
	append_entry_3(&data, 1, &snapshot, TRANSITION_SIZE_3);
	reading_take(&reading, data.data, data.length);
	CHECK_NUMBER(2, reading.count);
	CHECK_NUMBER(RECORDING_SNAPSHOT, reading.items[1].kind);
	buffer_free(&data);
}

/* A version 4 of another size: what this one does not know is left out, what is missing is zero. */
static void other_sizes_of_version_4(void)
{
	static const struct {
		uint16_t announced, size;
	} rows[] = {{88, 88}, {208, 208}, {232, 232}, {232, 96}, {264, 264}, {264, 232}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct {
			struct transition t;
			char more[32];
		} longer = {.t = transitions[1], .more = "of a later one"};
		struct buffer data = {0};

		unit_row("%u of %u bytes", rows[i].size, rows[i].announced);
		append_header(&data, SIZE_OF_KIND(1), rows[i].announced);
		append_entry(&data, 1, &longer, rows[i].size);
		check_completed(&data, RECORDING_TRANSITION,
				rows[i].size < sizeof(longer.t) ? rows[i].size : sizeof(longer.t));
		buffer_free(&data);
	}
}

/* A kind that this program does not know is skipped, where the header announces it. */
static void unknown_kinds(void)
{
	struct buffer data = {0};
	struct reading reading;

	append_header(&data, SIZE_OF_KIND(31), 24);
	append_entry(&data, 31, "sixteen bytes...", 16);
	append_entry(&data, 31, "twenty-four bytes.......", 24);
	recording_write_tick(&data, TICK_NS);
	reading_take(&reading, data.data, data.length);
	CHECK_NUMBER(4, reading.count);
	CHECK_NUMBER(RECORDING_SKIPPED, reading.items[1].kind);
	CHECK_NUMBER(24, reading.items[1].size);
	CHECK_NUMBER(RECORDING_SKIPPED, reading.items[2].kind);
	CHECK_NUMBER(TICK_NS, reading.items[3].tick_ns);
	data.data[HEADER_SIZE + 9] ^= 1;
	check_corrupt(&data, 1, "wrong checksum of an entry");
	buffer_free(&data);
}

/* Resets are announced only where they are recorded: without them, older readers see no new kind.
 */
static void resets_are_announced(void)
{
	struct recording_origin without = origin;
	struct buffer data = {0};
	struct reading reading;

	without.has_resets = false;
	recording_write_header(&data, &without);
	reading_take(&reading, data.data, data.length);
	CHECK_NUMBER(1, reading.count);
	CHECK(!reading.items[0].origin.has_resets);
	recording_write_resets(&data, &resets);
	check_corrupt(&data, 1, "no valid entry");
	buffer_free(&data);
}

static void listeners_are_announced(void)
{
	struct recording_origin without = origin;
	struct buffer data = {0};
	struct reading reading;

	without.has_listeners = false;
	recording_write_header(&data, &without);
	reading_take(&reading, data.data, data.length);
	CHECK_NUMBER(1, reading.count);
	CHECK(!reading.items[0].origin.has_listeners);
	recording_write_listener(&data, &listener);
	check_corrupt(&data, 1, "no valid entry");
	buffer_free(&data);
}

/* Likewise local ports. */
static void ports_are_announced(void)
{
	struct recording_origin without = origin;
	struct buffer data = {0};
	struct reading reading;

	without.has_ports = false;
	recording_write_header(&data, &without);
	reading_take(&reading, data.data, data.length);
	CHECK(!reading.items[0].origin.has_ports);
	recording_write_ports(&data, &ports);
	check_corrupt(&data, 1, "no valid entry");
	buffer_free(&data);
}

/* What the header does not announce is no entry. */
static void sizes_are_those_announced(void)
{
	static const struct {
		const char *name;
		uint16_t kind, size;
	} rows[] = {
		{"a transition that is too long", 1, 240},
		{"no bytes", 1, 0},
		{"shorter than version 1", 1, 80},
		{"no multiple of 8", 1, 100},
		{"an offset with nothing in it", 2, 0},
		{"losses of version 3", 3, 16},
		{"an end of version 3", 4, 24},
		{"a cgroup without its path", 5, 8},
		{"resets that are cut", 8, 64},
		{"a report that is cut", 9, 32},
		{"ports that are cut", 10, 16},
		{"a kind not announced", 11, 8},
		{"no kind", 0, 8},
		{"above all kinds", 32, 8},
		{"the last kind", 65535, 8},
	};
	static const char payload[240];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer data = {0};

		unit_row("%s", rows[i].name);
		recording_write_header(&data, &origin);
		append_entry(&data, rows[i].kind, payload, rows[i].size);
		check_corrupt(&data, 1, "no valid entry");
		buffer_free(&data);
	}
}

/* Up to version 3, a record of another version's size is none; nor are kinds that came later. */
static void sizes_are_those_of_the_version(void)
{
	static const uint16_t sizes[] = {[1] = 88, [2] = 200, [3] = 208};

	for (size_t version = 1; version < ARRAY_SIZE(sizes); version++) {
		struct buffer data = {0};

		unit_row("version %zu", version);
		append_header_3(&data, version, sizes[version]);
		append_entry_3(&data, 1, &transitions[0], version == 1 ? 200 : 88);
		check_corrupt(&data, 1, "no valid entry");
		data.length = HEADER_SIZE_3;
		append_entry_3(&data, 7, &transitions[0], sizes[version]);
		check_corrupt(&data, 1, "no valid entry");
		buffer_free(&data);
	}
}

/* The file format has its numbers: whoever changes one breaks older recordings. */
static void format(void)
{
	CHECK_NUMBER(4, TRANSITION_VERSION);
	CHECK_NUMBER(88, TRANSITION_SIZE_1);
	CHECK_NUMBER(200, TRANSITION_SIZE_2);
	CHECK_NUMBER(208, TRANSITION_SIZE_3);
	CHECK_NUMBER(232, sizeof(struct transition));
	CHECK_NUMBER(84, offsetof(struct transition, pid));
	CHECK_NUMBER(88, offsetof(struct transition, cookie));
	CHECK_NUMBER(136, offsetof(struct transition, comm));
	CHECK_NUMBER(160, offsetof(struct transition, facts));
	CHECK_NUMBER(197, offsetof(struct transition, reset_reason));
	CHECK_NUMBER(200, offsetof(struct transition, tx_queue));
	CHECK_NUMBER(208, offsetof(struct transition, known));
	CHECK_NUMBER(212, offsetof(struct transition, isn_local));
	CHECK_NUMBER(216, offsetof(struct transition, isn_remote));
	CHECK_NUMBER(220, offsetof(struct transition, segs_out));
	CHECK_NUMBER(224, offsetof(struct transition, connect_end));
	CHECK_NUMBER(225, offsetof(struct transition, icmp_err));
	CHECK_NUMBER(226, offsetof(struct transition, icmp_type));
	CHECK_NUMBER(227, offsetof(struct transition, icmp_code));
	CHECK_NUMBER(228, offsetof(struct transition, reserved));
	CHECK_NUMBER(72, sizeof(struct reset_count));
	CHECK_NUMBER(168, sizeof(struct listener));
	CHECK_NUMBER(32, offsetof(struct listener, event));
	CHECK_NUMBER(40, offsetof(struct listener, since_ns));
	CHECK_NUMBER(100, offsetof(struct listener, queue));
	CHECK_NUMBER(152, offsetof(struct listener, netns_overflows));
	CHECK_NUMBER(32, offsetof(struct reset_count, key.lport));
	CHECK_NUMBER(43, offsetof(struct reset_count, key.flags));
	CHECK_NUMBER(48, offsetof(struct reset_count, count));
}

/* Headers that are whole, but of another kind. */
static void other_headers(void)
{
	static const struct {
		const char *name;
		size_t offset;
		uint16_t value;
		const char *why;
	} rows[] = {
		{"newer", 12, TRANSITION_VERSION + 1, "written by a newer tcpstates (format"},
		{"much newer", 12, 65535, "(format 65535; this version reads formats up to"},
		{"larger", 14, 888, "with a header of 888 bytes"},
		{"smaller", 14, 184, "with a header of 184 bytes"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer data = {0};

		unit_row("%s", rows[i].name);
		append_header(&data, rows[i].offset, rows[i].value);
		check_corrupt(&data, 0, rows[i].why);
		buffer_free(&data);
	}
}

/* Likewise of older versions. */
static void other_older_headers(void)
{
	static const struct {
		uint16_t version, size;
		const char *why;
	} rows[] = {
		{0, 88, "the header is damaged (format 0"},
		{1, 200, "format 1 with records of 200 bytes"},
		{3, 232, "format 3 with records of 232 bytes"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer data = {0};

		unit_row("format %u", rows[i].version);
		append_header_3(&data, rows[i].version, rows[i].size);
		check_corrupt(&data, 0, rows[i].why);
		data.data[20] ^= 1;
		check_corrupt(&data, 0, "wrong checksum");
		buffer_free(&data);
	}
}

static void other_byte_order(void)
{
	static const size_t numbers[][2] = {{8, 4}, {12, 2}, {14, 2}, {16, 8}, {24, 8}, {300, 4}};
	struct buffer data = {0};

	recording_write_header(&data, &origin);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char *first = data.data + numbers[i][0], *last = first + numbers[i][1] - 1;

		for (; first < last; first++, last--) {
			char byte = *first;

			*first = *last;
			*last = byte;
		}
	}
	check_corrupt(&data, 0, "other byte order");
	buffer_free(&data);
}

/* What is well-formed entry by entry, but does not add up. */
static void endings(void)
{
	static const struct {
		const char *name;
		int transitions, end_says;
		const char *after;
		int items;
		const char *why;
	} rows[] = {
		{"one is missing", 2, 3, "", 3, "counts 3 transitions, the file has 2"},
		{"one too many", 2, 1, "", 3, "counts 1 transitions, the file has 2"},
		{"none", 0, 1, "", 1, "counts 1 transitions, the file has 0"},
		{"a byte after the end", 2, 2, "x", 4, "data follows the end mark"},
		{"two recordings in one", 0, 0, "\x89TCPST\r\n", 2, "follows the end mark"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer data = {0};

		unit_row("%s", rows[i].name);
		recording_write_header(&data, &origin);
		for (int k = 0; k < rows[i].transitions; k++)
			recording_write_transition(&data, &transitions[k]);
		recording_write_end(&data, &losses, rows[i].end_says);
		buffer_append_text(&data, rows[i].after);
		check_corrupt(&data, rows[i].items, rows[i].why);
		buffer_free(&data);
	}
}

/* Garbage, and recordings with pieces of garbage in them. */
static void fuzz_fill(char *data, size_t size, const struct buffer *sample)
{
	size_t kept = unit_random() % (sample->length + 1);
	int edits = unit_random() % 4;

	unit_random_bytes(data, size);
	if (unit_random() % 4 == 0)
		return;
	memcpy(data, sample->data, kept < size ? kept : size);
	while (size && edits--)
		data[unit_random() % size] = unit_random() >> 56;
}

/* Whatever it reads, it stays within the data and comes to an end. */
static void fuzz(void)
{
	struct buffer sample = sample_recording();
	char data[1500];

	for (int i = 0; i < FUZZ_INPUTS; i++) {
		size_t size = unit_random() % (sizeof(data) + 1);
		struct reading reading;

		unit_row("input %d", i);
		fuzz_fill(data, size, &sample);
		reading_take(&reading, data, size);
		CHECK(reading.stop == RECORDING_CORRUPT || reading.stop_needs > reading.left);
		CHECK_NUMBER(reading.stop == RECORDING_CORRUPT, *reading.why != '\0');
	}
	buffer_free(&sample);
}

UNIT_MAIN("recording", TEST(every_kind_is_read_back), TEST(any_transition_is_read_back),
	  TEST(names_end), TEST(truncated_anywhere), TEST(damaged_anywhere), TEST(swapped_anywhere),
	  TEST(foreign_files), TEST(older_versions_are_completed), TEST(older_snapshots),
	  TEST(other_sizes_of_version_4), TEST(unknown_kinds), TEST(sizes_are_those_announced),
	  TEST(resets_are_announced), TEST(listeners_are_announced), TEST(ports_are_announced),
	  TEST(sizes_are_those_of_the_version), TEST(format), TEST(other_headers),
	  TEST(other_older_headers), TEST(other_byte_order), TEST(endings), TEST(fuzz))
