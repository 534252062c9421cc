/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line, parsed: one table of options (option_row.h), one struct, constant after it. */
#ifndef TCPSTATES_CLI_OPTIONS_H
#define TCPSTATES_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/field.h"
#include "trace/grouping.h"
#include "trace/lifetime.h"
#include "trace/port.h"
#include "trace/selection.h"
#include "view/stuck.h"

enum action {
	ACTION_TRACE,
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_FIELDS,
	ACTION_EBPF,
};

/* What becomes of transitions: a line each, or a view that makes something of many. */
enum report {
	REPORT_LINES,
	REPORT_SESSIONS,
	REPORT_SUMMARY,
	REPORT_STUCK,
};

struct options {
	enum action action;

	/* which sessions */
	bool ipv4;
	bool ipv6;
	struct port_set lports;
	struct port_set rports;
	struct selection selection;

	/* how long */
	uint64_t duration_ns; /* 0: no limit */
	uint64_t count;       /* 0: no limit */

	/* what is printed */
	enum report report;
	bool has_two_reports;     /* which is wrong */
	struct grouping grouping; /* of a summary */
	uint64_t interval_ns;     /* of its reports; 0: one, at the end */
	struct stuck_limits stuck_limits;
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
	bool journal;
	const char
		*record; /* NULL: none; "-": standard output. Points into argv, as replay does. */
	const char *replay; /* NULL: trace live; "-": standard input */

	/* running */
	uint64_t buffer_size; /* bytes; a power of two of at least one page */
	bool verbose;
};

#define OPTIONS_BUFFER_SIZE (8u << 20) /* the default */

/* 0, or -1 after a report: the caller exits with status 2. */
int options_parse(struct options *options, int argc, char **argv);

/* Whatever options_parse() answered. */
void options_free(struct options *options);

/* Something is asked for that bcc's outputs do not show: the kernel is to fill in the details. */
bool options_want_details(const struct options *options);

/* Some output shows what becomes of a session in TIME_WAIT. */
bool options_follow_minisocks(const struct options *options);

/* Half-open sessions are to be told of, which have no socket. */
bool options_want_requests(const struct options *options);

/* Sessions that were there before are to be told of, though nothing happens to them. */
bool options_want_standing(const struct options *options);

/* What the text formats show of TIME_WAIT. */
enum view options_view(const struct options *options);

/* To standard output. */
void options_print_help(void);
/* Those of what the options print. */
void options_print_fields(const struct options *options);

#endif
