// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows are few and short-lived: an array of fixed size is enough. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check/facility.h"

static bool is_lacking(const struct facility *row)
{
	return row->lack && (row->state == FACILITY_NO || row->state == FACILITY_PARTLY);
}

static void write_note(struct facility *row)
{
	char *end = stpcpy(row->note, row->detail);

	if (is_lacking(row))
		snprintf(end, row->note + sizeof(row->note) - end, "; without it: %s", row->lack);
}

void facilities_add(struct facilities *facilities, const char *name, enum facility_state state,
		    const char *lack, const char *detail, ...)
{
	struct facility *row = &facilities->rows[facilities->count];
	va_list args;

	if (facilities->count == FACILITIES_MAX)
		return;
	facilities->count++;
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->state = state;
	row->lack = lack;
	va_start(args, detail);
	vsnprintf(row->detail, sizeof(row->detail), detail, args);
	va_end(args);
	write_note(row);
}

bool facilities_have(const struct facilities *facilities, const char *name)
{
	for (int i = 0; i < facilities->count; i++)
		if (!strcmp(facilities->rows[i].name, name))
			return facilities->rows[i].state == FACILITY_YES;
	return false;
}

enum facility_state facility_state_of(enum answer answer)
{
	switch (answer) {
	case ANSWER_NO:
		return FACILITY_NO;
	case ANSWER_YES:
		return FACILITY_YES;
	case ANSWER_UNKNOWN:
		break;
	}
	return FACILITY_UNKNOWN;
}

void facilities_list_lacks(const struct facilities *facilities, char *text, int size)
{
	int length = 0;

	text[0] = '\0';
	for (int i = 0; i < facilities->count && length < size; i++)
		if (is_lacking(&facilities->rows[i]))
			length += snprintf(text + length, size - length, "%s%s", length ? ", " : "",
					   facilities->rows[i].name);
}
