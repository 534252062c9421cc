// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view --resets: resets that the kernel sent for packets of no session, counted; at the end. */
#include <inttypes.h>
#include <stdlib.h>

#include "lib/log.h"
#include "sink/text_sink.h"
#include "view/resets.h"
#include "view/resets_row.h"

static const struct row_kind resets_row = {
	.fields = &resets_fields,
	.table = "count,time,last,what,reason,laddr,lports,raddr,rports",
	.wide = "count,time,last,what,packet,socket,reason,netns,ip,laddr,lports,raddr,rports",
	.csv = "count,time,last,what,packet,socket,reason,netns,ip,laddr,lport_low,lport_high,"
	       "raddr,rport_low,rport_high",
};

struct resets_sink {
	struct text_sink text; /* first member: cast from struct sink * */
	struct resets resets;
};

static int resets_check(const struct options *options)
{
	const char *option = selection_excludes_resets(&options->selection);

	if (!option)
		return 0;
	log_error("%s and --resets cannot be combined: a packet of no session has neither owner, "
		  "state nor cause; select by port, address or namespace",
		  option);
	return -1;
}

static void resets_want(const struct options *options, struct wants *wants)
{
	(void)options;
	wants->resets = true;
}

static struct sink *resets_open(const struct sink_setup *setup)
{
	if (!setup->origin->resets_lack)
		return text_sink_open(&resets_sink, setup, &resets_row, sizeof(struct resets_sink));
	log_error("--resets: no resets to show: %s", setup->origin->resets_lack);
	return NULL;
}

/* Transitions are not shown. */
static void resets_ignore(struct sink *sink, const struct transition *transition)
{
	(void)sink, (void)transition;
}

static void resets_take(struct sink *sink, const struct reset_count *count)
{
	resets_add(&((struct resets_sink *)sink)->resets, count,
		   sink->origin->clock->wall_offset_ns);
}

static void complain(const struct resets *resets)
{
	if (resets->groups == RESET_GROUPS_MAX)
		log_error(
			"more than %d peers: the resets of the rest are counted without addresses",
			RESET_GROUPS_MAX);
	if (resets->missing)
		log_error("out of memory: %" PRIu64 " resets are not counted", resets->missing);
}

static void resets_end(struct sink *sink)
{
	struct resets_sink *view = (struct resets_sink *)sink;
	size_t count;
	struct reset_row *rows = resets_sort(&view->resets, &count);

	if (count && !rows)
		log_error("out of memory: the resets are not shown");
	for (size_t i = 0; rows && i < count; i++)
		text_sink_row(&view->text, &rows[i], rows[i].sum->first_ns);
	free(rows);
	complain(&view->resets);
}

static int resets_close_sink(struct sink *sink)
{
	resets_close(&((struct resets_sink *)sink)->resets);
	return text_sink_close(sink);
}

const struct sink_ops resets_sink = {
	.name = "resets",
	.fields = &resets_fields,
	.check = resets_check,
	.want = resets_want,
	.open = resets_open,
	.begin = text_sink_begin,
	.transition = resets_ignore,
	.resets = resets_take,
	.end = resets_end,
	.close = resets_close_sink,
};
