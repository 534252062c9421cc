/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Locked memory: before 5.11 the kernel charges BPF maps to RLIMIT_MEMLOCK, and refuses with EPERM.
 */
#ifndef TCPSTATES_SOURCE_MEMLOCK_H
#define TCPSTATES_SOURCE_MEMLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_map; /* libbpf's */

/*
 * Raises this process's own limit as far as it may: to the hard limit. Beyond that, where the
 * kernel charges maps, libbpf does (bump_rlimit_memlock()), with CAP_SYS_RESOURCE.
 */
void memlock_raise(void);

/* Bytes that the kernel charges for a map, or a little more (map_alloc() of its kind, 5.10). */
uint64_t memlock_of_map(const struct bpf_map *map, int cpus);

/*
 * Whether too low a limit, in bytes, is why a process with these capabilities (bits) got EPERM for
 * maps of needed bytes: it has those that loading takes.
 */
bool memlock_is_short(uint64_t capabilities, uint64_t limit, uint64_t needed);

/*
 * True when it is on this kernel, for this process: then text says so of what failed. needed 0: not
 * known.
 */
bool memlock_explain(char *text, size_t size, const char *what, uint64_t needed);

#endif
