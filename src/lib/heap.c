// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A binary heap by due time. A parent is due no later than its two children. */
#include <stdlib.h>

#include "lib/heap.h"

#define FIRST_ROOM 256

static void set(struct heap *heap, size_t place, struct heap_entry *entry)
{
	heap->entries[place] = entry;
	entry->place = place;
}

static void move_up(struct heap *heap, struct heap_entry *entry)
{
	size_t place = entry->place;

	while (place && heap->entries[(place - 1) / 2]->due_ns > entry->due_ns) {
		set(heap, place, heap->entries[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	set(heap, place, entry);
}

static void move_down(struct heap *heap, struct heap_entry *entry)
{
	size_t place = entry->place, child;

	while ((child = 2 * place + 1) < heap->count) {
		if (child + 1 < heap->count &&
		    heap->entries[child + 1]->due_ns < heap->entries[child]->due_ns)
			child++;
		if (heap->entries[child]->due_ns >= entry->due_ns)
			break;
		set(heap, place, heap->entries[child]);
		place = child;
	}
	set(heap, place, entry);
}

static bool grow(struct heap *heap)
{
	size_t room = heap->room ? 2 * heap->room : FIRST_ROOM;
	struct heap_entry **entries = realloc(heap->entries, room * sizeof(struct heap_entry *));

	if (!entries)
		return false;
	heap->entries = entries;
	heap->room = room;
	return true;
}

bool heap_add(struct heap *heap, struct heap_entry *entry, uint64_t due_ns)
{
	if (heap->count == heap->room && !grow(heap))
		return false;
	entry->due_ns = due_ns;
	entry->place = heap->count++;
	move_up(heap, entry);
	return true;
}

void heap_move(struct heap *heap, struct heap_entry *entry, uint64_t due_ns)
{
	entry->due_ns = due_ns;
	move_up(heap, entry);
	move_down(heap, entry);
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
	struct heap_entry *last = heap->entries[--heap->count];

	if (last == entry)
		return;
	set(heap, entry->place, last);
	move_up(heap, last);
	move_down(heap, last);
}

void heap_close(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap){0};
}
