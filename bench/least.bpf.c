// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The floor of whatever tells of each transition how long the state that is left has lasted: a
 * clock with each socket, and a record with what the default table shows. Nothing else: no creation
 * times, no filter, no change that comes while it runs, no count of what is lost.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/endpoints.h"
#include "bpf/kernel.h"
#include "trace/transition.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u64);
} clocks SEC(".maps");

/* User space empties it from time to time, unasked. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(least, struct sock *sk, int oldstate, int newstate)
{
	const struct sock_common *common = &sk->__sk_common;
	__u64 now_ns = bpf_ktime_get_ns(), *since_ns;
	struct transition *record;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	since_ns = bpf_sk_storage_get(&clocks, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	record = bpf_ringbuf_reserve(&ring, TRANSITION_SIZE_1, 0);
	if (!since_ns || !record) {
		if (record)
			bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	record->time_ns = now_ns;
	record->duration_ns = now_ns - *since_ns;
	*since_ns = now_ns;
	record->skaddr = (__u64)sk;
	address_fill(record->laddr, common, common->skc_rcv_saddr, &common->skc_v6_rcv_saddr);
	address_fill(record->raddr, common, common->skc_daddr, &common->skc_v6_daddr);
	bpf_get_current_comm(record->c_comm, sizeof(record->c_comm));
	record->c_pid = bpf_get_current_pid_tgid() >> 32;
	record->lport = common->skc_num;
	record->rport = bpf_ntohs(common->skc_dport);
	record->ip = ip_of(common);
	record->oldstate = oldstate;
	record->newstate = newstate;
	record->flags = 0;
	record->pid = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
