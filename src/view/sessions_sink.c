// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The view --sessions: a line per session when it ends, and at the end for those still open. With
 * --minisocks a session ends after TIME_WAIT, else where TIME_WAIT begins.
 */
#include <inttypes.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "trace/cause.h"
#include "trace/state.h"
#include "view/session_row.h"

static const struct row_kind session_row = {
	.fields = &session_fields,
	.fits_terminal = true,
	.table = "status,role,pid,owner,laddr,lport,raddr,rport,life,tx_bytes,rx_bytes,closed_by,"
		 "cause,path",
	.wide = "time,end,status,role,pid,owner,laddr,lport,raddr,rport,lasted,life,handshake,time_"
		"wait,"
		"tx_bytes,rx_bytes,rtt_ms,retrans,idle_ms,closed_by,cause,end_cause,path",
	.csv = "time,end,status,partial,role,pid,comm,ip,laddr,lport,raddr,rport,lasted,life,"
	       "handshake,"
	       "time_wait,tx_bytes,rx_bytes,rtt_ms,retrans,idle_ms,closed_by,cause,end_cause,path,"
	       "accepted",
};

struct sessions_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct sessions sessions;
	uint64_t now_ns; /* newest time of transitions and ticks */
};

/* Whether the filter only matches the end of TIME_WAIT, which comes after the line. */
static bool selects_end_of_time_wait(const struct selection *selection)
{
	struct selection before = *selection;

	before.from = (before.from ? before.from : STATES_ALL) & ~STATE_BIT(STATE_TIME_WAIT);
	return !selection_check(selection, true) &&
	       (!before.from || selection_check(&before, true) ||
		selection->causes == 1ull << CAUSE_RECYCLED);
}

static int sessions_check(const struct options *options)
{
	if (options->minisocks || !selects_end_of_time_wait(&options->selection))
		return 0;
	log_error("--sessions: a session is shown when its TIME_WAIT begins, so nothing can match; "
		  "add --minisocks");
	return -1;
}

static void sessions_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->rejected = wants->owners = wants->scan_at_end = true;
}

static void show(struct sessions_sink *sink, const struct session *session,
		 enum session_status status)
{
	struct session_row row;

	if (!session->is_match)
		return;
	session_row_fill(&row, session, status, sink->now_ns);
	text_sink_row(&sink->text, &row, session->first_ns);
}

static void sessions_lose(void *context, struct session *session)
{
	show(context, session, SESSION_LOST);
}

static struct sink *sessions_open(const struct sink_setup *setup)
{
	struct sink *sink =
		text_sink_open(&sessions_sink, setup, &session_row, sizeof(struct sessions_sink));

	if (sink)
		((struct sessions_sink *)sink)->sessions =
			(struct sessions){.has_steps = true,
					  .end_in_time_wait = !setup->options->minisocks,
					  .lose = sessions_lose,
					  .context = sink};
	return sink;
}

static void sessions_tick(struct sink *sink, uint64_t now_ns)
{
	struct sessions_sink *view = (struct sessions_sink *)sink;

	if (now_ns > view->now_ns)
		view->now_ns = now_ns;
}

static void sessions_observe(struct sink *sink, const struct transition *transition, bool is_match)
{
	struct sessions_sink *view = (struct sessions_sink *)sink;
	struct session *session;

	sessions_tick(sink, transition->time_ns);
	session = sessions_take(&view->sessions, transition, is_match);
	if (!session || !session_has_ended(&view->sessions, session))
		return;
	show(view, session, SESSION_ENDED);
	sessions_remove(&view->sessions, session);
}

static void sessions_end(struct sink *sink)
{
	struct sessions_sink *view = (struct sessions_sink *)sink;

	for (struct session *session = view->sessions.oldest; session; session = session->newer)
		show(view, session, SESSION_OPEN);
	if (view->sessions.untracked)
		log_error("--sessions: ignored %" PRIu64
			  " transitions of sessions that are not shown: out of memory, or more "
			  "than %zu sessions at a time",
			  view->sessions.untracked, SESSIONS_MAX);
}

static int sessions_sink_close(struct sink *sink)
{
	sessions_close(&((struct sessions_sink *)sink)->sessions);
	return text_sink_close(sink);
}

const struct sink_ops sessions_sink = {
	.name = "sessions",
	.fields = &session_fields,
	.follows_sessions = true,
	.check = sessions_check,
	.want = sessions_want,
	.open = sessions_open,
	.begin = text_sink_begin,
	.observe = sessions_observe,
	.snapshot = sessions_observe,
	.tick = sessions_tick,
	.end = sessions_end,
	.close = sessions_sink_close,
};
