/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Resets that the kernel sends. Usually it ends the socket first and sends the reset right after,
 * on the same CPU: the record of the end says that a reset may follow, and user space joins the
 * two.
 */
#ifndef TCPSTATES_BPF_SEND_RESET_H
#define TCPSTATES_BPF_SEND_RESET_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "trace/final_error.h"
#include "trace/reset.h"
#include "trace/state.h"
#include "trace/transition.h"

#define RCV_SHUTDOWN 1

enum sk_rst_reason {
#define KERNEL_NUMBER(name, text) SK_RST_REASON_##name,
	RESET_REASONS(KERNEL_NUMBER)
#undef KERNEL_NUMBER
	SK_RST_REASON_NOT_SPECIFIED,
};

/* Maps the running kernel's number to enum reset_reason. */
static __always_inline __u32 reset_reason_of(__u64 number)
{
#define COMPARE(name, text)                                                          \
	if (bpf_core_enum_value_exists(enum sk_rst_reason, SK_RST_REASON_##name) &&  \
	    number == bpf_core_enum_value(enum sk_rst_reason, SK_RST_REASON_##name)) \
		return RESET_##name;
	RESET_REASONS(COMPARE)
#undef COMPARE
	if (bpf_core_enum_value_exists(enum sk_rst_reason, SK_RST_REASON_NOT_SPECIFIED) &&
	    number == bpf_core_enum_value(enum sk_rst_reason, SK_RST_REASON_NOT_SPECIFIED))
		return RESET_UNKNOWN;
	return RESET_OTHER;
}

/* The socket for which this CPU may send a reset next; 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} awaited SEC(".maps");

static __always_inline __u64 *awaited_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&awaited, &zero);
}

static __always_inline void reset_await(__u64 skaddr)
{
	__u64 *here = awaited_here();

	if (here)
		*here = skaddr;
}

/* True once, for the most recently awaited socket. */
static __always_inline bool reset_is_awaited(__u64 skaddr)
{
	__u64 *here = awaited_here();

	if (!here || !skaddr || *here != skaddr)
		return false;
	*here = 0;
	return true;
}

/* In these states, the ACK of the FIN ends the socket. */
static __always_inline bool is_last_state(__u8 state)
{
	return state == STATE_LAST_ACK || state == STATE_CLOSING;
}

/*
 * The kernel may send a reset after an end in a call: close() with unread data or SO_LINGER 0, or
 * connect(AF_UNSPEC). An end by "reset" may be the answer to data that arrived after reading was
 * shut down (tcp_rcv_state_process(), which calls tcp_reset() for its own side first).
 */
static __always_inline bool reset_may_follow(const struct transition *record)
{
	if (record->newstate != STATE_CLOSE || record->oldstate == STATE_LISTEN ||
	    record->oldstate == STATE_SYN_SENT)
		return false;
	if (has_final_error(record))
		return record->err == ECONNRESET && record->shutdown & RCV_SHUTDOWN;
	return record->facts & (FACT_IN_CALL | FACT_ORPHAN) &&
	       !(is_last_state(record->oldstate) && record->facts & FACT_ALL_ACKED);
}

#endif
