/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the output terminal can show. */
#ifndef TCPSTATES_LIB_TERMINAL_H
#define TCPSTATES_LIB_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_WIDTH_DEFAULT 80

struct terminal {
	unsigned int width; /* in characters; TERMINAL_WIDTH_DEFAULT if it is no terminal */
	bool is_terminal;
	bool is_utf8;    /* a terminal in a UTF-8 locale */
	bool has_colour; /* a terminal, and colour is not disabled: NO_COLOR, TERM=dumb */
};

/* What fd and the environment allow. */
struct terminal terminal_of(int fd);

#endif
