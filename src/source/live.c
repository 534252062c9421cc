// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The running kernel as a source: reads the kernel program's ring buffer. */
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
#include "source/join.h"
#include "source/program.h"
#include "source/record_queue.h"
#include "source/source.h"
#include "source/start_probe.h"
#include "source/tally_reader.h"
#include "exact.skel.h"
#include "tcpstates.skel.h"

/* How late a line may be: not visible to a person, and at most 200 wake-ups a second. */
#define BATCH_MS 5

/*
 * The most records of one read: if they arrive as fast as they are read, the read must end so that
 * output is written. More than arrive in BATCH_MS.
 */
#define READ_MAX 8192

/*
 * The reader's nice value. With forty processes that closed a million sockets, a reader at nice 0
 * waited so long for a CPU that the ring buffer filled.
 */
#define NICENESS (-10)

struct live {
	struct source source;
	struct tcpstates_bpf *program;
	struct exact_bpf *exact; /* NULL: not loaded */
	struct types types;      /* released once tracing has started */
	struct targets targets;  /* in types */
	struct ring_buffer *ring;
	struct start_probe probe;
	struct join join;
	struct initial_scan scan;
	struct record_queue snapshots; /* of iterators: struct transition */
	struct record_queue queue;     /* records that arrived while iterators ran */
	struct kernel_losses *per_cpu; /* room for one read of the losses map */
	int cpus;
	unsigned int left;    /* records that this read may still take */
	bool is_kept;         /* records are added to the queue when read */
	bool wants_last_peek; /* tracing has stopped: orphans are checked once more */
};

static bool may_take_more(const struct live *live)
{
	return live->left && live->join.answer == DELIVERY_CONTINUE;
}

static void take_record(struct live *live, const void *record, size_t size)
{
	uint64_t time_ns = size >= sizeof(struct record_lport_chosen) ? record_time_ns(record) : 0;

	if (time_ns)
		live->source.read_until_ns = time_ns;
	join_take(&live->join, record, size);
	live->left--;
}

/* libbpf's callback: a negative answer ends the read after this record. */
static int take_from_ring(void *context, void *data, size_t size)
{
	struct live *live = context;

	if (start_probe_take(&live->probe, data, size))
		return 0;
	if (live->is_kept) {
		record_queue_add(&live->queue, data, size);
		return record_queue_is_full(&live->queue) ? -ECANCELED : 0;
	}
	take_record(live, data, size);
	return may_take_more(live) ? 0 : -ECANCELED;
}

/* For initial_scan.h. Records without room in the queue stay in the ring buffer. */
static void keep_records(void *context)
{
	struct live *live = context;

	live->is_kept = true;
	if (!record_queue_is_full(&live->queue))
		ring_buffer__consume(live->ring);
	live->is_kept = false;
}

/* Hands over all queued records, or until the receiver says otherwise. Returns its last answer. */
static enum delivery hand_over_snapshots(struct live *live, const struct receiver *receiver)
{
	enum delivery answer = DELIVERY_CONTINUE;

	while (answer == DELIVERY_CONTINUE && !record_queue_is_empty(&live->snapshots)) {
		answer = record_queue_hand_over(&live->snapshots, READ_MAX, receiver);
		/* A million of them take a second. */
		keep_records(live);
	}
	return answer;
}

/* Returns how many records it took. While records are queued, the ring buffer is read as well. */
static int take_queued(struct live *live)
{
	const void *record;
	int count = 0;
	size_t size;

	if (!record_queue_is_empty(&live->queue))
		keep_records(live);
	while (may_take_more(live) && (record = record_queue_first(&live->queue, &size))) {
		take_record(live, record, size);
		record_queue_drop_first(&live->queue);
		count++;
	}
	return count;
}

/* For minisock_tracker.h: runs the kernel program that reads minisocks. */
static bool peek_minisocks(void *context, struct minisock_peek *peeks, size_t count)
{
	struct live *live = (struct live *)((char *)context - offsetof(struct live, join));
	struct tcpstates_bpf *program = live->program;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	memcpy(program->bss->peeks, peeks, count * sizeof(*peeks));
	program->bss->peek_count = count;
	if (bpf_prog_test_run_opts(bpf_program__fd(program->progs.peek_minisocks), &run))
		return false;
	memcpy(peeks, program->bss->peeks, count * sizeof(*peeks));
	return true;
}

/* Reports minisocks that have ended. 1 if any has, as if a record had been read. */
static int expire_minisocks(struct live *live)
{
	struct minisocks *minisocks = &live->join.minisocks;
	uint64_t now_ns = clock_monotonic_ns();
	size_t count = minisocks->watched.turns.count;

	if (live->wants_last_peek)
		minisocks_look_last(minisocks, now_ns);
	else if (minisocks_next_ns(minisocks) <= now_ns)
		minisocks_expire(minisocks, now_ns);
	live->wants_last_peek = false;
	live->source.wake_ns = minisocks_next_ns(minisocks);
	return minisocks->watched.turns.count != count;
}

static int live_read(struct source *source, const struct receiver *receiver)
{
	struct live *live = (struct live *)source;
	struct join *join = &live->join;
	uint64_t now_ns = clock_monotonic_ns();
	bool had_more = source->has_more;
	int count, waited;

	join->receiver = receiver;
	join->answer = DELIVERY_CONTINUE;
	clock_follow(&source->clock);
	/* Snapshots of older sessions come before newer transitions. */
	join->answer = hand_over_snapshots(live, receiver);
	if (join->answer != DELIVERY_CONTINUE) {
		source->has_more = true;
		return 1;
	}
	live->left = READ_MAX;
	waited = take_queued(live);
	count = may_take_more(live) ? ring_buffer__consume(live->ring) : 0;
	if (may_take_more(live) && count < 0) {
		log_error("cannot read the ring buffer: %s", strerror(-count));
		return count;
	}
	source->has_more = !may_take_more(live);
	/*
	 * Held records must be asked for again, as if the ring buffer had them. A batch time
	 * follows the last of several reads, even if that read found nothing.
	 */
	if (waited || !live->left || had_more || join->answer != DELIVERY_CONTINUE || join->count)
		count = 1;
	/*
	 * Uses the time before the read, so that everything sent until then has been read. If more
	 * is left to read, uses that of the last record, which is held behind the others.
	 */
	if (join->count && join->answer == DELIVERY_CONTINUE)
		join_release(join, live->left ? now_ns : join_held_ns(join));
	if (join->follows_minisocks && live->left)
		count += expire_minisocks(live);
	/*
	 * Armed here and not when the ring buffer is found empty: the batch time lies between this
	 * store and the last read before the loop waits, so a record missed by that read has seen
	 * it, on any CPU.
	 */
	if (count)
		__atomic_store_n(&live->program->data_armed->armed, 1, __ATOMIC_RELEASE);
	return count;
}

static void live_scan(struct source *source, const struct state_limits *limits, uint64_t now_ns,
		      const struct receiver *receiver)
{
	struct live *live = (struct live *)source;

	initial_scan_repeat(&live->scan, limits->ns, now_ns);
	/* The next read hands over what the reader has no room for now. */
	hand_over_snapshots(live, receiver);
	source->has_more = !record_queue_is_empty(&live->queue);
}

static void live_stop(struct source *source)
{
	struct live *live = (struct live *)source;

	live->wants_last_peek = true;
	tcpstates_bpf__detach(live->program);
	if (live->exact)
		exact_bpf__detach(live->exact);
}

/* How often the kernel skipped the program, because that CPU was running it already. */
static uint64_t count_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

static void live_tally(struct source *source, const struct receiver *receiver)
{
	tally_read(((struct live *)source)->program, receiver);
}

static void live_losses(struct source *source, struct losses *losses)
{
	struct live *live = (struct live *)source;
	uint64_t missed, rescued = 0;
	__u32 zero = 0;

	*losses = (struct losses){0};
	/* Read first, so that each of them has had time to be rescued. */
	missed = count_misses(live->program->progs.inet_sock_set_state);
	if (bpf_map_lookup_elem(bpf_map__fd(live->program->maps.losses), &zero, live->per_cpu))
		return;
	for (int cpu = 0; cpu < live->cpus; cpu++) {
		losses->transitions += live->per_cpu[cpu].transitions;
		losses->details += live->per_cpu[cpu].details;
		losses->clocks += live->per_cpu[cpu].clocks;
		rescued += live->per_cpu[cpu].rescued;
	}
	losses->transitions += live->snapshots.missed + live->queue.missed + live->join.unknown +
			       live->scan.unknown;
	if (missed > rescued)
		losses->transitions += missed - rescued;
}

static void live_close(struct source *source)
{
	struct live *live = (struct live *)source;

	types_close(&live->types);
	ring_buffer__free(live->ring);
	start_probe_close(&live->probe);
	join_close(&live->join);
	initial_scan_close(&live->scan);
	record_queue_close(&live->snapshots);
	record_queue_close(&live->queue);
	exact_bpf__destroy(live->exact);
	tcpstates_bpf__destroy(live->program);
	targets_close(&live->targets);
	cgroups_close(&live->source.cgroups);
	free(live->per_cpu);
	free(live);
}

static const struct source_ops live_ops = {
	.read = live_read,
	.scan = live_scan,
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
	live->cpus = libbpf_num_possible_cpus();
	if (live->cpus > 0)
		live->per_cpu = calloc(live->cpus, sizeof(*live->per_cpu));
	live->ring =
		ring_buffer__new(bpf_map__fd(live->program->maps.ring), take_from_ring, live, NULL);
	if (live->ring && live->per_cpu)
		return 0;
	log_error("cannot map the ring buffer: %s; try a smaller --buffer", strerror(errno));
	return -1;
}

/* An option that has no effect is reported. */
static void say_half_open_missing(const struct live *live, const struct wants *wants)
{
	if (wants->half_open && !exact_sees_requests(live->exact))
		log_error("--half-open: this kernel shows only sessions that are half-open for at "
			  "least 1 s, and none before 5.12; -v shows why");
}

/* Attaches the fentry programs, and selects what is inferred without them. */
static void follow_exactly(struct live *live, const struct wants *wants)
{
	struct minisocks *minisocks = &live->join.minisocks;
	struct tcpstates_bpf *program = live->program;
	const struct exact_listener listener = {.report = exact_say_missing};

	live->exact = exact_attach(program, wants, &live->targets, &listener);
	say_half_open_missing(live, wants);
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
	initial_scan_run(&live->scan, live->program,
			 wants->minisocks ? &live->join.minisocks : NULL,
			 wants->snapshots ? &live->snapshots : NULL);
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
	if (live->program && !program_attach(live->program, &refusal))
		return 0;
	log_error("%s", refusal.text);
	return -1;
}

static void run_probe(struct live *live)
{
	if (!start_probe_arrives(&live->probe, keep_records, live))
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
	live->scan = (struct initial_scan){.pause = keep_records, .context = live};
	if (wants->minisocks)
		join_follow_minisocks(&live->join, peek_minisocks);
	if (attach(live, wants)) {
		live_close(&live->source);
		return NULL;
	}
	run_probe(live);
	raise_priority();
	if (wants->details) {
		follow_exactly(live, wants);
		scan_at_start(live, wants);
	}
	types_close(&live->types);
	live->source.fd = ring_buffer__epoll_fd(live->ring);
	start_clock(&live->source);
	return &live->source;
}
