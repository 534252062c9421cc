// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Statistics of sessions, by group. */
#include "view/session_summary.h"

/* ---- groups ---------------------------------------------------------------------------------- */

void session_summary_init(struct session_summary *summary, const struct grouping *grouping,
			  struct cgroups *cgroups)
{
	*summary = (struct session_summary){
		.grouping = grouping,
		.table = {.group_size = sizeof(struct session_group),
			  .count_max = SESSION_GROUPS_MAX,
			  .cgroups = cgroups},
	};
}

static struct session_group *group_at(const struct session_summary *summary, size_t place)
{
	return (struct session_group *)summary->table.groups[place];
}

/* NULL if out of memory. */
static struct session_group *group_of(struct session_summary *summary,
				      const struct session_row *row)
{
	const struct grouping *grouping = summary->grouping;
	struct group_key key;

	group_key_fill(&key, grouping, &row->last, 0);
	/* Why the session closed, and not why its last state did. */
	if (grouping_has(grouping, GROUP_BY_CAUSE))
		key.cause = (uint8_t)row->cause;
	if (grouping_has(grouping, GROUP_BY_PORT))
		key.port = session_row_service_port(row);
	if (grouping_has(grouping, GROUP_BY_ROLE))
		key.role = row->session->role;
	if (grouping_has(grouping, GROUP_BY_CLOSED_BY))
		key.closed_by = (uint8_t)row->closer;
	return (struct session_group *)group_table_find(&summary->table, &key);
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* Without memory, it is not in the statistics. */
static void add_time(struct session_times *times, const struct session_time *time)
{
	if (time->flags & (TRANSITION_DURATION_KNOWN | TRANSITION_DURATION_ABOUT))
		histogram_add(&times->times, 1, bucket_for(time->ns), time->ns, time->ns);
	else if (time->flags & TRANSITION_DURATION_AT_LEAST)
		times->at_least++;
}

static void add_figures(struct session_stats *stats, const struct session_row *row)
{
	const struct transition *t = &row->last;

	if (!row->has_figures || !transition_has_details(t) || transition_is_found(t))
		return;
	stats->measured++;
	stats->tx_bytes += t->tx_bytes;
	stats->rx_bytes += t->rx_bytes;
	stats->retrans += t->retrans;
	if (!(t->known & TRANSITION_KNOWN_SEGS_OUT))
		return;
	stats->counted++;
	stats->segs_out += t->segs_out;
	stats->counted_retrans += t->retrans;
}

static void add(struct session_stats *stats, const struct session_row *row)
{
	stats->sessions++;
	stats->lost += row->status == SESSION_LOST;
	if (session_row_has_failed(row)) {
		stats->failed++;
		stats->failures[row->cause]++;
	}
	stats->closed[row->closer]++;
	add_time(&stats->handshake, &row->handshake);
	add_time(&stats->life, &row->life);
	add_figures(stats, row);
}

void session_summary_take(struct session_summary *summary, const struct session_row *row)
{
	struct session_group *group = group_of(summary, row);

	if (group)
		add(&group->lately, row);
	else
		summary->unheard++;
}

void session_summary_count_open(struct session_summary *summary, const struct sessions *sessions)
{
	for (size_t i = 0; i < summary->table.count; i++)
		group_at(summary, i)->open = 0;
	for (const struct session *session = sessions->oldest; session; session = session->newer) {
		struct session_group *group;
		struct session_row row;

		if (!session->is_match)
			continue;
		session_row_fill(&row, session, SESSION_OPEN, session->last.time_ns);
		group = group_of(summary, &row);
		if (group)
			group->open++;
	}
}

uint64_t session_summary_others(const struct session_summary *summary)
{
	const struct session_group *other = (const struct session_group *)summary->table.other;

	return other ? other->whole.sessions + other->lately.sessions + other->open : 0;
}

/* ---- reports --------------------------------------------------------------------------------- */

static void times_turn(struct session_times *whole, struct session_times *lately)
{
	histogram_merge(&whole->times, &lately->times);
	histogram_clear(&lately->times);
	whole->at_least += lately->at_least;
	lately->at_least = 0;
}

static void stats_turn(struct session_stats *whole, struct session_stats *lately)
{
	times_turn(&whole->handshake, &lately->handshake);
	times_turn(&whole->life, &lately->life);
	for (int i = 0; i < CAUSE_COUNT; i++)
		whole->failures[i] += lately->failures[i];
	for (int i = 0; i < CLOSER_COUNT; i++)
		whole->closed[i] += lately->closed[i];
	whole->sessions += lately->sessions;
	whole->lost += lately->lost;
	whole->failed += lately->failed;
	whole->measured += lately->measured;
	whole->tx_bytes += lately->tx_bytes;
	whole->rx_bytes += lately->rx_bytes;
	whole->retrans += lately->retrans;
	whole->counted += lately->counted;
	whole->segs_out += lately->segs_out;
	whole->counted_retrans += lately->counted_retrans;
	/* The histograms keep their memory. */
	*lately = (struct session_stats){.handshake = lately->handshake, .life = lately->life};
}

void session_summary_turn(struct session_summary *summary)
{
	for (size_t i = 0; i < summary->table.count; i++) {
		struct session_group *group = group_at(summary, i);

		if (group->lately.sessions)
			stats_turn(&group->whole, &group->lately);
	}
}

enum cause session_stats_leading_cause(const struct session_stats *stats)
{
	enum cause leading = CAUSE_UNKNOWN;

	for (enum cause cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++)
		if (stats->failures[cause] > stats->failures[leading])
			leading = cause;
	return leading;
}

static bool ranks(const struct keyed_group *keyed, bool is_lately, struct group_rank *rank)
{
	const struct session_group *group = (const struct session_group *)keyed;
	const struct session_stats *stats = is_lately ? &group->lately : &group->whole;

	*rank = (struct group_rank){stats->sessions, group->open};
	return stats->sessions || group->open;
}

const struct keyed_group **session_summary_sort(const struct session_summary *summary,
						bool is_lately, size_t *count)
{
	return group_table_sort(&summary->table, ranks, is_lately, count);
}

void session_summary_close(struct session_summary *summary)
{
	for (size_t i = 0; i < summary->table.count; i++) {
		struct session_group *group = group_at(summary, i);

		histogram_free(&group->lately.handshake.times);
		histogram_free(&group->lately.life.times);
		histogram_free(&group->whole.handshake.times);
		histogram_free(&group->whole.life.times);
	}
	group_table_close(&summary->table);
}
