// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is due first comes first, whatever was added, moved and removed. */
#include <stdlib.h>

#include "lib/heap.h"
#include "unit.h"

#define COUNT 2000

/* The least of those that are in it. */
static uint64_t least(const struct heap_entry *entries, const bool *is_in)
{
	uint64_t due_ns = UINT64_MAX;

	for (size_t i = 0; i < COUNT; i++)
		if (is_in[i] && entries[i].due_ns < due_ns)
			due_ns = entries[i].due_ns;
	return due_ns;
}

static void random_changes(void)
{
	static struct heap_entry entries[COUNT];
	static bool is_in[COUNT];
	struct heap heap = {0};
	size_t count = 0;

	for (int i = 0; i < 20000; i++) {
		size_t one = unit_random() % COUNT;
		uint64_t due_ns = unit_random() % 1000;

		if (!is_in[one]) {
			CHECK(heap_add(&heap, &entries[one], due_ns));
			is_in[one] = true;
			count++;
		} else if (unit_random() % 2) {
			heap_move(&heap, &entries[one], due_ns);
		} else {
			heap_remove(&heap, &entries[one]);
			is_in[one] = false;
			count--;
		}
		CHECK_NUMBER(count, heap.count);
		CHECK_NUMBER(least(entries, is_in), count ? heap_first(&heap)->due_ns : UINT64_MAX);
	}
	heap_close(&heap);
}

static void sorted(void)
{
	static struct heap_entry entries[COUNT];
	struct heap heap = {0};
	uint64_t before = 0;

	CHECK(!heap_first(&heap));
	for (size_t i = 0; i < COUNT; i++)
		CHECK(heap_add(&heap, &entries[i], unit_random()));
	for (size_t i = 0; i < COUNT; i++) {
		struct heap_entry *first = heap_first(&heap);

		CHECK(first->due_ns >= before);
		before = first->due_ns;
		heap_remove(&heap, first);
	}
	CHECK(!heap_first(&heap));
	heap_close(&heap);
}

UNIT_MAIN("heap", TEST(random_changes), TEST(sorted))
