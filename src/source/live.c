// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The running kernel as a source: opened, stopped and closed; what it lost. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "bpf/shared.h"
#include "lib/log.h"
#include "source/exact.h"
#include "source/initial_scan.h"
#include "source/live.h"
#include "source/loss_counter.h"
#include "source/program.h"
#include "source/record_queue.h"
#include "source/source.h"
#include "source/start_probe.h"
#include "source/tally_reader.h"
#include "trace/state.h"
#include "exact.skel.h"
#include "tcpstates.skel.h"

/* How late a line may be: not visible to a person, and at most 200 wake-ups a second. */
#define BATCH_MS 5

/*
 * The reader's nice value. With forty processes that closed a million sockets, a reader at nice 0
 * waited so long for a CPU that the ring buffer filled.
 */
#define NICENESS (-10)

static void live_scan(struct source *source, const struct state_limits *limits, uint64_t now_ns,
		      const struct receiver *receiver)
{
	struct live *live = (struct live *)source;

	initial_scan_repeat(&live->scan, limits, now_ns);
	listener_reader_hand_over(&live->listeners, receiver);
	/* The next read hands over what the reader has no room for now. */
	live_hand_over_snapshots(live, receiver);
	source->has_more = !record_queue_is_empty(&live->queue);
}

static void clear_pending(void *doubts, const void *record)
{
	uint64_t skaddr = record_skaddr(record);
	struct doubt *doubt = skaddr ? doubts_find(doubts, skaddr) : NULL;

	if (doubt)
		doubt->is_gone = false;
}

/* The end of a session may be on the way: in a record that has not been handed over. */
static void clear_reported(struct live *live, struct doubts *doubts)
{
	live_keep_records(live);
	record_queue_visit(&live->queue, clear_pending, doubts);
	for (size_t i = 0; i < live->join.count; i++)
		clear_pending(doubts, &live->join.held[i]);
}

/* The socket does not exist any more: a snapshot in CLOSE. */
static void add_gone(struct live *live, const struct doubt *doubt, uint64_t now_ns)
{
	struct transition gone = doubt->last;

	gone.time_ns = now_ns;
	gone.duration_ns = gone.minisock = gone.due_ns = 0;
	gone.oldstate = gone.newstate = STATE_CLOSE;
	gone.flags = TRANSITION_HAS_DETAILS;
	gone.facts = FACT_STANDING;
	gone.known = gone.isn_local = gone.isn_remote = 0;
	record_queue_add(&live->snapshots, &gone, sizeof(gone));
}

/* If the queue is full, the ring buffer may still contain the end of a session. */
static void live_check(struct source *source, struct doubts *doubts, uint64_t now_ns,
		       const struct receiver *receiver)
{
	struct live *live = (struct live *)source;

	initial_scan_check(&live->scan, doubts);
	clear_reported(live, doubts);
	for (const struct doubt *doubt = doubts->first; doubt; doubt = doubt->next)
		if (doubt->is_gone && !record_queue_is_full(&live->queue))
			add_gone(live, doubt, now_ns);
	live_hand_over_snapshots(live, receiver);
	source->has_more = !record_queue_is_empty(&live->queue);
}

static bool live_scan_at_end(struct source *source, uint64_t now_ns,
			     const struct receiver *receiver)
{
	struct live *live = (struct live *)source;

	if (!live->has_finished)
		initial_scan_finish(&live->scan, now_ns);
	live->has_finished = true;
	listener_reader_hand_over(&live->listeners, receiver);
	live_hand_over_snapshots(live, receiver);
	return record_queue_is_empty(&live->snapshots);
}

static void live_stop(struct source *source)
{
	struct live *live = (struct live *)source;

	live->wants_last_peek = true;
	live->resets.is_last = true;
	tcpstates_bpf__detach(live->program);
	if (live->exact)
		exact_bpf__detach(live->exact);
}

static void live_tally(struct source *source, const struct receiver *receiver)
{
	tally_read(((struct live *)source)->program, receiver);
}

static void live_losses(struct source *source, struct losses *losses)
{
	struct live *live = (struct live *)source;

	loss_counter_read(&live->counter, live->program, losses);
	losses->transitions += live->snapshots.missed + live->queue.missed + live->join.unknown +
			       live->scan.unknown + live->scan.found.found.missed;
	losses->details += live->listeners.queue.missed;
}

static void live_close(struct source *source)
{
	struct live *live = (struct live *)source;

	if (live->cookie_namespaces)
		syn_cookies_report(&live->cookies, live->cookie_namespaces);
	types_close(&live->types);
	ring_buffer__free(live->ring);
	start_probe_close(&live->probe);
	join_close(&live->join);
	initial_scan_close(&live->scan);
	listener_reader_close(&live->listeners);
	record_queue_close(&live->snapshots);
	record_queue_close(&live->queue);
	exact_bpf__destroy(live->exact);
	tcpstates_bpf__destroy(live->program);
	targets_close(&live->targets);
	cgroups_close(&live->source.cgroups);
	loss_counter_close(&live->counter);
	syn_cookies_close(&live->cookies);
	port_reader_close(&live->ports);
	free(live);
}

static const struct source_ops live_ops = {
	.read = live_read,
	.scan = live_scan,
	.check = live_check,
	.scan_at_end = live_scan_at_end,
	.tally = live_tally,
	.stop = live_stop,
	.losses = live_losses,
	.close = live_close,
};

static void describe_host(struct source *source)
{
	struct utsname name;

	if (uname(&name))
		return;
	snprintf(source->host, sizeof(source->host), "%s", name.nodename);
	snprintf(source->kernel, sizeof(source->kernel), "%s", name.release);
}

/* Unless another nice value is set already. */
static void raise_priority(void)
{
	if (getpriority(PRIO_PROCESS, 0))
		return;
	if (setpriority(PRIO_PROCESS, 0, NICENESS))
		log_verbose("cannot raise the scheduling priority to nice %d: %s; transitions may "
			    "be lost on a busy machine",
			    NICENESS, strerror(errno));
}

static int open_ring(struct live *live)
{
	int err = loss_counter_open(&live->counter);

	if (!err)
		live->ring = ring_buffer__new(bpf_map__fd(live->program->maps.ring),
					      live_take_from_ring, live, NULL);
	if (live->ring)
		return 0;
	log_error("cannot map the ring buffer: %s; try a smaller --buffer",
		  strerror(err ? -err : errno));
	return -1;
}

/* An option that has no effect is reported. */
static void say_half_open_missing(const struct live *live, const struct wants *wants)
{
	if (wants->half_open && !exact_sees_requests(live->exact))
		log_error("--half-open: this kernel shows only sessions that are half-open for at "
			  "least 1 s, and none before 5.12; -v shows why");
}

/* Said once, as it concerns every owner that is shown. */
static void say_accept_missing(const struct live *live, const struct wants *wants)
{
	if (wants->owners && !(live->exact && live->exact->links.security_sock_graft))
		log_error("accept() is not seen without fentry: an accepted session shows its "
			  "listener's owner, as a guess, until its own acts or is looked up; -v "
			  "shows why");
}

/* Columns that stay empty are explained. */
static void say_delays_missing(const struct live *live, const struct wants *wants)
{
	if (wants->listener_scans && !(exact_listener_known(live->exact) & LISTENER_KNOWN_ACCEPTED))
		log_error("--listeners: without fentry, how long connections wait for accept() is "
			  "not known, and what was accepted or overflowed is inferred (~); -v "
			  "shows why");
}

/* Attaches the fentry programs, and selects what is inferred without them. */
static void follow_exactly(struct live *live, const struct wants *wants)
{
	struct minisocks *minisocks = &live->join.minisocks;
	struct tcpstates_bpf *program = live->program;
	const struct exact_listener listener = {.report = exact_say_missing};

	live->exact = exact_attach(program, wants, &live->targets, &listener);
	say_half_open_missing(live, wants);
	say_accept_missing(live, wants);
	say_delays_missing(live, wants);
	program->bss->listener_known = exact_listener_known(live->exact);
	program->bss->lports_follow = live->exact && live->exact->links.tcp_connect;
	minisocks->has_exact_ends = live->exact && live->exact->links.tcp_twsk_destructor &&
				    live->exact->links.__inet_twsk_schedule;
	program->bss->minisocks_are_watched = !minisocks->has_exact_ends;
	minisocks->has_exact_requests = exact_sees_requests(live->exact);
	program->bss->requests_follow =
		wants->requests && (!minisocks->has_exact_requests || wants->snapshots);
}

/* Finds sessions older than the trace. */
static void scan_at_start(struct live *live, const struct wants *wants)
{
	live->scan.listeners = wants->listeners ? &live->listeners : NULL;
	initial_scan_run(&live->scan, live->program,
			 wants->minisocks ? &live->join.minisocks : NULL,
			 wants->snapshots ? &live->snapshots : NULL);
	port_reader_see_snapshots(&live->ports, &live->snapshots);
	live->source.namespaces_missed = live->scan.missed;
	live->source.has_more = !record_queue_is_empty(&live->queue);
}

static void describe(struct live *live, const struct wants *wants)
{
	struct source *source = &live->source;

	source->ops = &live_ops;
	source->batch_ms = BATCH_MS;
	source->is_live = true;
	source->has_tallies = !tally_obstacle(wants);
	source->wake_ns = UINT64_MAX;
	cgroups_open(&source->cgroups, wants->details ? cgroup_open_root() : -1);
	describe_host(source);
}

/* 0, or -1 after a report. */
static int load_and_attach(struct live *live, const struct wants *wants)
{
	struct refusal refusal;

	live->program = program_load(wants, &live->targets, live->probe.cookie, &refusal);
	if (!live->program || program_attach(live->program, &refusal)) {
		log_error("%s", refusal.text);
		return -1;
	}
	reset_reader_open(&live->resets, live->program);
	live->source.resets_lack = reset_reader_lack(live->program, wants);
	if (!wants->listeners)
		live->source.listeners_lack = "a filter on peers, states or causes was set";
	port_reader_open(&live->ports, live->program, wants);
	if (!wants->ports)
		live->source.ports_lack = "no output wants them";
	return 0;
}

static void run_probe(struct live *live)
{
	if (!start_probe_arrives(&live->probe, live_keep_records, live))
		log_error("this trace may be blind: %s for a change of state that it has made "
			  "itself; \"tcpstates --check\" tells more",
			  live->program->bss->probe_seen
				  ? "within a second no record came"
				  : "within a second the kernel ran no program");
	start_probe_close(&live->probe);
	/*
	 * Armed before the first read, as in live_read(): a record that it misses wakes the reader.
	 */
	__atomic_store_n(&live->program->data_armed->armed, 1, __ATOMIC_RELEASE);
	live->source.has_more = !record_queue_is_empty(&live->queue);
}

/* Records sent before the ring buffer is mapped wait in it. 0, or -1 after a report. */
static int attach(struct live *live, const struct wants *wants)
{
	types_open(&live->types);
	targets_open(&live->targets, &live->types);
	start_probe_open(&live->probe);
	return load_and_attach(live, wants) || open_ring(live) ? -1 : 0;
}

/* Sessions that --half-open cannot show are counted. */
static void count_cookies(struct live *live, const struct wants *wants)
{
	if (!wants->half_open)
		return;
	live->cookie_namespaces = &wants->selection->namespaces;
	syn_cookies_begin(&live->cookies);
}

static void start_clock(struct source *source)
{
	source->clock.start_ns = clock_monotonic_ns();
	source->clock.wall_offset_ns = clock_measure_offset();
}

struct source *source_open_live(const struct wants *wants)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live) {
		log_error("out of memory");
		return NULL;
	}
	describe(live, wants);
	live->scan = (struct initial_scan){.pause = live_keep_records,
					   .context = live,
					   .selected = &wants->selection->namespaces};
	if (wants->minisocks)
		join_follow_minisocks(&live->join, live_peek_minisocks);
	if (attach(live, wants)) {
		live_close(&live->source);
		return NULL;
	}
	run_probe(live);
	raise_priority();
	if (wants->details && wants_sessions(wants)) {
		follow_exactly(live, wants);
		scan_at_start(live, wants);
	}
	count_cookies(live, wants);
	types_close(&live->types);
	live->source.fd = ring_buffer__epoll_fd(live->ring);
	start_clock(&live->source);
	return &live->source;
}
