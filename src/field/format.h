/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows as text on standard output: which columns, and in which format (table, CSV, JSON). A row is
 * a transition, or what a view has to say; its field table knows what is in it.
 */
#ifndef TCPSTATES_FIELD_FORMAT_H
#define TCPSTATES_FIELD_FORMAT_H

#include <string.h>

#include "field/field.h"
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

/* How a column of the table is laid out, found out once. */
struct table_column {
	size_t width;     /* to pad to; 0 for the last one */
	size_t max_chars; /* of a text; the rest is cut */
	bool has_arrow;
	/* NULL: text, to be cut. */
	char *(*write)(char *place, const void *row, const struct field_context *context);
};

#define JSON_KEY_SIZE_MAX 32

/* A key of JSON with its value, and who writes it. */
struct json_key {
	char text[JSON_KEY_SIZE_MAX]; /* {"key":null or ,"key":null */
	uint8_t size;                 /* of the text */
	uint8_t value;                /* where in it a known value begins, behind its quote */
	bool is_quoted;
	char before; /* what stands before the value: a quote or a colon */
	char *(*write)(char *place, const void *row, const struct field_context *context);
};

/* Begins a sink that prints rows. */
struct text_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	struct output output;
	const struct text_format *format;
	struct field_list columns;
	union {
		struct table_column table[FIELDS_MAX];
		struct json_key json[FIELDS_MAX];
	} layout;                     /* by the format, of the columns */
	size_t line_size;             /* room that a line of these columns may need */
	size_t line_chars_max;        /* of the table */
	struct field_context context; /* of the row being written */
	struct notation notation;     /* of the format */
	uint64_t lines_max;           /* of --count */
	bool has_header;
};

struct text_format {
	/* Its notation (struct notation). */
	char *(*write_text)(char *place, const char *text, size_t size);
	char *(*write_wall)(struct notation *notation, char *place, int64_t wall_ns);
	/* Finds out the layout of the columns. NULL: has none. */
	void (*lay_out)(struct text_sink *text, const struct options *options);
	/* Writes the heading; returns where it ends. NULL: has none. */
	char *(*heading)(const struct text_sink *text, char *place);
	/* Writes a row, and returns where it ends; there is room for all columns. */
	char *(*row)(struct text_sink *text, char *place, const void *row);
};

extern const struct text_format table_format, csv_format, json_format;

/*
 * Opens standard output with the columns asked for by --fields, else those of the format. size: of
 * the sink to allocate, which begins with a struct text_sink. NULL on failure, reported already.
 */
struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    struct source *source, const struct row_kind *kind, size_t size);

/* The heading, unless --no-header. */
void text_sink_begin(struct sink *sink);

/* Prints a row, unless --count have been. time_ns: when it was so (monotonic); that of the first
 * row is where TIME(s) begins.
 */
void text_sink_row(struct text_sink *text, const void *row, uint64_t time_ns);

int text_sink_close(struct sink *sink);

/* Whether a wall-clock time is in that second, which saves dividing it. */
static inline bool second_has(const struct second_text *second, int64_t wall_ns)
{
	return second->length && (uint64_t)wall_ns - (uint64_t)second->begin_ns < NSEC_PER_SEC;
}

/* Makes it the second of a wall-clock time: YYYY-MM-DDTHH:MM:SS, UTC. */
void second_take_utc(struct second_text *second, int64_t wall_ns);

/* In one go, whatever its size. */
static inline char *second_write(char *place, const struct second_text *second)
{
	memcpy(place, second->text, sizeof(second->text));
	return place + second->length;
}

/* Writes a wall-clock time as the table and CSV print it: HH:MM:SS, local time. */
char *text_write_time_of_day(struct notation *notation, char *place, int64_t wall_ns);

#endif
