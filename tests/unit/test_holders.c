// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whom a snapshot names, of the processes that have its socket open; and what is a guess. */
#include "source/holders.h"
#include "trace/owner.h"
#include "unit.h"

#define STORED 50 /* the owner that the kernel program has stored */

static struct record_holder holder_of(uint64_t skaddr, uint32_t pid)
{
	struct record_holder holder = {.skaddr = skaddr, .pid = pid, .is_owner = pid == STORED};

	snprintf(holder.comm, sizeof(holder.comm), "p%u", pid);
	return holder;
}

static void rule(void)
{
	static const struct {
		const char *name;
		uint32_t pids[4]; /* that have it open, in the order in which they are found */
		uint32_t facts;
		uint8_t stored_from, from; /* before and after */
		uint32_t pid;
		const char *text;
	} rows[] = {
		{"the stored one",
		 {STORED},
		 FACT_ACCEPTED,
		 OWNER_ACCEPT,
		 OWNER_HOLDER,
		 STORED,
		 "p50"},
		{"a worker", {60}, FACT_ACCEPTED, OWNER_INHERITED, OWNER_HOLDER, 60, "p60"},
		{"twice open", {60, 60}, FACT_ACCEPTED, OWNER_INHERITED, OWNER_HOLDER, 60, "p60"},
		{"two others", {70, 60}, FACT_ACCEPTED, OWNER_CONNECT, OWNER_SHARED, 60, "p60"},
		{"a child, too",
		 {40, STORED, 60},
		 FACT_ACCEPTED,
		 OWNER_USE,
		 OWNER_SHARED,
		 STORED,
		 "p50"},
		{"nobody", {0}, FACT_ACCEPTED, OWNER_ACCEPT, OWNER_ACCEPT, STORED, "~old"},
		{"nobody; the kernel's",
		 {0},
		 FACT_ACCEPTED,
		 OWNER_KERNEL,
		 OWNER_KERNEL,
		 STORED,
		 "old"},
		{"a subflow",
		 {0},
		 FACT_ACCEPTED | FACT_SUBFLOW,
		 OWNER_ACCEPT,
		 OWNER_ACCEPT,
		 STORED,
		 "old"},
		{"closed", {0}, FACT_ORPHAN, OWNER_USE, OWNER_USE, STORED, "old"},
		{"not accepted", {0}, 0, OWNER_INHERITED, OWNER_INHERITED, STORED, "~old"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transition t = {.skaddr = 7,
				       .pid = STORED,
				       .comm = "old",
				       .flags = TRANSITION_HAS_DETAILS,
				       .facts = FACT_STANDING | rows[i].facts,
				       .owner_from = rows[i].stored_from};
		struct record_holder other = holder_of(8, 9);
		struct holders holders = {{0}};
		char text[OWNER_TEXT_SIZE];

		unit_row("%s", rows[i].name);
		holders_add(&holders, &other);
		for (int j = 0; rows[i].pids[j]; j++) {
			struct record_holder holder = holder_of(7, rows[i].pids[j]);

			holders_add(&holders, &holder);
		}
		holders_apply(&holders, &t);
		owner_text(text, &t, ACCEPTED_UNKNOWN);
		CHECK_NUMBER(rows[i].pid, t.pid);
		CHECK_NUMBER(rows[i].from, t.owner_from);
		CHECK_TEXT(rows[i].text, text);
		CHECK(t.known & TRANSITION_KNOWN_HOLDER);
		holders_close(&holders);
	}
}

/* Without a search, only an inherited owner is a guess; without details, none is known. */
static void guesses(void)
{
	struct transition t = {.comm = "a name of 15 ch", .facts = FACT_ACCEPTED};
	char text[OWNER_TEXT_SIZE];

	owner_text(text, &t, ACCEPTED_UNKNOWN);
	CHECK_TEXT("", text);
	t.flags = TRANSITION_HAS_DETAILS;
	t.owner_from = OWNER_CONNECT;
	owner_text(text, &t, ACCEPTED_UNKNOWN);
	CHECK_TEXT("a name of 15 ch", text);
	t.owner_from = OWNER_INHERITED;
	owner_text(text, &t, ACCEPTED_UNKNOWN);
	CHECK_TEXT("~a name of 15 ch", text);
	CHECK_TEXT("shared", owner_from_name(OWNER_SHARED));
	CHECK(!owner_from_name(OWNER_UNKNOWN) && !owner_from_name(200));
}

UNIT_MAIN("holders", TEST(rule), TEST(guesses))
