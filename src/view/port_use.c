// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts local ports in their pools. */
#include "view/port_use.h"

/* Without the range, only what is known to be a client's. */
static bool is_of_pool(const struct port_use *use)
{
	const struct port_space *space = port_pool_space(use->pool);

	if (!space || !use->lport)
		return use->is_client;
	return use->lport >= space->low && use->lport <= space->high;
}

void port_use_enter(struct port_use *use, const struct transition *t)
{
	use->maker = PORT_MAKERS_MAX;
	use->is_counted = is_of_pool(use);
	if (!use->is_counted)
		return;
	if (use->is_time_wait)
		use->pool->time_wait++;
	else
		use->pool->live++;
	if (use->is_time_wait && t)
		use->maker = port_pool_add_maker(use->pool, t);
}

void port_use_leave(struct port_use *use)
{
	if (!use->is_counted)
		return;
	use->is_counted = false;
	if (use->is_time_wait)
		use->pool->time_wait--;
	else
		use->pool->live--;
	if (use->maker < PORT_MAKERS_MAX)
		use->pool->makers[use->maker].count--;
}

void port_use_recount(struct port_use *use, const struct port_home *home)
{
	if (!use->pool || use->pool->home != home || is_of_pool(use) == use->is_counted)
		return;
	port_use_leave(use);
	port_use_enter(use, NULL);
}
