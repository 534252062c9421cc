// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Expands records that stand for two transitions, and joins records that describe one: an end and
 * the reset sent for it, the start of a connection and its local port.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "source/join.h"
#include "trace/clock.h"
#include "trace/state.h"

/*
 * How much later than the transition its second record may arrive. The kernel does little between
 * an end and its reset, and finds a free port quickly, except for the first time since boot: 12 ms
 * on 7.2 (get_random_sleepable_once() in __inet_hash_connect()). Delays come from a task, or the
 * CPU of a virtual machine, that is not scheduled in between: tens of milliseconds.
 */
#define LATE_NS (50 * NSEC_PER_MSEC)

static void deliver(struct join *join, const struct transition *t)
{
	enum delivery answer;

	if (join->answer == DELIVERY_STOP)
		return;
	answer = receiver_take(join->receiver, t);
	if (answer > join->answer)
		join->answer = answer;
}

/* What a minisock did. */
static void take_minisock(void *context, const struct transition *t)
{
	deliver(context, t);
}

static void hand_over_transition(struct join *join, const struct transition *t)
{
	if (join->follows_minisocks)
		minisocks_see(&join->minisocks, t);
	deliver(join, t);
	if (join->follows_minisocks && transition_is_to_minisock(t))
		minisocks_add(&join->minisocks, t);
}

/* It has been half-open for a while: a snapshot; its end will be reported. */
static void hand_over_request(struct join *join, const struct record_request *record)
{
	if (join->follows_minisocks)
		minisocks_add_request(&join->minisocks, &record->transition, record->request);
	deliver(join, &record->transition);
}

static void hand_over(struct join *join, const union record *record)
{
	const struct record_minisock *minisock = &record->minisock;

	switch (record->header.kind) {
	case RECORD_TRANSITION:
		hand_over_transition(join, &record->transition.transition);
		break;
	case RECORD_REQUEST:
		hand_over_request(join, &record->request);
		break;
	case RECORD_MINISOCK_ENDED:
		minisocks_end(&join->minisocks, minisock);
		break;
	case RECORD_MINISOCK_REARMED:
		minisocks_rearm(&join->minisocks, minisock);
		break;
	}
}

void join_follow_minisocks(struct join *join, minisock_look *look)
{
	join->follows_minisocks = true;
	join->minisocks = (struct minisocks){.emit = take_minisock, .look = look, .context = join};
}

static bool awaits_more(const union record *record)
{
	return record->header.kind == RECORD_TRANSITION && record->transition.awaits;
}

/* Hands over the first ones, up to count. */
static void release(struct join *join, size_t count)
{
	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		hand_over(join, &join->held[i]);
	join->count -= count;
	memmove(join->held, join->held + count, join->count * sizeof(*join->held));
}

/* The records at the front that await nothing any more. */
static void release_ready(struct join *join)
{
	size_t ready = 0;

	while (ready < join->count && !awaits_more(&join->held[ready]))
		ready++;
	release(join, ready);
}

/* False without memory: then no record can be held. */
static bool make_room(struct join *join)
{
	size_t room = join->room ? 2 * join->room : 64;
	union record *held;

	if (join->count < join->room)
		return true;
	held = realloc(join->held, room * sizeof(*held));
	if (!held)
		return false;
	join->held = held;
	join->room = room;
	return true;
}

/* The newest record that awaits this, of that socket or session (0: any); NULL: none. */
static struct record_transition *find_awaiting(struct join *join, enum record_awaits awaits,
					       uint64_t skaddr, uint64_t cookie)
{
	for (size_t i = join->count; i-- > 0;) {
		struct record_transition *record = &join->held[i].transition;

		if (record->header.kind == RECORD_TRANSITION && record->awaits & awaits &&
		    (!skaddr || record->transition.skaddr == skaddr) &&
		    (!cookie || record->transition.cookie == cookie))
			return record;
	}
	return NULL;
}

/* A connection that continues without a reported port will not get one. */
static void give_up_lport(struct join *join, const struct transition *t)
{
	struct record_transition *record;

	while (t->cookie && (record = find_awaiting(join, AWAITS_LPORT, 0, t->cookie)))
		record->awaits = 0;
}

/* A record that stays in order behind those that are held. */
static void pass(struct join *join, const union record *record)
{
	if (!join->count && !awaits_more(record)) {
		hand_over(join, record);
	} else if (make_room(join)) {
		memcpy(&join->held[join->count++], record, record->header.size);
	} else {
		/* Hands them over incomplete. */
		release(join, join->count);
		hand_over(join, record);
	}
}

static void take_transition(struct join *join, const struct record_transition *record)
{
	if (record->transition.oldstate == STATE_SYN_SENT)
		give_up_lport(join, &record->transition);
	pass(join, (const union record *)record);
}

/* The child's first transition arrives with its second one. */
static void take_passive_open(struct join *join, const struct record_transition *record)
{
	struct record_transition syn = *record, second = *record;
	struct transition *t = &syn.transition;

	syn.header.kind = second.header.kind = RECORD_TRANSITION;
	syn.awaits = 0;
	t->time_ns -= t->duration_ns;
	t->duration_ns = 0;
	t->flags &= ~TRANSITION_DURATION_MASK;
	t->known &= ~TRANSITION_KNOWN_ISN;
	t->isn_local = t->isn_remote = 0;
	t->oldstate = STATE_LISTEN;
	t->newstate = STATE_SYN_RECV;
	take_transition(join, &syn);
	take_transition(join, &second);
}

static void take_reset(struct join *join, const struct record_reset_sent *reset)
{
	struct record_transition *record =
		reset->skaddr ? find_awaiting(join, AWAITS_RESET, reset->skaddr, 0) : NULL;

	if (!record)
		return;
	record->awaits &= ~AWAITS_RESET;
	record->transition.facts |= FACT_RESET_SENT;
	record->transition.reset_reason = reset->reason;
	release_ready(join);
}

static void take_lport(struct join *join, const struct record_lport_chosen *chosen)
{
	struct record_transition *record =
		chosen->cookie ? find_awaiting(join, AWAITS_LPORT, 0, chosen->cookie) : NULL;

	if (!record)
		return;
	record->awaits &= ~AWAITS_LPORT;
	record->transition.facts |= FACT_LPORT_LATER;
	record->transition.lport = chosen->lport;
	release_ready(join);
}

/* Without details: members that it lacks are not known. */
static const struct record_transition *complete(const struct record_transition *record,
						struct record_transition *completed)
{
	if (record->header.size == sizeof(*completed))
		return record;
	memset(completed, 0, sizeof(*completed));
	memcpy(completed, record, record->header.size);
	completed->header.size = sizeof(*completed);
	return completed;
}

/* Whether the ring buffer can have a record of that kind and size. */
static bool record_size_is(unsigned int kind, size_t size)
{
	switch (kind) {
	case RECORD_TRANSITION:
	case RECORD_PASSIVE_OPEN:
		return size == sizeof(struct record_transition) || size == RECORD_TRANSITION_SHORT;
	case RECORD_REQUEST:
		return size == sizeof(struct record_request);
	case RECORD_RESET_SENT:
		return size == sizeof(struct record_reset_sent);
	case RECORD_LPORT_CHOSEN:
		return size == sizeof(struct record_lport_chosen);
	case RECORD_MINISOCK_ENDED:
	case RECORD_MINISOCK_REARMED:
		return size == sizeof(struct record_minisock);
	default:
		return false;
	}
}

static bool is_known(const void *data, size_t size)
{
	const struct record_header *header = data;

	return size >= sizeof(*header) && header->size <= size &&
	       record_size_is(header->kind, header->size);
}

void join_take(struct join *join, const void *data, size_t size)
{
	const union record *record = data;
	struct record_transition completed;

	if (!is_known(data, size)) {
		record_unknown(&join->unknown, data, size);
		return;
	}
	switch (record->header.kind) {
	case RECORD_TRANSITION:
		take_transition(join, complete(&record->transition, &completed));
		break;
	case RECORD_PASSIVE_OPEN:
		take_passive_open(join, complete(&record->transition, &completed));
		break;
	case RECORD_RESET_SENT:
		take_reset(join, &record->reset_sent);
		break;
	case RECORD_LPORT_CHOSEN:
		take_lport(join, &record->lport_chosen);
		break;
	default:
		pass(join, record);
		break;
	}
}

void record_unknown(uint64_t *count, const void *data, size_t size)
{
	const struct record_header *header = data;

	if ((*count)++)
		return;
	if (size < sizeof(*header))
		log_error("the kernel program sent a record of %zu bytes: it is skipped", size);
	else
		log_error("the kernel program sent a record of unknown kind %u (%zu bytes): it is "
			  "skipped, as others like it will be",
			  header->kind, size);
}

uint64_t record_time_ns(const void *data)
{
	const union record *record = data;

	switch (record->header.kind) {
	case RECORD_TRANSITION:
	case RECORD_PASSIVE_OPEN:
		return record->transition.transition.time_ns;
	case RECORD_REQUEST:
		return record->request.transition.time_ns;
	case RECORD_MINISOCK_ENDED:
	case RECORD_MINISOCK_REARMED:
		return record->minisock.time_ns;
	default:
		return 0;
	}
}

uint64_t record_skaddr(const void *data)
{
	const union record *record = data;

	switch (record->header.kind) {
	case RECORD_TRANSITION:
	case RECORD_PASSIVE_OPEN:
		return record->transition.transition.skaddr;
	default:
		return 0;
	}
}

uint64_t join_held_ns(const struct join *join)
{
	return join->count ? record_time_ns(&join->held[join->count - 1]) : 0;
}

void join_release(struct join *join, uint64_t now_ns)
{
	for (size_t i = 0; i < join->count; i++)
		if (awaits_more(&join->held[i]) &&
		    record_time_ns(&join->held[i]) + LATE_NS < now_ns)
			join->held[i].transition.awaits = 0;
	release_ready(join);
}

void join_close(struct join *join)
{
	free(join->held);
	minisocks_close(&join->minisocks);
}
