/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where transitions come from: the running kernel (live), or a recording (replay). */
#ifndef TCPSTATES_SOURCE_SOURCE_H
#define TCPSTATES_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "trace/cgroup.h"
#include "trace/clock.h"
#include "trace/losses.h"
#include "trace/recording.h"
#include "trace/tally.h"
#include "trace/transition.h"

enum delivery {
	DELIVERY_CONTINUE,
	DELIVERY_PAUSE, /* hand over nothing more in this read */
	DELIVERY_STOP,  /* hand over nothing more at all */
};

/* Takes one transition, in the order of the source; it is valid during the call. */
typedef enum delivery source_deliver(void *context, const struct transition *transition);

/* Takes what the kernel has added up; it is valid during the call. */
typedef void source_take_tally(void *context, const struct tally *tally);

struct source {
	const struct source_ops *ops;
	struct clock clock;
	struct cgroups cgroups;
	int fd;       /* readable when read() has something to hand over; never closed by others */
	int batch_ms; /* after a read that handed something over, leave this long to gather more */
	int grace_ms; /* after stop(), how long another program that ends too may still write */
	uint64_t wake_ns; /* monotonic: read() has something to do then; UINT64_MAX: nothing */
	/*
	 * Set by who reads, NULL: none; called by read() with its context where a recording says
	 * what time it was (monotonic).
	 */
	void (*tick)(void *context, uint64_t now_ns);
	bool has_tallies; /* most transitions are not handed over one by one: tally() has them */
	bool is_live;
	bool has_more; /* set by read() and look(): more waits, nothing is to be gathered */
	uint64_t read_until_ns; /* monotonic; of has_more: what happened until then has been read */
	bool has_ended;
	char host[RECORDING_NAME_SIZE];   /* the traced machine's name, */
	char kernel[RECORDING_NAME_SIZE]; /* and its kernel's release */
};

struct source_ops {
	/*
	 * Hands over what is ready, until nothing is or deliver says otherwise. Returns how many
	 * were read, or a negative errno, reported already. Sets has_ended when nothing can follow.
	 */
	int (*read)(struct source *source, source_deliver *deliver, void *context);
	/*
	 * Hands over FACT_STANDING records of sessions that by now_ns (monotonic) have been in
	 * their state for least_ns (by state; 0: never), or that times a power of two, and had not
	 * at the look before. What happened until now_ns has been read. NULL: cannot look.
	 */
	void (*look)(struct source *source, const uint64_t *least_ns, uint64_t now_ns,
		     source_deliver *deliver, void *context);
	/* Hands over what was added up since the last time. */
	void (*tally)(struct source *source, source_take_tally *take, void *context);
	/* No new transitions from now on; those that wait can still be read. */
	void (*stop)(struct source *source);
	/* Up to date whenever asked. */
	void (*losses)(struct source *source, struct losses *losses);
	/* Releases everything, the source too. */
	void (*close)(struct source *source);
};

/* NULL on failure, reported already. */
struct source *source_open_live(const struct options *options);
struct source *source_open_replay(const char *path);

#endif
