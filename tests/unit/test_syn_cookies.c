// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's counters of SYN cookies, as /proc/net/netstat has them. */
#include "source/syn_cookies.h"
#include "unit.h"

/* parsed: whether both counters are there. */
static const struct {
	const char *why, *text;
	uint64_t sent, received;
	bool is_parsed;
} rows[] = {
	{"as the kernel writes it",
	 "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed PruneCalled\n"
	 "TcpExt: 5 2 1 0\n"
	 "IpExt: InNoRoutes\nIpExt: 7\n",
	 5, 2, true},
	{"other lines first, more than 32 bits",
	 "IpExt: SyncookiesSent SyncookiesRecv\nIpExt: 7 8\n"
	 "TcpExt: DelayedACKs SyncookiesRecv SyncookiesSent\n"
	 "TcpExt: 9 4294967296 18446744073709551615\n",
	 UINT64_MAX, 1ull << 32, true},
	{"no such counter", "TcpExt: SyncookiesSent PruneCalled\nTcpExt: 5 2\n", 5, 0, false},
	{"a value is missing", "TcpExt: SyncookiesSent SyncookiesRecv\nTcpExt: 5\n", 5, 0, false},
	{"the values are missing", "TcpExt: SyncookiesSent SyncookiesRecv\n", 0, 0, false},
	{"empty", "", 0, 0, false},
};

static void parse(void)
{
	struct syn_cookie_count count;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].why);
		count = (struct syn_cookie_count){0};
		snprintf(text, sizeof(text), "%s", rows[i].text);
		CHECK_NUMBER(rows[i].is_parsed, syn_cookies_parse(text, &count));
		CHECK_NUMBER(rows[i].sent, count.sent);
		CHECK_NUMBER(rows[i].received, count.received);
	}
}

UNIT_MAIN("syn_cookies", TEST(parse))
