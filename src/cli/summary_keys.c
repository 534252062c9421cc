// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Checks and completes the keys of --by. */
#include <string.h>

#include "cli/summary_keys.h"
#include "lib/log.h"

/* A key that the view cannot have; GROUP_BY_COUNT: none. */
static enum group_by find_wrong(const struct grouping *grouping, bool is_of_sessions)
{
	enum group_by by = 0;

	while (by < GROUP_BY_COUNT &&
	       !(grouping_has(grouping, by) &&
		 (is_of_sessions ? group_by_is_of_change(by) : group_by_is_of_session(by))))
		by++;
	return by;
}

static int check_kind(const struct grouping *grouping, bool is_of_sessions)
{
	enum group_by wrong = find_wrong(grouping, is_of_sessions);

	if (wrong == GROUP_BY_COUNT)
		return 0;
	if (is_of_sessions)
		log_error("--by: %s is a key of state changes, and a session has many; remove it, "
			  "or omit --sessions",
			  group_by_name(wrong));
	else
		log_error("--by: %s is a key of sessions, and not known of each state change; "
			  "remove it, or add --sessions",
			  group_by_name(wrong));
	return -1;
}

static bool is_one_state(unsigned int states)
{
	return states && !(states & (states - 1));
}

static void complete(struct options *options, bool is_of_sessions)
{
	struct grouping *grouping = &options->grouping;

	if (is_of_sessions && !grouping->count) {
		grouping_add(grouping, group_by_name(GROUP_BY_COMM));
		grouping_add(grouping, group_by_name(GROUP_BY_ROLE));
		grouping_add(grouping, group_by_name(GROUP_BY_PORT));
	}
	if (is_of_sessions || grouping_has(grouping, GROUP_BY_STATE) ||
	    grouping_has(grouping, GROUP_BY_EDGE))
		return;
	if (!grouping->count || !is_one_state(options->selection.from))
		grouping_add(grouping, group_by_name(GROUP_BY_STATE));
}

int summary_keys_check(struct options *options)
{
	bool is_of_sessions = !strcmp(options->view, OPTIONS_SESSION_SUMMARY);

	if (strcmp(options->view, "summary") != 0 && !is_of_sessions) {
		if (!options->grouping.count)
			return 0;
		log_error("--by needs --summary; add it");
		return -1;
	}
	if (check_kind(&options->grouping, is_of_sessions))
		return -1;
	complete(options, is_of_sessions);
	return 0;
}
