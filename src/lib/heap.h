/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is due first: a binary heap of entries that are part of something else. */
#ifndef TCPSTATES_LIB_HEAP_H
#define TCPSTATES_LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	uint64_t due_ns;
	size_t place; /* the heap's own */
};

/* Zeroed at first. */
struct heap {
	struct heap_entry **entries; /* the first one is due first */
	size_t count;
	size_t room;
};

/* False without memory: the entry is not in it. */
bool heap_add(struct heap *heap, struct heap_entry *entry, uint64_t due_ns);

/* The one that is due first; NULL: the heap is empty. */
static inline struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->count ? heap->entries[0] : NULL;
}

/* Of an entry that is in the heap. */
void heap_move(struct heap *heap, struct heap_entry *entry, uint64_t due_ns);
void heap_remove(struct heap *heap, struct heap_entry *entry);

/* The entries are the caller's. */
void heap_close(struct heap *heap);

#endif
