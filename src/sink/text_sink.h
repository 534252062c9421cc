/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sinks that print rows on standard output, in the format and columns that the options select. */
#ifndef TCPSTATES_SINK_TEXT_SINK_H
#define TCPSTATES_SINK_TEXT_SINK_H

#include "field/format.h"
#include "sink/sink.h"

/* A kind of row: its fields, and which are columns (comma-separated keys; NULL: all own). */
struct row_kind {
	const struct field_table *fields;
	const char *table;        /* of the table, */
	const char *wide;         /* with --wide; NULL: the same */
	const char *csv;          /* of CSV */
	const char *extended;     /* of the table with --extended; NULL: the same as without */
	const char *extended_csv; /* of CSV with --extended; not NULL if extended is not */
	bool fits_terminal; /* table lines are cut at the terminal width, except with --wide */
};

/* First member of a sink that prints rows. */
struct text_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	struct output output;
	struct row_writer writer;
	uint64_t lines_max; /* of --count */
	bool has_header;
};

/*
 * Opens standard output with the columns of --fields, or the default of the format. size: of the
 * sink to allocate, whose first member is a struct text_sink. NULL on failure, already reported.
 */
struct sink *text_sink_open(const struct sink_ops *ops, const struct sink_setup *setup,
			    const struct row_kind *kind, size_t size);

/* The heading, unless --no-header. */
void text_sink_begin(struct sink *sink);

/*
 * Prints a row, unless --count rows were printed. time_ns: monotonic time of the row; TIME(s)
 * starts at that of the first row.
 */
void text_sink_row(struct text_sink *text, const void *row, uint64_t time_ns);

int text_sink_close(struct sink *sink);

#endif
