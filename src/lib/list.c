// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists from the command line and from files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buffer.h"
#include "lib/list.h"

void complaint_quote(struct complaint *complaint, const char *text)
{
	snprintf(complaint->text, sizeof(complaint->text), "%s", text);
}

/* A list of a million IPv6 blocks takes at most 44 MB. */
#define FILE_SIZE_MAX ((size_t)64 << 20)
#define CHUNK_SIZE    ((size_t)64 << 10)
#define FILE_WANTED   "a readable text file of at most 64M with at least one element after @"

/*
 * Adds the elements of one line, separated by commas or blanks, up to a #. Adds their number to
 * *count.
 */
static bool add_line(char *line, list_add *add, void *into, struct complaint *complaint,
		     size_t *count)
{
	char *element;

	line[strcspn(line, "#")] = '\0';
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

static bool add_lines(char *text, const char *path, list_add *add, void *into,
		      struct complaint *complaint)
{
	size_t number = 0, count = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		number++;
		if (!add_line(line, add, into, complaint, &count)) {
			snprintf(complaint->place, sizeof(complaint->place), "%s:%zu: ", path,
				 number);
			return false;
		}
	}
	/* An empty list would select everything. */
	if (!count)
		complaint->expected = FILE_WANTED;
	return count;
}

/* Appends the whole file to text. False: it cannot be read, is too long, or contains a NUL. */
static bool read_text(FILE *file, struct buffer *text)
{
	size_t size;
	bool fits;

	do {
		char *place = buffer_reserve(text, CHUNK_SIZE);

		if (!place)
			return false;
		size = fread(place, 1, CHUNK_SIZE, file);
		if (memchr(place, '\0', size))
			return false;
		buffer_commit(text, place + size);
	} while (size && text->length <= FILE_SIZE_MAX);
	fits = text->length <= FILE_SIZE_MAX;
	buffer_append(text, "", 1);
	return !ferror(file) && fits && !text->out_of_memory;
}

/* Adds the elements of a file. */
static bool add_file(const char *path, list_add *add, void *into, struct complaint *complaint)
{
	FILE *file = fopen(path, "re");
	struct buffer text = {0};
	bool is_good = false;

	if (file && read_text(file, &text))
		is_good = add_lines(text.data, path, add, into, complaint);
	else
		complaint->expected = FILE_WANTED;
	buffer_free(&text);
	if (file)
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
