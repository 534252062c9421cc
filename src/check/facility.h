/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of --check: each is something that a trace needs or uses. */
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

#define FACILITY_TEXT_SIZE 512 /* of a detail or a note, including the final NUL */

struct facility {
	char name[32];
	enum facility_state state;
	char detail[FACILITY_TEXT_SIZE];
	const char *lack; /* what a trace lacks without it; NULL: nothing */
	char note[FACILITY_TEXT_SIZE];
};

/* Fields of struct facility. */
extern const struct field_table check_fields;

#define FACILITIES_MAX 96

struct facilities {
	struct facility rows[FACILITIES_MAX];
	int count; /* further ones are dropped */
};

/* lack must live as long as the rows. */
void facilities_add(struct facilities *facilities, const char *name, enum facility_state state,
		    const char *lack, const char *detail, ...)
	__attribute__((format(printf, 5, 6)));

/* Whether there is a row of that name with the state yes. */
bool facilities_have(const struct facilities *facilities, const char *name);

/* The same answer. */
enum facility_state facility_state_of(enum answer answer);

/* Names, separated by commas, of the missing facilities that have a lack; "" if there are none. */
void facilities_list_lacks(const struct facilities *facilities, char *text, int size);

#endif
