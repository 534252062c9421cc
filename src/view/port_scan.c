// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts the closed ports that each peer has tried, and says so. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address.h"
#include "lib/duration.h"
#include "view/port_scan.h"

#define KEY_WORDS 3
#define BITS      64
#define PORTS_ALL 65536

/* ---- peers ----------------------------------------------------------------------------------- */

static void fill_key(uint64_t words[KEY_WORDS], const struct reset_key *key)
{
	memcpy(words, key->raddr, sizeof(key->raddr));
	words[2] = (uint64_t)key->netns << 32 | key->ip;
}

static bool has_key(const struct hash_entry *entry, const void *key)
{
	const struct port_scan *scan = (const struct port_scan *)entry;
	const struct reset_key *wanted = key;

	return scan->netns == wanted->netns && scan->ip == wanted->ip &&
	       !memcmp(scan->raddr, wanted->raddr, sizeof(scan->raddr));
}

/* NULL if there is no room. */
static struct port_scan *scan_of(struct port_scans *scans, const struct reset_key *key)
{
	struct port_scan *scan;
	uint64_t words[KEY_WORDS];

	fill_key(words, key);
	scan = (struct port_scan *)hash_find(&scans->by_peer, words, KEY_WORDS, has_key, key);
	if (scan)
		return scan;
	scan = calloc(1, sizeof(*scan));
	if (!scan)
		return NULL;
	scan->netns = key->netns;
	scan->ip = key->ip;
	memcpy(scan->raddr, key->raddr, sizeof(scan->raddr));
	scans->by_peer.count_max = PORT_SCANS_MAX;
	if (!hash_add(&scans->by_peer, &scan->by_peer, words, KEY_WORDS)) {
		free(scan);
		return NULL;
	}
	scan->older = scans->newest;
	scans->newest = scan;
	return scan;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static bool is_among_few(const struct port_scan *scan, uint16_t port)
{
	for (uint32_t i = 0; i < scan->ports; i++)
		if (scan->few[i] == port)
			return true;
	return false;
}

static void set_bit(struct port_scan *scan, uint16_t port)
{
	scan->has_port[port / BITS] |= (uint64_t)1 << port % BITS;
}

static bool has_port(const struct port_scan *scan, uint16_t port)
{
	if (!scan->has_port)
		return is_among_few(scan, port);
	return scan->has_port[port / BITS] & (uint64_t)1 << port % BITS;
}

/* False: out of memory. */
static bool remember_port(struct port_scan *scan, uint16_t port)
{
	if (!scan->has_port && scan->ports < PORT_SCAN_PORTS - 1) {
		scan->few[scan->ports] = port;
		return true;
	}
	if (!scan->has_port) {
		scan->has_port = calloc(PORTS_ALL / BITS, sizeof(*scan->has_port));
		if (!scan->has_port)
			return false;
		for (uint32_t i = 0; i < scan->ports; i++)
			set_bit(scan, scan->few[i]);
	}
	set_bit(scan, port);
	return true;
}

static bool add_port(struct port_scan *scan, uint16_t port)
{
	if (has_port(scan, port))
		return true;
	if (!remember_port(scan, port))
		return false;
	if (!scan->ports || port < scan->low)
		scan->low = port;
	if (port > scan->high)
		scan->high = port;
	scan->ports++;
	return true;
}

static bool is_closed_port(const struct reset_key *key)
{
	return key->flags & RESET_FOR_SYN && key->socket == RESET_SOCKET_NONE;
}

struct port_scan *port_scans_add(struct port_scans *scans, const struct reset_count *count)
{
	struct port_scan *scan;

	if (!count->count || !is_closed_port(&count->key))
		return NULL;
	if (count->key.flags & RESET_OF_REST) {
		scans->is_partial = true;
		return NULL;
	}
	scan = scan_of(scans, &count->key);
	if (!scan || !add_port(scan, count->key.lport)) {
		scans->missing += count->count;
		return NULL;
	}
	if (!scan->resets || count->first_ns < scan->first_ns)
		scan->first_ns = count->first_ns;
	if (count->last_ns > scan->last_ns)
		scan->last_ns = count->last_ns;
	scan->resets += count->count;
	return scan;
}

bool port_scan_holds(const struct port_scan *scan)
{
	return scan->ports >= PORT_SCAN_PORTS;
}

bool port_scan_is_new(const struct port_scan *scan)
{
	return port_scan_holds(scan) && scan->ports >= 2 * scan->reported;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static void describe(struct port_scan_finding *as, const struct port_scan *scan)
{
	*as = (struct port_scan_finding){
		.group = {.ip = scan->ip},
		.cases = {.count = scan->ports,
			  .first_ns = scan->first_ns,
			  .last_ns = scan->last_ns},
	};
	memcpy(as->group.raddr, scan->raddr, sizeof(as->group.raddr));
}

void port_scan_say(struct finding_row *row, struct port_scan_finding *as,
		   const struct port_scan *scan)
{
	char peer[ADDRESS_IPV6_SIZE_MAX + 1], took[DURATION_SIZE_MAX + 1];

	*(scan->ip == 4 ? address_write_ipv4(peer, scan->raddr + ADDRESS_IPV4_OFFSET)
			: address_write_ipv6(peer, scan->raddr)) = '\0';
	*duration_write(took, scan->last_ns - scan->first_ns) = '\0';
	describe(as, scan);
	row->group = &as->group;
	row->cases = &as->cases;
	snprintf(row->text, sizeof(row->text),
		 "%s tried %s%" PRIu32 " ports from %u to %u that nobody listens at, in %s: a port "
		 "scan (%" PRIu64 " SYNs were answered with resets)",
		 peer, row->is_least ? "at least " : "", scan->ports, scan->low, scan->high, took,
		 scan->resets);
	snprintf(row->command, sizeof(row->command), "tcpstates --resets --remote %s", peer);
}

void port_scans_close(struct port_scans *scans)
{
	struct port_scan *scan = scans->newest, *older;

	for (; scan; scan = older) {
		older = scan->older;
		free(scan->has_port);
		free(scan);
	}
	hash_close(&scans->by_peer);
	*scans = (struct port_scans){0};
}
