// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of --resets. */
#include "field/field_rows.h"
#include "trace/reset.h"
#include "view/resets_row.h"

static bool is_rest(const struct reset_row *row)
{
	return row->group->key.flags & RESET_OF_REST;
}

static bool is_for_syn(const struct reset_row *row)
{
	return row->group->key.flags & RESET_FOR_SYN;
}

static const char *socket_name(const struct reset_row *row)
{
	static const char *const names[] = {
		[RESET_SOCKET_NONE] = "none",
		[RESET_SOCKET_LISTENER] = "listener",
		[RESET_SOCKET_TIME_WAIT] = "time_wait",
		[RESET_SOCKETS] = NULL,
	};

	return names[row->group->key.socket];
}

/* NULL for a SYN that a listener resets: it may be one for a session in SYN_RECV, or for MPTCP. */
static const char *what(const struct reset_row *row)
{
	switch ((enum reset_socket)row->group->key.socket) {
	case RESET_SOCKET_NONE:
		return is_for_syn(row) ? "closed_port" : "no_connection";
	case RESET_SOCKET_LISTENER:
		return is_for_syn(row) ? NULL : "no_connection";
	case RESET_SOCKET_TIME_WAIT:
		return "time_wait";
	case RESET_SOCKETS:
		break;
	}
	return NULL;
}

static struct value wall(int64_t ns)
{
	return (struct value){.kind = VALUE_WALL, .elapsed = ns};
}

static struct value address(const struct reset_row *row, const uint8_t *bytes)
{
	return is_rest(row) ? name("other") : address_value(row->group->key.ip, bytes);
}

static struct value port(const struct reset_row *row, uint16_t port)
{
	return is_rest(row) ? unknown : number(port);
}

/* "80", or "1-1000" for ports of which some occur. */
static char *write_ports(char *place, const struct reset_row *row, struct reset_ports ports)
{
	if (is_rest(row))
		return place;
	place = number_write(place, ports.low);
	if (ports.low == ports.high)
		return place;
	*place++ = '-';
	return number_write(place, ports.high);
}

#define GETTER(name, result) DEFINE_GETTER(static, reset_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* The kind that get() returns only says whether there is a value. */
#define PORTS_FIELD(name)                                                                     \
	GETTER(name, port(row, row->sum->name.low))                                           \
	static char *write_##name(char *place, FIELD_ARGUMENTS)                               \
	{                                                                                     \
		(void)context;                                                                \
		return write_ports(place, data, ((const struct reset_row *)data)->sum->name); \
	}

FIELD(time, wall(row->sum->first_wall_ns))
FIELD(timestamp, ((struct value){.kind = VALUE_SECONDS,
				 .elapsed = (int64_t)(row->sum->first_ns - context->first_ns)}))
FIELD(last, wall(row->sum->last_wall_ns))
FIELD(count, number(row->sum->count))
FIELD(what, name(what(row)))
FIELD(packet, name(is_for_syn(row) ? "syn" : "other"))
FIELD(socket, name(socket_name(row)))
FIELD(reason, name(reset_reason_name(row->group->key.reason)))
FIELD(netns, number_unless_0(row->group->key.netns))
FIELD(ip, is_rest(row) ? unknown : number(row->group->key.ip))
FIELD(laddr, address(row, row->group->key.laddr))
FIELD(raddr, address(row, row->group->key.raddr))
PORTS_FIELD(lports)
PORTS_FIELD(rports)
FIELD(lport_low, port(row, row->sum->lports.low))
FIELD(lport_high, port(row, row->sum->lports.high))
FIELD(rport_low, port(row, row->sum->rports.low))
FIELD(rport_high, port(row, row->sum->rports.high))

#define IS_DERIVED .is_derived = true

static const struct field fields[] = {
	{"time", "TIME", "time of the first reset: HH:MM:SS, local time; in JSON RFC 3339, UTC",
	 WALL(time), WIDTHS(8, 8)},
	{"timestamp", "TIME(s)", "seconds from the first row's first reset to this row's",
	 BARE(timestamp), WIDTHS(9, 9)},
	{"last", "LAST", "time of the last reset, likewise", WALL(last), WIDTHS(8, 8)},
	{"count", "COUNT", "number of resets", BARE(count), WIDTHS(7, 9)},
	{"what", "WHAT", "closed_port, no_connection or time_wait", QUOTED(what), WIDTHS(13, 13)},
	{"packet", "PACKET", "what was answered with a reset: syn or other", QUOTED(packet),
	 WIDTHS(6, 6)},
	{"socket", "SOCKET", "that the packet was for: none, listener or time_wait", QUOTED(socket),
	 WIDTHS(9, 9)},
	{"reason", "REASON", "the kernel's reason", QUOTED(reason), WIDTHS(11, 24)},
	{"netns", "NETNS", "network namespace, inode number", BARE(netns), WIDTHS(10, 10)},
	{"ip", "IP", "IP version of the packet: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"lports", "LPORTS", "local port, or range of ports", QUOTED(lports), WIDTHS(11, 11),
	 IS_DERIVED},
	{"lport_low", "LPORT-LOW", "lowest local port", BARE(lport_low), WIDTHS(9, 9)},
	{"lport_high", "LPORT-HIGH", "highest local port", BARE(lport_high), WIDTHS(10, 10)},
	{"raddr", "RADDR", "remote address", QUOTED(raddr), WIDTHS(15, 39)},
	{"rports", "RPORTS", "remote port, or range of ports", QUOTED(rports), WIDTHS(11, 11),
	 IS_DERIVED},
	{"rport_low", "RPORT-LOW", "lowest remote port", BARE(rport_low), WIDTHS(9, 9)},
	{"rport_high", "RPORT-HIGH", "highest remote port", BARE(rport_high), WIDTHS(10, 10)},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table resets_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
