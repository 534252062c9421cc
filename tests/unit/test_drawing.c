// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms as one line of text. */
#include "unit.h"
#include "view/drawing.h"

static void add(struct histogram *histogram, uint64_t ns, uint64_t count)
{
	CHECK(histogram_add(histogram, count, bucket_for(ns), ns * count, ns));
}

static void check(struct drawing drawing, const struct histogram *histogram, const char *text)
{
	char drawn[DRAWING_SIZE_MAX];

	drawing_draw(&drawing, histogram, drawn);
	CHECK_TEXT(text, drawn);
}

static void drawings(void)
{
	struct histogram histogram = {0};

	check((struct drawing){.width = 10}, &histogram, "");
	add(&histogram, 1, 1); /* shorter than the axis */
	check((struct drawing){.width = 10}, &histogram, "#");
	add(&histogram, 1000000, 800);
	check((struct drawing){.width = 10}, &histogram, ". #");
	check((struct drawing){.width = 37}, &histogram, ".        #");
	add(&histogram, UINT64_MAX / 1024, 400); /* and longer */
	check((struct drawing){.width = 10}, &histogram, ". #      =");
	check((struct drawing){.width = 10, .is_utf8 = true}, &histogram,
	      "\u2581 \u2588      \u2584");
	add(&histogram, 1000000000, 101);
	check((struct drawing){.width = 10}, &histogram, ". #  :   =");
	histogram_free(&histogram);
}

/* The more there are, the higher; and never nothing. */
static void levels(void)
{
	static const char levels[] = ".:-=+*%#";

	for (unsigned int i = 0; i < 8; i++) {
		struct histogram histogram = {0};
		char text[] = " #";

		add(&histogram, 1, i * 1000 + 1);
		add(&histogram, 1ull << 40, 8000);
		text[0] = levels[i];
		unit_row("%u of 8000", i * 1000 + 1);
		check((struct drawing){.width = 6}, &histogram,
		      (char[]){text[0], ' ', ' ', ' ', '#', '\0'});
		histogram_free(&histogram);
	}
}

static void axes(void)
{
	static const struct {
		unsigned int width;
		const char *axis;
	} rows[] = {
		{6, "us s h"},
		{13, "us ms s  m h"},
		{37, "us       ms        s     m     h    d"},
		{48, "us          ms           s       m       h     d"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char axis[DRAWING_SIZE_MAX];

		drawing_axis(&(struct drawing){.width = rows[i].width}, axis);
		CHECK_TEXT(rows[i].axis, axis);
	}
}

UNIT_MAIN("drawing", TEST(drawings), TEST(levels), TEST(axes))
