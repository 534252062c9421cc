// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From records of the ring buffer to transitions: what is expanded, joined, held and released. */
#include "bpf/record.h"
#include "bpf/shared.h"
#include "source/join.h"
#include "trace/state.h"
#include "unit.h"

#define DELIVERED_MAX 200
#define MSEC          1000000

/* What was delivered, and what the receiver answers. */
struct delivered {
	struct transition got[DELIVERED_MAX];
	size_t count;
	size_t answers_at; /* from this one on it gives the answer, before it DELIVERY_CONTINUE */
	enum delivery answer;
	struct receiver receiver;
};

static enum delivery receive(void *context, const struct transition *t)
{
	struct delivered *delivered = context;

	if (delivered->count < DELIVERED_MAX)
		delivered->got[delivered->count] = *t;
	delivered->count++;
	return delivered->answer && delivered->count >= delivered->answers_at ? delivered->answer
									      : DELIVERY_CONTINUE;
}

static struct join join_to(struct delivered *delivered)
{
	*delivered = (struct delivered){
		.receiver = {.transition = receive, .snapshot = receive, .context = delivered}};
	return (struct join){.receiver = &delivered->receiver};
}

static struct record_transition record_of(enum record_kind kind, const struct transition *t,
					  uint32_t awaits)
{
	return (struct record_transition){
		.header = {.kind = kind, .size = sizeof(struct record_transition)},
		.awaits = awaits,
		.transition = *t,
	};
}

static void take_kind(struct join *join, enum record_kind kind, const struct transition *t,
		      uint32_t awaits)
{
	struct record_transition record = record_of(kind, t, awaits);

	join_take(join, &record, sizeof(record));
}

/* Without details. */
static void take_short(struct join *join, enum record_kind kind, const struct transition *t)
{
	struct record_transition record = record_of(kind, t, 0);

	record.header.size = RECORD_TRANSITION_SHORT;
	join_take(join, &record, record.header.size);
}

static void take_end(struct join *join, uint64_t time_ns, uint64_t skaddr, uint32_t awaits)
{
	struct transition t = {.time_ns = time_ns,
			       .skaddr = skaddr,
			       .oldstate = STATE_ESTABLISHED,
			       .newstate = STATE_CLOSE,
			       .flags = TRANSITION_HAS_DETAILS};

	take_kind(join, RECORD_TRANSITION, &t, awaits);
}

static void take(struct join *join, uint64_t time_ns, uint64_t skaddr)
{
	take_end(join, time_ns, skaddr, 0);
}

static void take_held(struct join *join, uint64_t time_ns, uint64_t skaddr)
{
	take_end(join, time_ns, skaddr, AWAITS_RESET);
}

static void take_reset(struct join *join, uint64_t skaddr, uint32_t reason)
{
	struct record_reset_sent reset = {
		.header = {.kind = RECORD_RESET_SENT, .size = sizeof(reset)},
		.skaddr = skaddr,
		.reason = reason,
	};

	join_take(join, &reset, sizeof(reset));
}

/* The sockets of what was delivered, in order. */
static void check_delivered(const struct delivered *delivered, const char *skaddrs)
{
	char got[DELIVERED_MAX + 1] = "";

	for (size_t i = 0; i < delivered->count && i < DELIVERED_MAX; i++)
		got[i] = '0' + delivered->got[i].skaddr;
	CHECK_TEXT(skaddrs, got);
}

static void passes_on(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition t;

	unit_random_bytes(&t, sizeof(t));
	take_kind(&join, RECORD_TRANSITION, &t, 0);
	CHECK_NUMBER(1, delivered.count);
	CHECK_MEMORY(&t, &delivered.got[0], sizeof(t));
	join_close(&join);
}

/* Without details a record has version 1's members only; the rest is not known. */
static void short_record_is_completed(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition t, expected = {0};

	unit_random_bytes(&t, sizeof(t));
	t.flags = TRANSITION_DURATION_KNOWN;
	memcpy(&expected, &t, TRANSITION_SIZE_1);
	take_short(&join, RECORD_TRANSITION, &t);
	CHECK_NUMBER(1, delivered.count);
	CHECK_MEMORY(&expected, &delivered.got[0], sizeof(t));
	join_close(&join);
}

/* The ring buffer rounds sizes up. */
static void longer_record_is_cut(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition t = {.skaddr = 1, .flags = TRANSITION_HAS_DETAILS};
	struct {
		struct record_transition record;
		char more[8];
	} longer = {.record = record_of(RECORD_TRANSITION, &t, 0)};

	join_take(&join, &longer, sizeof(longer));
	check_delivered(&delivered, "1");
	join_close(&join);
}

static void child_is_told_twice(void)
{
	static const struct {
		uint64_t duration_ns, syn_ns;
		uint8_t known;
	} rows[] = {
		{30 * MSEC, 970 * MSEC, TRANSITION_DURATION_KNOWN},
		{47 * MSEC, 953 * MSEC, TRANSITION_DURATION_ABOUT},
		{0, 1000 * MSEC, 0}, /* not known: both at once */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct delivered delivered;
		struct join join = join_to(&delivered);
		struct transition t = {.time_ns = 1000 * MSEC,
				       .duration_ns = rows[i].duration_ns,
				       .skaddr = 7,
				       .lport = 80,
				       .oldstate = STATE_SYN_RECV,
				       .newstate = STATE_ESTABLISHED,
				       .flags = rows[i].known};

		unit_row("row %zu", i);
		take_short(&join, RECORD_PASSIVE_OPEN, &t);
		check_delivered(&delivered, "77");
		CHECK_NUMBER(rows[i].syn_ns, delivered.got[0].time_ns);
		CHECK_NUMBER(0, delivered.got[0].duration_ns);
		CHECK_NUMBER(0, delivered.got[0].flags);
		CHECK_NUMBER(STATE_LISTEN, delivered.got[0].oldstate);
		CHECK_NUMBER(STATE_SYN_RECV, delivered.got[0].newstate);
		CHECK_NUMBER(80, delivered.got[0].lport);
		CHECK_NUMBER(1000 * MSEC, delivered.got[1].time_ns);
		CHECK_NUMBER(rows[i].duration_ns, delivered.got[1].duration_ns);
		CHECK_NUMBER(rows[i].known, delivered.got[1].flags);
		CHECK_NUMBER(STATE_SYN_RECV, delivered.got[1].oldstate);
		CHECK_NUMBER(STATE_ESTABLISHED, delivered.got[1].newstate);
		join_close(&join);
	}
}

/* A child that ends in SYN_RECV, and a reset for it: that belongs to its end alone. */
static void childs_reset(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition t = {.skaddr = 7,
			       .oldstate = STATE_SYN_RECV,
			       .newstate = STATE_CLOSE,
			       .flags = TRANSITION_HAS_DETAILS};

	take_kind(&join, RECORD_PASSIVE_OPEN, &t, AWAITS_RESET);
	check_delivered(&delivered, "7");
	take_reset(&join, 7, 12);
	check_delivered(&delivered, "77");
	CHECK(!(delivered.got[0].facts & FACT_RESET_SENT));
	CHECK(delivered.got[1].facts & FACT_RESET_SENT);
	join_close(&join);
}

static void reset_is_joined(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	take_held(&join, 100, 1);
	CHECK_NUMBER(0, delivered.count);
	take_reset(&join, 1, 9);
	check_delivered(&delivered, "1");
	CHECK_NUMBER(FACT_RESET_SENT, delivered.got[0].facts);
	CHECK_NUMBER(9, delivered.got[0].reset_reason);
	CHECK_NUMBER(0, join.count);
	join_close(&join);
}

/* What comes after one that is held waits behind it. */
static void order_is_kept(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	take(&join, 100, 1);
	take_held(&join, 101, 2);
	take(&join, 102, 3);
	take_held(&join, 103, 4);
	take(&join, 104, 5);
	check_delivered(&delivered, "1");
	take_reset(&join, 4, 12); /* the later one first, as from another CPU */
	check_delivered(&delivered, "1");
	take_reset(&join, 2, 9);
	check_delivered(&delivered, "12345");
	CHECK_NUMBER(9, delivered.got[1].reset_reason);
	CHECK_NUMBER(0, delivered.got[2].reset_reason);
	CHECK_NUMBER(12, delivered.got[3].reset_reason);
	take(&join, 105, 6);
	check_delivered(&delivered, "123456");
	join_close(&join);
}

/* An address is used again: the reset is that of the latest. */
static void same_address(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	take_held(&join, 100, 1);
	take_held(&join, 200, 1);
	take_reset(&join, 1, 9);
	CHECK_NUMBER(0, delivered.count);
	join_release(&join, 100 + 50 * MSEC + 1);
	check_delivered(&delivered, "11");
	CHECK(!(delivered.got[0].facts & FACT_RESET_SENT));
	CHECK(delivered.got[1].facts & FACT_RESET_SENT);
	join_close(&join);
}

static void unknown_reset(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	take_reset(&join, 1, 9); /* nothing is held */
	take_held(&join, 100, 1);
	take(&join, 101, 2);
	take_reset(&join, 2, 9); /* not awaited for that one */
	take_reset(&join, 3, 9); /* nor for one that there is not */
	CHECK_NUMBER(0, delivered.count);
	join_release(&join, UINT64_MAX);
	check_delivered(&delivered, "12");
	CHECK_NUMBER(0, delivered.got[0].facts | delivered.got[1].facts);
	take_reset(&join, 1, 9); /* too late */
	check_delivered(&delivered, "12");
	join_close(&join);
}

static void released_after_a_while(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	take_held(&join, 5 * MSEC, 1);
	take_held(&join, 5 * MSEC + 10, 2);
	take(&join, 5 * MSEC + 20, 3);
	join_release(&join, 5 * MSEC);
	join_release(&join, 55 * MSEC);
	CHECK_NUMBER(0, delivered.count);
	join_release(&join, 55 * MSEC + 1);
	check_delivered(&delivered, "1");
	join_release(&join, 55 * MSEC + 11);
	check_delivered(&delivered, "123");
	join_close(&join);
}

static void all_are_released_at_the_end(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);

	for (int i = 0; i < 150; i++)
		take_held(&join, 100 + i, 1);
	CHECK_NUMBER(0, delivered.count);
	join_release(&join, UINT64_MAX);
	CHECK_NUMBER(150, delivered.count);
	for (size_t i = 0; i < delivered.count && i < DELIVERED_MAX; i++)
		CHECK_NUMBER(100 + i, delivered.got[i].time_ns);
	join_close(&join);
}

/* After STOP nothing more is handed over, not even of one record. */
static void stop(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition child = {.skaddr = 1};

	delivered.answer = DELIVERY_STOP;
	delivered.answers_at = 1;
	take_short(&join, RECORD_PASSIVE_OPEN, &child);
	take(&join, 100, 2);
	take_held(&join, 100, 3);
	join_release(&join, UINT64_MAX);
	check_delivered(&delivered, "1");
	CHECK_NUMBER(DELIVERY_STOP, join.answer);
	join_close(&join);
}

/* PAUSE is told to the caller; what belongs to the same record still comes, and nothing is lost. */
static void pause_loses_nothing(void)
{
	struct delivered delivered;
	struct join join = join_to(&delivered);
	struct transition child = {.skaddr = 1};

	delivered.answer = DELIVERY_PAUSE;
	delivered.answers_at = 1;
	take_short(&join, RECORD_PASSIVE_OPEN, &child);
	check_delivered(&delivered, "11");
	CHECK_NUMBER(DELIVERY_PAUSE, join.answer);
	join.answer = DELIVERY_CONTINUE;
	take_held(&join, 100, 2);
	CHECK_NUMBER(DELIVERY_CONTINUE, join.answer);
	join_release(&join, UINT64_MAX);
	check_delivered(&delivered, "112");
	CHECK_NUMBER(DELIVERY_PAUSE, join.answer);
	join_close(&join);
}

static bool look_at_nothing(void *context, struct minisock_peek *peeks, size_t count)
{
	(void)context, (void)peeks, (void)count;
	return false;
}

/* A half-open session is told of while it lasts; and watched where nothing tells of its end. */
static void half_open(void)
{
	struct transition t = {
		.time_ns = 3000ull * MSEC,
		.duration_ns = 1000ull * MSEC,
		.skaddr = 1,
		.cookie = 5,
		.oldstate = STATE_SYN_RECV,
		.newstate = STATE_SYN_RECV,
		.flags =
			TRANSITION_HAS_DETAILS | TRANSITION_DURATION_KNOWN | TRANSITION_OF_MINISOCK,
		.facts = FACT_STANDING,
	};
	struct record_request record = {
		.header = {.kind = RECORD_REQUEST, .size = sizeof(record)},
		.request = 0x100,
		.transition = t,
	};

	for (int is_told = 0; is_told < 2; is_told++) {
		struct delivered delivered;
		struct join join = join_to(&delivered);

		join_follow_minisocks(&join, look_at_nothing);
		join.minisocks.has_exact_requests = is_told;
		join_take(&join, &record, sizeof(record));
		join_take(&join, &record, sizeof(record));
		check_delivered(&delivered, "11");
		CHECK_NUMBER(FACT_STANDING, delivered.got[1].facts);
		CHECK_NUMBER(1000ull * MSEC, delivered.got[1].duration_ns);
		CHECK_NUMBER(0, delivered.got[1].minisock);
		CHECK(!transition_is_to_minisock(&delivered.got[1]));
		CHECK_NUMBER(is_told ? 0 : 1, join.minisocks.watched.turns.count);
		join_close(&join);
	}
}

/* What is no record of the ring buffer is counted, and never read as one. */
static void unknown_records(void)
{
	static const struct {
		const char *name;
		uint16_t kind, size;
		size_t sent;
	} rows[] = {
		{"no kind", RECORD_NONE, sizeof(struct record_transition), 300},
		{"next kind", RECORD_KINDS, sizeof(struct record_transition), 300},
		{"largest kind", UINT16_MAX, sizeof(struct record_transition), 300},
		{"an iterator's", RECORD_SNAPSHOT, sizeof(struct record_snapshot), 300},
		{"a mark", RECORD_MARK, sizeof(struct record_mark), 300},
		{"transition with a member more", RECORD_TRANSITION,
		 sizeof(struct record_transition) + 8, 300},
		{"transition with one less", RECORD_TRANSITION,
		 sizeof(struct record_transition) - 8, 300},
		{"passive open of another's size", RECORD_PASSIVE_OPEN,
		 sizeof(struct record_request), 300},
		{"reset with a member more", RECORD_RESET_SENT,
		 sizeof(struct record_reset_sent) + 8, 300},
		{"port with a member more", RECORD_LPORT_CHOSEN,
		 sizeof(struct record_lport_chosen) + 8, 300},
		{"minisock with a member more", RECORD_MINISOCK_ENDED,
		 sizeof(struct record_minisock) + 8, 300},
		{"rearmed of another's size", RECORD_MINISOCK_REARMED,
		 sizeof(struct record_reset_sent), 300},
		{"request with a member more", RECORD_REQUEST, sizeof(struct record_request) + 8,
		 300},
		{"cut", RECORD_TRANSITION, sizeof(struct record_transition),
		 sizeof(struct record_transition) - 1},
		{"shorter than its header", RECORD_TRANSITION, 0, 3},
		{"empty", RECORD_TRANSITION, 0, 0},
	};
	struct delivered delivered;
	struct join join = join_to(&delivered);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		union {
			struct record_header header;
			uint64_t bytes[300 / sizeof(uint64_t) + 1];
		} data = {.header = {rows[i].kind, rows[i].size}};

		unit_row("%s", rows[i].name);
		join_take(&join, &data, rows[i].sent);
		CHECK_NUMBER(i + 1, join.unknown);
		CHECK_NUMBER(0, delivered.count + join.count);
	}
	take(&join, 100, 1);
	check_delivered(&delivered, "1");
	CHECK_NUMBER(ARRAY_SIZE(rows), join.unknown);
	join_close(&join);
}

UNIT_MAIN("join", TEST(passes_on), TEST(short_record_is_completed), TEST(longer_record_is_cut),
	  TEST(child_is_told_twice), TEST(childs_reset), TEST(reset_is_joined), TEST(order_is_kept),
	  TEST(same_address), TEST(unknown_reset), TEST(released_after_a_while),
	  TEST(all_are_released_at_the_end), TEST(stop), TEST(pause_loses_nothing), TEST(half_open),
	  TEST(unknown_records))
