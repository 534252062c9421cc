// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields that both summaries have. */
#include "field/field_rows.h"
#include "trace/cause.h"
#include "view/group_fields.h"

/* A numeric key; 0, or in the group of the rest: not known. */
static struct value number_key(const struct group_row *row, enum group_by by, uint64_t key)
{
	return group_row_has(row, by) && key && !row->is_other ? number(key) : unknown;
}

/* A numeric key for which 0 is valid. */
static struct value port_key(const struct group_row *row, enum group_by by, uint64_t key)
{
	return group_row_has(row, by) && !row->is_other ? number(key) : unknown;
}

static struct value cause_key(const struct group_row *row)
{
	if (!group_row_has(row, GROUP_BY_CAUSE))
		return unknown;
	return row->is_other ? name("other") : name(cause_row(row->key->cause)->name);
}

static struct value text(const char *text, size_t size)
{
	if (!*text)
		return unknown;
	return (struct value){.kind = VALUE_TEXT, .text = text, .size = (uint32_t)size};
}

static struct value comm_key(const struct group_row *row)
{
	if (!group_row_has(row, GROUP_BY_COMM))
		return unknown;
	return row->is_other ? text("other", 5) : text(row->key->comm, sizeof(row->key->comm));
}

static struct value cgroup_key(const struct group_row *row, const struct field_context *context)
{
	const char *path;

	if (!group_row_has(row, GROUP_BY_CGROUP))
		return unknown;
	if (row->is_other)
		return text("other", 5);
	path = cgroups_find(context->cgroups, row->key->cgroup);
	return text(path, strlen(path));
}

static struct value address_key(const struct group_row *row, enum group_by by, const uint8_t *bytes)
{
	if (!group_row_has(row, by))
		return unknown;
	if (row->is_other)
		return name("other");
	return address_value(address_is_ipv4(bytes) ? 4 : 6, bytes);
}

/* The prefix length after a block's address. */
static char *write_prefix(char *place, struct group_prefix prefix, const struct value *address)
{
	if (address->kind == VALUE_IPV4 && prefix.ipv4 < 32) {
		*place++ = '/';
		return number_write(place, prefix.ipv4);
	}
	if (address->kind == VALUE_IPV6 && prefix.ipv6 < 128) {
		*place++ = '/';
		return number_write(place, prefix.ipv6);
	}
	return place;
}

#define GETTER(name, result) DEFINE_GETTER(, group_row, row, group_##name, result)
#define FIELD(name, result)  GETTER(name, result) DEFINE_WRITER(, group_##name)

/* An address, or a block of them. */
#define ADDRESS_FIELD(name, by)                                                      \
	GETTER(name, address_key(row, by, row->key->name))                           \
	char *write_group_##name(char *place, FIELD_ARGUMENTS)                       \
	{                                                                            \
		const struct group_row *row = data;                                  \
		struct value written = get_group_##name(data, context);              \
                                                                                     \
		return write_prefix(value_write(place, &written, context->notation), \
				    row->grouping->name, &written);                  \
	}

FIELD(pid, number_key(row, GROUP_BY_PID, row->key->pid))
FIELD(comm, comm_key(row))
ADDRESS_FIELD(laddr, GROUP_BY_LADDR)
FIELD(lport, port_key(row, GROUP_BY_LPORT, row->key->lport))
ADDRESS_FIELD(raddr, GROUP_BY_RADDR)
FIELD(rport, port_key(row, GROUP_BY_RPORT, row->key->rport))
FIELD(netns, number_key(row, GROUP_BY_NETNS, row->key->netns))
FIELD(cgroup, cgroup_key(row, context))
FIELD(cause, cause_key(row))
