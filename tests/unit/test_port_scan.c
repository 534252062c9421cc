// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* When resets are a port scan, whose, and what is said then. */
#include <string.h>

#include "trace/clock.h"
#include "unit.h"
#include "view/port_scan.h"

#define SEC ((uint64_t)NSEC_PER_SEC)

static struct reset_count reset_to(uint8_t peer, uint16_t port)
{
	return (struct reset_count){
		.key = {.raddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = peer},
			.lport = port,
			.rport = 50000,
			.netns = 7,
			.ip = 4,
			.flags = RESET_FOR_SYN},
		.count = 1,
		.first_ns = SEC + port,
		.last_ns = SEC + port,
	};
}

/* That number of ports, from the first one on. */
static struct port_scan *try_ports(struct port_scans *scans, uint8_t peer, unsigned int first,
				   unsigned int count)
{
	struct port_scan *scan = NULL;

	for (unsigned int i = 0; i < count; i++) {
		const struct reset_count reset = reset_to(peer, (uint16_t)(first + i));

		scan = port_scans_add(scans, &reset);
	}
	return scan;
}

/* Also when each port is tried again and again. */
static void many_ports(void)
{
	struct port_scans scans = {0};
	struct port_scan *scan = NULL;

	for (int i = 0; i < 100; i++)
		scan = try_ports(&scans, 1, 100, PORT_SCAN_PORTS - 1);
	CHECK(scan && !port_scan_holds(scan) && !port_scan_is_new(scan));
	scan = try_ports(&scans, 1, 65535, 1);
	CHECK_NUMBER(PORT_SCAN_PORTS, scan->ports);
	CHECK(port_scan_holds(scan) && port_scan_is_new(scan));
	CHECK_NUMBER(100 * (PORT_SCAN_PORTS - 1) + 1, scan->resets);
	CHECK_NUMBER(100, scan->low);
	CHECK_NUMBER(65535, scan->high);
	scan->reported = scan->ports;
	try_ports(&scans, 1, 100, PORT_SCAN_PORTS - 1);
	CHECK(!port_scan_is_new(scan));
	try_ports(&scans, 1, 1000, PORT_SCAN_PORTS);
	CHECK(port_scan_is_new(scan));
	port_scans_close(&scans);
}

/* Each peer, and each network namespace, is one of its own. */
static void many_peers(void)
{
	struct port_scans scans = {0};
	struct port_scan *one, *other;

	one = try_ports(&scans, 1, 1, PORT_SCAN_PORTS - 1);
	other = try_ports(&scans, 2, 1, PORT_SCAN_PORTS - 1);
	CHECK(one != other && !port_scan_holds(one) && !port_scan_holds(other));
	for (unsigned int i = 0; i < PORT_SCAN_PORTS; i++) {
		struct reset_count reset = reset_to(1, (uint16_t)(100 + i));

		reset.key.netns = 8;
		other = port_scans_add(&scans, &reset);
	}
	CHECK(other != one && port_scan_holds(other) && !port_scan_holds(one));
	port_scans_close(&scans);
}

/* A connection that this end does not know, a listener's reset, a minisock's. */
static void other_resets(void)
{
	struct reset_count reset = reset_to(1, 80);
	struct port_scans scans = {0};

	reset.key.flags = 0;
	CHECK(!port_scans_add(&scans, &reset));
	reset.key.flags = RESET_FOR_SYN;
	reset.key.socket = RESET_SOCKET_LISTENER;
	CHECK(!port_scans_add(&scans, &reset));
	reset.key.socket = RESET_SOCKET_NONE;
	reset.count = 0;
	CHECK(!port_scans_add(&scans, &reset));
	CHECK(!scans.newest && !scans.is_partial && !scans.missing);
	reset.count = 1;
	reset.key.flags |= RESET_OF_REST;
	CHECK(!port_scans_add(&scans, &reset) && scans.is_partial);
	port_scans_close(&scans);
}

static void no_room(void)
{
	struct port_scans scans = {0};

	for (unsigned int i = 0; i < PORT_SCANS_MAX + 3; i++) {
		struct reset_count reset = reset_to(1, 80);

		reset.key.netns = i;
		reset.count = 5;
		CHECK(!port_scans_add(&scans, &reset) == (i >= PORT_SCANS_MAX));
	}
	CHECK_NUMBER(15, scans.missing);
	port_scans_close(&scans);
}

static void sentence(void)
{
	struct finding_row row = {.is_least = true};
	struct port_scans scans = {0};
	struct port_scan *scan = try_ports(&scans, 9, 1000, 60000);
	struct port_scan_finding as;

	scan->last_ns = scan->first_ns + 3 * SEC;
	port_scan_say(&row, &as, scan);
	CHECK_TEXT("10.0.0.9 tried at least 60000 ports from 1000 to 60999 that nobody listens "
		   "at, in "
		   "3.00s: a port scan (60000 SYNs were answered with resets)",
		   row.text);
	CHECK_TEXT("tcpstates --resets --remote 10.0.0.9", row.command);
	CHECK_NUMBER(60000, row.cases->count);
	CHECK_NUMBER(SEC + 1000, row.cases->first_ns);
	port_scans_close(&scans);
}

UNIT_MAIN("port_scan", TEST(many_ports), TEST(many_peers), TEST(other_resets), TEST(no_room),
	  TEST(sentence))
