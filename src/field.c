// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The field table. */
#include <string.h>
#include <strings.h>

#include "field.h"
#include "state.h"

#define IPV4_IN_MAPPED 12 /* where the IPv4 address begins in ::ffff:a.b.c.d */

static struct value number(uint64_t number)
{
	return (struct value){.kind = VALUE_NUMBER, .number = number};
}

static struct value state(unsigned int state)
{
	return (struct value){.kind = VALUE_WORD, .word = state_word(state)};
}

static struct value address(const struct transition *t, const uint8_t *bytes)
{
	if (t->ip == 4)
		return (struct value){.kind = VALUE_IPV4, .address = bytes + IPV4_IN_MAPPED};
	return (struct value){.kind = VALUE_IPV6, .address = bytes};
}

static struct value duration(const struct transition *t)
{
	if (!(t->flags & TRANSITION_DURATION_KNOWN))
		return (struct value){.kind = VALUE_UNKNOWN};
	return (struct value){.kind = VALUE_MS, .number = t->duration_ns};
}

#define ARGUMENTS const struct transition *t, const struct field_context *context

/* A getter of which the value is an expression of t and context. */
#define GETTER(name, result)                      \
	static struct value get_##name(ARGUMENTS) \
	{                                         \
		(void)t, (void)context;           \
		return result;                    \
	}

/* The same with a writer, in which the compiler sees which kind of value it is to write. */
#define FIELD(name, result)                                    \
	GETTER(name, result)                                   \
	static char *write_##name(char *place, ARGUMENTS)      \
	{                                                      \
		struct value written = get_##name(t, context); \
                                                               \
		return value_write(place, &written);           \
	}

FIELD(skaddr, ((struct value){.kind = VALUE_HEX, .number = t->skaddr}))
FIELD(c_pid, number(t->c_pid))
FIELD(ip, number(t->ip))
FIELD(laddr, address(t, t->laddr))
FIELD(lport, number(t->lport))
FIELD(raddr, address(t, t->raddr))
FIELD(rport, number(t->rport))
FIELD(oldstate, state(t->oldstate))
FIELD(newstate, state(t->newstate))
FIELD(ms, duration(t))
FIELD(timestamp,
      ((struct value){.kind = VALUE_SECONDS, .elapsed = (int64_t)(t->time_ns - context->first_ns)}))
GETTER(time, ((struct value){.kind = VALUE_WALL,
			     .elapsed = (int64_t)(t->time_ns + (uint64_t)context->wall_offset_ns)}))
GETTER(c_comm, ((struct value){.kind = VALUE_TEXT, .text = t->c_comm, .size = sizeof(t->c_comm)}))

#define WIDTHS(normal, wide) .width = (normal), .wide_width = (wide)
#define BARE(name)           .class = FIELD_BARE, .get = get_##name, .write = write_##name
#define QUOTED(name)         .class = FIELD_QUOTED, .get = get_##name, .write = write_##name

static const struct field fields[] = {
	{"time", "TIME", "time of the change: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 .class = FIELD_WALL, WIDTHS(8, 8), .get = get_time},
	{"timestamp", "TIME(s)", "seconds since the first change shown", BARE(timestamp),
	 WIDTHS(9, 9)},
	{"skaddr", "SKADDR", "the socket's kernel address: tells sockets apart while they live",
	 QUOTED(skaddr), WIDTHS(16, 16)},
	{"c_pid", "C-PID", "process that was on the CPU", BARE(c_pid), WIDTHS(5, 5)},
	{"c_comm", "C-COMM", "name of the thread that was on the CPU", .class = FIELD_TEXT,
	 .text_size = TRANSITION_COMM_SIZE, WIDTHS(10, 16), .is_cut = true, .get = get_c_comm},
	{"ip", "IP", "address family of the socket: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"lport", "LPORT", "local port", BARE(lport), WIDTHS(5, 5)},
	{"raddr", "RADDR", "remote address", QUOTED(raddr), WIDTHS(15, 39)},
	{"rport", "RPORT", "remote port", BARE(rport), WIDTHS(5, 5)},
	{"oldstate", "OLDSTATE", "state that was left", QUOTED(oldstate), WIDTHS(11, 11)},
	{"newstate", "NEWSTATE", "state that was entered", QUOTED(newstate), WIDTHS(11, 11),
	 .has_arrow = true},
	{"ms", "MS", "time in the state that was left, in milliseconds", BARE(ms), WIDTHS(10, 10)},
};

#define FIELD_COUNT ((int)(sizeof(fields) / sizeof(fields[0])))

_Static_assert(FIELD_COUNT <= FIELDS_MAX, "a list holds every field");

void field_list_all(struct field_list *list)
{
	list->count = FIELD_COUNT;
	for (int i = 0; i < FIELD_COUNT; i++)
		list->field[i] = &fields[i];
}

static bool field_is_called(const struct field *field, const char *name)
{
	return !strcasecmp(name, field->key) || !strcasecmp(name, field->heading);
}

static const struct field *field_find(const char *name)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (field_is_called(&fields[i], name))
			return &fields[i];
	return NULL;
}

bool field_list_add(struct field_list *list, const char *name)
{
	const struct field *field = field_find(name);

	if (!field || field_list_has(list, name))
		return false;
	list->field[list->count++] = field;
	return true;
}

bool field_list_has(const struct field_list *list, const char *name)
{
	for (int i = 0; i < list->count; i++)
		if (field_is_called(list->field[i], name))
			return true;
	return false;
}
