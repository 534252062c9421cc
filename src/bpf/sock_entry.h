/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs store for each socket: in socket storage, which tracing programs can use
 * since 5.11, or in the fallback build in a table by socket address.
 */
#ifndef TCPSTATES_BPF_SOCK_ENTRY_H
#define TCPSTATES_BPF_SOCK_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "bpf/loss_counters.h"
#include "trace/state.h"
#include "trace/transition.h"

struct sock_entry {
	__u64 since_ns; /* CLOCK_MONOTONIC, when the present state began; 0: not known */
	__u32 pid;      /* of the owner; 0: not known, or the kernel */
	__u8 state;     /* the present one, enum tcp_state */
	__u8 owner_from;
	bool is_child;     /* created by a listener, and still in SYN_RECV */
	bool is_from_scan; /* found in its state at since_ns; the state began before */
	char comm[TRANSITION_COMM_SIZE];
	__u8 reported;      /* the state in which a snapshot or a tally has it; 0: none yet */
	bool got_reset;     /* in its present connection */
	bool lport_awaited; /* its last record has no local port: another record follows */
	bool is_fast_open;  /* a child that was created by the SYN (TCP Fast Open) */
	/* Of the socket of an MPTCP connection (mptcp.h): how a process closed it. */
	__u8 closing_facts; /* enum transition_facts, the first ones; 0: not known */
	__u8 closing_signal;
	__u8 closing_shutdown;
	bool is_aborted; /* it closed without a FIN */
	bool has_txhash;
	__u8 scan_state;  /* with is_from_scan: the state in which it was found */
	__u32 sought;     /* the scan that searches for the processes that have it open */
	__u64 stalled_ns; /* since when snd_una has not moved at least, as scans found it; */
	__u32 snd_una;    /* 0: nothing is queued */
	__u32 txhash;     /* sk_txhash when connect() began; see failed_connect.h */
	__u64 listener;   /* address of the listener, of itself and its children; 0: not followed */
	__u64 established_ns; /* of a child of a followed listener: when it became ESTABLISHED */
};

/* The state that the entry has noted. */
static __always_inline __u8 noted_state(const struct sock_entry *entry)
{
	return entry->is_from_scan ? entry->scan_state : entry->state;
}

#ifndef FALLBACK

/*
 * Inserted when a socket is created, else at its first transition or by the initial scan; a child
 * starts with a copy of its listener's entry (BPF_F_CLONE). The kernel frees it with the socket.
 * Without memory, a transition has no duration, which is counted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct sock_entry);
} sock_entries SEC(".maps");

/* NULL if the socket has none. */
static __always_inline struct sock_entry *entry_find(struct sock *sk)
{
	return bpf_sk_storage_get(&sock_entries, sk, NULL, 0);
}

/*
 * Creates it if there is none, as a copy of created if that is not NULL. The kernel refuses while
 * the storage of the socket comes or goes, as it does with the only other program that has some
 * there (-EAGAIN in bpf_local_storage_update(), 5.12 to 7.2): that is over when the call returns.
 */
#define ENTRY_CREATE(sk, created)                                                    \
	(bpf_sk_storage_get(&sock_entries, sk, created, BPF_SK_STORAGE_GET_F_CREATE) \
		 ?: bpf_sk_storage_get(&sock_entries, sk, created, BPF_SK_STORAGE_GET_F_CREATE))

/* NULL without memory, which is counted. */
static __always_inline struct sock_entry *entry_of(struct sock *sk)
{
	struct sock_entry *entry = ENTRY_CREATE(sk, NULL);

	if (!entry)
		count((struct kernel_losses){.clocks = 1});
	return entry;
}

/*
 * For an iterator. NULL also if the socket is about to be freed, which is no loss: its reference
 * count is 0 then (bpf_sk_storage_get(), 5.12 to 7.2).
 */
static __always_inline struct sock_entry *entry_of_found(struct sock *sk)
{
	return ENTRY_CREATE(sk, NULL);
}

/* For a new child: a copy of its listener's entry. */
static __always_inline struct sock_entry *entry_of_child(struct sock *child,
							 const struct tcp_sock *tp)
{
	return entry_of(child);
}

/* For a new socket, in socket(). */
static __always_inline void entry_create(struct bpf_sock *sk, struct sock_entry *created)
{
	if (!ENTRY_CREATE(sk, created))
		count((struct kernel_losses){.clocks = 1});
}

/* True if it has set the clock, false if the clock was running already. */
static __always_inline bool entry_start_clock(struct sock_entry *entry, __u64 since_ns)
{
	return !__sync_val_compare_and_swap(&entry->since_ns, 0, since_ns);
}

/* The kernel frees socket storage with the socket. */
static __always_inline void entry_remove(const struct sock *sk)
{
}

/* Unique and never reused; 0: not known. The kernel generates it on the first request. */
static __always_inline __u64 sock_cookie(struct sock *sk)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter;

	return cookie ?: bpf_get_socket_cookie(sk);
}

#else

/*
 * Key: the address of the socket. Until the first transition it is the cookie, because
 * sock_create() does not get an address; the two cannot collide, as cookies count up from 1 and
 * addresses are in the upper half. Inserted as above, removed when the socket is destroyed. If the
 * table is full, new sessions have no durations, which is counted.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, __u64);
	__type(value, struct sock_entry);
} sock_entries SEC(".maps");

static __always_inline struct sock_entry *entry_find(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	return bpf_map_lookup_elem(&sock_entries, &key);
}

static __always_inline struct sock_entry *entry_find_created(__u64 cookie)
{
	return cookie ? bpf_map_lookup_elem(&sock_entries, &cookie) : NULL;
}

/* Inserts a copy of model. NULL without room, which is counted. */
static __always_inline struct sock_entry *entry_insert(const struct sock *sk,
						       struct sock_entry *model)
{
	__u64 key = (__u64)sk;

	if (bpf_map_update_elem(&sock_entries, &key, model, BPF_ANY)) {
		count((struct kernel_losses){.clocks = 1});
		return NULL;
	}
	return bpf_map_lookup_elem(&sock_entries, &key);
}

/* Removes the entry by cookie first: in a full table, the new entry takes its place. */
static __always_inline struct sock_entry *entry_of(const struct sock *sk)
{
	struct sock_entry *entry = entry_find(sk), *created;
	struct sock_entry model = {};
	__u64 cookie;

	if (entry)
		return entry;
	cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	created = entry_find_created(cookie);
	if (created) {
		model = *created;
		bpf_map_delete_elem(&sock_entries, &cookie);
	}
	return entry_insert(sk, &model);
}

static __always_inline struct sock_entry *entry_of_found(const struct sock *sk)
{
	return entry_of(sk);
}

/*
 * At LISTEN -> SYN_RECV, the child is still a copy of its listener (inet_csk_clone_lock()). An
 * empty list head points to itself, so the copy's points into the listener, until
 * tcp_create_openreq_child() initialises it (5.10 to 7.2).
 */
static __always_inline struct sock_entry *find_listener(const struct tcp_sock *copy)
{
	__u64 listener = (__u64)copy->tsorted_sent_queue.next -
			 bpf_core_field_offset(struct tcp_sock, tsorted_sent_queue);
	struct sock_entry *entry = bpf_map_lookup_elem(&sock_entries, &listener);

	return entry && noted_state(entry) == STATE_LISTEN ? entry : NULL;
}

static __always_inline struct sock_entry *entry_of_child(const struct sock *child,
							 const struct tcp_sock *tp)
{
	struct sock_entry *listener = find_listener(tp);
	struct sock_entry none = {};

	return entry_insert(child, listener ?: &none);
}

static __always_inline void entry_create(struct bpf_sock *sk, struct sock_entry *created)
{
	__u64 cookie = bpf_get_socket_cookie(sk);

	if (bpf_map_update_elem(&sock_entries, &cookie, created, BPF_ANY))
		count((struct kernel_losses){.clocks = 1});
}

/* Not atomic, as 5.10 has no compare-and-exchange: a concurrent transition gets a lower bound. */
static __always_inline bool entry_start_clock(struct sock_entry *entry, __u64 since_ns)
{
	if (entry->since_ns)
		return false;
	entry->since_ns = since_ns;
	return true;
}

static __always_inline void entry_remove(const struct sock *sk)
{
	__u64 key = (__u64)sk, cookie = sk->__sk_common.skc_cookie.counter;

	bpf_map_delete_elem(&sock_entries, &key);
	if (cookie)
		bpf_map_delete_elem(&sock_entries, &cookie);
}

static __always_inline __u64 sock_cookie(const struct sock *sk)
{
	return sk->__sk_common.skc_cookie.counter;
}

#endif

/*
 * The sockets of MPTCP connections, by address: a subflow points to its connection's, but programs
 * cannot use that pointer for socket storage. A new connection at an address starts anew
 * (connection_see() in mptcp.h). If the map is full, the least recently used is removed, and the
 * owners of its subflows stay as they are.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct sock_entry);
} connections SEC(".maps");

static __always_inline struct sock_entry *connection_find(__u64 address)
{
	return bpf_map_lookup_elem(&connections, &address);
}

/* Inserts an empty entry if there is none. */
static __always_inline struct sock_entry *connection_of(__u64 address)
{
	struct sock_entry *entry = connection_find(address);
	struct sock_entry none = {};

	if (entry)
		return entry;
	bpf_map_update_elem(&connections, &address, &none, BPF_NOEXIST);
	return connection_find(address);
}

/* The connection of a subflow; NULL: not known. */
static __always_inline struct sock_entry *connection_of_subflow(const struct tcp_sock *tp)
{
	const struct mptcp_subflow_context *context = tp->inet_conn.icsk_ulp_data;

	if (!bpf_core_type_exists(struct mptcp_subflow_context))
		return NULL;
	return connection_find((__u64)BPF_CORE_READ(context, conn));
}

#endif
