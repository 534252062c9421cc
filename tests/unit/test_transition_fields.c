// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The field table: names, lists of fields, and what each field says of a transition. */
#include <stdlib.h>

#include "field/field.h"
#include "field/format.h"
#include "trace/owner.h"
#include "trace/reset.h"
#include "trace/state.h"
#include "trace/transition.h"
#include "unit.h"

/* Every field, in the order of the table. */
static void list_all(struct field_list *list, const struct field_table *table)
{
	list->count = table->count;
	for (int i = 0; i < table->count; i++)
		list->field[i] = &table->fields[i];
}
#include "view/session_summary_row.h"
#include "view/stuck_row.h"

static const struct transition ipv4_transition = {
	.time_ns = 5000000000,
	.duration_ns = 1234567,
	.skaddr = 0xffff8880041c3000,
	.laddr = {[10] = 0xff, 0xff, 10, 0, 0, 1},
	.raddr = {[10] = 0xff, 0xff, 192, 0, 2, 7},
	.c_comm = "curl",
	.c_pid = 4242,
	.lport = 40000,
	.rport = 443,
	.ip = 4,
	.oldstate = STATE_SYN_SENT,
	.newstate = STATE_ESTABLISHED,
	.flags = TRANSITION_DURATION_KNOWN,
};

/* Version 2 has each of its members, to be unlike any other. */
static const struct transition detailed_transition = {
	.flags = TRANSITION_HAS_DETAILS | TRANSITION_DURATION_KNOWN,
	.ip = 4,
	.oldstate = STATE_ESTABLISHED,
	.newstate = STATE_CLOSE_WAIT,
	.pid = 101,
	.cookie = 0x102,
	.cgroup = 103,
	.tx_bytes = 104,
	.rx_bytes = 105,
	.comm = "nginx",
	.uid = 106,
	.netns = 107,
	.facts = FACT_IDLE,
	.rtt_us = 108,
	.min_rtt_us = 109,
	.retrans = 110,
	.cwnd = 111,
	.mss = 112,
	.idle_ms = 113,
	.signal = 9,
	.owner_from = OWNER_ACCEPT,
	.reset_reason = RESET_TCP_STATE,
	.known = TRANSITION_KNOWN_ISN | TRANSITION_KNOWN_SEGS_OUT,
	.isn_local = 0xffffff72,
	.isn_remote = 115,
	.segs_out = 116,
	.icmp_type = 117,
	.icmp_code = 118,
};

/* None is known of a path. */
static struct cgroups no_cgroups = {.root = -1};

static const struct field_context context = {
	.cgroups = &no_cgroups,
	.wall_offset_ns = 1700000000000000000,
	.first_ns = 4000000000,
};

/* The field of that name. */
static const struct field *field_named(const char *name)
{
	struct field_list list = {.count = 0};

	return field_list_add(&list, &transition_fields, name) ? list.field[0] : NULL;
}

static struct value value_of(const char *key, const struct transition *transition)
{
	const struct field *field = field_named(key);

	CHECK(field);
	return field ? field->get(transition, &context) : (struct value){.kind = VALUE_UNKNOWN};
}

/* The order, the names and the widths that bcc's scripts and eyes are used to. */
static void table(void)
{
	static const struct {
		const char *key, *heading;
		int width, wide_width;
		bool is_cut, has_arrow;
	} rows[] = {
		{"time", "TIME", 8, 8},
		{"timestamp", "TIME(s)", 9, 9},
		{"skaddr", "SKADDR", 16, 16},
		{"c_pid", "C-PID", 5, 5},
		{"c_comm", "C-COMM", 10, 16, .is_cut = true},
		{"ip", "IP", 2, 2},
		{"laddr", "LADDR", 15, 39},
		{"lport", "LPORT", 5, 5},
		{"raddr", "RADDR", 15, 39},
		{"rport", "RPORT", 5, 5},
		{"oldstate", "OLDSTATE", 11, 11},
		{"newstate", "NEWSTATE", 11, 11, .has_arrow = true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct field *field = field_named(rows[i].key);

		unit_row("%s", rows[i].key);
		CHECK(field);
		if (!field)
			continue;
		CHECK_TEXT(rows[i].heading, field->heading);
		CHECK_NUMBER(rows[i].width, field->width);
		CHECK_NUMBER(rows[i].wide_width, field->wide_width);
		CHECK_NUMBER(rows[i].is_cut, field->is_cut);
		CHECK_NUMBER(rows[i].has_arrow, field->has_arrow);
	}
	CHECK_TEXT("MS", field_named("ms")->heading);
}

static void all(void)
{
	struct field_list list, added = {.count = 0};

	list_all(&list, &transition_fields);
	CHECK(list.count > 0);
	for (int i = 0; i < list.count; i++) {
		unit_row("%s", list.field[i]->key);
		CHECK(list.field[i]->help && *list.field[i]->help);
		CHECK(field_list_has(&list, list.field[i]->key));
		CHECK(!field_list_has(&added, list.field[i]->key));
		CHECK(field_list_add(&added, &transition_fields,
				     list.field[i]->key)); /* each key is there once */
	}
	CHECK_NUMBER(list.count, added.count);
}

/* Of every kind of row: with what stands around it and null, a key fits into its place. */
static void keys_of_json(void)
{
	static const struct field_table *const tables[] = {
		&transition_fields, &session_fields,         &summary_fields,
		&stuck_fields,      &session_summary_fields,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (int k = 0; k < tables[i]->count; k++) {
			const char *key = tables[i]->fields[k].key;

			unit_row("%s", key);
			CHECK(strlen(key) + strlen(",\"\":null") < JSON_KEY_SIZE_MAX);
			CHECK(tables[i]->fields[k].write);
		}
}

static void names(void)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{"laddr", "laddr"},
		{"LADDR", "laddr"},
		{"LAddr", "laddr"},
		{"c_pid", "c_pid"},
		{"C-PID", "c_pid"},
		{"c-pid", "c_pid"},
		{"C_PID", "c_pid"},
		{"TIME", "time"},
		{"TIME(s)", "timestamp"},
		{"time(S)", "timestamp"},
		{"Timestamp", "timestamp"},
		{"MS", "ms"},
		{"", NULL},
		{" laddr", NULL},
		{"laddr ", NULL},
		{"lad", NULL},
		{"laddrs", NULL},
		{"help", NULL},
		{"c pid", NULL},
		{"->", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct field_list list = {.count = 0};

		unit_row("\"%s\"", rows[i].name);
		CHECK_NUMBER(rows[i].key != NULL,
			     field_list_add(&list, &transition_fields, rows[i].name));
		CHECK_NUMBER(rows[i].key != NULL, list.count);
		if (rows[i].key && list.count)
			CHECK_TEXT(rows[i].key, list.field[0]->key);
	}
}

static void order_is_kept_and_nothing_twice(void)
{
	static const struct {
		const char *name;
		bool is_added;
		int count;
	} rows[] = {
		{"ms", true, 1},  {"LADDR", true, 2},     {"laddr", false, 2}, {"ms", false, 2},
		{"MS", false, 2}, {"nonsense", false, 2}, {"skaddr", true, 3},
	};
	struct field_list list = {.count = 0};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s, row %zu", rows[i].name, i);
		CHECK_NUMBER(rows[i].is_added,
			     field_list_add(&list, &transition_fields, rows[i].name));
		CHECK_NUMBER(rows[i].count, list.count);
	}
	CHECK_TEXT("ms", list.field[0]->key);
	CHECK_TEXT("laddr", list.field[1]->key);
	CHECK_TEXT("skaddr", list.field[2]->key);
}

static void numbers(void)
{
	static const struct {
		const char *key;
		enum value_kind kind;
		uint64_t number;
	} rows[] = {
		{"skaddr", VALUE_HEX, 0xffff8880041c3000},
		{"c_pid", VALUE_NUMBER, 4242},
		{"ip", VALUE_NUMBER, 4},
		{"lport", VALUE_NUMBER, 40000},
		{"rport", VALUE_NUMBER, 443},
		{"ms", VALUE_MS, 1234567},
		{"time", VALUE_WALL, 1700000005000000000},
		{"timestamp", VALUE_SECONDS, 1000000000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value value = value_of(rows[i].key, &ipv4_transition);

		unit_row("%s", rows[i].key);
		CHECK_NUMBER(rows[i].kind, value.kind);
		CHECK_NUMBER(rows[i].number, value.number);
	}
}

/* Shown where it is the cause; a process that dies is current at other changes too. */
static void signal_of_cause(void)
{
	struct transition t = detailed_transition;

	t.facts |= FACT_IN_CALL | FACT_EXITING;
	t.oldstate = STATE_ESTABLISHED;
	t.newstate = STATE_FIN_WAIT1;
	CHECK_NUMBER(9, value_of("signal", &t).number);
	t.oldstate = STATE_LAST_ACK;
	t.newstate = STATE_CLOSE;
	CHECK_NUMBER(VALUE_UNKNOWN, value_of("signal", &t).kind);
}

static void words(void)
{
	static const struct {
		const char *key;
		enum value_kind kind;
		const char *text;
	} rows[] = {
		{"c_comm", VALUE_TEXT, "curl"},
		{"oldstate", VALUE_WORD, "SYN_SENT"},
		{"newstate", VALUE_WORD, "ESTABLISHED"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value value = value_of(rows[i].key, &ipv4_transition);

		unit_row("%s", rows[i].key);
		CHECK_NUMBER(rows[i].kind, value.kind);
		CHECK_TEXT(rows[i].text, value.kind == VALUE_WORD ? value.word->text : value.text);
	}
}

static void addresses(void)
{
	static const uint8_t local[4] = {10, 0, 0, 1}, remote[4] = {192, 0, 2, 7};
	struct transition t = ipv4_transition;
	struct value value;

	value = value_of("laddr", &t);
	CHECK_NUMBER(VALUE_IPV4, value.kind);
	CHECK_MEMORY(local, value.address, sizeof(local));
	value = value_of("raddr", &t);
	CHECK_NUMBER(VALUE_IPV4, value.kind);
	CHECK_MEMORY(remote, value.address, sizeof(remote));

	/* The same address of an IPv6 socket is IPv4-mapped, and stays whole. */
	t.ip = 6;
	value = value_of("laddr", &t);
	CHECK_NUMBER(VALUE_IPV6, value.kind);
	CHECK_MEMORY(t.laddr, value.address, sizeof(t.laddr));
	value = value_of("raddr", &t);
	CHECK_NUMBER(VALUE_IPV6, value.kind);
	CHECK_MEMORY(t.raddr, value.address, sizeof(t.raddr));
}

/* A time that is not known is said to be unknown, whatever stands in its place. */
static void unknown_duration(void)
{
	struct transition t = ipv4_transition;

	t.flags = 0;
	CHECK_NUMBER(VALUE_UNKNOWN, value_of("ms", &t).kind);
	t.duration_ns = 0;
	CHECK_NUMBER(VALUE_UNKNOWN, value_of("ms", &t).kind);
	t.flags = TRANSITION_DURATION_KNOWN;
	CHECK_NUMBER(VALUE_MS, value_of("ms", &t).kind);
	CHECK_NUMBER(0, value_of("ms", &t).number);
}

static void before_the_first(void)
{
	struct transition t = ipv4_transition;

	t.time_ns = context.first_ns - 1;
	CHECK_NUMBER(-1, value_of("timestamp", &t).elapsed);
	t.time_ns = 0;
	CHECK_NUMBER(-4000000000, value_of("timestamp", &t).elapsed);
}

/* A comm that fills its place has no NUL: a recording may hold one, the kernel makes none. */
static void comm_of_full_length(void)
{
	struct transition t = ipv4_transition;
	struct value value;

	memset(t.c_comm, 'x', sizeof(t.c_comm));
	value = value_of("c_comm", &t);
	CHECK_NUMBER(sizeof(t.c_comm), value.size);
}

static void details(void)
{
	static const struct {
		const char *key;
		enum value_kind kind;
		uint64_t number;
	} rows[] = {
		{"pid", VALUE_NUMBER, 101},        {"cookie", VALUE_HEX, 0x102},
		{"cgroup_id", VALUE_NUMBER, 103},  {"tx_bytes", VALUE_NUMBER, 104},
		{"rx_bytes", VALUE_NUMBER, 105},   {"uid", VALUE_NUMBER, 106},
		{"netns", VALUE_NUMBER, 107},      {"rtt_ms", VALUE_MS, 108000},
		{"min_rtt_ms", VALUE_MS, 109000},  {"retrans", VALUE_NUMBER, 110},
		{"cwnd", VALUE_NUMBER, 111},       {"mss", VALUE_NUMBER, 112},
		{"idle_ms", VALUE_NUMBER, 113},    {"isn_local", VALUE_NUMBER, 0xffffff72},
		{"isn_remote", VALUE_NUMBER, 115}, {"segs_out", VALUE_NUMBER, 116},
		{"icmp_type", VALUE_NUMBER, 117},  {"icmp_code", VALUE_NUMBER, 118},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct value value = value_of(rows[i].key, &detailed_transition);

		unit_row("%s", rows[i].key);
		CHECK_NUMBER(rows[i].kind, value.kind);
		CHECK_NUMBER(rows[i].number, value.number);
	}
}

static void names_of_details(void)
{
	static const struct {
		const char *key, *text;
	} rows[] = {
		{"owner_from", "accept"},
		{"reset_reason", "tcp_state"},
		{"cause", "peer_fin"},
	};
	struct value value;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		value = value_of(rows[i].key, &detailed_transition);
		unit_row("%s", rows[i].key);
		CHECK_NUMBER(VALUE_NAME, value.kind);
		unit_check_bytes(rows[i].text, strlen(rows[i].text), value.text, value.size,
				 __FILE__, __LINE__, "its name");
	}
	value = value_of("comm", &detailed_transition);
	CHECK_NUMBER(VALUE_TEXT, value.kind);
	CHECK_TEXT("nginx", value.text);
}

/* What a detail of this key is without its member, all others being there. */
static void unknown_details(void)
{
	static const struct {
		const char *key;
		size_t member, size;
		enum value_kind kind;
	} rows[] = {
#define WITHOUT(member, kind) \
#member, offsetof(struct transition, member), sizeof(((struct transition *)0)->member), kind
		{WITHOUT(pid, VALUE_UNKNOWN)},
		{WITHOUT(cookie, VALUE_UNKNOWN)},
		{WITHOUT(cgroup, VALUE_UNKNOWN)},
		{WITHOUT(comm, VALUE_UNKNOWN)},
		{WITHOUT(netns, VALUE_UNKNOWN)},
		{WITHOUT(signal, VALUE_UNKNOWN)},
		{WITHOUT(owner_from, VALUE_UNKNOWN)},
		{WITHOUT(reset_reason, VALUE_UNKNOWN)},
		/* numbers like any other */
		{WITHOUT(uid, VALUE_NUMBER)},
		{WITHOUT(tx_bytes, VALUE_NUMBER)},
		{WITHOUT(rx_bytes, VALUE_NUMBER)},
		{WITHOUT(retrans, VALUE_NUMBER)},
		{WITHOUT(idle_ms, VALUE_NUMBER)},
		{WITHOUT(isn_local, VALUE_NUMBER)},
		{WITHOUT(isn_remote, VALUE_NUMBER)},
		{WITHOUT(segs_out, VALUE_NUMBER)},
		{WITHOUT(icmp_type, VALUE_UNKNOWN)},
		{WITHOUT(icmp_code, VALUE_NUMBER)},
#undef WITHOUT
		{"idle_ms", offsetof(struct transition, facts), sizeof(__u32), VALUE_UNKNOWN},
		{"isn_local", offsetof(struct transition, known), sizeof(__u32), VALUE_UNKNOWN},
		{"isn_remote", offsetof(struct transition, known), sizeof(__u32), VALUE_UNKNOWN},
		{"segs_out", offsetof(struct transition, known), sizeof(__u32), VALUE_UNKNOWN},
		{"icmp_code", offsetof(struct transition, icmp_type), sizeof(__u8), VALUE_UNKNOWN},
		{"rtt_ms", offsetof(struct transition, rtt_us), sizeof(__u32), VALUE_UNKNOWN},
		{"min_rtt_ms", offsetof(struct transition, min_rtt_us), sizeof(__u32),
		 VALUE_UNKNOWN},
		{"cause", offsetof(struct transition, newstate), sizeof(__u8), VALUE_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = detailed_transition;

		unit_row("%s", rows[i].key);
		memset((char *)&t + rows[i].member, 0, rows[i].size);
		CHECK_NUMBER(rows[i].kind, value_of(rows[i].key, &t).kind);
	}
}

/* A record of version 1, or of a trace that did not ask for them: whatever stands in their place.
 */
static void without_details(void)
{
	struct field_list list;

	list_all(&list, &transition_fields);
	for (int i = 0; i < list.count; i++) {
		struct transition t;

		unit_row("%s", list.field[i]->key);
		unit_random_bytes(&t, sizeof(t));
		t.flags = 0;
		if (list.field[i]->is_detail)
			CHECK_NUMBER(VALUE_UNKNOWN, list.field[i]->get(&t, &context).kind);
	}
}

/* A duration is in one of three fields, by what is known of it; LASTED has all of them. */
static void kinds_of_durations(void)
{
	static const struct {
		uint8_t flags;
		enum value_kind ms, about, at_least, lasted;
	} rows[] = {
		{0, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN},
		{TRANSITION_DURATION_KNOWN, VALUE_MS, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_MS},
		{TRANSITION_DURATION_ABOUT, VALUE_UNKNOWN, VALUE_MS, VALUE_UNKNOWN, VALUE_MS_ABOUT},
		{TRANSITION_DURATION_AT_LEAST, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_MS,
		 VALUE_MS_AT_LEAST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = ipv4_transition;

		unit_row("flags %02x", rows[i].flags);
		t.flags = rows[i].flags;
		CHECK_NUMBER(rows[i].ms, value_of("ms", &t).kind);
		CHECK_NUMBER(rows[i].about, value_of("ms_about", &t).kind);
		CHECK_NUMBER(rows[i].at_least, value_of("ms_at_least", &t).kind);
		CHECK_NUMBER(rows[i].lasted, value_of("lasted", &t).kind);
		if (rows[i].flags)
			CHECK_NUMBER(1234567, value_of("lasted", &t).number);
	}
}

static void path_of_a_cgroup(void)
{
	struct cgroups cgroups;
	struct field_context known = {.cgroups = &cgroups};
	struct value value;

	cgroups_open(&cgroups, -1);
	CHECK_NUMBER(VALUE_UNKNOWN, field_named("cgroup")->get(&detailed_transition, &known).kind);
	cgroups_learn(&cgroups, 103, "/system.slice/nginx.service");
	value = field_named("cgroup")->get(&detailed_transition, &known);
	CHECK_NUMBER(VALUE_TEXT, value.kind);
	CHECK_NUMBER(CGROUP_PATH_SIZE, value.size);
	CHECK_TEXT("/system.slice/nginx.service", value.text);
	cgroups_close(&cgroups);
}

/* The owner is marked by whether it has accepted the session. */
static void owner_of_a_session(void)
{
	struct transition t = detailed_transition;
	struct notation notation = {0};
	struct field_context with_notation = {.notation = &notation};
	struct value value;

	value = field_named("owner")->get(&t, &with_notation);
	CHECK_NUMBER(VALUE_TEXT, value.kind);
	CHECK_TEXT("nginx", value.text);
	CHECK_NUMBER(OWNER_TEXT_SIZE, value.size);
	CHECK_TEXT("true", value_of("accepted", &t).text);
	t.owner_from = OWNER_INHERITED;
	CHECK_TEXT("!nginx", field_named("owner")->get(&t, &with_notation).text);
	CHECK_TEXT("false", value_of("accepted", &t).text);
	t.owner_from = OWNER_CONNECT;
	t.comm[0] = '\0';
	CHECK_NUMBER(VALUE_UNKNOWN, field_named("owner")->get(&t, &with_notation).kind);
	CHECK_NUMBER(VALUE_UNKNOWN, value_of("accepted", &t).kind);
}

/* Nobody knows who was on the CPU when a minisock ended, where that is inferred. */
static void cpu_of_a_minisock(void)
{
	struct transition t = detailed_transition;

	CHECK_NUMBER(VALUE_NUMBER, value_of("c_pid", &t).kind);
	t.flags |= TRANSITION_OF_MINISOCK;
	CHECK_NUMBER(VALUE_UNKNOWN, value_of("c_pid", &t).kind);
	memcpy(t.c_comm, "swapper/0", 10);
	CHECK_NUMBER(VALUE_NUMBER, value_of("c_pid", &t).kind);
}

/* Fields of bcc's outputs cost the kernel nothing more; what is derived, or printed on request
 * only, is not in JSON.
 */
static void properties(void)
{
	static const char *const bcc[] = {"time",     "timestamp", "skaddr", "c_pid", "c_comm",
					  "ip",       "laddr",     "lport",  "raddr", "rport",
					  "oldstate", "newstate",  "ms"};
	static const char *const on_request[] = {"isn_local", "isn_remote", "segs_out", "icmp_type",
						 "icmp_code"};
	struct field_list list = {.count = 0}, own, every;

	for (size_t i = 0; i < ARRAY_SIZE(bcc); i++)
		CHECK(field_list_add(&list, &transition_fields, bcc[i]));
	CHECK(!field_list_has_details(&list));
	CHECK(field_list_add(&list, &transition_fields, "uid"));
	CHECK(field_list_has_details(&list));
	field_list_own(&own, &transition_fields);
	list_all(&every, &transition_fields);
	CHECK_NUMBER(every.count - 7, own.count);
	for (size_t i = 0; i < ARRAY_SIZE(on_request); i++)
		CHECK(field_list_has(&every, on_request[i]) &&
		      !field_list_has(&own, on_request[i]));
	CHECK(field_list_has(&every, "lasted") && !field_list_has(&own, "lasted"));
	CHECK(field_list_has(&every, "owner") && !field_list_has(&own, "owner"));
}

/* A recording is from outside: whatever bytes it has, every field has an answer. */
static void any_transition(void)
{
	struct notation notation = {0};
	struct field_list list;

	list_all(&list, &transition_fields);
	for (int i = 0; i < 10000; i++) {
		struct transition *t = malloc(sizeof(*t));
		struct field_context any;
		struct buffer buffer = {0};

		unit_random_bytes(t, sizeof(*t));
		unit_random_bytes(&any, sizeof(any));
		any.cgroups = &no_cgroups;
		any.notation = &notation;
		for (int k = 0; k < list.count; k++) {
			struct value value = list.field[k]->get(t, &any);

			value_append(&buffer, &value);
		}
		buffer_free(&buffer);
		free(t);
	}
	cgroups_close(&no_cgroups);
	no_cgroups = (struct cgroups){.root = -1};
}

UNIT_MAIN("field", TEST(table), TEST(all), TEST(keys_of_json), TEST(names),
	  TEST(order_is_kept_and_nothing_twice), TEST(numbers), TEST(words), TEST(addresses),
	  TEST(unknown_duration), TEST(before_the_first), TEST(comm_of_full_length), TEST(details),
	  TEST(signal_of_cause), TEST(names_of_details), TEST(unknown_details),
	  TEST(without_details), TEST(kinds_of_durations), TEST(path_of_a_cgroup),
	  TEST(owner_of_a_session), TEST(cpu_of_a_minisock), TEST(properties), TEST(any_transition))
