/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Destinations of transitions: lines of text, a view, the journal, a recording. */
#ifndef TCPSTATES_SINK_SINK_H
#define TCPSTATES_SINK_SINK_H

#include <stdbool.h>

#include "cli/options.h"
#include "field/field.h"
#include "lib/output.h"
#include "lib/poller.h"
#include "trace/doubts.h"
#include "trace/losses.h"
#include "trace/origin.h"
#include "trace/receiver.h"
#include "trace/transition.h"
#include "trace/wants.h"

/* The arguments to open a sink. They outlive the sink. */
struct sink_setup {
	const struct options *options;
	const struct origin *origin;
	struct poller *poller; /* for the sink's own descriptors; its output is polled anyway */
};

struct sink {
	const struct sink_ops *ops;
	const struct origin *origin;
	struct output *output; /* polled by the loop; NULL for a sink that writes elsewhere */
	uint64_t wake_ns;      /* monotonic time of the next tick(); UINT64_MAX: none yet */
	uint64_t lines;        /* printed so far, without headings */
	bool has_failed;       /* its failure was reported */
};

/*
 * A constant descriptor. Required: name, fields or is_wanted, open, close, and transition or
 * observe.
 *
 * What a view prints depends only on what it receives, in that order, and not on the clock: a
 * recording holds the same, including ticks, so that its replay prints the same.
 */
struct sink_ops {
	const char *name; /* of a main output: its option's name, or one of OPTIONS_ (options.h) */
	/*
	 * A main output (lines or a view), only one of which is selected: the fields for --fields.
	 * -n counts its lines.
	 */
	const struct field_table *fields;
	bool follows_sessions; /* even after their sockets end: LIFETIME_SESSION */
	bool takes_tallies;    /* kernel tallies can replace single transitions */
	/* For an additional output. */
	bool (*is_wanted)(const struct options *options);
	/* Rejects incompatible options. 0, or -1 after a report (wrong usage). */
	int (*check)(const struct options *options);
	/* Adds what it needs from the source to wants. */
	void (*want)(const struct options *options, struct wants *wants);
	/* Allocates the sink; NULL on failure, already reported. */
	struct sink *(*open)(const struct sink_setup *setup);
	/* Called once before the first transition: prints the heading, if any. */
	void (*begin)(struct sink *sink);
	/* A transition that passes the filter, as lines show it (lifetime.h). */
	void (*transition)(struct sink *sink, const struct transition *transition);
	/*
	 * For observers, instead of transition(): each transition as the source reports it. If an
	 * output wants it (wants->rejected), including those that the filter rejects (is_match
	 * false). A view thus sees whole sessions, and shows one if any of its transitions passes.
	 */
	void (*observe)(struct sink *sink, const struct transition *transition, bool is_match);
	/* The state of a session, without a change (receiver.h). is_match: as for observe(). */
	void (*snapshot)(struct sink *sink, const struct transition *session, bool is_match);
	/* With takes_tallies: in addition to observe(), before tick(). */
	void (*tally)(struct sink *sink, const struct tally *tally);
	/* Counts of resets that the filter accepts (receiver.h). */
	void (*resets)(struct sink *sink, const struct reset_count *count);
	/* Reports on listeners that the filter accepts (receiver.h). */
	void (*listener)(struct sink *sink, const struct listener *report);
	/* The local ports of a network namespace that the filter accepts (receiver.h). */
	void (*ports)(struct sink *sink, const struct port_space *space);
	/*
	 * The time is now_ns (monotonic), and earlier events have usually been delivered. Called at
	 * wake_ns or later, also when another sink needs a tick, and at the end of a live trace.
	 */
	void (*tick)(struct sink *sink, uint64_t now_ns);
	/*
	 * Live, after a scan at now_ns and before tick(): adds the sessions that the sink is about
	 * to report, but that the scan did not find.
	 */
	void (*doubt)(const struct sink *sink, uint64_t now_ns, struct doubts *doubts);
	/* Nothing follows except losses(). */
	void (*end)(struct sink *sink);
	/* The known losses. Called whenever they change, and once at the end. */
	void (*losses)(struct sink *sink, const struct losses *losses, bool is_end);
	/*
	 * Whether what it printed is a finding, for --exit-code. NULL: any line is. Called after
	 * end().
	 */
	bool (*has_found)(const struct sink *sink);
	/* Releases everything, including the sink. 0 or a negative errno, already reported. */
	int (*close)(struct sink *sink);
};

/*
 * All sinks, in the order in which they are opened and called. SINK(NAME) is NAME_sink, defined in
 * the file of that sink.
 */
#define SINKS(SINK)           \
	SINK(lines)           \
	SINK(sessions)        \
	SINK(summary)         \
	SINK(session_summary) \
	SINK(stuck)           \
	SINK(resets)          \
	SINK(listeners)       \
	SINK(ports)           \
	SINK(diagnose)        \
	SINK(check)           \
	SINK(journal)         \
	SINK(record)

#define SINK_DECLARE(name) extern const struct sink_ops name##_sink;
SINKS(SINK_DECLARE)
#undef SINK_DECLARE

#define SINKS_MAX 16

/* The sink of this number, in a fixed order; NULL: number is too large. */
const struct sink_ops *sink_ops(int number);

/* The main output of that name; NULL: there is none. */
const struct sink_ops *sink_main(const char *name);

/* For --fields: the fields of the main output of that name. */
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

/* Opens one more sink, SINKS_MAX at most. 0, or -1 after a report. */
int sinks_open(struct sinks *sinks, const struct sink_ops *ops, const struct sink_setup *setup);
void sinks_begin(struct sinks *sinks);

/* The reader is too slow: stop producing. */
static inline bool sink_is_congested(const struct sink *sink)
{
	return sink->output && output_is_congested(sink->output);
}

/*
 * shown: the transition as lines show it, or NULL; whole: as the source reports it; is_match: the
 * filter accepts one of them. Returns the same as sinks_are_congested(). Inline: called for every
 * line.
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

/* The same for a snapshot, for the sinks that take it. */
bool sinks_snapshot(struct sinks *sinks, const struct transition *session, bool is_match);
void sinks_tally(struct sinks *sinks, const struct tally *tally);
void sinks_resets(struct sinks *sinks, const struct reset_count *count);
void sinks_listener(struct sinks *sinks, const struct listener *report);
void sinks_ports(struct sinks *sinks, const struct port_space *space);
void sinks_doubt(const struct sinks *sinks, uint64_t now_ns, struct doubts *doubts);
void sinks_tick(struct sinks *sinks, uint64_t now_ns);
void sinks_end(struct sinks *sinks);

/* The earliest tick that a sink needs. */
uint64_t sinks_wake_ns(const struct sinks *sinks);
void sinks_losses(struct sinks *sinks, const struct losses *losses, bool is_end);

/*
 * Writes out what the sinks hold. 0: all is written; -EAGAIN: a reader accepts no more now; -EPIPE:
 * a reader is gone; another negative errno: all sinks failed, already reported.
 */
int sinks_flush(struct sinks *sinks);

/* Whether one of their readers is too slow. */
bool sinks_are_congested(const struct sinks *sinks);

/* Bytes that no reader has accepted yet. */
size_t sinks_unwritten(const struct sinks *sinks);

/* Whether the main output found something. */
bool sinks_have_found(const struct sinks *sinks);

/* 0, or the first failure, already reported. */
int sinks_close(struct sinks *sinks);

#endif
