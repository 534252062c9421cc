// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's counters, as /proc/net/netstat has them. */
#include "source/netstat.h"
#include "unit.h"

/* parsed: whether all counters are there. */
static const struct {
	const char *why, *text;
	struct netstat netstat;
	bool is_parsed;
} rows[] = {
	{"as the kernel writes it",
	 "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed ListenOverflows ListenDrops\n"
	 "TcpExt: 5 2 1 3 4\n"
	 "IpExt: InNoRoutes\nIpExt: 7\n",
	 {5, 2, 3, 4},
	 true},
	{"other lines first, more than 32 bits",
	 "IpExt: SyncookiesSent SyncookiesRecv\nIpExt: 7 8\n"
	 "TcpExt: DelayedACKs ListenDrops SyncookiesRecv ListenOverflows SyncookiesSent\n"
	 "TcpExt: 9 6 4294967296 1 18446744073709551615\n",
	 {UINT64_MAX, 1ull << 32, 1, 6},
	 true},
	{"one is missing",
	 "TcpExt: SyncookiesSent SyncookiesRecv ListenDrops\nTcpExt: 5 2 1\n",
	 {5, 2, 0, 1},
	 false},
	{"a value is missing",
	 "TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops\nTcpExt: 5 1 2\n",
	 {5, 1, 2, 0},
	 false},
	{"the values are missing", "TcpExt: SyncookiesSent SyncookiesRecv\n", {0}, false},
	{"empty", "", {0}, false},
};

static void parse(void)
{
	struct netstat netstat;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].why);
		netstat = (struct netstat){0};
		snprintf(text, sizeof(text), "%s", rows[i].text);
		CHECK_NUMBER(rows[i].is_parsed, netstat_parse(text, &netstat));
		CHECK_MEMORY(&rows[i].netstat, &netstat, sizeof(netstat));
	}
}

UNIT_MAIN("netstat", TEST(parse))
