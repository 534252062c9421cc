// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads the kernel's counters of SYN cookies, of all network namespaces that have a process. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "source/netstat.h"
#include "source/syn_cookies.h"

#define PATH_SIZE 300 /* of a file of a process, whose name may have 255 bytes */

static struct syn_cookie_count *find(const struct syn_cookies *cookies, ino_t netns)
{
	for (size_t i = 0; i < cookies->count; i++)
		if (cookies->counts[i].netns == netns)
			return &cookies->counts[i];
	return NULL;
}

/* Adds the namespace of a process, unless it is there. */
static void add(struct syn_cookies *cookies, const char *pid)
{
	struct syn_cookie_count *counts;
	struct stat stat_of_netns;
	struct netstat netstat;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	if (stat(path, &stat_of_netns) || find(cookies, stat_of_netns.st_ino))
		return;
	snprintf(path, sizeof(path), "/proc/%s/net/netstat", pid);
	if (!netstat_read(path, &netstat))
		return;
	counts = realloc(cookies->counts, (cookies->count + 1) * sizeof(*counts));
	if (!counts)
		return;
	cookies->counts = counts;
	counts[cookies->count++] = (struct syn_cookie_count){
		.netns = stat_of_netns.st_ino,
		.sent = netstat.cookies_sent,
		.received = netstat.cookies_received,
	};
}

void syn_cookies_begin(struct syn_cookies *cookies)
{
	DIR *processes = opendir("/proc");
	struct dirent *process;

	while (processes && (process = readdir(processes)))
		if (process->d_name[0] >= '1' && process->d_name[0] <= '9')
			add(cookies, process->d_name);
	if (processes)
		closedir(processes);
}

/* Counters of a namespace that is as old as the trace, or has the inode of one that has ended. */
static uint64_t increase(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

void syn_cookies_report(const struct syn_cookies *cookies, const struct numbers *namespaces)
{
	struct syn_cookie_count total = {0};
	struct syn_cookies now = {0};

	syn_cookies_begin(&now);
	for (size_t i = 0; i < now.count; i++) {
		const struct syn_cookie_count *count = &now.counts[i];
		const struct syn_cookie_count *before = find(cookies, count->netns);

		if (namespaces->count && !numbers_has(namespaces, count->netns))
			continue;
		total.sent += increase(before ? before->sent : 0, count->sent);
		total.received += increase(before ? before->received : 0, count->received);
	}
	syn_cookies_close(&now);
	if (total.sent > total.received)
		log_error("--half-open: the kernel answered %" PRIu64 " SYNs with SYN cookies, of "
			  "which %" PRIu64 " came back; it stores nothing for the others, so they "
			  "are not shown",
			  total.sent, total.received);
}

void syn_cookies_close(struct syn_cookies *cookies)
{
	free(cookies->counts);
	*cookies = (struct syn_cookies){0};
}
