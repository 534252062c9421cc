// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The groups of a summary. */
#include <string.h>
#include <strings.h>

#include "lib/address.h"
#include "lib/parse.h"
#include "trace/cause.h"
#include "trace/grouping.h"

#define IPV4_BITS 32
#define IPV6_BITS 128

static const char *const names[] = {
	[GROUP_BY_PID] = "pid",     [GROUP_BY_COMM] = "comm",           [GROUP_BY_LADDR] = "laddr",
	[GROUP_BY_LPORT] = "lport", [GROUP_BY_RADDR] = "raddr",         [GROUP_BY_RPORT] = "rport",
	[GROUP_BY_NETNS] = "netns", [GROUP_BY_CGROUP] = "cgroup",       [GROUP_BY_CAUSE] = "cause",
	[GROUP_BY_STATE] = "state", [GROUP_BY_EDGE] = "edge",           [GROUP_BY_PORT] = "port",
	[GROUP_BY_ROLE] = "role",   [GROUP_BY_CLOSED_BY] = "closed_by",
};

#define ONCE "each key only once"
#define PREFIX                                                                             \
	"a prefix length from 1 to 32 for IPv4 and to 128 for IPv6, for example raddr/24 " \
	"or raddr/24/64"

const char *group_by_name(enum group_by by)
{
	return names[by];
}

bool group_by_is_of_session(enum group_by by)
{
	return by == GROUP_BY_PORT || by == GROUP_BY_ROLE || by == GROUP_BY_CLOSED_BY;
}

bool group_by_is_of_change(enum group_by by)
{
	return by == GROUP_BY_STATE || by == GROUP_BY_EDGE;
}

/* The key whose name is the first size bytes of text. GROUP_BY_COUNT: none. */
static enum group_by find(const char *text, size_t size)
{
	enum group_by by = 0;

	while (by < GROUP_BY_COUNT &&
	       (strlen(names[by]) != size || strncasecmp(names[by], text, size) != 0))
		by++;
	return by;
}

static bool parse_bits(const char *text, uint64_t max, uint64_t *bits)
{
	return parse_number(text, max, bits) && *bits;
}

/* "24" or "24/64". */
static bool parse_prefix(const char *text, struct group_prefix *prefix)
{
	const char *slash = strchr(text, '/');
	char first[4] = "";
	uint64_t ipv4, ipv6;

	if (!slash) {
		if (!parse_bits(text, IPV6_BITS, &ipv6))
			return false;
		ipv4 = ipv6 < IPV4_BITS ? ipv6 : IPV4_BITS;
	} else {
		if ((size_t)(slash - text) >= sizeof(first))
			return false;
		memcpy(first, text, (size_t)(slash - text));
		if (!parse_bits(first, IPV4_BITS, &ipv4) ||
		    !parse_bits(slash + 1, IPV6_BITS, &ipv6))
			return false;
	}
	*prefix = (struct group_prefix){.ipv4 = (uint8_t)ipv4, .ipv6 = (uint8_t)ipv6};
	return true;
}

const char *grouping_add(struct grouping *grouping, const char *text)
{
	size_t size = strcspn(text, "/");
	enum group_by by = find(text, size);
	struct group_prefix prefix = {.ipv4 = IPV4_BITS, .ipv6 = IPV6_BITS};

	if (by == GROUP_BY_COUNT)
		return "";
	if (text[size] && by != GROUP_BY_LADDR && by != GROUP_BY_RADDR)
		return "a prefix length only for laddr and raddr";
	if (text[size] && !parse_prefix(text + size + 1, &prefix))
		return PREFIX;
	if (grouping_has(grouping, by))
		return ONCE;
	grouping->by |= 1u << by;
	grouping->order[grouping->count++] = (uint8_t)by;
	if (by == GROUP_BY_LADDR)
		grouping->laddr = prefix;
	if (by == GROUP_BY_RADDR)
		grouping->raddr = prefix;
	return NULL;
}

bool grouping_has_now(const struct grouping *grouping)
{
	return !grouping_has(grouping, GROUP_BY_EDGE) && !grouping_has(grouping, GROUP_BY_CAUSE);
}

/* Copies the first bits of an address; the rest stays zero. */
static void copy_bits(uint8_t *to, const uint8_t *from, unsigned int bits)
{
	memcpy(to, from, bits / 8);
	if (bits % 8)
		to[bits / 8] = from[bits / 8] & (uint8_t)(0xff << (8 - bits % 8));
}

static void fill_address(uint8_t *to, const uint8_t *from, struct group_prefix prefix)
{
	copy_bits(to, from,
		  address_is_ipv4(from) ? ADDRESS_IPV4_OFFSET * 8u + prefix.ipv4 : prefix.ipv6);
}

static void fill_owner(struct group_key *key, const struct grouping *grouping,
		       const struct transition *t)
{
	if (!transition_has_details(t))
		return;
	if (grouping_has(grouping, GROUP_BY_PID))
		key->pid = t->pid;
	if (grouping_has(grouping, GROUP_BY_COMM))
		memcpy(key->comm, t->comm, strnlen(t->comm, sizeof(t->comm)));
	if (grouping_has(grouping, GROUP_BY_NETNS))
		key->netns = t->netns;
	if (grouping_has(grouping, GROUP_BY_CGROUP))
		key->cgroup = t->cgroup;
	if (grouping_has(grouping, GROUP_BY_CAUSE))
		key->cause = (uint8_t)cause_of(t);
}

void group_key_fill(struct group_key *key, const struct grouping *grouping,
		    const struct transition *t, uint8_t state)
{
	memset(key, 0, sizeof(*key));
	if (grouping_has(grouping, GROUP_BY_LADDR))
		fill_address(key->laddr, t->laddr, grouping->laddr);
	if (grouping_has(grouping, GROUP_BY_RADDR))
		fill_address(key->raddr, t->raddr, grouping->raddr);
	if (grouping_has(grouping, GROUP_BY_LPORT))
		key->lport = t->lport;
	if (grouping_has(grouping, GROUP_BY_RPORT))
		key->rport = t->rport;
	fill_owner(key, grouping, t);
	if (grouping_has(grouping, GROUP_BY_EDGE)) {
		key->oldstate = t->oldstate;
		key->newstate = t->newstate;
		state = t->oldstate;
	}
	if (grouping_has(grouping, GROUP_BY_STATE))
		key->state = state;
}
