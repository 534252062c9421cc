// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads the counters of TCP in a network namespace. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/netstat.h"

/* Larger than /proc/net/netstat: two lines with 150 names and numbers, and two shorter ones. */
#define NETSTAT_SIZE 16384

static const struct {
	const char *name;
	size_t member; /* offset in struct netstat */
} counters[] = {
	{"SyncookiesSent", offsetof(struct netstat, cookies_sent)},
	{"SyncookiesRecv", offsetof(struct netstat, cookies_received)},
	{"ListenOverflows", offsetof(struct netstat, listen_overflows)},
	{"ListenDrops", offsetof(struct netstat, listen_drops)},
};

#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* The next line that begins with "TcpExt:", after that; terminated. NULL: none. */
static char *next_line(char **text)
{
	char *line;

	while ((line = strsep(text, "\n")))
		if (!strncmp(line, "TcpExt:", strlen("TcpExt:")))
			return line;
	return NULL;
}

/* Whether it is one of the counters. */
static bool take(struct netstat *netstat, const char *name, const char *value)
{
	for (size_t i = 0; i < COUNTERS; i++)
		if (!strcmp(name, counters[i].name)) {
			*(uint64_t *)((char *)netstat + counters[i].member) =
				strtoull(value, NULL, 10);
			return true;
		}
	return false;
}

bool netstat_parse(char *text, struct netstat *netstat)
{
	char *names = next_line(&text), *values = next_line(&text);
	char *name, *value;
	size_t found = 0;

	while (names && values && (name = strsep(&names, " ")) && (value = strsep(&values, " ")))
		found += take(netstat, name, value);
	return found == COUNTERS;
}

bool netstat_read(const char *path, struct netstat *netstat)
{
	char text[NETSTAT_SIZE];
	size_t size = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (size < sizeof(text) - 1 &&
	       (got = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += got;
	close(fd);
	text[size] = '\0';
	return netstat_parse(text, netstat);
}
