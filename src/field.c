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

static struct value word(const char *text)
{
	return (struct value){.kind = VALUE_WORD, .text = text, .size = strlen(text)};
}

static struct value address(const struct transition *t, const uint8_t *bytes)
{
	if (t->ip == 4)
		return (struct value){.kind = VALUE_IPV4, .address = bytes + IPV4_IN_MAPPED};
	return (struct value){.kind = VALUE_IPV6, .address = bytes};
}

#define GETTER(name)                                               \
	static struct value get_##name(const struct transition *t, \
				       const struct field_context *context)

#define SIMPLE_GETTER(name, value) \
	GETTER(name)               \
	{                          \
		(void)context;     \
		return value;      \
	}

SIMPLE_GETTER(skaddr, ((struct value){.kind = VALUE_HEX, .number = t->skaddr}))
SIMPLE_GETTER(c_pid, number(t->c_pid))
SIMPLE_GETTER(c_comm, ((struct value){.kind = VALUE_TEXT,
				      .text = t->c_comm,
				      .size = strnlen(t->c_comm, sizeof(t->c_comm))}))
SIMPLE_GETTER(ip, number(t->ip))
SIMPLE_GETTER(laddr, address(t, t->laddr))
SIMPLE_GETTER(lport, number(t->lport))
SIMPLE_GETTER(raddr, address(t, t->raddr))
SIMPLE_GETTER(rport, number(t->rport))
SIMPLE_GETTER(oldstate, word(state_name(t->oldstate)))
SIMPLE_GETTER(newstate, word(state_name(t->newstate)))

GETTER(ms)
{
	(void)context;
	if (!(t->flags & TRANSITION_DURATION_KNOWN))
		return (struct value){.kind = VALUE_UNKNOWN};
	return (struct value){.kind = VALUE_MS, .number = t->duration_ns};
}

GETTER(time)
{
	return (struct value){.kind = VALUE_WALL,
			      .elapsed = (int64_t)t->time_ns + context->wall_offset_ns};
}

GETTER(timestamp)
{
	return (struct value){.kind = VALUE_SECONDS,
			      .elapsed = (int64_t)(t->time_ns - context->first_ns)};
}

#define WIDTHS(normal, wide) .width = (normal), .wide_width = (wide)

static const struct field fields[] = {
	{"time", "TIME", "time of the change: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WIDTHS(8, 8), .get = get_time},
	{"timestamp", "TIME(s)", "seconds since the first change shown", WIDTHS(9, 9),
	 .get = get_timestamp},
	{"skaddr", "SKADDR", "the socket's kernel address: tells sockets apart while they live",
	 WIDTHS(16, 16), .get = get_skaddr},
	{"c_pid", "C-PID", "process that was on the CPU", WIDTHS(5, 5), .get = get_c_pid},
	{"c_comm", "C-COMM", "name of the thread that was on the CPU", WIDTHS(10, 16),
	 .is_cut = true, .get = get_c_comm},
	{"ip", "IP", "address family of the socket: 4 or 6", WIDTHS(2, 2), .get = get_ip},
	{"laddr", "LADDR", "local address", WIDTHS(15, 39), .get = get_laddr},
	{"lport", "LPORT", "local port", WIDTHS(5, 5), .get = get_lport},
	{"raddr", "RADDR", "remote address", WIDTHS(15, 39), .get = get_raddr},
	{"rport", "RPORT", "remote port", WIDTHS(5, 5), .get = get_rport},
	{"oldstate", "OLDSTATE", "state that was left", WIDTHS(11, 11), .get = get_oldstate},
	{"newstate", "NEWSTATE", "state that was entered", WIDTHS(11, 11), .has_arrow = true,
	 .get = get_newstate},
	{"ms", "MS", "time in the state that was left, in milliseconds", WIDTHS(10, 10),
	 .get = get_ms},
};

#define FIELD_COUNT ((int)(sizeof(fields) / sizeof(fields[0])))

_Static_assert(FIELD_COUNT <= FIELDS_MAX, "a list holds every field");

void field_list_all(struct field_list *list)
{
	list->count = FIELD_COUNT;
	for (int i = 0; i < FIELD_COUNT; i++)
		list->field[i] = &fields[i];
}

static const struct field *field_find(const char *name)
{
	for (int i = 0; i < FIELD_COUNT; i++)
		if (!strcasecmp(name, fields[i].key) || !strcasecmp(name, fields[i].heading))
			return &fields[i];
	return NULL;
}

bool field_list_add(struct field_list *list, const char *name)
{
	const struct field *field = field_find(name);

	if (!field || field_list_has(list, field->key))
		return false;
	list->field[list->count++] = field;
	return true;
}

bool field_list_has(const struct field_list *list, const char *key)
{
	for (int i = 0; i < list->count; i++)
		if (!strcmp(list->field[i]->key, key))
			return true;
	return false;
}
