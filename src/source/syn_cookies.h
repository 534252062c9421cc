/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SYN cookies: the kernel answers a SYN and stores nothing, so there is no half-open session that
 * could be traced. It counts them in each network namespace.
 */
#ifndef TCPSTATES_SOURCE_SYN_COOKIES_H
#define TCPSTATES_SOURCE_SYN_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/numbers.h"

/* Of one network namespace, since it was created. */
struct syn_cookie_count {
	ino_t netns;
	uint64_t sent;     /* SYNs answered with a cookie */
	uint64_t received; /* valid cookies that came back: the handshake was completed */
};

/* Zeroed at first. */
struct syn_cookies {
	struct syn_cookie_count *counts; /* of all network namespaces, when the trace began */
	size_t count;
};

/* Call when tracing has started. */
void syn_cookies_begin(struct syn_cookies *cookies);

/*
 * Reports how many SYNs were answered with a cookie since then, unless all came back, in these
 * namespaces (inode numbers; empty: in all). Those of namespaces without a process are not known.
 */
void syn_cookies_report(const struct syn_cookies *cookies, const struct numbers *namespaces);

void syn_cookies_close(struct syn_cookies *cookies);

#endif
