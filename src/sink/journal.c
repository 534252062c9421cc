// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The systemd journal, with bcc's field names. libsystemd is loaded when it is asked for, so that
 * neither building nor running without --journal needs it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "field/field.h"
#include "lib/log.h"
#include "lib/text.h"
#include "sink/sink.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define LIBRARY        "libsystemd.so.0"

/* sd_journal_sendv(3): 0, or a negative errno. */
typedef int journal_send(const struct iovec *fields, int count);

/*
 * A journal field of the same name for both families (ipv6 NULL), or one a family; and the field
 * that fills it.
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

/* MESSAGE: the values of the fields above from OBJECT_COMM on, each behind its separator. */
static const char *const message_separators[] = {
	NULL, "MESSAGE=", " ", " ", " → ", " ", " ", " → ", NULL,
};

#define FIXED_COUNT 2 /* SYSLOG_IDENTIFIER, PRIORITY */
#define IOVECS_MAX  (FIXED_COUNT + FIELD_COUNT + 1)

struct journal_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	void *library;
	journal_send *send;
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

/*
 * Whether somebody listens: sd_journal_sendv() is silent when nobody does (systemd 252). 0 or
 * -errno.
 */
static int check_listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err = -errno;
	close(fd);
	return err;
}

static int load_library(struct journal_sink *journal)
{
#ifdef TCPSTATES_STATIC
	(void)journal;
	log_error(
		"cannot write to the journal: this is the static build, which cannot load " LIBRARY
		"; use the normal build");
	return -1;
#else
	journal->library = dlopen(LIBRARY, RTLD_NOW);
	if (journal->library)
		journal->send = (journal_send *)dlsym(journal->library, "sd_journal_sendv");
	if (journal->send)
		return 0;
	log_error("cannot write to the journal: %s; install libsystemd (Debian: libsystemd0)",
		  dlerror());
	return -1;
#endif
}

static int journal_prepare(struct journal_sink *journal)
{
	int err = check_listener();

	if (err) {
		log_error("cannot write to the journal: %s: %s; is systemd-journald running?",
			  JOURNAL_SOCKET, strerror(-err));
		return -1;
	}
	for (int i = 0; i < FIELD_COUNT; i++)
		field_list_add(&journal->fields, &transition_fields, journal_fields[i].key);
	return load_library(journal);
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

static void append_field(struct journal_sink *journal, int index, const struct value *value)
{
	buffer_append_text(&journal->buffer, field_name(&journal_fields[index], value));
	append_value(&journal->buffer, value);
}

static void append_message(struct journal_sink *journal, const struct value *values)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!message_separators[i])
			continue;
		buffer_append_text(&journal->buffer, message_separators[i]);
		append_value(&journal->buffer, &values[i]);
	}
}

/*
 * Fills the buffer with all fields, one behind the other; ends[i]: where field i ends. Returns
 * their number.
 */
static int build_entry(struct journal_sink *journal, const struct transition *transition,
		       size_t *ends)
{
	static const struct field_context no_context;
	struct value values[FIELD_COUNT];
	struct buffer *buffer = &journal->buffer;
	int count = 0;

	buffer->length = 0;
	buffer_append_text(buffer, "SYSLOG_IDENTIFIER=tcpstates");
	ends[count++] = buffer->length;
	buffer_append_text(buffer, "PRIORITY=5");
	ends[count++] = buffer->length;
	for (int i = 0; i < FIELD_COUNT; i++) {
		values[i] = journal->fields.field[i]->get(transition, &no_context);
		if (values[i].kind == VALUE_UNKNOWN)
			continue;
		append_field(journal, i, &values[i]);
		ends[count++] = buffer->length;
	}
	append_message(journal, values);
	ends[count++] = buffer->length;
	return count;
}

static void count_refused(struct journal_sink *journal, int err)
{
	if (!journal->refused++)
		log_error("the journal refuses an entry: %s; further ones are counted",
			  strerror(-err));
}

static void journal_transition(struct sink *sink, const struct transition *transition)
{
	struct journal_sink *journal = (struct journal_sink *)sink;
	struct iovec iovecs[IOVECS_MAX];
	size_t ends[IOVECS_MAX], begin = 0;
	int count = build_entry(journal, transition, ends);
	int err = -ENOMEM;

	for (int i = 0; i < count; i++) {
		iovecs[i].iov_base = journal->buffer.data + begin;
		iovecs[i].iov_len = ends[i] - begin;
		begin = ends[i];
	}
	if (!journal->buffer.out_of_memory)
		err = journal->send(iovecs, count);
	if (err < 0)
		count_refused(journal, err);
}

static int journal_close(struct sink *sink)
{
	struct journal_sink *journal = (struct journal_sink *)sink;
	uint64_t refused = journal->refused;

	if (refused)
		log_error("the journal refused %" PRIu64 " entries", refused);
	buffer_free(&journal->buffer);
#ifndef TCPSTATES_STATIC
	dlclose(journal->library);
#endif
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
