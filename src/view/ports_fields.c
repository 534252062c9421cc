// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of a row of --ports. */
#include "field/field_rows.h"
#include "trace/clock.h"
#include "view/ports_row.h"
#include "view/report_fields.h"

static unsigned int ip_of(const struct ports_row *row)
{
	return address_is_ipv4(row->pool->key.raddr) ? 4 : 6;
}

static struct value address(const struct ports_row *row, const uint8_t *bytes)
{
	return address_value(ip_of(row), bytes);
}

static struct value seconds(uint64_t ns)
{
	return (struct value){.kind = VALUE_SECONDS, .elapsed = (int64_t)ns};
}

/* A number about the local ports of the namespace, if it is known. */
static struct value of_space(const struct ports_row *row, unsigned int known, uint64_t value)
{
	const struct port_space *space = port_pool_space(row->pool);

	return space && (space->known & known) == known ? number(value) : unknown;
}

static uint32_t space_count(const struct ports_row *row)
{
	const struct port_space *space = port_pool_space(row->pool);

	return space ? port_space_count(space) : 0;
}

static uint32_t reserved_count(const struct ports_row *row)
{
	const struct port_space *space = port_pool_space(row->pool);

	return space ? space->reserved : 0;
}

/* In tenths of a per cent. A port that a program has bound may be a reserved one. */
static struct value share(const struct ports_row *row)
{
	uint32_t count = space_count(row);
	uint64_t tenths = count ? (uint64_t)port_pool_taken(row->pool) * 1000 / count : 0;

	return count ? number(tenths > 1000 ? 1000 : tenths) : unknown;
}

/* In tenths. */
static struct value per_second(const struct ports_row *row, uint64_t count)
{
	uint64_t span_us = row->report.span_ns / NSEC_PER_USEC;

	return span_us ? number(count * 10 * 1000 * 1000 / span_us) : unknown;
}

static struct value full_in(const struct ports_row *row)
{
	uint64_t ns;

	return ports_row_full_in(row, &ns) ? seconds(ns) : unknown;
}

static struct value makers(const struct ports_row *row)
{
	size_t size = strlen(row->makers);

	return size ? (struct value){.kind = VALUE_TEXT, .text = row->makers, .size = size}
		    : unknown;
}

#define GETTER(name, result) DEFINE_GETTER(static, ports_row, row, name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(static, name)

/* A number of tenths, with one decimal. */
#define TENTHS_FIELD(name, result)                                \
	GETTER(name, result)                                      \
	static char *write_##name(char *place, FIELD_ARGUMENTS)   \
	{                                                         \
		struct value written = get_##name(data, context); \
                                                                  \
		return write_tenths(place, &written);             \
	}

static char *write_tenths(char *place, const struct value *value)
{
	if (value->kind == VALUE_UNKNOWN)
		return place;
	place = number_write(place, value->number / 10);
	*place++ = '.';
	return number_write(place, value->number % 10);
}

FIELD(netns, number_unless_0(row->pool->key.netns))
FIELD(ip, number(ip_of(row)))
FIELD(laddr, address(row, row->pool->key.laddr))
FIELD(raddr, address(row, row->pool->key.raddr))
FIELD(rport, number(row->pool->key.rport))
FIELD(in_use, number(row->pool->live + row->pool->time_wait))
FIELD(of, of_space(row, 0, space_count(row)))
TENTHS_FIELD(share, share(row))
FIELD(live, number(row->pool->live))
FIELD(time_wait, number(row->pool->time_wait))
FIELD(reusable, of_space(row, PORT_SPACE_KNOWN_TW_REUSE,
			 port_pool_reuses(row->pool) ? row->pool->time_wait : 0))
FIELD(reserved, of_space(row, PORT_SPACE_KNOWN_RESERVED, reserved_count(row)))
FIELD(opened, number(row->stats->opened))
TENTHS_FIELD(opened_s, per_second(row, row->stats->opened))
FIELD(failed, number(row->stats->failed))
FIELD(full_in_s, full_in(row))
GETTER(full_in, full_in(row))
FIELD(makers, makers(row))

static char *write_full_in(char *place, FIELD_ARGUMENTS)
{
	struct value written = get_full_in(data, context);

	if (written.kind == VALUE_UNKNOWN)
		return place;
	return written.elapsed ? duration_write(place, (uint64_t)written.elapsed)
			       : stpcpy(place, "now");
}

static const struct field fields[] = {
	REPORT_ROWS,
	{"netns", "NETNS", "network namespace, inode number", BARE(netns), WIDTHS(10, 10)},
	{"ip", "IP", "IP version of the addresses: 4 or 6", BARE(ip), WIDTHS(2, 2)},
	{"laddr", "LADDR", "local address", QUOTED(laddr), WIDTHS(15, 39)},
	{"raddr", "RADDR", "remote address", QUOTED(raddr), WIDTHS(15, 39)},
	{"rport", "RPORT", "remote port", BARE(rport), WIDTHS(5, 5)},
	{"in_use", "IN-USE", "local ports in use, of those in OF", BARE(in_use), WIDTHS(6, 6)},
	{"of", "OF", "local ports that connect() may choose", BARE(of), WIDTHS(6, 6)},
	{"share", "SHARE%", "part of OF that connect() cannot choose now, in per cent", BARE(share),
	 WIDTHS(6, 6)},
	{"live", "LIVE", "ports in use by live sessions", BARE(live), WIDTHS(6, 6)},
	{"time_wait", "TIME-WAIT", "ports in use in TIME_WAIT", BARE(time_wait), WIDTHS(9, 9)},
	{"reusable", "REUSABLE", "of those, ports that connect() may take after a second",
	 BARE(reusable), WIDTHS(8, 8)},
	{"reserved", "RESERVED", "reserved ports, which are not in OF", BARE(reserved),
	 WIDTHS(8, 8)},
	{"opened", "NEW", "connections begun in the period", BARE(opened), WIDTHS(7, 7)},
	{"opened_s", "NEW/s", "the same, a second", BARE(opened_s), WIDTHS(7, 7)},
	{"failed", "FAILED", "connect() calls that found no free port", BARE(failed), WIDTHS(6, 6)},
	{"full_in_s", "FULL-IN(s)", "seconds until all are taken, at the rate of the period",
	 BARE(full_in_s), WIDTHS(12, 12)},
	{"full_in", "FULL-IN", "the same for people, for example 3.50m, or now", QUOTED(full_in),
	 WIDTHS(7, 7), .is_derived = true},
	{"makers", "TIME-WAIT-OF", "processes that made those in TIME_WAIT, and how many",
	 TEXT(makers, PORTS_MAKERS_SIZE), WIDTHS(16, 16)},
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= FIELDS_MAX, "a list holds every field");

const struct field_table ports_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
