/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Field tables: the single definition of everything that can be printed of a row. A row is a
 * transition, or what a view derives from many. Text formats, headings, JSON keys, --fields and its
 * help all use these tables; a format never names a member of a row.
 */
#ifndef TCPSTATES_FIELD_FIELD_H
#define TCPSTATES_FIELD_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "field/value.h"
#include "trace/cgroup.h"

/* What getting and writing a value depends on, besides the row. */
struct field_context {
	int64_t wall_offset_ns;    /* wall time minus monotonic time */
	struct cgroups *cgroups;   /* of the source */
	uint64_t first_ns;         /* monotonic time of the first row shown */
	struct notation *notation; /* of the format, for write() */
};

/* How a format writes a field's values. */
enum field_class {
	FIELD_BARE,   /* with write(); in JSON without quotes */
	FIELD_QUOTED, /* with write(); in JSON in quotes */
	FIELD_TEXT,   /* VALUE_TEXT: untrusted, each format escapes it; in JSON with its quotes */
	FIELD_WALL,   /* VALUE_WALL: each format has its own notation; likewise */
};

struct field {
	const char *key;     /* JSON key, name in --fields */
	const char *heading; /* table and CSV */
	const char *help;
	enum field_class class;
	uint16_t text_size; /* maximum size of a FIELD_TEXT, in bytes */
	uint8_t width;      /* table, in characters; longer values shift the rest of the line */
	uint8_t wide_width; /* the same under --wide */
	bool is_cut;        /* values are cut to the width instead */
	bool is_detail;     /* not in bcc's outputs: the kernel program fills it in on demand */
	bool is_derived;    /* repeats other fields for people: not in JSON by default */
	bool is_on_request; /* only --fields prints it: in no format's defaults */
	bool has_arrow;     /* the table prints an arrow from the previous field to this one */
	struct value (*get)(const void *row, const struct field_context *context);
	/*
	 * Writes what get() returns, with value_write(): the fast path for formats that print one
	 * line after another. Writes nothing for an unknown value.
	 */
	char *(*write)(char *place, const void *row, const struct field_context *context);
	/*
	 * Writes it as JSON if that is not plain text: an array or an object. At most text_size
	 * bytes. NULL: by class.
	 */
	char *(*write_json)(char *place, const void *row, const struct field_context *context);
};

/* The fields of one kind of row, in the order of the table. */
struct field_table {
	const struct field *fields;
	int count; /* at most FIELDS_MAX */
};

/* Of a struct transition. */
extern const struct field_table transition_fields;
/* Of a struct session_row. */
extern const struct field_table session_fields;
/* Of a struct summary_row. */
extern const struct field_table summary_fields;

#define FIELDS_MAX 64

/* Columns, in order. */
struct field_list {
	const struct field *field[FIELDS_MAX];
	int count;
};

/*
 * Every field, in the order of the table, except those that are derived from others or printed
 * only on request.
 */
void field_list_own(struct field_list *list, const struct field_table *table);

/* Whether any of them is a detail. */
bool field_list_has_details(const struct field_list *list);

/*
 * Adds the table's field with that key or heading, ignoring case. False if there is none, if it is
 * already in the list, or if the list is full.
 */
bool field_list_add(struct field_list *list, const struct field_table *table, const char *name);

/* By key or heading, ignoring case. */
bool field_list_has(const struct field_list *list, const char *name);

#endif
