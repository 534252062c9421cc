/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Draws a histogram of durations as one line of text. All histograms share one axis, logarithmic
 * from a microsecond to two days, so that they can be compared.
 */
#ifndef TCPSTATES_VIEW_DRAWING_H
#define TCPSTATES_VIEW_DRAWING_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/histogram.h"

#define DRAWING_WIDTH_MIN 6
#define DRAWING_WIDTH_MAX 48
#define DRAWING_SIZE_MAX  (3 * DRAWING_WIDTH_MAX + 1)

struct drawing {
	unsigned int width; /* in characters: from DRAWING_WIDTH_MIN to DRAWING_WIDTH_MAX */
	bool is_utf8;       /* true: block elements; false: ASCII */
};

/* Writes the axis: each time unit where it begins. At most width characters, and a NUL. */
void drawing_axis(const struct drawing *drawing, char text[DRAWING_SIZE_MAX]);

/* Writes the histogram: at most width characters without trailing blanks, and a NUL. */
void drawing_draw(const struct drawing *drawing, const struct histogram *histogram,
		  char text[DRAWING_SIZE_MAX]);

#endif
