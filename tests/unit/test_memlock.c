// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether the limit on locked memory is why the kernel refused, and not missing capabilities. */
#include <stdint.h>

#include "source/memlock.h"
#include "unit.h"

#define BIT(number) (UINT64_C(1) << (number))
/* CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYS_RESOURCE, CAP_PERFMON, CAP_BPF: linux/capability.h */
#define NET_ADMIN    BIT(12)
#define SYS_ADMIN    BIT(21)
#define SYS_RESOURCE BIT(24)
#define PERFMON      BIT(38)
#define BPF          BIT(39)
#define THREE        (NET_ADMIN | PERFMON | BPF)

static void shortage(void)
{
	static const struct {
		const char *what;
		uint64_t capabilities, limit, needed;
		bool is_short;
	} rows[] = {
		{"the three", THREE, 65536, 1 << 20, true},
		{"no limit at all", THREE, 0, 1 << 20, true},
		{"administrator", SYS_ADMIN, 65536, 1 << 20, true},
		{"limit just too low", THREE, (1 << 20) - 1, 1 << 20, true},
		{"limit high enough", THREE, 1 << 20, 1 << 20, false},
		{"no limit", THREE, UINT64_MAX, 1 << 20, false},
		{"may exceed it", THREE | SYS_RESOURCE, 65536, 1 << 20, false},
		{"nothing", 0, 65536, 1 << 20, false},
		{"two of three", PERFMON | BPF, 65536, 1 << 20, false},
		{"two others of three", NET_ADMIN | BPF, 65536, 1 << 20, false},
		{"without CAP_BPF", NET_ADMIN | PERFMON, 65536, 1 << 20, false},
		{"all others", ~(THREE | SYS_ADMIN | SYS_RESOURCE), 65536, 1 << 20, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unit_row("%s", rows[i].what);
		CHECK(memlock_is_short(rows[i].capabilities, rows[i].limit, rows[i].needed) ==
		      rows[i].is_short);
	}
}

UNIT_MAIN("memlock", TEST(shortage))
