/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where transitions go: lines of text, a view, the journal, a recording. */
#ifndef TCPSTATES_SINK_SINK_H
#define TCPSTATES_SINK_SINK_H

#include <stdbool.h>

#include "cli/options.h"
#include "lib/output.h"
#include "source/source.h"
#include "trace/transition.h"

struct sink {
	const struct sink_ops *ops;
	struct source *source; /* clock, host, cgroups; the same during the sink's life */
	struct output *output; /* polled by the loop; NULL for a sink that writes elsewhere */
	uint64_t wake_ns;      /* monotonic: tick() is wanted then; UINT64_MAX: not yet */
	/*
	 * NULL, or how long a session is in each state before the sink says something of it: then
	 * the source looks at those before a tick, as far as it can (source_ops.look).
	 */
	const uint64_t *look_least_ns;
	uint64_t lines;  /* printed so far, headings not counted */
	bool has_failed; /* its failure was reported */
};

/*
 * A constant descriptor. Only name, is_wanted, open, close and one of transition and observe are
 * compulsory.
 *
 * What a view prints depends on what it is handed, in that order, and on nothing else, above all
 * not on the clock: a recording holds the same, ticks too, so that its replay prints the same.
 */
struct sink_ops {
	const char *name;
	bool takes_all; /* every transition as it is, not as the view has it */
	bool (*is_wanted)(const struct options *options);
	/* Allocates the sink; NULL on failure, reported already. */
	struct sink *(*open)(const struct options *options, struct source *source);
	/* Once, before the first transition: what stands above it (a heading). */
	void (*begin)(struct sink *sink);
	void (*transition)(struct sink *sink, const struct transition *transition);
	/*
	 * A view's, instead of transition(): every one as the source has it, even those that the
	 * filter lets not pass (is_match: it does), and FACT_STANDING ones. So a view knows a
	 * session whole, and shows it when one of its transitions passes.
	 */
	void (*observe)(struct sink *sink, const struct transition *transition, bool is_match);
	/* A view's, where the source has tallies: beside observe(), before tick(). */
	void (*tally)(struct sink *sink, const struct tally *tally);
	/*
	 * It is now_ns (monotonic), and what happened before has been handed over, as a rule. At
	 * wake_ns or later; also when another sink has asked for it, and at the end of a live
	 * trace.
	 */
	void (*tick)(struct sink *sink, uint64_t now_ns);
	/* Nothing follows, but losses(). */
	void (*end)(struct sink *sink);
	/* Losses as far as they are known; whenever they changed, and once at the end. */
	void (*losses)(struct sink *sink, const struct losses *losses, bool is_end);
	/* Releases everything, the sink too. 0 or a negative errno, reported already. */
	int (*close)(struct sink *sink);
};

extern const struct sink_ops lines_sink, sessions_sink, summary_sink, journal_sink, record_sink;
extern const struct sink_ops stuck_sink;

/* For the open functions. output: NULL for a sink that writes elsewhere. */
static inline void sink_init(struct sink *sink, const struct sink_ops *ops, struct source *source,
			     struct output *output)
{
	*sink = (struct sink){
		.ops = ops, .source = source, .output = output, .wake_ns = UINT64_MAX};
}

#define SINKS_MAX 4 /* lines or a view, and those beside it */

struct sinks {
	struct sink *sink[SINKS_MAX];
	int count;
	struct sink *view; /* the one that observes; NULL: none */
};

/* Opens every sink that the options ask for. 0, or -1 after a report. */
int sinks_open(struct sinks *sinks, const struct options *options, struct source *source);
void sinks_begin(struct sinks *sinks);
/* A reader is so far behind that no more should be produced. */
static inline bool sink_is_congested(const struct sink *sink)
{
	return sink->output && output_is_congested(sink->output);
}

/*
 * shown: the transition as lines have it, NULL when they have it not; whole: as it is, which a
 * recording has, and what a view is made of; is_match: the filter lets it pass, one way or the
 * other: if not, there is a view. Returns what sinks_are_congested() would. Inlined: of every line.
 */
static inline bool sinks_transition(struct sinks *sinks, const struct transition *shown,
				    const struct transition *whole, bool is_match)
{
	bool is_congested = false;

	if (sinks->view)
		sinks->view->ops->observe(sinks->view, whole, is_match);
	for (int i = 0; i < sinks->count; i++) {
		struct sink *sink = sinks->sink[i];
		const struct transition *transition = sink->ops->takes_all ? whole : shown;

		if (transition && sink->ops->transition)
			sink->ops->transition(sink, transition);
		is_congested |= sink_is_congested(sink);
	}
	return is_congested;
}

void sinks_tally(struct sinks *sinks, const struct tally *tally);
void sinks_tick(struct sinks *sinks, uint64_t now_ns);
void sinks_end(struct sinks *sinks);

/* When the first of them wants a tick. */
uint64_t sinks_wake_ns(const struct sinks *sinks);
void sinks_losses(struct sinks *sinks, const struct losses *losses, bool is_end);

/*
 * Writes out what the sinks hold. 0: nothing is left; -EAGAIN: a reader takes no more now; -EPIPE:
 * a reader is gone; another negative errno: failed, reported already.
 */
int sinks_flush(struct sinks *sinks);

/* One of their readers is. */
bool sinks_are_congested(const struct sinks *sinks);

/* Bytes that no reader has taken yet. */
size_t sinks_unwritten(const struct sinks *sinks);

/* 0, or the first failure, reported already. */
int sinks_close(struct sinks *sinks);

#endif
