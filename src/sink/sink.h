/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where transitions go: a text format, the journal, a recording. */
#ifndef TCPSTATES_SINK_H
#define TCPSTATES_SINK_H

#include <stdbool.h>

#include "../lib/output.h"
#include "../options.h"
#include "../source/source.h"
#include "../transition.h"

struct sink {
	const struct sink_ops *ops;
	struct source *source; /* clock, host, cgroups; the same during the sink's life */
	struct output *output; /* polled by the loop; NULL for a sink that writes elsewhere */
	bool has_failed;       /* its failure was reported */
};

/* A constant descriptor. Only name, is_wanted, open, transition and close are compulsory. */
struct sink_ops {
	const char *name;
	bool takes_all; /* every transition as it is, not as the view has it */
	bool (*is_wanted)(const struct options *options);
	/* Allocates the sink; NULL on failure, reported already. */
	struct sink *(*open)(const struct options *options, struct source *source);
	/* Once, before the first transition: what stands above it (a heading). */
	void (*begin)(struct sink *sink);
	void (*transition)(struct sink *sink, const struct transition *transition);
	/* Losses as far as they are known; whenever they changed, and once at the end. */
	void (*losses)(struct sink *sink, const struct losses *losses, bool is_end);
	/* Releases everything, the sink too. 0 or a negative errno, reported already. */
	int (*close)(struct sink *sink);
};

extern const struct sink_ops table_sink, csv_sink, json_sink, journal_sink, record_sink;

#define SINKS_MAX 4 /* one text format, and those beside it */

struct sinks {
	struct sink *sink[SINKS_MAX];
	int count;
};

/* Opens every sink that the options ask for. 0, or -1 after a report. */
int sinks_open(struct sinks *sinks, const struct options *options, struct source *source);
void sinks_begin(struct sinks *sinks);
/*
 * shown: the transition as the text formats have it, NULL when they have it not; whole: as it is,
 * NULL when it is not to be recorded.
 */
void sinks_transition(struct sinks *sinks, const struct transition *shown,
		      const struct transition *whole);
void sinks_losses(struct sinks *sinks, const struct losses *losses, bool is_end);

/*
 * Writes out what the sinks hold. 0: nothing is left; -EAGAIN: a reader takes no more now; -EPIPE:
 * a reader is gone; another negative errno: failed, reported already.
 */
int sinks_flush(struct sinks *sinks);

/* A reader is so far behind that no more should be produced. */
bool sinks_are_congested(const struct sinks *sinks);

/* Bytes that no reader has taken yet. */
size_t sinks_unwritten(const struct sinks *sinks);

/* 0, or the first failure, reported already. */
int sinks_close(struct sinks *sinks);

#endif
