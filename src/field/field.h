/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Field tables: everything that can be printed of a row, once. A row is a transition, or what a
 * view makes of many. Text formats, headings, JSON keys, --fields and its help all come from here;
 * a format never names a member of a row.
 */
#ifndef TCPSTATES_FIELD_FIELD_H
#define TCPSTATES_FIELD_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "field/value.h"
#include "trace/cgroup.h"

/* What a value, and the writing of it, depends on beside its row. */
struct field_context {
	int64_t wall_offset_ns;    /* wall time minus monotonic time */
	struct cgroups *cgroups;   /* of the source */
	uint64_t first_ns;         /* monotonic time of the first row shown */
	struct notation *notation; /* the format's, for write() */
};

/* How a format goes about a field's values. */
enum field_class {
	FIELD_BARE,   /* write() does it; in JSON without quotes */
	FIELD_QUOTED, /* write() does it; in JSON in quotes */
	FIELD_TEXT,   /* VALUE_TEXT: hostile, each format escapes it; in JSON with its quotes */
	FIELD_WALL,   /* VALUE_WALL: each format has its own notation; likewise */
};

struct field {
	const char *key;     /* JSON key, name in --fields */
	const char *heading; /* table and CSV */
	const char *help;
	enum field_class class;
	uint16_t text_size; /* of a FIELD_TEXT, in bytes, at most */
	uint8_t width;      /* table, in characters; longer values push what follows, */
	uint8_t wide_width; /* the same under --wide */
	bool is_cut;        /* but these are cut to the width */
	bool is_detail;     /* not in bcc's outputs: the kernel program fills it in on demand */
	bool is_derived;    /* says again what others say: for people, left out of JSON */
	bool is_on_request; /* only --fields prints it: no default of any format has it */
	bool has_arrow;     /* an arrow leads here from the field before it in the table */
	struct value (*get)(const void *row, const struct field_context *context);
	/*
	 * Writes what get() returns, by value_write(): the short way for a format that prints line
	 * after line. Nothing for an unknown value.
	 */
	char *(*write)(char *place, const void *row, const struct field_context *context);
	/*
	 * Writes it as JSON, where that is more than text: an array, an object. At most text_size
	 * bytes. NULL: as the class has it.
	 */
	char *(*write_json)(char *place, const void *row, const struct field_context *context);
};

/* The fields of one kind of row, in the order of the table. */
struct field_table {
	const struct field *fields;
	int count; /* FIELDS_MAX at most */
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
 * Every field, in the order of the table, without those that are derived from others, or printed
 * on request only.
 */
void field_list_own(struct field_list *list, const struct field_table *table);

/* Whether any of them is a detail. */
bool field_list_has_details(const struct field_list *list);

/*
 * Adds the table's field with that key or heading, in any case. False when there is none, or it is
 * in the list already.
 */
bool field_list_add(struct field_list *list, const struct field_table *table, const char *name);

/* By key or heading, in any case. */
bool field_list_has(const struct field_list *list, const char *name);

#endif
