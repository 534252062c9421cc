// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of cgroups: a cgroup's id is what its directory's file handle holds. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/cgroup.h"

/* FILEID_KERNFS in linux/exportfs.h: the handle is the inode's id (kernfs_encode_fh(), 5.5). */
#define HANDLE_TYPE_KERNFS 0xfe

/* Calls take for each place where the hierarchy is mounted. */
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

/* The same one, or one below it. */
static bool path_is_in(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	if (!strcmp(folder, "/"))
		return *path;
	return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* A path, and how much of it is that of a mount. */
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
	*cgroups = (struct cgroups){.root = root};
}

void cgroups_close(struct cgroups *cgroups)
{
	free(cgroups->places);
	if (cgroups->root >= 0)
		close(cgroups->root);
}

/* The place of an id, or the empty one where it would be. */
static struct cgroup_path *find_place(const struct cgroups *cgroups, uint64_t id)
{
	size_t at = id * 0x9e3779b97f4a7c15u >> 32;

	while (cgroups->places[at & (cgroups->room - 1)].id != id &&
	       cgroups->places[at & (cgroups->room - 1)].id)
		at++;
	return &cgroups->places[at & (cgroups->room - 1)];
}

static int grow(struct cgroups *cgroups)
{
	struct cgroups old = *cgroups;

	if (2 * cgroups->count < cgroups->room)
		return 0;
	cgroups->room = old.room ? 2 * old.room : 16;
	cgroups->places = calloc(cgroups->room, sizeof(*cgroups->places));
	if (!cgroups->places) {
		*cgroups = old;
		return -1;
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.places[i].id)
			*find_place(cgroups, old.places[i].id) = old.places[i];
	free(old.places);
	return 0;
}

/* A new entry for that id; NULL without memory. */
static struct cgroup_path *add(struct cgroups *cgroups, uint64_t id)
{
	struct cgroup_path *place;

	if (grow(cgroups))
		return NULL;
	place = find_place(cgroups, id);
	cgroups->count += !place->id;
	place->id = id;
	return place;
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

/* Where a descriptor leads to; "" when that cannot be read, or is gone. */
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

/* The path below the root: as the kernel shows it in /proc/PID/cgroup. */
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

bool cgroups_has(const struct cgroups *cgroups, uint64_t id)
{
	return cgroups->room && find_place(cgroups, id)->id == id;
}

const char *cgroups_find(struct cgroups *cgroups, uint64_t id)
{
	struct cgroup_path *place = cgroups->room ? find_place(cgroups, id) : NULL;

	if (!id || (place && place->id == id))
		return id ? place->path : "";
	place = add(cgroups, id);
	if (!place)
		return "";
	if (cgroups->root >= 0)
		ask(cgroups->root, id, place->path);
	return place->path;
}

uint64_t cgroups_find_id(const struct cgroups *cgroups, const char *path)
{
	struct stat found;

	for (size_t i = 0; i < cgroups->room; i++)
		if (cgroups->places[i].id && !strcmp(cgroups->places[i].path, path))
			return cgroups->places[i].id;
	return cgroups->root >= 0 && stat_below(cgroups->root, path, &found) ? found.st_ino : 0;
}

bool cgroups_is_in(struct cgroups *cgroups, uint64_t id, const char *path)
{
	return path_is_in(cgroups_find(cgroups, id), path);
}

void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path)
{
	struct cgroup_path *place = id ? add(cgroups, id) : NULL;

	if (place)
		snprintf(place->path, sizeof(place->path), "%.*s", CGROUP_PATH_SIZE - 1, path);
}
