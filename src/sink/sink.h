/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where transitions go: lines of text, a view, the journal, a recording. */
#ifndef TCPSTATES_SINK_SINK_H
#define TCPSTATES_SINK_SINK_H

#include <stdbool.h>

#include "cli/options.h"
#include "field/field.h"
#include "lib/output.h"
#include "lib/poller.h"
#include "trace/losses.h"
#include "trace/origin.h"
#include "trace/receiver.h"
#include "trace/transition.h"
#include "trace/wants.h"

/* What a sink is opened with; it all lives longer than the sink. */
struct sink_setup {
	const struct options *options;
	const struct origin *origin;
	struct poller *poller; /* for descriptors of its own; its output is polled anyway */
};

struct sink {
	const struct sink_ops *ops;
	const struct origin *origin;
	struct output *output; /* polled by the loop; NULL for a sink that writes elsewhere */
	uint64_t wake_ns;      /* monotonic: tick() is wanted then; UINT64_MAX: not yet */
	uint64_t lines;        /* printed so far, headings not counted */
	bool has_failed;       /* its failure was reported */
};

/*
 * A constant descriptor. Compulsory are name, either fields or is_wanted, open, close, and one of
 * transition and observe.
 *
 * What a view prints depends on what it is handed, in that order, and on nothing else, above all
 * not on the clock: a recording holds the same, ticks too, so that its replay prints the same.
 */
struct sink_ops {
	const char *name; /* of a main output: also its option's name */
	/*
	 * A main output, of which one is chosen (lines, or a view): what --fields chooses from.
	 * -n counts its lines.
	 */
	const struct field_table *fields;
	bool follows_sessions; /* beyond the life of their sockets: LIFETIME_SESSION */
	bool takes_tallies;    /* what the kernel added up does as well as each transition */
	/* Of an output beside the main one. */
	bool (*is_wanted)(const struct options *options);
	/* Options that do not fit together. 0, or -1 after a report (wrong usage). */
	int (*check)(const struct options *options);
	/* Adds what it needs of the source to wants. */
	void (*want)(const struct options *options, struct wants *wants);
	/* Allocates the sink; NULL on failure, reported already. */
	struct sink *(*open)(const struct sink_setup *setup);
	/* Once, before the first transition: what stands above it (a heading). */
	void (*begin)(struct sink *sink);
	/* One that passes the filter, as lines show it (lifetime.h). */
	void (*transition)(struct sink *sink, const struct transition *transition);
	/*
	 * An observer's, instead of transition(): each one as the source has it. Where an output
	 * wants it (wants->rejected), including those that the filter rejects (is_match: it does
	 * not). So a view knows a session whole, and shows it when one of its transitions passes.
	 */
	void (*observe)(struct sink *sink, const struct transition *transition, bool is_match);
	/* A session as it is, though nothing changed (receiver.h). is_match: as for observe(). */
	void (*snapshot)(struct sink *sink, const struct transition *session, bool is_match);
	/* With takes_tallies: beside observe(), before tick(). */
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

/*
 * All sinks, in the order in which they are opened and called. SINK(NAME) is NAME_sink, of the file
 * that defines it.
 */
#define SINKS(SINK)    \
	SINK(lines)    \
	SINK(sessions) \
	SINK(summary)  \
	SINK(stuck)    \
	SINK(check)    \
	SINK(journal)  \
	SINK(record)

#define SINK_DECLARE(name) extern const struct sink_ops name##_sink;
SINKS(SINK_DECLARE)
#undef SINK_DECLARE

#define SINKS_MAX 16

/* Sink i of all there are, in a fixed order; NULL: there are not so many. */
const struct sink_ops *sink_ops(int number);

/* The main output of that name; NULL: none has it. */
const struct sink_ops *sink_main(const char *name);

/* For --fields: what the main output of that name chooses from. */
const struct field_table *sink_fields(const char *name);

/* For the open functions. output: NULL for a sink that writes elsewhere. */
static inline void sink_init(struct sink *sink, const struct sink_ops *ops,
			     const struct origin *origin, struct output *output)
{
	*sink = (struct sink){
		.ops = ops, .origin = origin, .output = output, .wake_ns = UINT64_MAX};
}

struct sinks {
	struct sink *sink[SINKS_MAX];
	int count;
	const struct sink *counted; /* the main one, whose lines -n counts; NULL: none is open */
};

/* Opens one more, of which there is room for SINKS_MAX. 0, or -1 after a report. */
int sinks_open(struct sinks *sinks, const struct sink_ops *ops, const struct sink_setup *setup);
void sinks_begin(struct sinks *sinks);

/* Its reader is so far behind that no more should be produced. */
static inline bool sink_is_congested(const struct sink *sink)
{
	return sink->output && output_is_congested(sink->output);
}

/*
 * shown: the transition as lines have it, NULL when they do not; whole: as the source has it;
 * is_match: the filter lets one of the two pass. Returns what sinks_are_congested() would. Inlined:
 * of every line.
 */
static inline bool sinks_transition(struct sinks *sinks, const struct transition *shown,
				    const struct transition *whole, bool is_match)
{
	bool is_congested = false;

	for (int i = 0; i < sinks->count; i++) {
		struct sink *sink = sinks->sink[i];

		if (sink->ops->observe)
			sink->ops->observe(sink, whole, is_match);
		else if (shown)
			sink->ops->transition(sink, shown);
		is_congested |= sink_is_congested(sink);
	}
	return is_congested;
}

/* Likewise, to those that take it. */
bool sinks_snapshot(struct sinks *sinks, const struct transition *session, bool is_match);
void sinks_tally(struct sinks *sinks, const struct tally *tally);
void sinks_tick(struct sinks *sinks, uint64_t now_ns);
void sinks_end(struct sinks *sinks);

/* When the first of them wants a tick. */
uint64_t sinks_wake_ns(const struct sinks *sinks);
void sinks_losses(struct sinks *sinks, const struct losses *losses, bool is_end);

/*
 * Writes out what the sinks hold. 0: nothing is left; -EAGAIN: a reader takes no more now; -EPIPE:
 * a reader is gone; another negative errno: all of them failed, reported already.
 */
int sinks_flush(struct sinks *sinks);

/* One of their readers is far behind. */
bool sinks_are_congested(const struct sinks *sinks);

/* Bytes that no reader has taken yet. */
size_t sinks_unwritten(const struct sinks *sinks);

/* 0, or the first failure, reported already. */
int sinks_close(struct sinks *sinks);

#endif
