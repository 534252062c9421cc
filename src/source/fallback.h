/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel program's second build, for kernels before 5.12, in the skeleton of the first one:
 * once it is open, callers need not know which build it is.
 */
#ifndef TCPSTATES_SOURCE_FALLBACK_H
#define TCPSTATES_SOURCE_FALLBACK_H

struct bpf_object_open_opts; /* libbpf's */
struct tcpstates_bpf;        /* tcpstates.skel.h, generated from ../bpf */

/*
 * Like tcpstates_bpf__open_opts(). Not loaded; the caller frees it with tcpstates_bpf__destroy().
 * NULL on failure, with errno.
 */
struct tcpstates_bpf *fallback_open(const struct bpf_object_open_opts *with);

#endif
