// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads what the kernel program sends: the ring buffer, and what was queued. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stddef.h>
#include <string.h>

#include "bpf/record.h"
#include "lib/log.h"
#include "source/live.h"
#include "tcpstates.skel.h"

/*
 * The most records of one read: if they arrive as fast as they are read, the read must end so that
 * output is written. More than arrive in BATCH_MS.
 */
#define READ_MAX 8192

static bool may_take_more(const struct live *live)
{
	return live->left && live->join.answer == DELIVERY_CONTINUE;
}

static void take_record(struct live *live, const void *record, size_t size)
{
	uint64_t time_ns = size >= sizeof(struct record_lport_chosen) ? record_time_ns(record) : 0;

	if (time_ns)
		live->source.read_until_ns = time_ns;
	/* The ports of a namespace come before its sessions. */
	if (time_ns)
		port_reader_see(&live->ports, record);
	if (port_reader_is_due(&live->ports))
		port_reader_read(&live->ports, live->join.receiver);
	join_take(&live->join, record, size);
	live->left--;
}

int live_take_from_ring(void *context, void *data, size_t size)
{
	struct live *live = context;

	if (start_probe_take(&live->probe, data, size) ||
	    reset_reader_take(&live->resets, data, size) ||
	    listener_reader_take(&live->listeners, data, size))
		return 0;
	if (live->is_kept) {
		initial_scan_see(&live->scan, data, size);
		record_queue_add(&live->queue, data, size);
		return record_queue_is_full(&live->queue) ? -ECANCELED : 0;
	}
	take_record(live, data, size);
	return may_take_more(live) ? 0 : -ECANCELED;
}

void live_keep_records(void *context)
{
	struct live *live = context;

	live->is_kept = true;
	if (!record_queue_is_full(&live->queue))
		ring_buffer__consume(live->ring);
	live->is_kept = false;
}

enum delivery live_hand_over_snapshots(struct live *live, const struct receiver *receiver)
{
	enum delivery answer = DELIVERY_CONTINUE;

	while (answer == DELIVERY_CONTINUE && !record_queue_is_empty(&live->snapshots)) {
		answer = record_queue_hand_over(&live->snapshots, READ_MAX, receiver);
		/* A million of them take a second. */
		live_keep_records(live);
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
		live_keep_records(live);
	while (may_take_more(live) && (record = record_queue_first(&live->queue, &size))) {
		take_record(live, record, size);
		record_queue_drop_first(&live->queue);
		count++;
	}
	return count;
}

bool live_peek_minisocks(void *context, struct minisock_peek *peeks, size_t count)
{
	struct live *live = (struct live *)((char *)context - offsetof(struct live, join));
	struct tcpstates_bpf *program = live->program;
	LIBBPF_OPTS(bpf_test_run_opts, run);

	memcpy(program->bss->peeks, peeks, count * sizeof(*peeks));
	program->bss->peek_count = count;
	program->bss->peeks_done = false;
	if (bpf_prog_test_run_opts(bpf_program__fd(program->progs.peek_minisocks), &run) ||
	    !program->bss->peeks_done)
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
	return minisocks->watched.turns.count != count;
}

/*
 * Takes what waits, as much as one read may. How many records, at least 1 if there were any; or a
 * negative errno, reported already.
 */
static int take_waiting(struct live *live)
{
	int queued, count = 0;

	live->left = READ_MAX;
	queued = take_queued(live);
	if (may_take_more(live))
		count = ring_buffer__consume(live->ring);
	if (may_take_more(live) && count < 0) {
		log_error("cannot read the ring buffer: %s", strerror(-count));
		return count;
	}
	/* Ended early, by the limit or by the receiver: -ECANCELED. */
	return queued || count < 0 ? 1 : count;
}

/*
 * Uses the time before the read, so that everything sent until then has been read. If more is left
 * to read, uses that of the last record, which is held behind the others.
 */
static void release_held(struct live *live, uint64_t now_ns)
{
	struct join *join = &live->join;

	if (join->count && join->answer == DELIVERY_CONTINUE)
		join_release(join, live->left ? now_ns : join_held_ns(join));
}

/* When to read although no record arrives. */
static uint64_t wake_ns(const struct live *live)
{
	const struct join *join = &live->join;
	uint64_t next_ns =
		join->follows_minisocks ? minisocks_next_ns(&join->minisocks) : UINT64_MAX;

	return next_ns < live->resets.due_ns ? next_ns : live->resets.due_ns;
}

/*
 * Called here and not when the ring buffer is found empty: the batch time lies between this store
 * and the last read before the loop waits, so a record missed by that read has seen it, on any CPU.
 */
static void arm(struct live *live)
{
	__atomic_store_n(&live->program->data_armed->armed, 1, __ATOMIC_RELEASE);
}

int live_read(struct source *source, const struct receiver *receiver)
{
	struct live *live = (struct live *)source;
	struct join *join = &live->join;
	uint64_t now_ns = clock_monotonic_ns();
	bool had_more = source->has_more;
	int count;

	clock_follow(&source->clock);
	join->receiver = receiver;
	if (port_reader_is_due(&live->ports))
		port_reader_read(&live->ports, receiver);
	/* Snapshots of older sessions come before newer transitions. */
	join->answer = live_hand_over_snapshots(live, receiver);
	if (join->answer != DELIVERY_CONTINUE) {
		source->has_more = true;
		return 1;
	}
	count = take_waiting(live);
	if (count < 0)
		return count;
	source->has_more = !may_take_more(live);
	/*
	 * Held records must be asked for again, as if the ring buffer had them. A batch time
	 * follows the last of several reads, even if that read found nothing.
	 */
	if (source->has_more || had_more || join->count)
		count = 1;
	release_held(live, now_ns);
	if (join->follows_minisocks && live->left)
		count += expire_minisocks(live);
	if (join->answer != DELIVERY_STOP)
		count += reset_reader_read(&live->resets, live->program, now_ns, receiver) +
			 listener_reader_hand_over(&live->listeners, receiver);
	source->wake_ns = wake_ns(live);
	if (count)
		arm(live);
	return count;
}
