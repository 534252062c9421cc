/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rows as text: which columns, and in which format (table, CSV, JSON). A row is a transition or a
 * row of a view; its field table describes it.
 */
#ifndef TCPSTATES_FIELD_FORMAT_H
#define TCPSTATES_FIELD_FORMAT_H

#include <string.h>

#include "field/field.h"

/* The layout of a table column, computed once. */
struct table_column {
	size_t width;     /* pad to this width; 0 for the last column */
	size_t max_chars; /* longer text is cut */
	bool has_arrow;
	/* NULL: text that may have to be cut. */
	char *(*write)(char *place, const void *row, const struct field_context *context);
};

#define JSON_KEY_SIZE_MAX 32

/* A JSON key, and the function that writes its value. */
struct json_key {
	char text[JSON_KEY_SIZE_MAX]; /* {"key":null or ,"key":null */
	uint8_t size;                 /* of the text */
	uint8_t value;                /* offset in text of a known value, after its quote */
	bool is_quoted;
	char before; /* the character before the value: a quote or a colon */
	char *(*write)(char *place, const void *row, const struct field_context *context);
};

/* Writes rows of one kind, one per line. */
struct row_writer {
	const struct text_format *format;
	struct field_list columns;
	union {
		struct table_column table[FIELDS_MAX];
		struct json_key json[FIELDS_MAX];
	} layout;                     /* of the columns, computed by the format */
	size_t line_size;             /* maximum size of a line with these columns */
	size_t line_chars_max;        /* of the table */
	bool is_wide;                 /* likewise */
	struct field_context context; /* of the row being written */
	struct notation notation;     /* of the format */
};

struct text_format {
	/* Its notation (struct notation). */
	char *(*write_text)(char *place, const char *text, size_t size);
	char *(*write_wall)(struct notation *notation, char *place, int64_t wall_ns);
	/* Computes the layout of the columns. NULL: none needed. */
	void (*lay_out)(struct row_writer *writer);
	/* Writes the heading; returns its end. NULL: no heading. */
	char *(*heading)(const struct row_writer *writer, char *place);
	/* Writes a row; returns its end. place has room for line_size bytes. */
	char *(*row)(struct row_writer *writer, char *place, const void *row);
};

extern const struct text_format table_format, csv_format, json_format;

/*
 * Before the call, set format, columns, line_chars_max and is_wide, and zero the rest. Do not move
 * the writer afterwards. cgroups: of the source.
 */
void row_writer_init(struct row_writer *writer, struct cgroups *cgroups);

/* Whether a wall-clock time is in that second. Avoids a division. */
static inline bool second_has(const struct second_text *second, int64_t wall_ns)
{
	return second->length && (uint64_t)wall_ns - (uint64_t)second->begin_ns < NSEC_PER_SEC;
}

/* Sets it to the second of a wall-clock time: YYYY-MM-DDTHH:MM:SS, UTC. */
void second_take_utc(struct second_text *second, int64_t wall_ns);

/* Copies the whole array at once, whatever the length. */
static inline char *second_write(char *place, const struct second_text *second)
{
	memcpy(place, second->text, sizeof(second->text));
	return place + second->length;
}

/* Writes a wall-clock time for the table and CSV: HH:MM:SS, local time. */
char *text_write_time_of_day(struct notation *notation, char *place, int64_t wall_ns);

#endif
