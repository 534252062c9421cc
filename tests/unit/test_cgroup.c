// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of cgroups: learned from a recording, and kept. */
#include "trace/cgroup.h"
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
	CHECK_NUMBER(1000, cgroups.by_id.count);
	cgroups_close(&cgroups);
}

static void forgotten(void)
{
	struct cgroups cgroups;

	cgroups_open(&cgroups, -1);
	CHECK_NUMBER(CGROUPS_MAX, cgroups.by_id.count_max);
	cgroups.by_id.count_max = 3;
	cgroups_learn(&cgroups, 1, "/a");
	cgroups_learn(&cgroups, 2, "/a"); /* the directory was removed, and made again */
	CHECK_TEXT("", cgroups_find(&cgroups, 3));
	CHECK_NUMBER(2, cgroups_find_id(&cgroups, "/a"));
	CHECK_NUMBER(0, cgroups.forgotten);
	/* What is known already needs no room. */
	cgroups_learn(&cgroups, 2, "/b");
	CHECK_NUMBER(1, cgroups_find_id(&cgroups, "/a"));
	CHECK_NUMBER(0, cgroups.forgotten);
	cgroups_learn(&cgroups, 4, "/d");
	CHECK_NUMBER(1, cgroups.forgotten);
	CHECK(!cgroups_has(&cgroups, 1));
	CHECK_NUMBER(0, cgroups_find_id(&cgroups, "/a"));
	CHECK_TEXT("/b", cgroups_find(&cgroups, 2));
	CHECK(cgroups_has(&cgroups, 3));
	CHECK_TEXT("/d", cgroups_find(&cgroups, 4));
	for (uint64_t id = 5; id < 100; id++)
		CHECK_TEXT("", cgroups_find(&cgroups, id));
	CHECK_NUMBER(96, cgroups.forgotten);
	CHECK_NUMBER(3, cgroups.by_id.count);
	CHECK_NUMBER(0, cgroups.by_path.count);
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

static void found_by_path(void)
{
	struct cgroups cgroups;

	cgroups_open(&cgroups, -1);
	CHECK_NUMBER(0, cgroups_find_id(&cgroups, "/a"));
	cgroups_find(&cgroups, 6); /* has no path */
	CHECK_NUMBER(0, cgroups_find_id(&cgroups, "/a"));
	cgroups_learn(&cgroups, 7, "/a");
	cgroups_learn(&cgroups, 8, "/a/b");
	CHECK_NUMBER(7, cgroups_find_id(&cgroups, "/a"));
	CHECK_NUMBER(8, cgroups_find_id(&cgroups, "/a/b"));
	CHECK_NUMBER(0, cgroups_find_id(&cgroups, "/a/"));
	cgroups_close(&cgroups);
}

static void below(void)
{
	static const struct {
		const char *path, *folder;
		bool is_in;
	} rows[] = {
		{"/a", "/a", true},   {"/a/b", "/a", true},  {"/a/b/c", "/a", true},
		{"/ab", "/a", false}, {"/a", "/a/b", false}, {"/", "/", true},
		{"/a/b", "/", true},  {"/", "/a", false},    {"", "/", false},
		{"", "/a", false},    {"/b/a", "/a", false}, {"/a/bc", "/a/b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cgroups cgroups;

		unit_row("%s in %s", rows[i].path, rows[i].folder);
		cgroups_open(&cgroups, -1);
		cgroups_learn(&cgroups, 7, rows[i].path);
		CHECK_NUMBER(rows[i].is_in, cgroups_is_in(&cgroups, 7, rows[i].folder));
		CHECK(!cgroups_is_in(&cgroups, 8, rows[i].folder));
		CHECK(!cgroups_is_in(&cgroups, 0, rows[i].folder));
		cgroups_close(&cgroups);
	}
}

/* An id is one cgroup; a path that was used again is two, of which neither is in the other. */
static void below_by_id(void)
{
	struct cgroups cgroups;

	cgroups_open(&cgroups, -1);
	cgroups_learn(&cgroups, 1, "/a");
	cgroups_learn(&cgroups, 2, "/a/b");
	cgroups_learn(&cgroups, 3, "/ab");
	cgroups_learn(&cgroups, 4, "/a");
	CHECK(cgroups_is_in_id(&cgroups, 1, 1));
	CHECK(cgroups_is_in_id(&cgroups, 2, 1));
	CHECK(cgroups_is_in_id(&cgroups, 9, 9)); /* it needs no path */
	CHECK(!cgroups_is_in_id(&cgroups, 1, 2));
	CHECK(!cgroups_is_in_id(&cgroups, 3, 1));
	CHECK(!cgroups_is_in_id(&cgroups, 4, 1));
	CHECK(!cgroups_is_in_id(&cgroups, 2, 9));
	CHECK(!cgroups_is_in_id(&cgroups, 0, 1));
	CHECK(!cgroups_is_in_id(&cgroups, 0, 0));
	cgroups_close(&cgroups);
}

/* As from where the hierarchy is mounted, wherever that is. */
static void from_its_mount(void)
{
	char link[40], mount[CGROUP_PATH_SIZE] = "", text[2 * CGROUP_PATH_SIZE],
		       path[CGROUP_PATH_SIZE];
	int root = cgroup_open_root();

	if (root < 0)
		return; /* no such hierarchy here */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
	CHECK(readlink(link, mount, sizeof(mount) - 1) > 0);
	close(root);
	CHECK(cgroup_path_parse(path, mount));
	CHECK_TEXT("/", path);
	snprintf(text, sizeof(text), "%s/a//b/", mount);
	CHECK(cgroup_path_parse(path, text));
	CHECK_TEXT("/a/b", path);
	snprintf(text, sizeof(text), "%sx/a", mount);
	CHECK(cgroup_path_parse(path, text));
	CHECK_TEXT(text, path);
}

UNIT_MAIN("cgroup", TEST(learned), TEST(many), TEST(forgotten), TEST(cut), TEST(found_by_path),
	  TEST(below), TEST(below_by_id), TEST(from_its_mount))
