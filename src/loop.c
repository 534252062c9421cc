// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The event loop. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/log.h"
#include "loop.h"

#define REPORT_INTERVAL_NS NSEC_PER_SEC

/* How long a reader that takes nothing may hold up the end. */
#define LAST_FLUSH_MS 5000

#define FOREVER -1

/*
 * Looking at a million sessions takes a second or so: between two looks is a second at least, and
 * so many times as long as the one before took.
 */
#define LOOK_INTERVAL_NS NSEC_PER_SEC
#define LOOK_PAUSES      10

/*
 * SIGHUP is left alone where it is ignored (nohup). SIGINT is not: a script's shell starts
 * background jobs with it ignored, yet who sends it to this program means to end the trace.
 */
int loop_open(struct loop *loop)
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
	loop->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signal_fd >= 0)
		return 0;
	log_error("cannot watch for signals: %s", strerror(errno));
	return -1;
}

void loop_close(struct loop *loop)
{
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
}

static void loop_stop(struct loop *loop)
{
	if (loop->is_stopping) {
		loop->is_cut_off = true;
		return;
	}
	loop->is_stopping = true;
	loop->stop_by_ns = clock_monotonic_ns() + (uint64_t)loop->source->grace_ms * NSEC_PER_MSEC;
	loop->source->ops->stop(loop->source);
}

/* Where there is no limit, nobody asks. */
static void count_lines(struct loop *loop, bool is_shown)
{
	if (!loop->count_limit)
		return;
	if (loop->sinks->view)
		loop->count = loop->sinks->view->lines;
	else
		loop->count += is_shown;
}

static bool has_enough(const struct loop *loop)
{
	return loop->count_limit && loop->count >= loop->count_limit;
}

static enum delivery deliver(void *context, const struct transition *transition)
{
	struct loop *loop = context;
	const struct transition *shown;
	struct transition changed;
	bool is_shown, is_match, is_congested;

	if (transition->time_ns > loop->filter->until_ns)
		return DELIVERY_CONTINUE;
	shown = view_of(loop->view, transition, &changed);
	is_shown = shown && filter_match(loop->filter, shown);
	/* A recording holds what either view has: which is wanted is known when it is read. */
	is_match = is_shown || (shown != transition && filter_match(loop->filter, transition));
	if (!is_match && !loop->sinks->view)
		return DELIVERY_CONTINUE;
	is_congested = sinks_transition(loop->sinks, is_shown ? shown : NULL, transition, is_match);
	count_lines(loop, is_shown);
	if (has_enough(loop))
		return DELIVERY_STOP;
	return is_congested ? DELIVERY_PAUSE : DELIVERY_CONTINUE;
}

static void take_tally(void *context, const struct tally *tally)
{
	struct loop *loop = context;

	sinks_tally(loop->sinks, tally);
}

/* What the kernel has added up is from before the tick that follows. */
static void take_tallies(struct loop *loop)
{
	if (loop->source->has_tallies)
		loop->source->ops->tally(loop->source, take_tally, loop);
}

/* The source says what time it is, or the clock does: up to the end of --duration. */
static void tick(void *context, uint64_t now_ns)
{
	struct loop *loop = context;

	if (now_ns > loop->filter->until_ns)
		now_ns = loop->filter->until_ns;
	sinks_tick(loop->sinks, now_ns);
	count_lines(loop, false);
}

/* How long a session is in each state before the view says something of it; NULL: it never does. */
static const uint64_t *look_least_ns(const struct loop *loop)
{
	const struct sink *view = loop->sinks->view;

	return view && loop->source->ops->look ? view->look_least_ns : NULL;
}

/* So that what a view says of sessions that stay in a state is how they are now. */
static void look(struct loop *loop, uint64_t now_ns)
{
	uint64_t took_ns;

	if (!look_least_ns(loop))
		return;
	loop->source->ops->look(loop->source, look_least_ns(loop), now_ns, deliver, loop);
	took_ns = clock_monotonic_ns() - now_ns;
	loop->look_next_ns =
		now_ns + (LOOK_INTERVAL_NS > LOOK_PAUSES * took_ns ? LOOK_INTERVAL_NS
								   : LOOK_PAUSES * took_ns);
}

/* When the sinks want a tick, as far as looks allow. */
static uint64_t tick_ns(const struct loop *loop)
{
	uint64_t wake_ns = sinks_wake_ns(loop->sinks);

	return look_least_ns(loop) && wake_ns < loop->look_next_ns ? loop->look_next_ns : wake_ns;
}

static void look_and_tick(struct loop *loop, uint64_t now_ns)
{
	if (now_ns >= sinks_wake_ns(loop->sinks))
		look(loop, now_ns);
	tick(loop, now_ns);
}

/* Tells the user and the sinks of losses since the last report. */
static void report_losses(struct loop *loop)
{
	struct losses losses;

	loop->has_unreported = false;
	loop->report_next_ns = clock_monotonic_ns() + REPORT_INTERVAL_NS;
	loop->source->ops->losses(loop->source, &losses);
	/* Counts that are read one after the other may seem to shrink, and so may those of a
	 * recording. */
	if (losses.transitions < loop->reported.transitions)
		losses.transitions = loop->reported.transitions;
	if (losses.clocks < loop->reported.clocks)
		losses.clocks = loop->reported.clocks;
	if (losses.transitions == loop->reported.transitions &&
	    losses.clocks == loop->reported.clocks)
		return;
	if (losses.transitions != loop->reported.transitions)
		log_error("lost %" PRIu64 " transitions: they came faster than they were read; "
			  "a larger --buffer or less output may do",
			  losses.transitions - loop->reported.transitions);
	if (losses.clocks != loop->reported.clocks)
		log_error("missed %" PRIu64
			  " durations: no kernel memory to keep the time of a socket",
			  losses.clocks - loop->reported.clocks);
	loop->reported = losses;
	sinks_losses(loop->sinks, &losses, false);
}

static void report_all_losses(struct loop *loop)
{
	report_losses(loop);
	sinks_losses(loop->sinks, &loop->reported, true);
	if (loop->reported.transitions || loop->reported.clocks)
		log_error("lost %" PRIu64 " transitions in all, and %" PRIu64 " durations",
			  loop->reported.transitions, loop->reported.clocks);
}

/*
 * Milliseconds until the monotonic time at, rounded up; at most limit_ms, where FOREVER is no
 * limit.
 */
static int wait_until(uint64_t at, int limit_ms)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t ms = at > now ? (at - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;

	if (ms > INT32_MAX)
		ms = INT32_MAX;
	return limit_ms == FOREVER || (int)ms < limit_ms ? (int)ms : limit_ms;
}

/*
 * The end of a live trace is a matter of the clock; that of a recording, of the times in it
 * (filter.c).
 */
static bool has_deadline(const struct loop *loop)
{
	return loop->source->is_live && loop->filter->until_ns != UINT64_MAX;
}

/* Of a recording, what it holds tells the time. */
static bool wants_ticks(const struct loop *loop)
{
	return loop->source->is_live && sinks_wake_ns(loop->sinks) != UINT64_MAX;
}

static int timeout_ms(const struct loop *loop, int limit_ms)
{
	uint64_t wake_ns;

	if (loop->is_stopping)
		return limit_ms;
	if (loop->has_unreported)
		limit_ms = wait_until(loop->report_next_ns, limit_ms);
	if (has_deadline(loop))
		limit_ms = wait_until(loop->filter->until_ns, limit_ms);
	wake_ns = wants_ticks(loop) ? tick_ns(loop) : UINT64_MAX;
	if (loop->source->wake_ns < wake_ns)
		wake_ns = loop->source->wake_ns;
	if (wake_ns != UINT64_MAX)
		limit_ms = wait_until(wake_ns, limit_ms);
	return limit_ms;
}

static void take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info))
		loop_stop(loop);
}

static void take_time(struct loop *loop)
{
	uint64_t now = clock_monotonic_ns();

	if (loop->is_stopping)
		return;
	if (loop->has_unreported && now >= loop->report_next_ns)
		report_losses(loop);
	if (has_deadline(loop) && now > loop->filter->until_ns)
		loop_stop(loop);
}

/*
 * Waits for a signal, a deadline, a change at a sink's reader and, with the source, for something
 * to read; at most limit_ms. False when none of the descriptors had anything to say.
 */
static bool loop_wait(struct loop *loop, bool with_source, int limit_ms)
{
	struct pollfd fds[SINKS_MAX + 2] = {{.fd = loop->signal_fd, .events = POLLIN}};
	int readers_end, count = 1, ready;

	for (int i = 0; i < loop->sinks->count; i++) {
		const struct output *output = loop->sinks->sink[i]->output;

		if (output)
			fds[count++] = (struct pollfd){
				.fd = output->fd, .events = output->buffer.length ? POLLOUT : 0};
	}
	readers_end = count;
	if (with_source)
		fds[count++] = (struct pollfd){.fd = loop->source->fd, .events = POLLIN};
	ready = poll(fds, count, timeout_ms(loop, limit_ms));
	for (int i = 1; ready > 0 && i < readers_end; i++)
		if (fds[i].revents & (POLLERR | POLLHUP))
			loop->reader_is_gone = true;
	take_signals(loop);
	take_time(loop);
	return ready > 0;
}

/* A reader that takes nothing must not hold up the end for ever. */
static void wait_for_reader(struct loop *loop)
{
	if (!loop_wait(loop, false, loop->is_stopping ? LAST_FLUSH_MS : FOREVER))
		loop->is_cut_off = loop->is_stopping;
}

static bool loop_is_done(const struct loop *loop)
{
	return loop->is_drained || loop->is_cut_off || loop->reader_is_gone || has_enough(loop);
}

/* Of the kernel all that waits is shown; another program that goes on writing is not waited for. */
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

/* What happened until then has been handed over, as of a read that began at now_ns. */
static uint64_t known_until_ns(const struct source *source, uint64_t now_ns)
{
	return source->has_more && source->read_until_ns < now_ns ? source->read_until_ns : now_ns;
}

/* Reads the source once, writes what there is to write, and waits for more. */
static int loop_step(struct loop *loop)
{
	struct source *source = loop->source;
	uint64_t now_ns = 0;
	int count, err = 0;

	if (sinks_are_congested(loop->sinks)) {
		wait_for_reader(loop);
		err = sinks_flush(loop->sinks);
		return err == -EAGAIN ? 0 : err;
	}
	if (wants_ticks(loop))
		now_ns = clock_monotonic_ns();
	count = source->ops->read(source, deliver, loop);
	if (count < 0)
		return count;
	now_ns = known_until_ns(source, now_ns);
	if (now_ns >= tick_ns(loop)) {
		take_tallies(loop);
		look_and_tick(loop, now_ns);
	}
	loop->has_unreported |= count > 0;
	loop->is_drained = source->has_ended;
	if (!count || source->batch_ms)
		err = sinks_flush(loop->sinks);
	if (err && err != -EAGAIN)
		return err;
	if (!loop_is_done(loop))
		wait_for_more(loop, count);
	return 0;
}

/* Nothing more will be read: writes what the sinks still hold. */
static int flush_rest(struct loop *loop)
{
	int err;

	loop->is_stopping = true;
	while ((err = sinks_flush(loop->sinks)) == -EAGAIN && !loop->is_cut_off)
		wait_for_reader(loop);
	if (err == -EAGAIN)
		log_error("%zu bytes of output were not written: their reader took nothing",
			  sinks_unwritten(loop->sinks));
	return err;
}

int loop_run(struct loop *loop)
{
	int err = 0, flush_err;

	loop->source->tick = tick;
	while (!err && !loop_is_done(loop))
		err = loop_step(loop);
	take_tallies(loop);
	if (loop->source->is_live)
		look_and_tick(loop, clock_monotonic_ns());
	sinks_end(loop->sinks);
	report_all_losses(loop);
	flush_err = flush_rest(loop);
	if (!err || err == -EPIPE)
		err = flush_err;
	return err == -EPIPE ? 0 : err;
}
