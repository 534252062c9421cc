/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Locked memory: before 5.11 the kernel charges BPF maps to RLIMIT_MEMLOCK, and fails with EPERM.
 */
#ifndef TCPSTATES_SOURCE_MEMLOCK_H
#define TCPSTATES_SOURCE_MEMLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_map; /* libbpf's */

/*
 * Raises the limit of this process to its hard limit. If the kernel charges maps, libbpf raises it
 * further (bump_rlimit_memlock()), with CAP_SYS_RESOURCE.
 */
void memlock_raise(void);

/* Bytes that the kernel charges for a map, or slightly more (map_alloc() of its kind, 5.10). */
uint64_t memlock_of_map(const struct bpf_map *map, int cpus);

/*
 * Whether the limit, in bytes, explains an EPERM for maps of needed bytes, in a process with these
 * capabilities (bits): it has the capabilities that loading needs.
 */
bool memlock_is_short(uint64_t capabilities, uint64_t limit, uint64_t needed);

/*
 * The same for this process on this kernel. If true, text has the message about what failed. needed
 * 0: not known.
 */
bool memlock_explain(char *text, size_t size, const char *what, uint64_t needed);

#endif
