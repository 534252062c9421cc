// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The floor of the comparison: a program on the same tracepoint that does nothing. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/inet_sock_set_state")
int empty(void *context)
{
	(void)context;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
