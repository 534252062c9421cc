// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Draws a histogram of durations as one line of text. */
#include <string.h>

#include "view/drawing.h"

/* From 2^10 to 2^47 nanoseconds; values outside are drawn in the first or last column. */
#define FIRST_BUCKET (10 * 16)
#define BUCKETS      (37 * 16)

#define LEVELS 8

/* Removes trailing blanks. */
static void cut_blanks(char *text, char *end)
{
	while (end > text && end[-1] == ' ')
		end--;
	*end = '\0';
}

static unsigned int column_of(const struct drawing *drawing, unsigned int bucket)
{
	if (bucket < FIRST_BUCKET)
		return 0;
	bucket -= FIRST_BUCKET;
	if (bucket >= BUCKETS)
		bucket = BUCKETS - 1;
	return bucket * drawing->width / BUCKETS;
}

void drawing_axis(const struct drawing *drawing, char text[DRAWING_SIZE_MAX])
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {
		{1000, "us"},          {1000000, "ms"},         {1000000000, "s"},
		{60000000000ull, "m"}, {3600000000000ull, "h"}, {86400000000000ull, "d"},
	};
	size_t end = 0;

	memset(text, ' ', drawing->width);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t at = column_of(drawing, bucket_for(units[i].ns));
		size_t size = strlen(units[i].name);

		if ((end && at <= end) || at + size > drawing->width)
			continue;
		memcpy(text + at, units[i].name, size);
		end = at + size;
	}
	cut_blanks(text, text + drawing->width);
}

static void sum_columns(const struct drawing *drawing, const struct histogram *histogram,
			uint64_t columns[DRAWING_WIDTH_MAX])
{
	memset(columns, 0, DRAWING_WIDTH_MAX * sizeof(*columns));
	for (unsigned int i = 0; i < histogram->used; i++)
		columns[column_of(drawing, histogram->buckets[i].place)] +=
			histogram->buckets[i].count;
}

/* 0 for none, LEVELS for the highest column; any count above 0 is at least level 1. */
static unsigned int level_of(uint64_t count, uint64_t highest)
{
	uint64_t step = highest / LEVELS + !!(highest % LEVELS);
	uint64_t level = count / step + !!(count % step);

	return count == highest ? LEVELS : (unsigned int)level;
}

void drawing_draw(const struct drawing *drawing, const struct histogram *histogram,
		  char text[DRAWING_SIZE_MAX])
{
	static const char ascii[] = " .:-=+*%#"; /* by level */
	char *place = text;
	uint64_t columns[DRAWING_WIDTH_MAX], highest = 0;

	sum_columns(drawing, histogram, columns);
	for (unsigned int i = 0; i < drawing->width; i++)
		highest = columns[i] > highest ? columns[i] : highest;
	for (unsigned int i = 0; i < drawing->width; i++) {
		unsigned int level = columns[i] ? level_of(columns[i], highest) : 0;

		if (!level || !drawing->is_utf8) {
			*place++ = ascii[level];
			continue;
		}
		/* U+2581 to U+2588, lower one eighth block to full block. */
		*place++ = '\xe2';
		*place++ = '\x96';
		*place++ = (char)(0x80 + level);
	}
	cut_blanks(text, place);
}
