/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line, parsed into one struct, constant after it. Its table is in option_row.h. */
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

/* A selected additional output. */
struct output_choice {
	const char *name;     /* of its option */
	const char *argument; /* "" for an option without one; points into argv */
};

#define OUTPUT_CHOICES_MAX 16

#define OPTIONS_LINES           "lines"           /* the main output without a view */
#define OPTIONS_SESSION_SUMMARY "session_summary" /* that of --sessions with --summary */

/* The fields that --fields can choose for that main output. */
typedef const struct field_table *options_fields_of(const char *view);

struct options {
	enum action action;
	options_fields_of *fields_of;

	struct selection selection;

	/* limits */
	uint64_t duration_ns; /* 0: no limit */
	uint64_t count;       /* 0: no limit */

	/* what is printed */
	const char *view;         /* the main output: its option's name, or one of OPTIONS_ */
	bool has_two_views;       /* an error */
	struct grouping grouping; /* of a summary */
	uint64_t interval_ns;     /* of its reports; 0: one, at the end */
	struct state_limits stuck_limits; /* as given */
	const char *rules;                /* of --diagnose, as given; NULL: all */
	bool wide;
	bool extended;
	bool minisocks;
	bool half_open;
	bool time;
	bool timestamp;
	bool csv;
	bool json;
	bool no_header;
	bool exit_code; /* status 3 if the main output found something */
	bool quiet;
	struct field_list fields; /* empty: the default of the format */

	/* input and outputs */
	struct output_choice outputs[OUTPUT_CHOICES_MAX];
	int output_count;
	const char *record; /* NULL: none; "-": standard output. Points into argv, like replay */
	const char *replay; /* NULL: trace live; "-": standard input */

	/* running */
	uint64_t buffer_size; /* bytes; a power of two of at least one page */
	bool verbose;
};

#define OPTIONS_BUFFER_SIZE (8u << 20) /* the default */

/* 0, or -1 after a report: the caller exits with status 2. */
int options_parse(struct options *options, int argc, char **argv, options_fields_of *fields_of);

/* Call it whatever options_parse() returned. */
void options_free(struct options *options);

/* The argument of a selected output ("" if it takes none); NULL: not selected. */
const char *options_output(const struct options *options, const char *name);

/* Prints to standard output. */
void options_print_help(void);
/* Fields of the main output. */
void options_print_fields(const struct options *options);

#endif
