/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line, parsed: one table of options (option_row.h), one struct, constant after it. */
#ifndef TCPSTATES_CLI_OPTIONS_H
#define TCPSTATES_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/field.h"
#include "trace/grouping.h"
#include "trace/limits.h"
#include "trace/selection.h"

enum action {
	ACTION_TRACE,
	ACTION_CHECK,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_FIELDS,
	ACTION_EBPF,
};

/* An output beside the main one, as it was asked for. */
struct output_choice {
	const char *name;     /* its option's */
	const char *argument; /* "" for an option without one; points into argv */
};

#define OUTPUT_CHOICES_MAX 16

#define OPTIONS_LINES "lines" /* the main output where no view is asked for */

/* What --fields chooses from with that main output. */
typedef const struct field_table *options_fields_of(const char *view);

struct options {
	enum action action;
	options_fields_of *fields_of;

	struct selection selection;

	/* how long */
	uint64_t duration_ns; /* 0: no limit */
	uint64_t count;       /* 0: no limit */

	/* what is printed */
	const char *view;                 /* the main output: its option's name, or OPTIONS_LINES */
	bool has_two_views;               /* which is wrong */
	struct grouping grouping;         /* of a summary */
	uint64_t interval_ns;             /* of its reports; 0: one, at the end */
	struct state_limits stuck_limits; /* those given */
	bool wide;
	bool extended;
	bool minisocks;
	bool half_open;
	bool time;
	bool timestamp;
	bool csv;
	bool json;
	bool no_header;
	bool quiet;
	struct field_list fields; /* empty: those of the format */

	/* where from, where to */
	struct output_choice outputs[OUTPUT_CHOICES_MAX];
	int output_count;
	const char *record; /* NULL: none; "-": standard output. Points into argv, as replay does */
	const char *replay; /* NULL: trace live; "-": standard input */

	/* running */
	uint64_t buffer_size; /* bytes; a power of two of at least one page */
	bool verbose;
};

#define OPTIONS_BUFFER_SIZE (8u << 20) /* the default */

/* 0, or -1 after a report: the caller exits with status 2. */
int options_parse(struct options *options, int argc, char **argv, options_fields_of *fields_of);

/* Whatever options_parse() answered. */
void options_free(struct options *options);

/* The argument of an output that was asked for ("" without one); NULL: it was not. */
const char *options_output(const struct options *options, const char *name);

/* To standard output. */
void options_print_help(void);
/* Those of the main output. */
void options_print_fields(const struct options *options);

#endif
