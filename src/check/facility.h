/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What --check finds, a row each: something that a trace needs or makes use of. */
#ifndef TCPSTATES_CHECK_FACILITY_H
#define TCPSTATES_CHECK_FACILITY_H

#include <stdbool.h>

#include "field/field.h"
#include "source/surroundings.h"

enum facility_state {
	FACILITY_NO,
	FACILITY_YES,
	FACILITY_PARTLY,
	FACILITY_UNKNOWN, /* not known, or nothing depends on it */
};

#define FACILITY_TEXT_SIZE 512 /* of a detail or a note, the final NUL included */

struct facility {
	char name[32];
	enum facility_state state;
	char detail[FACILITY_TEXT_SIZE];
	const char *lack; /* what a trace has not without it; NULL: nothing */
	char note[FACILITY_TEXT_SIZE];
};

/* Of a struct facility. */
extern const struct field_table check_fields;

#define FACILITIES_MAX 96

struct facilities {
	struct facility rows[FACILITIES_MAX];
	int count; /* further ones are dropped */
};

/* The lack lives as long as the rows. */
void facilities_add(struct facilities *facilities, const char *name, enum facility_state state,
		    const char *lack, const char *detail, ...)
	__attribute__((format(printf, 5, 6)));

/* Whether there is a row of that name, whose state is yes. */
bool facilities_have(const struct facilities *facilities, const char *name);

/* The same words. */
enum facility_state facility_state_of(enum answer answer);

/* Without what, of what is there to be lost: the names, separated by commas; "" when nothing is. */
void facilities_list_lacks(const struct facilities *facilities, char *text, int size);

#endif
