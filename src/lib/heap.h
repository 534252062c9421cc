/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A binary heap by due time. Entries are members of the caller's structs. */
#ifndef TCPSTATES_LIB_HEAP_H
#define TCPSTATES_LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	uint64_t due_ns;
	size_t place; /* private to the heap */
};

/* Initialize to zero. */
struct heap {
	struct heap_entry **entries; /* entries[0] is due first */
	size_t count;
	size_t room;
};

/* Inserts an entry. False: out of memory, not inserted. */
bool heap_add(struct heap *heap, struct heap_entry *entry, uint64_t due_ns);

/* The entry that is due first; NULL: the heap is empty. */
static inline struct heap_entry *heap_first(const struct heap *heap)
{
	return heap->count ? heap->entries[0] : NULL;
}

/* The entry must be in the heap. */
void heap_move(struct heap *heap, struct heap_entry *entry, uint64_t due_ns);
void heap_remove(struct heap *heap, struct heap_entry *entry);

/* The caller owns the entries. */
void heap_close(struct heap *heap);

#endif
