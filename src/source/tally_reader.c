// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A summary's transitions, aggregated by the kernel program. */
#include <bpf/libbpf.h>
#include <stddef.h>
#include <string.h>

#include "bpf/shared.h"
#include "lib/log.h"
#include "source/tally_reader.h"
#include "source/turn.h"
#include "trace/state.h"
#include "tcpstates.skel.h"

#define KEY(by) (1u << GROUP_BY_##by)
#define CONSTANT \
	(KEY(STATE) | KEY(EDGE) | KEY(LPORT) | KEY(RPORT) | KEY(NETNS) | KEY(LADDR) | KEY(RADDR))
#define OWNER (KEY(PID) | KEY(COMM))

/* A filter that the kernel program does not check. */
static bool has_other_filter(const struct selection *selection)
{
	return selection->pids.count || selection->comms.count || selection->uids.count ||
	       selection->namespaces.count > 1 || selection->cgroups.count ||
	       selection->cgroup_ids.count || selection->from || selection->to ||
	       selection->either || selection->least_ns || selection->causes;
}

const char *tally_obstacle(const struct wants *wants)
{
	unsigned int by;

	if (!wants->grouping)
		return "";
	by = wants->grouping->by;
	if (wants->transitions)
		return "another output needs each transition";
	if (wants->half_open)
		return "--half-open needs each transition";
	if (has_other_filter(wants->selection))
		return "it cannot apply all of these filters";
	if (by & KEY(CGROUP) || by & KEY(CAUSE))
		return "it cannot group by cgroup or cause";
	/* A session may have another owner when it leaves a state. */
	if (by & OWNER && !(by & KEY(EDGE)))
		return "it cannot group by owner without the key edge";
	return by & ~(CONSTANT | OWNER) ? "it cannot group by all of these keys" : NULL;
}

/* A mask for the prefix bits of an address. */
static void set_mask(__u64 words[2], unsigned int bits)
{
	unsigned char bytes[16] = {0};

	for (unsigned int i = 0; i < bits; i++)
		bytes[i / 8] |= 0x80 >> i % 8;
	memcpy(words, bytes, sizeof(bytes));
}

/* The key ends after the last member that is needed, so that the rest is not hashed. */
static size_t key_size(const struct tally_wanted *wanted)
{
	if (wanted->by_laddr)
		return sizeof(struct tally_key);
	if (wanted->by_raddr)
		return offsetof(struct tally_key, laddr);
	if (wanted->by_owner)
		return offsetof(struct tally_key, raddr);
	if (wanted->by_lport || wanted->by_rport || wanted->by_netns)
		return offsetof(struct tally_key, pid);
	return offsetof(struct tally_key, lport);
}

static void set_map(struct bpf_map *map, const struct tally_wanted *wanted)
{
	bpf_map__set_key_size(map, key_size(wanted));
	bpf_map__set_max_entries(map, TALLIES_MAX);
}

void tally_configure(struct tcpstates_bpf *program, const struct wants *wants)
{
	struct tally_wanted *wanted = &program->rodata->tally;
	const struct grouping *by = wants->grouping;
	const char *obstacle = tally_obstacle(wants);

	if (obstacle && *obstacle)
		log_verbose("the kernel sends each transition and aggregates nothing: %s",
			    obstacle);
	if (obstacle)
		return;
	*wanted = (struct tally_wanted){
		.is_on = true,
		.by_lport = grouping_has(by, GROUP_BY_LPORT),
		.by_rport = grouping_has(by, GROUP_BY_RPORT),
		.by_netns = grouping_has(by, GROUP_BY_NETNS),
		.by_owner = by->by & OWNER,
		.by_raddr = grouping_has(by, GROUP_BY_RADDR),
		.by_laddr = grouping_has(by, GROUP_BY_LADDR),
	};
	set_mask(wanted->raddr_ipv4, 96 + by->raddr.ipv4);
	set_mask(wanted->raddr_ipv6, by->raddr.ipv6);
	set_mask(wanted->laddr_ipv4, 96 + by->laddr.ipv4);
	set_mask(wanted->laddr_ipv6, by->laddr.ipv6);
	set_map(program->maps.tallies_even, wanted);
	set_map(program->maps.tallies_odd, wanted);
	bpf_map__set_value_size(program->maps.left_times, LEFT_PLACES);
	log_verbose("the kernel aggregates transitions and sends only those of TIME_WAIT");
}

/* A map and where its entries go. */
struct reading {
	size_t key_size;
	const struct receiver *receiver;
};

/* The same number of earlier transitions, which nothing else reports. */
static void take_syns(struct tally *tally, struct transition *t, const struct receiver *receiver)
{
	t->oldstate = STATE_LISTEN;
	t->newstate = STATE_SYN_RECV;
	t->flags = TRANSITION_HAS_DETAILS;
	receiver->tally(receiver->context, tally);
}

static void hand_over(const void *context, const struct turn_entry *entry)
{
	const struct reading *reading = context;
	const struct receiver *receiver = reading->receiver;
	const struct tally_value *values = entry->values;
	struct tally_key key = {0};
	struct transition t = {0};
	struct tally tally = {.transition = &t};

	memcpy(&key, entry->key, reading->key_size);
	tally.is_unseen = key.is_unseen;
	t.flags = TRANSITION_HAS_DETAILS | key.flags;
	t.oldstate = key.oldstate;
	t.newstate = key.newstate;
	t.lport = key.lport;
	t.rport = key.rport;
	t.netns = key.netns;
	t.pid = key.pid;
	memcpy(t.comm, key.comm, sizeof(t.comm));
	memcpy(t.raddr, key.raddr, sizeof(t.raddr));
	memcpy(t.laddr, key.laddr, sizeof(t.laddr));
	tally.bucket = key.bucket;
	for (int cpu = 0; cpu < entry->value_count; cpu++) {
		tally.count += values[cpu].count;
		tally.sum_ns += values[cpu].sum_ns;
		if (values[cpu].max_ns > tally.max_ns)
			tally.max_ns = values[cpu].max_ns;
	}
	if (!tally.count)
		return;
	receiver->tally(receiver->context, &tally);
	if (key.is_passive_open)
		take_syns(&tally, &t, receiver);
}

/* Switches maps and returns the one used until now. NULL: it is empty. */
static struct bpf_map *take_turn(struct tcpstates_bpf *program)
{
	__u32 *turn = &program->bss->tally_turn;
	struct bpf_map *map = *turn & 1 ? program->maps.tallies_odd : program->maps.tallies_even;

	if (turn_is_empty(map))
		return NULL;
	turn_end(turn);
	return map;
}

void tally_read(struct tcpstates_bpf *program, const struct receiver *receiver)
{
	const struct bpf_map *map = take_turn(program);
	struct reading reading = {.receiver = receiver};

	if (!map)
		return;
	reading.key_size = bpf_map__key_size(map);
	turn_drain(map, "aggregates", hand_over, &reading);
}
