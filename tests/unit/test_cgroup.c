// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of cgroups: learned from a recording, and kept. */
#include "cgroup.h"
#include "unit.h"

static void learned(void)
{
	struct cgroups cgroups;

	cgroups_open(&cgroups, -1);
	CHECK_TEXT("", cgroups_find(&cgroups, 0));
	CHECK(!cgroups_has(&cgroups, 7));
	CHECK_TEXT("", cgroups_find(&cgroups, 7));
	CHECK(cgroups_has(&cgroups, 7));
	cgroups_learn(&cgroups, 7, "/late");
	CHECK_TEXT("/late", cgroups_find(&cgroups, 7));
	cgroups_learn(&cgroups, 0, "/none");
	CHECK_TEXT("", cgroups_find(&cgroups, 0));
	cgroups_close(&cgroups);
}

static void many(void)
{
	struct cgroups cgroups;
	char path[32];

	cgroups_open(&cgroups, -1);
	for (uint64_t id = 1; id <= 1000; id++) {
		snprintf(path, sizeof(path), "/group/%u", (unsigned int)id);
		cgroups_learn(&cgroups, id << 20, path);
	}
	for (uint64_t id = 1; id <= 1000; id++) {
		snprintf(path, sizeof(path), "/group/%u", (unsigned int)id);
		CHECK_TEXT(path, cgroups_find(&cgroups, id << 20));
	}
	CHECK_NUMBER(1000, cgroups.count);
	cgroups_close(&cgroups);
}

/* What a recording holds may lack its NUL. */
static void cut(void)
{
	struct cgroups cgroups;
	char path[CGROUP_PATH_SIZE];

	memset(path, 'x', sizeof(path));
	cgroups_open(&cgroups, -1);
	cgroups_learn(&cgroups, 1, path);
	CHECK_NUMBER(CGROUP_PATH_SIZE - 1, strlen(cgroups_find(&cgroups, 1)));
	cgroups_close(&cgroups);
}

UNIT_MAIN("cgroup", TEST(learned), TEST(many), TEST(cut))
