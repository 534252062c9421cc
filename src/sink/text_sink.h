/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sinks that print rows: on standard output, in the format and columns that the options choose. */
#ifndef TCPSTATES_SINK_TEXT_SINK_H
#define TCPSTATES_SINK_TEXT_SINK_H

#include "field/format.h"
#include "sink/sink.h"

/* A kind of row: its fields, and which of them are columns (comma lists of keys; NULL: all own). */
struct row_kind {
	const struct field_table *fields;
	const char *table;    /* of the table, */
	const char *wide;     /* with --wide; NULL: the same */
	const char *csv;      /* of CSV */
	const char *extended; /* of both with --extended; NULL: the same as without */
	bool fits_terminal;   /* lines of the table are cut at its width, unless with --wide */
};

/* Begins a sink that prints rows. */
struct text_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	struct output output;
	struct row_writer writer;
	uint64_t lines_max; /* of --count */
	bool has_header;
};

/*
 * Opens standard output with the columns asked for by --fields, else those of the format. size: of
 * the sink to allocate, which begins with a struct text_sink. NULL on failure, reported already.
 */
struct sink *text_sink_open(const struct sink_ops *ops, const struct sink_setup *setup,
			    const struct row_kind *kind, size_t size);

/* The heading, unless --no-header. */
void text_sink_begin(struct sink *sink);

/*
 * Prints a row, unless --count have been. time_ns: when it was so (monotonic); that of the first
 * row is where TIME(s) begins.
 */
void text_sink_row(struct text_sink *text, const void *row, uint64_t time_ns);

int text_sink_close(struct sink *sink);

#endif
