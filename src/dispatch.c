// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Passes what a source delivers to the sinks. */
#include "dispatch.h"

/*
 * -n counts the lines of the main output; if none is open (--quiet), the transitions that lines
 * would show. Without a limit, nothing is counted.
 */
static void count_lines(struct dispatch *dispatch, uint64_t time_ns, bool is_shown)
{
	if (!dispatch->count_limit)
		return;
	if (time_ns > dispatch->newest_ns)
		dispatch->newest_ns = time_ns;
	if (dispatch->sinks->counted)
		dispatch->count = dispatch->sinks->counted->lines;
	else
		dispatch->count += is_shown;
}

static enum delivery answer(const struct dispatch *dispatch, bool is_congested)
{
	if (dispatch_has_enough(dispatch) && !dispatch->is_ending)
		return DELIVERY_STOP;
	return is_congested ? DELIVERY_PAUSE : DELIVERY_CONTINUE;
}

/* Whether an output wants what does not match: of a session that another change may select. */
static bool is_wanted(const struct dispatch *dispatch, const struct transition *t)
{
	return dispatch->wants->rejected && !filter_excludes(dispatch->filter, t);
}

static enum delivery take_transition(void *context, const struct transition *transition)
{
	struct dispatch *dispatch = context;
	const struct transition *shown;
	struct transition changed;
	bool is_shown, is_match, is_congested;

	if (transition->time_ns > dispatch->filter->until_ns)
		return DELIVERY_CONTINUE;
	shown = lifetime_show(dispatch->lifetime, transition, &changed);
	is_shown = shown && filter_match(dispatch->filter, shown);
	/* The source's transition may match even if the one for lines does not. */
	is_match = is_shown || (shown != transition && filter_match(dispatch->filter, transition));
	if (!is_match && !is_wanted(dispatch, transition))
		return DELIVERY_CONTINUE;
	is_congested =
		sinks_transition(dispatch->sinks, is_shown ? shown : NULL, transition, is_match);
	count_lines(dispatch, transition->time_ns, is_shown);
	return answer(dispatch, is_congested);
}

static enum delivery take_snapshot(void *context, const struct transition *session)
{
	struct dispatch *dispatch = context;
	bool is_match = filter_match(dispatch->filter, session), is_congested;

	if (session->time_ns > dispatch->filter->until_ns ||
	    (!is_match && !is_wanted(dispatch, session)))
		return DELIVERY_CONTINUE;
	is_congested = sinks_snapshot(dispatch->sinks, session, is_match);
	count_lines(dispatch, session->time_ns, false);
	return answer(dispatch, is_congested);
}

static void take_tally(void *context, const struct tally *tally)
{
	sinks_tally(((struct dispatch *)context)->sinks, tally);
}

static void take_resets(void *context, const struct reset_count *count)
{
	struct dispatch *dispatch = context;

	if (filter_match_resets(dispatch->filter, count))
		sinks_resets(dispatch->sinks, count);
}

static void take_listener(void *context, const struct listener *report)
{
	struct dispatch *dispatch = context;

	if (filter_match_listener(dispatch->filter, report))
		sinks_listener(dispatch->sinks, report);
}

static void take_ports(void *context, const struct port_space *space)
{
	struct dispatch *dispatch = context;

	if (filter_match_ports(dispatch->filter, space))
		sinks_ports(dispatch->sinks, space);
}

void dispatch_tick(struct dispatch *dispatch, uint64_t now_ns)
{
	/* Nothing is reported after the end of --duration. */
	if (now_ns > dispatch->filter->until_ns)
		now_ns = dispatch->filter->until_ns;
	sinks_tick(dispatch->sinks, now_ns);
	count_lines(dispatch, now_ns, false);
}

static void take_tick(void *context, uint64_t now_ns)
{
	dispatch_tick(context, now_ns);
}

struct receiver dispatch_receiver(struct dispatch *dispatch)
{
	return (struct receiver){
		.transition = take_transition,
		.snapshot = take_snapshot,
		.tally = take_tally,
		.resets = take_resets,
		.listener = take_listener,
		.ports = take_ports,
		.tick = take_tick,
		.context = dispatch,
	};
}
