/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows as text: which columns, and in which format (table, CSV, JSON). A row is a transition, or
 * what a view has to say; its field table knows what is in it.
 */
#ifndef TCPSTATES_FIELD_FORMAT_H
#define TCPSTATES_FIELD_FORMAT_H

#include <string.h>

#include "field/field.h"

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

/* Writes rows of one kind, each as a line. */
struct row_writer {
	const struct text_format *format;
	struct field_list columns;
	union {
		struct table_column table[FIELDS_MAX];
		struct json_key json[FIELDS_MAX];
	} layout;                     /* by the format, of the columns */
	size_t line_size;             /* room that a line of these columns may need */
	size_t line_chars_max;        /* of the table */
	bool is_wide;                 /* likewise */
	struct field_context context; /* of the row being written */
	struct notation notation;     /* of the format */
};

struct text_format {
	/* Its notation (struct notation). */
	char *(*write_text)(char *place, const char *text, size_t size);
	char *(*write_wall)(struct notation *notation, char *place, int64_t wall_ns);
	/* Finds out the layout of the columns. NULL: has none. */
	void (*lay_out)(struct row_writer *writer);
	/* Writes the heading; returns where it ends. NULL: has none. */
	char *(*heading)(const struct row_writer *writer, char *place);
	/* Writes a row, and returns where it ends; there is room for all columns. */
	char *(*row)(struct row_writer *writer, char *place, const void *row);
};

extern const struct text_format table_format, csv_format, json_format;

/*
 * When format, columns, line_chars_max and is_wide are set, and the rest is zeroed. The writer
 * stays where it is from now on. cgroups: of the source.
 */
void row_writer_init(struct row_writer *writer, struct cgroups *cgroups);

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
