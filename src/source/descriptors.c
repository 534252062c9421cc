// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The limit on open files, and the message if it is too low. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "source/descriptors.h"

/* More than a trace with all programs and several outputs has open: about 75. */
#define ENOUGH 128

bool descriptors_raise(char *text, size_t size, const char *what)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return true;
	if (limit.rlim_cur != limit.rlim_max) {
		struct rlimit raised = {limit.rlim_max, limit.rlim_max};

		if (!setrlimit(RLIMIT_NOFILE, &raised))
			limit = raised;
	}
	if (limit.rlim_cur >= ENOUGH)
		return true;
	snprintf(text, size,
		 "%s: this process may have %ju open files, and needs up to %d: raise the limit "
		 "(ulimit -n %d)",
		 what, (uintmax_t)limit.rlim_cur, ENOUGH, ENOUGH);
	return false;
}

bool descriptors_explain(char *text, size_t size, const char *what, int err)
{
	if (abs(err) != EMFILE && abs(err) != ENFILE)
		return false;
	snprintf(text, size, "%s: %s; raise the limit on open files (%s)", what, strerror(abs(err)),
		 abs(err) == EMFILE ? "ulimit -n" : "sysctl fs.file-max");
	return true;
}
