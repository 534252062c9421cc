/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists from the command line and from files that it names. */
#ifndef TCPSTATES_LIB_LIST_H
#define TCPSTATES_LIB_LIST_H

#include <stdbool.h>

/*
 * A value that could not be parsed: the offending text, and what is expected (NULL: see the row).
 */
struct complaint {
	char text[80];
	char place[80]; /* file and line; "" on the command line */
	const char *expected;
};

void complaint_quote(struct complaint *complaint, const char *text);

/* Takes one element. False: the element is invalid. */
typedef bool list_add(void *into, const char *element);

/*
 * Passes each element of a comma-separated list to add. The complaint is about the first element
 * that add rejects. An element @FILE stands for the elements in that file, separated by commas,
 * blanks or newlines; comments run from # to the end of the line.
 */
bool list_parse(const char *text, list_add *add, void *into, struct complaint *complaint);

#endif
