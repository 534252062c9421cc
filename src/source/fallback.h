/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel program's second build, for kernels before 5.12, behind the skeleton of the first one:
 * beyond its opening nobody can tell which it is.
 */
#ifndef TCPSTATES_SOURCE_FALLBACK_H
#define TCPSTATES_SOURCE_FALLBACK_H

struct bpf_object_open_opts; /* libbpf's */
struct tcpstates_bpf;        /* tcpstates.skel.h, generated from ../bpf */

/* As tcpstates_bpf__open_opts(). Not loaded; to be given to tcpstates_bpf__destroy(). NULL on
 * failure, with errno. */
struct tcpstates_bpf *fallback_open(const struct bpf_object_open_opts *with);

#endif
