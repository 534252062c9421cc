/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be shown where output goes. */
#ifndef TCPSTATES_LIB_TERMINAL_H
#define TCPSTATES_LIB_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_WIDTH_DEFAULT 80

struct terminal {
	unsigned int width; /* in characters; of what is none, TERMINAL_WIDTH_DEFAULT */
	bool is_terminal;
	bool is_utf8;    /* a terminal that shows UTF-8, by the locale */
	bool has_colour; /* a terminal, and colour is not turned off: NO_COLOR, TERM=dumb */
};

/* Of that descriptor, and of the environment. */
struct terminal terminal_of(int fd);

#endif
