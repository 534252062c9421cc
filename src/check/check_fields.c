// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The field table of --check: all printable fields of a facility. */
#include "check/facility.h"
#include "field/field_rows.h"

static const char *const states[] = {
	[FACILITY_NO] = "no",
	[FACILITY_YES] = "yes",
	[FACILITY_PARTLY] = "partly",
};

static struct value text_of(const char *text)
{
	return (struct value){.kind = VALUE_TEXT, .text = text, .size = strlen(text)};
}

#define FIELD(field_name, result)                                                          \
	DEFINE_GETTER(static __attribute__((noinline)), facility, row, field_name, result) \
	DEFINE_WRITER(static, field_name)

FIELD(check, text_of(row->name))
FIELD(state, row->state == FACILITY_UNKNOWN ? unknown : name(states[row->state]))
FIELD(detail, text_of(row->detail))
FIELD(lack, row->lack ? text_of(row->lack) : unknown)
FIELD(note, text_of(row->note))

static const struct field fields[] = {
	{"check", "CHECK", "what is needed or made use of; the last row is the verdict",
	 TEXT(check, sizeof(((struct facility *)0)->name)), WIDTHS(30, 30)},
	{"state", "STATE", "yes, no, partly; not known, or nothing depends on it", QUOTED(state),
	 WIDTHS(6, 6)},
	{"detail", "DETAIL", "what was found", TEXT(detail, FACILITY_TEXT_SIZE), WIDTHS(40, 40)},
	{"lack", "LACK", "what a trace has not without it; none: it is needed, or does not matter",
	 TEXT(lack, FACILITY_TEXT_SIZE), WIDTHS(40, 40)},
	{"note", "NOTE", "both: what was found and, where it is not there, what a trace has not",
	 TEXT(note, FACILITY_TEXT_SIZE), WIDTHS(80, 80), .is_derived = true},
};

const struct field_table check_fields = {
	.fields = fields,
	.count = sizeof(fields) / sizeof(fields[0]),
};
