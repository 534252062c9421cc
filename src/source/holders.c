// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which process a snapshot names as owner, of those that have its socket open. */
#include <stdlib.h>
#include <string.h>

#include "source/holders.h"

struct holder {
	struct hash_entry by_skaddr; /* first member: cast from struct hash_entry * */
	struct record_holder named;
	bool is_shared; /* other processes have it open, too */
};

static bool has_skaddr(const struct hash_entry *entry, const void *skaddr)
{
	return ((const struct holder *)entry)->named.skaddr == *(const uint64_t *)skaddr;
}

static struct holder *find(const struct holders *holders, uint64_t skaddr)
{
	return (struct holder *)hash_find(&holders->by_skaddr, &skaddr, 1, has_skaddr, &skaddr);
}

bool holders_are_sought(const struct transition *snapshot)
{
	return snapshot->facts & FACT_ACCEPTED && !(snapshot->facts & (FACT_ORPHAN | FACT_SUBFLOW));
}

static void add(struct holders *holders, const struct record_holder *found)
{
	struct holder *holder = calloc(1, sizeof(*holder));
	uint64_t skaddr = found->skaddr;

	if (!holder)
		return;
	holder->named = *found;
	if (!hash_add(&holders->by_skaddr, &holder->by_skaddr, &skaddr, 1))
		free(holder);
}

/* A process is found once for each of its descriptors. */
void holders_add(struct holders *holders, const struct record_holder *found)
{
	struct holder *holder = find(holders, found->skaddr);

	if (!holder) {
		add(holders, found);
		return;
	}
	if (holder->named.pid == found->pid)
		return;
	holder->is_shared = true;
	if (!holder->named.is_owner && (found->is_owner || found->pid < holder->named.pid))
		holder->named = *found;
}

void holders_apply(const struct holders *holders, struct transition *snapshot)
{
	const struct holder *holder;

	snapshot->known |= TRANSITION_KNOWN_HOLDER;
	if (!holders_are_sought(snapshot))
		return;
	holder = find(holders, snapshot->skaddr);
	if (!holder)
		return;
	snapshot->pid = holder->named.pid;
	memcpy(snapshot->comm, holder->named.comm, sizeof(snapshot->comm));
	snapshot->owner_from = holder->is_shared ? OWNER_SHARED : OWNER_HOLDER;
}

void holders_close(struct holders *holders)
{
	struct hash_entry *entry, *next = hash_next(&holders->by_skaddr, NULL);

	while ((entry = next)) {
		next = hash_next(&holders->by_skaddr, entry);
		free(entry);
	}
	hash_close(&holders->by_skaddr);
	*holders = (struct holders){0};
}
