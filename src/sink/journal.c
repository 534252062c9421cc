// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The systemd journal, with bcc's field names, in its native protocol: one datagram per entry, one
 * line NAME=value per field (systemd's docs, "Native Journal Protocol").
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "field/field.h"
#include "lib/log.h"
#include "lib/text.h"
#include "sink/sink.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* How long an entry may wait for a busy or stopped journald before it counts as refused. */
#define SEND_SECONDS 1

/*
 * A journal field: one name for both families (ipv6 NULL) or one per family, and the field that
 * fills it.
 */
struct journal_field {
	const char *ipv4;
	const char *ipv6;
	const char *key;
};

static const struct journal_field journal_fields[] = {
	{"OBJECT_PID=", NULL, "c_pid"},
	{"OBJECT_COMM=", NULL, "c_comm"},
	{"OBJECT_IPV4_SOURCE_ADDRESS=", "OBJECT_IPV6_SOURCE_ADDRESS=", "laddr"},
	{"OBJECT_TCP_SOURCE_PORT=", NULL, "lport"},
	{"OBJECT_IPV4_DESTINATION_ADDRESS=", "OBJECT_IPV6_DESTINATION_ADDRESS=", "raddr"},
	{"OBJECT_TCP_DESTINATION_PORT=", NULL, "rport"},
	{"OBJECT_TCP_OLD_STATE=", NULL, "oldstate"},
	{"OBJECT_TCP_NEW_STATE=", NULL, "newstate"},
	{"OBJECT_TCP_SPAN_TIME=", NULL, "ms"},
};

#define FIELD_COUNT ((int)(sizeof(journal_fields) / sizeof(journal_fields[0])))

/* MESSAGE: the values of the fields above from OBJECT_COMM on, each after its separator. */
static const char *const message_separators[] = {
	NULL, "MESSAGE=", " ", " ", " → ", " ", " ", " → ", NULL,
};

struct journal_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	int fd;
	struct field_list fields; /* parallel to journal_fields */
	struct buffer buffer;     /* the entry being written */
	uint64_t refused;         /* entries that the journal did not take */
};

static bool journal_is_wanted(const struct options *options)
{
	return options_output(options, "journal");
}

static void journal_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->transitions = true;
}

static const struct sockaddr_un journal_address = {.sun_family = AF_UNIX,
						   .sun_path = JOURNAL_SOCKET};

/* Whether journald listens. 0 or -errno. */
static int check_listener(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&journal_address, sizeof(journal_address)))
		err = -errno;
	close(fd);
	return err;
}

/* Not connected, so that it survives a restart of journald. 0 or -errno. */
static int open_socket(struct journal_sink *journal)
{
	const struct timeval limit = {.tv_sec = SEND_SECONDS};

	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal->fd < 0)
		return -errno;
	setsockopt(journal->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return 0;
}

static int journal_prepare(struct journal_sink *journal)
{
	int err = check_listener();

	if (!err)
		err = open_socket(journal);
	if (err) {
		log_error("cannot write to the journal: %s: %s; check that systemd-journald is "
			  "running",
			  JOURNAL_SOCKET, strerror(-err));
		return -1;
	}
	for (int i = 0; i < FIELD_COUNT; i++)
		field_list_add(&journal->fields, &transition_fields, journal_fields[i].key);
	return 0;
}

static struct sink *journal_open(const struct sink_setup *setup)
{
	struct journal_sink *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		log_error("out of memory");
		return NULL;
	}
	sink_init(&journal->sink, &journal_sink, setup->origin, NULL);
	if (!journal_prepare(journal))
		return &journal->sink;
	free(journal);
	return NULL;
}

static void append_plain(struct buffer *buffer, const struct value *value)
{
	char *place = buffer_reserve(buffer, TEXT_GROWTH * value->size + TEXT_EXTRA);
	size_t chars = value->size;

	if (place)
		buffer_commit(buffer, text_write_plain(place, value->text, value->size, &chars));
}

static void append_value(struct buffer *buffer, const struct value *value)
{
	if (value->kind == VALUE_TEXT)
		append_plain(buffer, value);
	else if (value->kind == VALUE_MS)
		value_append(buffer, &(struct value){.kind = VALUE_NUMBER,
						     .number = value->number / NSEC_PER_USEC});
	else
		value_append(buffer, value);
}

static const char *field_name(const struct journal_field *field, const struct value *value)
{
	return field->ipv6 && value->kind == VALUE_IPV6 ? field->ipv6 : field->ipv4;
}

/* Values contain no line feed: append_plain() leaves no control characters. */
static void append_field(struct journal_sink *journal, int index, const struct value *value)
{
	buffer_append_text(&journal->buffer, field_name(&journal_fields[index], value));
	append_value(&journal->buffer, value);
	buffer_append_byte(&journal->buffer, '\n');
}

static void append_message(struct journal_sink *journal, const struct value *values)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!message_separators[i])
			continue;
		buffer_append_text(&journal->buffer, message_separators[i]);
		append_value(&journal->buffer, &values[i]);
	}
	buffer_append_byte(&journal->buffer, '\n');
}

/* Some hundred bytes; a datagram may have at least 200 KB (net.core.wmem_default). */
static void build_entry(struct journal_sink *journal, const struct transition *transition)
{
	static const struct field_context no_context;
	struct value values[FIELD_COUNT];

	journal->buffer.length = 0;
	buffer_append_text(&journal->buffer, "SYSLOG_IDENTIFIER=tcpstates\nPRIORITY=5\n");
	for (int i = 0; i < FIELD_COUNT; i++) {
		values[i] = journal->fields.field[i]->get(transition, &no_context);
		if (values[i].kind != VALUE_UNKNOWN)
			append_field(journal, i, &values[i]);
	}
	append_message(journal, values);
}

/* 0 or -errno. */
static int send_entry(const struct journal_sink *journal)
{
	const struct buffer *entry = &journal->buffer;
	ssize_t sent;

	if (entry->out_of_memory)
		return -ENOMEM;
	do
		sent = sendto(journal->fd, entry->data, entry->length, MSG_NOSIGNAL,
			      (const struct sockaddr *)&journal_address, sizeof(journal_address));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void count_refused(struct journal_sink *journal, int err)
{
	if (!journal->refused++)
		log_error("the journal refused an entry: %s; further refusals are only counted",
			  strerror(-err));
}

static void journal_transition(struct sink *sink, const struct transition *transition)
{
	struct journal_sink *journal = (struct journal_sink *)sink;
	int err;

	build_entry(journal, transition);
	err = send_entry(journal);
	if (err)
		count_refused(journal, err);
}

static int journal_close(struct sink *sink)
{
	struct journal_sink *journal = (struct journal_sink *)sink;
	uint64_t refused = journal->refused;

	if (refused)
		log_error("the journal refused %" PRIu64 " entries", refused);
	buffer_free(&journal->buffer);
	close(journal->fd);
	free(journal);
	return refused ? -EIO : 0;
}

const struct sink_ops journal_sink = {
	.name = "journal",
	.is_wanted = journal_is_wanted,
	.want = journal_want,
	.open = journal_open,
	.transition = journal_transition,
	.close = journal_close,
};
