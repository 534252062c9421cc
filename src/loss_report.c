// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages about losses. */
#include <inttypes.h>

#include "lib/log.h"
#include "loss_report.h"
#include "trace/clock.h"

#define REPORT_INTERVAL_NS NSEC_PER_SEC
#define ADVICE             "; try a larger --buffer, a filter or less output"

/*
 * Counters that are read one after the other may seem to decrease, as may those of a recording.
 * Returns the increase.
 */
static uint64_t grow(uint64_t *reported, uint64_t count)
{
	uint64_t before = *reported;

	if (count > before)
		*reported = count;
	return *reported - before;
}

void loss_report_update(struct loss_report *report, const struct losses *losses,
			struct sinks *sinks)
{
	struct losses *reported = &report->reported;
	const char *advice = report->is_replay ? "" : ADVICE;
	uint64_t transitions, details, clocks;

	report->is_due = false;
	report->next_ns = clock_monotonic_ns() + REPORT_INTERVAL_NS;
	transitions = grow(&reported->transitions, losses->transitions);
	details = grow(&reported->details, losses->details);
	clocks = grow(&reported->clocks, losses->clocks);
	if (transitions)
		log_error("lost %" PRIu64 " transitions: the ring buffer was full%s", transitions,
			  advice);
	if (details)
		log_error("missed %" PRIu64
			  " details: the ring buffer had no room for a reset, a local "
			  "port, or the end or state of a session without a socket%s",
			  details, advice);
	if (clocks)
		log_error("missed %" PRIu64
			  " durations: no kernel memory to store the time of a socket",
			  clocks);
	if (transitions || clocks || details)
		sinks_losses(sinks, reported, false);
}

void loss_report_end(struct loss_report *report, const struct losses *losses, struct sinks *sinks)
{
	const struct losses *reported = &report->reported;

	loss_report_update(report, losses, sinks);
	sinks_losses(sinks, reported, true);
	if (reported->transitions || reported->clocks)
		log_error("lost %" PRIu64 " transitions in all, and %" PRIu64 " durations",
			  reported->transitions, reported->clocks);
	if (reported->details)
		log_error("missed %" PRIu64 " details in all", reported->details);
}
