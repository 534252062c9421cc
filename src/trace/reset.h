/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's reasons for sending a reset, enum sk_rst_reason in net/rstreason.h (6.10 to 7.2).
 * Its numbers differ between versions: the kernel program finds them by name and maps them to the
 * numbers below, which recordings store. New ones go to the end.
 */
#ifndef TCPSTATES_TRACE_RESET_H
#define TCPSTATES_TRACE_RESET_H

/* X(kernel's name without SK_RST_REASON_, name in outputs) */
#define RESET_REASONS(X)                                        \
	X(NO_SOCKET, "no_socket")                               \
	X(TCP_INVALID_ACK_SEQUENCE, "tcp_invalid_ack_sequence") \
	X(TCP_RFC7323_PAWS, "tcp_rfc7323_paws")                 \
	X(TCP_TOO_OLD_ACK, "tcp_too_old_ack")                   \
	X(TCP_ACK_UNSENT_DATA, "tcp_ack_unsent_data")           \
	X(TCP_FLAGS, "tcp_flags")                               \
	X(TCP_OLD_ACK, "tcp_old_ack")                           \
	X(TCP_ABORT_ON_DATA, "tcp_abort_on_data")               \
	X(TCP_TIMEWAIT_SOCKET, "tcp_timewait_socket")           \
	X(INVALID_SYN, "invalid_syn")                           \
	X(TCP_ABORT_ON_CLOSE, "tcp_abort_on_close")             \
	X(TCP_ABORT_ON_LINGER, "tcp_abort_on_linger")           \
	X(TCP_ABORT_ON_MEMORY, "tcp_abort_on_memory")           \
	X(TCP_STATE, "tcp_state")                               \
	X(TCP_KEEPALIVE_TIMEOUT, "tcp_keepalive_timeout")       \
	X(TCP_DISCONNECT_WITH_DATA, "tcp_disconnect_with_data") \
	X(MPTCP_RST_EUNSPEC, "mptcp_rst_eunspec")               \
	X(MPTCP_RST_EMPTCP, "mptcp_rst_emptcp")                 \
	X(MPTCP_RST_ERESOURCE, "mptcp_rst_eresource")           \
	X(MPTCP_RST_EPROHIBIT, "mptcp_rst_eprohibit")           \
	X(MPTCP_RST_EWQ2BIG, "mptcp_rst_ewq2big")               \
	X(MPTCP_RST_EBADPERF, "mptcp_rst_ebadperf")             \
	X(MPTCP_RST_EMIDDLEBOX, "mptcp_rst_emiddlebox")         \
	X(ERROR, "error")

enum reset_reason {
	RESET_UNKNOWN, /* or "not specified" */
	RESET_OTHER,   /* not in the list */
#define RESET_NUMBER(name, text) RESET_##name,
	RESET_REASONS(RESET_NUMBER)
#undef RESET_NUMBER
	RESET_COUNT,
};

/* Safe in every format. NULL for RESET_UNKNOWN and for an invalid number. */
const char *reset_reason_name(unsigned int reason);

#endif
