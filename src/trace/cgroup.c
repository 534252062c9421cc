// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of cgroups. The file handle of a cgroup's directory holds the cgroup's id. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cgroup.h"

/* FILEID_KERNFS in linux/exportfs.h: the handle holds the inode's id (kernfs_encode_fh(), 5.5). */
#define HANDLE_TYPE_KERNFS 0xfe

/* Calls take for each mount point of the hierarchy. */
static void each_mount(void (*take)(void *context, const char *folder), void *context)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, "cgroup2"))
			take(context, mount->mnt_dir);
	if (mounts)
		endmntent(mounts);
}

static void open_first(void *context, const char *folder)
{
	int *fd = context;

	if (*fd < 0)
		*fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cgroup_open_root(void)
{
	int fd = -1;

	errno = ENOENT;
	each_mount(open_first, &fd);
	return fd < 0 ? -errno : fd;
}

/* Whether path is the folder itself or below it. */
static bool path_is_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	if (!strcmp(folder, "/"))
		return *path;
	return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* A path, and the length of its prefix that is a mount point. */
struct below_mount {
	const char *path;
	size_t mount;
};

static void cut_mount(void *context, const char *folder)
{
	struct below_mount *below = context;

	if (path_is_in(below->path, folder) && strlen(folder) > below->mount)
		below->mount = strlen(folder);
}

bool cgroup_path_parse(char path[CGROUP_PATH_SIZE], const char *text)
{
	struct below_mount below = {.path = text};
	size_t length = 0, size;

	if (*text != '/')
		return false;
	each_mount(cut_mount, &below);
	for (text += below.mount; *(text += strspn(text, "/")); text += size) {
		size = strcspn(text, "/");
		if ((size == 1 && text[0] == '.') || (size == 2 && !strncmp(text, "..", 2)) ||
		    length + 1 + size >= CGROUP_PATH_SIZE)
			return false;
		path[length++] = '/';
		memcpy(path + length, text, size);
		length += size;
	}
	if (!length)
		path[length++] = '/';
	path[length] = '\0';
	return true;
}

void cgroups_open(struct cgroups *cgroups, int root)
{
	*cgroups = (struct cgroups){.by_id.count_max = CGROUPS_MAX, .root = root};
}

static struct cgroup *of_path(const struct hash_entry *entry)
{
	return (struct cgroup *)((char *)entry - offsetof(struct cgroup, by_path));
}

static bool has_id(const struct hash_entry *entry, const void *id)
{
	return ((const struct cgroup *)entry)->id == *(const uint64_t *)id;
}

static bool has_path(const struct hash_entry *entry, const void *path)
{
	return !strcmp(of_path(entry)->path, path);
}

static struct cgroup *find(const struct cgroups *cgroups, uint64_t id)
{
	return (struct cgroup *)hash_find(&cgroups->by_id, &id, 1, has_id, &id);
}

#define PATH_WORDS (CGROUP_PATH_SIZE / sizeof(uint64_t))

/* Fills the key for by_path; returns its number of words. */
static size_t fill_words(uint64_t words[PATH_WORDS], const char *path)
{
	size_t length = strnlen(path, CGROUP_PATH_SIZE);

	memset(words, 0, PATH_WORDS * sizeof(words[0]));
	memcpy(words, path, length);
	return (length + sizeof(words[0]) - 1) / sizeof(words[0]);
}

static void forget_path(struct cgroups *cgroups, struct cgroup *cgroup)
{
	if (cgroup->path)
		hash_remove(&cgroups->by_path, &cgroup->by_path);
	free(cgroup->path);
	cgroup->path = NULL;
}

/* NULL if out of memory. */
static char *copy_padded(const char *path)
{
	size_t length = strnlen(path, CGROUP_PATH_SIZE - 1);
	char *copy = calloc(length / CGROUP_PATH_UNIT + 1, CGROUP_PATH_UNIT);

	return copy ? memcpy(copy, path, length) : NULL;
}

/* If out of memory, the path is not known. */
static void set_path(struct cgroups *cgroups, struct cgroup *cgroup, const char *path)
{
	uint64_t words[PATH_WORDS];

	forget_path(cgroups, cgroup);
	cgroup->path = *path ? copy_padded(path) : NULL;
	if (!cgroup->path)
		return;
	if (hash_add(&cgroups->by_path, &cgroup->by_path, words, fill_words(words, cgroup->path)))
		return;
	free(cgroup->path);
	cgroup->path = NULL;
}

static void forget_oldest(struct cgroups *cgroups)
{
	struct cgroup *oldest = cgroups->oldest;

	cgroups->oldest = oldest->newer;
	if (!cgroups->oldest)
		cgroups->newest = NULL;
	forget_path(cgroups, oldest);
	hash_remove(&cgroups->by_id, &oldest->by_id);
	free(oldest);
}

void cgroups_close(struct cgroups *cgroups)
{
	while (cgroups->oldest)
		forget_oldest(cgroups);
	hash_close(&cgroups->by_id);
	hash_close(&cgroups->by_path);
	if (cgroups->root >= 0)
		close(cgroups->root);
}

static bool is_full(const struct cgroups *cgroups)
{
	return cgroups->by_id.count_max && cgroups->by_id.count >= cgroups->by_id.count_max;
}

/* NULL if out of memory. */
static struct cgroup *add(struct cgroups *cgroups, uint64_t id)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return NULL;
	if (is_full(cgroups)) {
		forget_oldest(cgroups);
		cgroups->forgotten++;
	}
	cgroup->id = id;
	if (!hash_add(&cgroups->by_id, &cgroup->by_id, &id, 1)) {
		free(cgroup);
		return NULL;
	}
	if (cgroups->newest)
		cgroups->newest->newer = cgroup;
	else
		cgroups->oldest = cgroup;
	cgroups->newest = cgroup;
	return cgroup;
}

static int open_by_id(int root, uint64_t id)
{
	struct {
		struct file_handle handle;
		uint64_t id;
	} request = {.handle = {.handle_bytes = sizeof(id), .handle_type = HANDLE_TYPE_KERNFS}};

	memcpy(request.handle.f_handle, &id, sizeof(id));
	return open_by_handle_at(root, &request.handle, O_PATH | O_CLOEXEC);
}

/* The path of a descriptor; "" if it cannot be read or was deleted. */
static void read_path(int fd, char *path, size_t size)
{
	static const char gone[] = " (deleted)";
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, size - 1);
	path[length < 0 ? 0 : length] = '\0';
	if (length >= (ssize_t)sizeof(gone) && !strcmp(path + length - (sizeof(gone) - 1), gone))
		path[0] = '\0';
}

/* The path below the root, as the kernel shows it in /proc/PID/cgroup. */
static void ask(int root, uint64_t id, char *path)
{
	char whole[2 * CGROUP_PATH_SIZE], prefix[CGROUP_PATH_SIZE];
	int fd = open_by_id(root, id);
	size_t length;

	if (fd < 0)
		return;
	read_path(root, prefix, sizeof(prefix));
	read_path(fd, whole, sizeof(whole));
	close(fd);
	length = strlen(prefix);
	if (length && !strncmp(whole, prefix, length))
		snprintf(path, CGROUP_PATH_SIZE, "%.*s", CGROUP_PATH_SIZE - 1,
			 whole[length] ? whole + length : "/");
}

bool cgroup_exists(int root, uint64_t id)
{
	int fd = open_by_id(root, id);

	if (fd < 0)
		return errno != ESTALE;
	close(fd);
	return true;
}

static bool stat_below(int root, const char *path, struct stat *found)
{
	return !fstatat(root, path[1] ? path + 1 : ".", found, 0) && S_ISDIR(found->st_mode);
}

bool cgroup_path_exists(int root, const char *path)
{
	struct stat found;

	return stat_below(root, path, &found);
}

/* The id of the cgroup that holds this one. 0 if it is gone, and of the root. */
static uint64_t parent_of(int root, const char *path)
{
	char parent[CGROUP_PATH_SIZE];
	struct stat found;
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (!slash || !slash[1])
		return 0;
	slash[slash == parent] = '\0';
	return stat_below(root, parent, &found) ? found.st_ino : 0;
}

bool cgroups_has(const struct cgroups *cgroups, uint64_t id)
{
	return find(cgroups, id);
}

const char *cgroups_find(struct cgroups *cgroups, uint64_t id)
{
	static const char unknown[CGROUP_PATH_UNIT];
	struct cgroup *cgroup = id ? find(cgroups, id) : NULL;
	char path[CGROUP_PATH_SIZE] = "";

	if (!cgroup && id) {
		if (cgroups->root >= 0)
			ask(cgroups->root, id, path);
		cgroup = add(cgroups, id);
		if (cgroup)
			set_path(cgroups, cgroup, path);
		if (cgroup && *path)
			cgroup->parent = parent_of(cgroups->root, path);
	}
	return cgroup && cgroup->path ? cgroup->path : unknown;
}

uint64_t cgroups_find_id(const struct cgroups *cgroups, const char *path)
{
	uint64_t words[PATH_WORDS];
	size_t count = fill_words(words, path);
	struct hash_entry *entry = hash_find(&cgroups->by_path, words, count, has_path, path);
	struct stat found;

	if (entry)
		return of_path(entry)->id;
	return cgroups->root >= 0 && stat_below(cgroups->root, path, &found) ? found.st_ino : 0;
}

/* Without parents, by their paths. */
static bool is_below_path(struct cgroups *cgroups, uint64_t id, uint64_t other)
{
	char path[CGROUP_PATH_SIZE];

	snprintf(path, sizeof(path), "%s", cgroups_find(cgroups, other));
	return *path && cgroups_is_in(cgroups, id, path) &&
	       strcmp(cgroups_find(cgroups, id), path) != 0;
}

bool cgroups_is_in_id(struct cgroups *cgroups, uint64_t id, uint64_t other)
{
	if (id == other)
		return id;
	if (cgroups->root < 0)
		return is_below_path(cgroups, id, other);
	while (id && id != other) {
		struct cgroup *cgroup;

		cgroups_find(cgroups, id);
		cgroup = find(cgroups, id);
		id = cgroup ? cgroup->parent : 0;
	}
	return id;
}

bool cgroups_is_in(struct cgroups *cgroups, uint64_t id, const char *path)
{
	return path_is_in(cgroups_find(cgroups, id), path);
}

void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct cgroup *cgroup = id ? find(cgroups, id) : NULL;

	if (!cgroup && id)
		cgroup = add(cgroups, id);
	if (cgroup)
		set_path(cgroups, cgroup, path);
}
