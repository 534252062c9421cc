// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Resets for packets of no session, counted by the kernel program. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/btf.h>
#include <string.h>

#include "bpf/record.h"
#include "bpf/shared.h"
#include "lib/log.h"
#include "source/reset_reader.h"
#include "source/turn.h"
#include "trace/clock.h"
#include "trace/reset.h"
#include "tcpstates.skel.h"

/* From the first reset until the counts are read: a flood is read once a second. */
#define INTERVAL_NS NSEC_PER_SEC

_Static_assert((RESET_COUNT - 1) << 3 < RESET_RESTS, "reset_rest_place() has a place for each");

/* The reasons came in 6.10, together with the tracepoint's run without a socket. */
#define REASONS "sk_rst_reason"

static bool libbpf_finds_reasons(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool is_found = btf && btf__find_by_name_kind(btf, REASONS, BTF_KIND_ENUM) > 0;

	btf__free(btf);
	return is_found;
}

static bool kernel_has_reasons(const struct types *types)
{
	struct types_sought sought = {.kind = BTF_KIND_ENUM, .name = REASONS};

	if (!types->count)
		return libbpf_finds_reasons();
	types_find(types, &sought, 1);
	return sought.number;
}

void reset_reader_configure(struct tcpstates_bpf *program, const struct wants *wants,
			    const struct types *types)
{
	bool is_on = wants->resets && kernel_has_reasons(types);

	bpf_program__set_autoload(program->progs.count_reset, is_on);
	if (!is_on)
		return;
	bpf_map__set_max_entries(program->maps.resets_even, RESETS_MAX);
	bpf_map__set_max_entries(program->maps.resets_odd, RESETS_MAX);
}

void reset_reader_open(struct reset_reader *reader, const struct tcpstates_bpf *program)
{
	*reader = (struct reset_reader){
		.due_ns = UINT64_MAX,
		.wait_ns = INTERVAL_NS,
		.is_attached = program->links.count_reset,
	};
}

const char *reset_reader_lack(const struct tcpstates_bpf *program, const struct wants *wants)
{
	if (program->links.count_reset)
		return NULL;
	if (!wants->resets)
		return "a filter on owners, states or causes was set";
	if (!bpf_program__autoload(program->progs.count_reset))
		return "this kernel does not report them; Linux 6.10 and later do, in the "
		       "tracepoint tcp_send_reset";
	return "the kernel program cannot be attached to the tracepoint tcp_send_reset; -v shows "
	       "why";
}

bool reset_reader_take(struct reset_reader *reader, const void *record, size_t size)
{
	const struct record_resets_counted *counted = record;

	if (size < sizeof(*counted) || counted->header.kind != RECORD_RESETS_COUNTED)
		return false;
	if (reader->due_ns == UINT64_MAX)
		reader->due_ns = clock_monotonic_ns() + reader->wait_ns;
	return true;
}

static void hand_over(const struct reset_key *key, const struct reset_value *value,
		      const struct receiver *receiver)
{
	const struct reset_count counted = {
		.key = *key,
		.count = value->count,
		.first_ns = value->first_ns,
		.last_ns = value->last_ns,
	};

	if (value->count)
		receiver->resets(receiver->context, &counted);
}

static void take_entry(const void *context, const struct turn_entry *entry)
{
	hand_over(entry->key, entry->values, context);
}

/* The inverse of reset_rest_place(). */
static struct reset_key rest_key(__u32 place)
{
	return (struct reset_key){
		.reason = place >> 3,
		.socket = place >> 1 & 3,
		.flags = RESET_OF_REST | (place & RESET_FOR_SYN),
	};
}

static void read_rest(struct reset_value *rest, const struct receiver *receiver)
{
	for (__u32 place = 0; place < RESET_RESTS; place++) {
		const struct reset_key key = rest_key(place);

		hand_over(&key, &rest[place], receiver);
	}
	memset(rest, 0, RESET_RESTS * sizeof(*rest));
}

static void read_turn(struct tcpstates_bpf *program, const struct receiver *receiver)
{
	__u32 turn = turn_end(&program->bss->resets_turn) & 1;

	turn_drain(turn ? program->maps.resets_odd : program->maps.resets_even, "counts of resets",
		   take_entry, receiver);
	read_rest(program->bss->resets_rest[turn], receiver);
}

bool reset_reader_read(struct reset_reader *reader, struct tcpstates_bpf *program, uint64_t now_ns,
		       const struct receiver *receiver)
{
	if (!reader->is_attached || (!reader->is_last && now_ns < reader->due_ns))
		return false;
	reader->due_ns = UINT64_MAX;
	reader->is_last = false;
	/* First: a reset counted from now on is told again. */
	__atomic_store_n(&program->bss->resets_are_told, false, __ATOMIC_SEQ_CST);
	read_turn(program, receiver);
	return true;
}
