// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The event loop. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/log.h"
#include "loop.h"

/* How long a reader that accepts nothing may delay the end. */
#define LAST_FLUSH_MS 5000

#define FOREVER -1

/*
 * A scan of a million sessions takes a second or so of CPU time: scans begin at least this far
 * apart, and at least this many times the CPU time of the last one.
 */
#define SCAN_INTERVAL_NS NSEC_PER_SEC
#define SCAN_PAUSES      10

/*
 * A scan may also wait, for locks and for a CPU: seconds on a busy machine, for milliseconds of CPU
 * time. That is no load, but nothing is handed over meanwhile: scans begin at least this many times
 * the duration of the last one apart, so that reading gets as much time.
 */
#define SCAN_WAITS 2

static void loop_stop(struct loop *loop)
{
	if (loop->is_stopping)
		return;
	loop->is_stopping = true;
	loop->stop_by_ns = clock_monotonic_ns() + (uint64_t)loop->source->grace_ms * NSEC_PER_MSEC;
	loop->source->ops->stop(loop->source);
}

static void take_signals(void *context, short ready)
{
	struct loop *loop = context;
	struct signalfd_siginfo info;

	(void)ready;
	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		loop->is_cut_off |= loop->is_signalled;
		loop->is_signalled = true;
		loop_stop(loop);
	}
}

/* A closed pipe ends the program, even with nothing to write. */
static void watch_reader(void *context, short ready)
{
	struct loop *loop = context;

	loop->reader_is_gone |= ready & (POLLERR | POLLHUP);
}

/*
 * SIGHUP stays ignored if it was (nohup). SIGINT does not: a script's shell starts background jobs
 * with it ignored, but a user who sends it to this program wants to end the trace.
 */
static int open_signals(void)
{
	struct sigaction hangup;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	/* A blocked signal that is ignored would be dropped, not queued. */
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int loop_open(struct loop *loop)
{
	loop->receiver = dispatch_receiver(&loop->dispatch);
	loop->losses.is_replay = !loop->source->is_live;
	loop->signal_fd = open_signals();
	if (loop->signal_fd < 0) {
		log_error("cannot watch for signals: %s", strerror(errno));
		return -1;
	}
	if (!poller_add(&loop->poller, loop->signal_fd, POLLIN, take_signals, loop) &&
	    !poller_add(&loop->poller, loop->source->fd, POLLIN, NULL, NULL))
		return 0;
	log_error("out of memory");
	return -1;
}

void loop_close(struct loop *loop)
{
	poller_close(&loop->poller);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
}

/* The kernel's tallies are from before the next tick. */
static void take_tallies(struct loop *loop)
{
	if (loop->source->has_tallies)
		loop->source->ops->tally(loop->source, &loop->receiver);
}

static bool can_scan(const struct loop *loop)
{
	return loop->source->ops->scan && wants_scans(loop->dispatch.wants);
}

/* What the sinks are about to report, but the scan did not find, may have ended unseen. */
static void check(struct loop *loop, uint64_t now_ns)
{
	struct doubts doubts = {0};

	sinks_doubt(loop->dispatch.sinks, now_ns, &doubts);
	if (doubts.count)
		loop->source->ops->check(loop->source, &doubts, now_ns, &loop->receiver);
	doubts_close(&doubts);
}

/* From the start of a scan to the start of the next one. */
static uint64_t scan_distance_ns(uint64_t took_ns, uint64_t cpu_ns)
{
	uint64_t least_ns = SCAN_INTERVAL_NS;

	if (least_ns < SCAN_PAUSES * cpu_ns)
		least_ns = SCAN_PAUSES * cpu_ns;
	return least_ns < SCAN_WAITS * took_ns ? SCAN_WAITS * took_ns : least_ns;
}

/* Updates sessions that stay in a state, so that reports show their current state. */
static void scan(struct loop *loop, uint64_t now_ns)
{
	uint64_t cpu_ns = clock_thread_cpu_ns();

	if (!can_scan(loop))
		return;
	loop->source->ops->scan(loop->source, &loop->dispatch.wants->scan_limits, now_ns,
				&loop->receiver);
	check(loop, now_ns);
	loop->scan_next_ns = now_ns + scan_distance_ns(clock_monotonic_ns() - now_ns,
						       clock_thread_cpu_ns() - cpu_ns);
}

/* When the sinks need a tick, but not before the next scan. */
static uint64_t tick_ns(const struct loop *loop)
{
	uint64_t wake_ns = sinks_wake_ns(loop->dispatch.sinks);

	return wake_ns < loop->scan_next_ns && can_scan(loop) ? loop->scan_next_ns : wake_ns;
}

static void scan_and_tick(struct loop *loop, uint64_t now_ns, bool is_last)
{
	if (now_ns >= sinks_wake_ns(loop->dispatch.sinks) ||
	    (is_last && loop->dispatch.wants->listener_scans))
		scan(loop, now_ns);
	dispatch_tick(&loop->dispatch, now_ns);
}

static void report_losses(struct loop *loop)
{
	struct losses losses;

	loop->source->ops->losses(loop->source, &losses);
	loss_report_update(&loop->losses, &losses, loop->dispatch.sinks);
}

static void report_all_losses(struct loop *loop)
{
	struct losses losses;

	loop->source->ops->losses(loop->source, &losses);
	loss_report_end(&loop->losses, &losses, loop->dispatch.sinks);
}

/* Milliseconds until the monotonic time at, rounded up; at most limit_ms (FOREVER: no limit). */
static int wait_until(uint64_t at, int limit_ms)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t ms = at > now ? (at - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;

	if (ms > INT32_MAX)
		ms = INT32_MAX;
	return limit_ms == FOREVER || (int)ms < limit_ms ? (int)ms : limit_ms;
}

/* The clock ends a live trace; the timestamps in a recording end its replay (filter.c). */
static bool has_deadline(const struct loop *loop)
{
	return loop->source->is_live && loop->dispatch.filter->until_ns != UINT64_MAX;
}

/* In a replay the recording provides the time. */
static bool wants_ticks(const struct loop *loop)
{
	return loop->source->is_live && sinks_wake_ns(loop->dispatch.sinks) != UINT64_MAX;
}

/* with_source: nothing else has to happen first, so its time and that of the sinks count. */
static int timeout_ms(const struct loop *loop, bool with_source, int limit_ms)
{
	uint64_t wake_ns;

	if (loop->is_stopping)
		return limit_ms;
	if (loop->losses.is_due)
		limit_ms = wait_until(loop->losses.next_ns, limit_ms);
	if (has_deadline(loop))
		limit_ms = wait_until(loop->dispatch.filter->until_ns, limit_ms);
	if (!with_source)
		return limit_ms;
	wake_ns = wants_ticks(loop) ? tick_ns(loop) : UINT64_MAX;
	if (loop->source->wake_ns < wake_ns)
		wake_ns = loop->source->wake_ns;
	if (wake_ns != UINT64_MAX)
		limit_ms = wait_until(wake_ns, limit_ms);
	return limit_ms;
}

static void take_time(struct loop *loop)
{
	uint64_t now = clock_monotonic_ns();

	if (loop->is_stopping)
		return;
	if (loop->losses.is_due && now >= loop->losses.next_ns)
		report_losses(loop);
	if (has_deadline(loop) && now > loop->dispatch.filter->until_ns)
		loop_stop(loop);
}

/*
 * Waits for the registered descriptors or a deadline, at most limit_ms; for the source only
 * with_source. False: no descriptor was ready.
 */
static bool loop_wait(struct loop *loop, bool with_source, int limit_ms)
{
	bool is_ready;

	for (int i = 0; i < loop->dispatch.sinks->count; i++) {
		const struct output *output = loop->dispatch.sinks->sink[i]->output;

		if (output)
			poller_want(&loop->poller, output->fd, output->buffer.length ? POLLOUT : 0);
	}
	poller_want(&loop->poller, loop->source->fd, with_source ? POLLIN : POLLER_IGNORE);
	is_ready = poller_wait(&loop->poller, timeout_ms(loop, with_source, limit_ms));
	take_time(loop);
	return is_ready;
}

/* A reader that accepts nothing must not delay the end indefinitely. */
static void wait_for_reader(struct loop *loop)
{
	if (!loop_wait(loop, false, loop->is_stopping ? LAST_FLUSH_MS : FOREVER))
		loop->is_cut_off = loop->is_stopping;
}

static bool loop_is_done(const struct loop *loop)
{
	return loop->is_drained || loop->is_cut_off || loop->reader_is_gone ||
	       dispatch_has_enough(&loop->dispatch);
}

/* All pending kernel records are shown. Another program that keeps writing is not waited for. */
static bool has_waited_enough(const struct loop *loop)
{
	return loop->is_stopping && !loop->source->is_live &&
	       clock_monotonic_ns() > loop->stop_by_ns;
}

static void wait_for_more(struct loop *loop, bool has_read)
{
	bool is_hurried = loop->is_stopping || loop->source->has_more;

	if (has_waited_enough(loop))
		loop->is_drained = true;
	else if (has_read || loop->source->has_more)
		loop_wait(loop, false, is_hurried ? 0 : loop->source->batch_ms);
	else if (!loop->is_stopping)
		loop_wait(loop, true, FOREVER);
	else if (!loop_wait(loop, true, wait_until(loop->stop_by_ns, FOREVER)))
		loop->is_drained = true;
}

/* Events before this time have been delivered, by a read that began at now_ns. */
static uint64_t known_until_ns(const struct source *source, uint64_t now_ns)
{
	return source->has_more && source->read_until_ns < now_ns ? source->read_until_ns : now_ns;
}

/* Reads the source once, writes pending output, and waits for more. */
static int loop_step(struct loop *loop)
{
	struct source *source = loop->source;
	uint64_t now_ns = 0;
	int count, err = 0;

	if (sinks_are_congested(loop->dispatch.sinks)) {
		wait_for_reader(loop);
		err = sinks_flush(loop->dispatch.sinks);
		return err == -EAGAIN ? 0 : err;
	}
	if (wants_ticks(loop))
		now_ns = clock_monotonic_ns();
	count = source->ops->read(source, &loop->receiver);
	if (count < 0)
		return count;
	now_ns = known_until_ns(source, now_ns);
	if (now_ns >= tick_ns(loop)) {
		take_tallies(loop);
		scan_and_tick(loop, now_ns, false);
	}
	loop->losses.is_due |= count > 0;
	loop->is_drained = source->has_ended;
	if (!count || source->batch_ms)
		err = sinks_flush(loop->dispatch.sinks);
	if (err && err != -EAGAIN)
		return err;
	if (!loop_is_done(loop))
		wait_for_more(loop, count);
	return 0;
}

/* After the last read: writes what the sinks still hold. */
static int flush_rest(struct loop *loop)
{
	int err;

	loop->is_stopping = true;
	while ((err = sinks_flush(loop->dispatch.sinks)) == -EAGAIN && !loop->is_cut_off)
		wait_for_reader(loop);
	if (err == -EAGAIN)
		log_error("%zu bytes of output were not written: the reader stopped reading",
			  sinks_unwritten(loop->dispatch.sinks));
	return err;
}

/* Watches whether their readers still exist and accept more. 0, or -ENOMEM. */
static int watch_outputs(struct loop *loop)
{
	int err = 0;

	for (int i = 0; !err && i < loop->dispatch.sinks->count; i++) {
		const struct output *output = loop->dispatch.sinks->sink[i]->output;

		if (output)
			err = poller_add(&loop->poller, output->fd, 0, watch_reader, loop);
	}
	if (err)
		log_error("out of memory");
	return err;
}

/* When the trace ends: with -n, at the last line, and what happened since does not count. */
static uint64_t end_ns(const struct loop *loop)
{
	const struct dispatch *dispatch = &loop->dispatch;
	uint64_t now_ns =
		dispatch_has_enough(dispatch) ? dispatch->newest_ns : clock_monotonic_ns();

	return now_ns < dispatch->filter->until_ns ? now_ns : dispatch->filter->until_ns;
}

/* Takes a snapshot of each open session, as fast as the readers accept them. */
static void scan_at_end(struct loop *loop, uint64_t now_ns)
{
	struct source *source = loop->source;

	if (!loop->is_stopping)
		loop_stop(loop);
	loop->dispatch.is_ending = true;
	while (!loop->is_cut_off && !source->ops->scan_at_end(source, now_ns, &loop->receiver))
		if (sinks_flush(loop->dispatch.sinks) == -EAGAIN)
			wait_for_reader(loop);
}

/* The last scan and the last tick. */
static void finish(struct loop *loop)
{
	uint64_t now_ns = end_ns(loop);

	if (!loop->dispatch.wants->scan_at_end || !loop->source->ops->scan_at_end) {
		scan_and_tick(loop, now_ns, true);
		return;
	}
	scan_at_end(loop, now_ns);
	dispatch_tick(&loop->dispatch, now_ns);
}

int loop_run(struct loop *loop)
{
	int err = watch_outputs(loop), flush_err;

	while (!err && !loop_is_done(loop))
		err = loop_step(loop);
	take_tallies(loop);
	if (loop->source->is_live)
		finish(loop);
	/* What a view says at its end depends on them. */
	report_losses(loop);
	sinks_end(loop->dispatch.sinks);
	report_all_losses(loop);
	flush_err = flush_rest(loop);
	if (!err || err == -EPIPE)
		err = flush_err;
	return err == -EPIPE ? 0 : err;
}
