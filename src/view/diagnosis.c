// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups sessions, and counts the cases of each rule. */
#include <stdlib.h>
#include <string.h>

#include "trace/clock.h"
#include "view/diagnosis.h"

#define KEY_WORDS 5
#define BURST_NS  NSEC_PER_SEC

/* Timeouts of programs are that exact, or to a hundredth. */
#define CLUSTER_NS (20 * NSEC_PER_MSEC)

/* ---- groups ---------------------------------------------------------------------------------- */

static void fill_key(uint64_t words[KEY_WORDS], const struct group *group)
{
	memcpy(&words[0], group->comm, sizeof(group->comm));
	memcpy(&words[2], group->raddr, sizeof(group->raddr));
	words[4] = (uint64_t)group->uid << 32 | (uint64_t)group->port << 16 | group->role << 8 |
		   group->ip;
}

static bool has_key(const struct hash_entry *entry, const void *key)
{
	const struct group *a = (const struct group *)entry, *b = key;

	return a->uid == b->uid && a->port == b->port && a->role == b->role && a->ip == b->ip &&
	       !memcmp(a->comm, b->comm, sizeof(a->comm)) &&
	       !memcmp(a->raddr, b->raddr, sizeof(a->raddr));
}

/* A server's clients are one group; so are the sessions with a peer of which no role is known. */
static void describe(struct group *group, const struct session_row *row)
{
	const struct transition *t = &row->last;

	memcpy(group->comm, t->comm, strnlen(t->comm, sizeof(t->comm)));
	group->uid = t->uid;
	group->role = row->session->role;
	group->ip = t->ip;
	if (group->role == SESSION_SERVER)
		group->port = t->lport;
	else
		memcpy(group->raddr, t->raddr, sizeof(group->raddr));
	if (group->role == SESSION_CLIENT)
		group->port = t->rport;
}

/* The host connects to its own address. */
static bool is_to_itself(const struct group *group, const struct transition *t)
{
	return t->netns == group->netns && !memcmp(t->laddr, t->raddr, sizeof(t->laddr));
}

/* NULL if there is no room. */
static struct group *group_of(struct diagnosis *diagnosis, const struct session_row *row)
{
	struct group wanted = {0}, *group;
	uint64_t words[KEY_WORDS];

	describe(&wanted, row);
	fill_key(words, &wanted);
	group = (struct group *)hash_find(&diagnosis->by_key, words, KEY_WORDS, has_key, &wanted);
	if (group)
		return group;
	group = malloc(sizeof(*group));
	if (!group)
		return NULL;
	*group = wanted;
	diagnosis->by_key.count_max = DIAGNOSIS_GROUPS_MAX;
	if (!hash_add(&diagnosis->by_key, &group->by_key, words, KEY_WORDS)) {
		free(group);
		return NULL;
	}
	group->first_ns = row->session->first_ns;
	group->netns = row->last.netns;
	group->is_local = group->role == SESSION_CLIENT;
	group->older = diagnosis->newest;
	diagnosis->newest = group;
	return group;
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void add_sample(struct cases *cases, uint64_t cookie)
{
	for (int i = 0; cookie && i < CASE_SAMPLES_MAX; i++) {
		if (!cases->cookies[i]) {
			cases->cookies[i] = cookie;
			return;
		}
	}
}

static void add_case(struct cases *cases, const struct transition *t,
		     const struct case_numbers *numbers)
{
	uint64_t *time_ns = &cases->times_ns[cases->count % CASE_TIMES_MAX];

	if (!cases->count || t->time_ns < cases->first_ns)
		cases->first_ns = t->time_ns;
	if (t->time_ns > cases->last_ns)
		cases->last_ns = t->time_ns;
	cases->numbers[cases->count % CASE_NUMBERS_MAX] = numbers->number;
	cases->others[cases->count % CASE_NUMBERS_MAX] = numbers->other;
	*time_ns = t->time_ns;
	cases->count++;
	/* The next place has the time of the case CASE_TIMES_MAX - 1 before. */
	if (cases->count >= CASE_TIMES_MAX &&
	    t->time_ns - cases->times_ns[cases->count % CASE_TIMES_MAX] <= BURST_NS)
		cases->is_burst = true;
	add_sample(cases, t->cookie);
}

static void count_case(struct group *group, int rule, const struct transition *t,
		       const struct case_numbers *numbers)
{
	group->latest |= RULE_BIT(rule);
	if (!group->cases[rule])
		group->cases[rule] = calloc(1, sizeof(*group->cases[rule]));
	if (group->cases[rule])
		add_case(group->cases[rule], t, numbers);
}

static rule_set rules_for(uint64_t end)
{
	const struct rule *rule;
	rule_set rules = 0;

	for (int i = 0; (rule = rule_at(i)); i++)
		if (!rule->ends || rule->ends & end)
			rules |= RULE_BIT(i);
	return rules;
}

/* The rules that look at sessions with this end, worked out once for each. */
static rule_set candidates(struct diagnosis *diagnosis, const struct session_row *row)
{
	bool has_ended = row->status == SESSION_ENDED;
	rule_set *rules = &diagnosis->candidates[has_ended ? row->session->cause : CAUSE_COUNT];

	if (!*rules)
		*rules = rules_for(has_ended ? RULE_ENDED(row->session->cause) : RULE_OPEN);
	return *rules;
}

struct group *diagnosis_take(struct diagnosis *diagnosis, const struct judged_session *session)
{
	const struct session_row *row = session->row;
	struct group *group = group_of(diagnosis, row);
	rule_set rules = candidates(diagnosis, row);

	if (!group) {
		diagnosis->ungrouped++;
		return NULL;
	}
	group->sessions++;
	group->latest = 0;
	group->is_local = group->is_local && is_to_itself(group, &row->last);
	if (row->session->first_ns > group->last_ns)
		group->last_ns = row->session->first_ns;
	for (; rules; rules &= rules - 1) {
		int number = __builtin_ctzll(rules);
		const struct rule *rule = &rule_table[number];
		struct case_numbers numbers = {0};

		if (!rule->is_case || rule->is_case(session, &numbers))
			count_case(group, number, &row->last, &numbers);
	}
	return group;
}

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

static uint64_t quantile(const uint64_t *numbers, uint64_t count, unsigned int hundredths)
{
	size_t kept = count < CASE_NUMBERS_MAX ? count : CASE_NUMBERS_MAX;
	uint64_t sorted[CASE_NUMBERS_MAX];

	if (!kept)
		return 0;
	memcpy(sorted, numbers, kept * sizeof(*sorted));
	qsort(sorted, kept, sizeof(*sorted), compare);
	return sorted[(kept - 1) * hundredths / 100];
}

uint64_t cases_quantile(const struct cases *cases, unsigned int hundredths)
{
	return quantile(cases->numbers, cases->count, hundredths);
}

uint64_t cases_other_quantile(const struct cases *cases, unsigned int hundredths)
{
	return quantile(cases->others, cases->count, hundredths);
}

static bool is_cluster(const uint64_t *numbers, uint64_t count)
{
	uint64_t half = quantile(numbers, count, 50), most = half / 100;

	if (most < CLUSTER_NS)
		most = CLUSTER_NS;
	return half >= NSEC_PER_SEC &&
	       quantile(numbers, count, 90) - quantile(numbers, count, 10) <= most;
}

bool cases_cluster(const struct cases *cases)
{
	return is_cluster(cases->numbers, cases->count);
}

bool cases_others_cluster(const struct cases *cases)
{
	return is_cluster(cases->others, cases->count);
}

uint64_t group_per_second(const struct group *group, uint64_t count)
{
	uint64_t ms = (group->last_ns - group->first_ns) / (1000 * NSEC_PER_USEC);

	return ms < 1000 ? 0 : count * 1000 / ms;
}

void diagnosis_close(struct diagnosis *diagnosis)
{
	struct group *group = diagnosis->newest, *older;

	for (; group; group = older) {
		older = group->older;
		for (int i = 0; i < RULES_MAX; i++)
			free(group->cases[i]);
		free(group);
	}
	hash_close(&diagnosis->by_key);
	*diagnosis = (struct diagnosis){0};
}
