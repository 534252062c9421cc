/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The option table. Parsing, messages and --help are derived from it. */
#ifndef TCPSTATES_CLI_OPTION_ROW_H
#define TCPSTATES_CLI_OPTION_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options.h"
#include "field/field.h"
#include "lib/list.h"

/* A row without a name is the heading of the rows that follow. */
struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *help;     /* NULL: not listed; lines are separated by \n */
	const char *expected; /* what a valid argument is */
	bool is_live_only;
	bool is_optional; /* the argument: given with =, or NULL */
	bool is_late;     /* its meaning depends on other options: parsed after them */
	bool is_view;     /* a main output instead of lines; its sink has this name */
	bool is_output;   /* an additional output, looked up by this name */
	size_t flag;      /* otherwise, without a parser: offset of the bool to set */
	bool (*parse)(struct options *options, const char *text, struct complaint *complaint);
};

#define OPTION_ROWS_MAX 80

/* In the order of --help; NULL: number is too large. */
const struct option_row *option_row(int number);

#endif
