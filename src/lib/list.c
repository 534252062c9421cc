// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists from the command line, and from files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"

void complaint_quote(struct complaint *complaint, const char *text)
{
	snprintf(complaint->text, sizeof(complaint->text), "%s", text);
}

#define FILE_WANTED "a readable file with at least one element after @"

/*
 * Adds the elements of a line of a list's file: up to a #, apart by commas or blanks. Counts them.
 */
static bool add_line(char *line, list_add *add, void *into, struct complaint *complaint,
		     size_t *count)
{
	char *element;

	line[strcspn(line, "#\n")] = '\0';
	while ((element = strsep(&line, ", \t\r"))) {
		if (!*element)
			continue;
		if (!add(into, element)) {
			complaint_quote(complaint, element);
			return false;
		}
		++*count;
	}
	return true;
}

static bool add_lines(FILE *file, const char *path, list_add *add, void *into,
		      struct complaint *complaint)
{
	size_t number = 0, count = 0, size = 0;
	bool is_good = true;
	char *line = NULL;

	while (is_good && getline(&line, &size, file) > 0) {
		number++;
		is_good = add_line(line, add, into, complaint, &count);
	}
	free(line);
	if (!is_good) {
		snprintf(complaint->place, sizeof(complaint->place), "%s:%zu: ", path, number);
		return false;
	}
	/* Nothing asked for would show everything. */
	if (count && !ferror(file))
		return true;
	complaint->expected = FILE_WANTED;
	return false;
}

/* The elements that a file holds. */
static bool add_file(const char *path, list_add *add, void *into, struct complaint *complaint)
{
	FILE *file = fopen(path, "re");
	bool is_good;

	if (!file) {
		complaint->expected = FILE_WANTED;
		return false;
	}
	is_good = add_lines(file, path, add, into, complaint);
	fclose(file);
	return is_good;
}

bool list_parse(const char *text, list_add *add, void *into, struct complaint *complaint)
{
	char *copy = strdup(text), *rest = copy, *element;
	bool is_good = copy;

	while (is_good && (element = strsep(&rest, ","))) {
		complaint_quote(complaint, element);
		if (*element == '@')
			is_good = add_file(element + 1, add, into, complaint);
		else
			is_good = add(into, element);
	}
	free(copy);
	return is_good;
}
