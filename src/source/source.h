/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where transitions come from: the running kernel (live), or a recording (replay). */
#ifndef TCPSTATES_SOURCE_SOURCE_H
#define TCPSTATES_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/cgroup.h"
#include "trace/clock.h"
#include "trace/doubts.h"
#include "trace/losses.h"
#include "trace/origin.h"
#include "trace/receiver.h"
#include "trace/recording.h"
#include "trace/wants.h"

struct source {
	const struct source_ops *ops;
	struct clock clock;
	struct cgroups cgroups;
	int fd;       /* readable when read() has something to hand over; never closed by others */
	int batch_ms; /* after a read that handed something over, wait this long to gather more */
	int grace_ms; /* after stop(), how long another program that ends too may still write */
	uint64_t wake_ns; /* monotonic: when read() has something to do; UINT64_MAX: never */
	bool has_tallies; /* most transitions are only in tally(), and not handed over one by one */
	bool is_live;
	const char *resets_lack; /* why it has no counts of resets, for a message; NULL: it has */
	const char *listeners_lack; /* likewise, no reports on listeners */
	const char *ports_lack;     /* likewise, of the local ports of network namespaces */
	bool has_more; /* set by read() and scan(): more is pending, do not wait to gather it */
	uint64_t read_until_ns; /* monotonic; with has_more: events until then have been read */
	bool has_ended;
	/* Network namespaces whose older sessions a live source should know, but cannot. */
	size_t namespaces_missed;
	char host[RECORDING_NAME_SIZE];   /* the traced machine's name, */
	char kernel[RECORDING_NAME_SIZE]; /* and its kernel's release */
};

struct source_ops {
	/*
	 * Hands over all pending transitions, or until the receiver says otherwise. Returns how
	 * many records were read, or a negative errno, reported already. Sets has_ended when
	 * nothing can follow.
	 */
	int (*read)(struct source *source, const struct receiver *receiver);
	/*
	 * Hands over snapshots of sessions that by now_ns (monotonic) have been in their state for
	 * its limit, or for the limit times a power of two, and had not at the previous scan.
	 * Events until now_ns have been read. NULL: cannot scan.
	 */
	void (*scan)(struct source *source, const struct state_limits *limits, uint64_t now_ns,
		     const struct receiver *receiver);
	/*
	 * After a scan at the same now_ns: hands over a snapshot of each doubted session, as it is;
	 * in CLOSE if its socket does not exist any more and no transition reports its end.
	 */
	void (*check)(struct source *source, struct doubts *doubts, uint64_t now_ns,
		      const struct receiver *receiver);
	/*
	 * After stop(): hands over snapshots of all sessions that have a socket and entered their
	 * state before now_ns (monotonic), with FACT_AT_END. False: the receiver paused, call it
	 * again. Only with wants->scan_at_end. NULL: cannot scan.
	 */
	bool (*scan_at_end)(struct source *source, uint64_t now_ns,
			    const struct receiver *receiver);
	/* Hands over the tallies since the last time. */
	void (*tally)(struct source *source, const struct receiver *receiver);
	/* No new transitions from now on; pending ones can still be read. */
	void (*stop)(struct source *source);
	/* Up to date at each call. */
	void (*losses)(struct source *source, struct losses *losses);
	/* Frees everything, including the source. */
	void (*close)(struct source *source);
};

/* NULL on failure, reported already. */
struct source *source_open_live(const struct wants *wants);
struct source *source_open_replay(const char *path);

/* What outputs can see of it, as long as it is open. */
static inline struct origin source_origin(struct source *source)
{
	return (struct origin){
		.clock = &source->clock,
		.cgroups = &source->cgroups,
		.host = source->host,
		.kernel = source->kernel,
		.has_tallies = source->has_tallies,
		.resets_lack = source->resets_lack,
		.listeners_lack = source->listeners_lack,
		.ports_lack = source->ports_lack,
	};
}

#endif
