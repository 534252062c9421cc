// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the user asks to see: names turned into what a transition holds. */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cause.h"
#include "lib/parse.h"
#include "selection.h"
#include "state.h"

/* PID_MAX_LIMIT on 64-bit kernels. A namespace's inode number is always above it. */
#define PID_MAX (4u << 20)

/* Where ip-netns(8) keeps names of network namespaces. */
#define NAMESPACES_FOLDER "/run/netns/"

static bool texts_add(struct texts *texts, const char *text)
{
	char **grown = realloc(texts->text, (texts->count + 1) * sizeof(*grown));

	if (!grown)
		return false;
	texts->text = grown;
	grown[texts->count] = strdup(text);
	return grown[texts->count++];
}

static void texts_free(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->text[i]);
	free(texts->text);
}

bool selection_add_pid(struct selection *selection, const char *text)
{
	uint64_t pid;

	return parse_number(text, PID_MAX, &pid) && pid && numbers_add(&selection->pids, pid);
}

bool selection_add_comm(struct selection *selection, const char *text)
{
	return *text && texts_add(&selection->comms, text);
}

/*
 * Read from the file, not asked of the name service: a static program has no name service. Users of
 * other sources are named by number.
 */
static bool find_user(const char *name, uint64_t *uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) && strcmp(user->pw_name, name))
		;
	if (user)
		*uid = user->pw_uid;
	if (file)
		fclose(file);
	return user;
}

bool selection_add_user(struct selection *selection, const char *text)
{
	uint64_t uid;

	if (!parse_number(text, UINT32_MAX - 1, &uid) && !find_user(text, &uid))
		return false;
	return numbers_add(&selection->uids, uid);
}

/* The file that stands for a namespace: of a process, named by ip-netns(8), or any path. */
static void namespace_path(char *path, size_t size, const char *text)
{
	uint64_t pid;

	if (parse_number(text, PID_MAX, &pid))
		snprintf(path, size, "/proc/%s/ns/net", text);
	else if (strchr(text, '/'))
		snprintf(path, size, "%s", text);
	else
		snprintf(path, size, NAMESPACES_FOLDER "%s", text);
}

bool selection_add_namespace(struct selection *selection, const char *text)
{
	char path[PATH_MAX];
	uint64_t inode;
	struct stat stat_;

	if (!parse_number(text, UINT32_MAX, &inode) || inode <= PID_MAX) {
		namespace_path(path, sizeof(path), text);
		if (!*text || stat(path, &stat_))
			return false;
		inode = stat_.st_ino;
	}
	return numbers_add(&selection->namespaces, inode);
}

/* A path as recordings have it: below the root, without a slash at its end. */
bool selection_add_cgroup(struct selection *selection, const char *text)
{
	uint64_t id;
	char *path;

	if (parse_number(text, UINT64_MAX, &id))
		return id && numbers_add(&selection->cgroup_ids, id);
	if (*text != '/' || !texts_add(&selection->cgroups, text))
		return false;
	path = selection->cgroups.text[selection->cgroups.count - 1];
	for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
		path[length - 1] = '\0';
	return true;
}

bool selection_add_cause(struct selection *selection, const char *text)
{
	for (int cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++)
		if (!strcasecmp(text, cause_row(cause)->name)) {
			selection->causes |= 1ull << cause;
			return true;
		}
	return false;
}

bool selection_set_least(struct selection *selection, const char *text)
{
	uint64_t thousandfold;

	/* Seconds with nine decimals: what is below a nanosecond would be lost. */
	if (!parse_seconds(text, &thousandfold) || thousandfold % 1000 || !thousandfold)
		return false;
	selection->least_ns = thousandfold / 1000;
	return true;
}

void selection_finish(struct selection *selection)
{
	nets_sort(&selection->locals);
	nets_sort(&selection->remotes);
	numbers_sort(&selection->pids);
	numbers_sort(&selection->uids);
	numbers_sort(&selection->namespaces);
	numbers_sort(&selection->cgroup_ids);
}

bool selection_wants_details(const struct selection *selection)
{
	return selection->pids.count || selection->comms.count || selection->uids.count ||
	       selection->namespaces.count || selection->cgroups.count ||
	       selection->cgroup_ids.count || selection->causes;
}

/* Whether any transition goes from one of these states to one of those. */
static bool edge_exists(unsigned int from, unsigned int to, bool has_minisocks)
{
	for (unsigned int state = 0; state <= STATE_NEW_SYN_RECV; state++)
		if (from & STATE_BIT(state) && state_followers(state, has_minisocks) & to)
			return true;
	return false;
}

/* The same where one of the two is among either. */
static bool selected_edge_exists(const struct selection *selection, bool has_minisocks)
{
	unsigned int from = selection->from ? selection->from : STATES_ALL;
	unsigned int to = selection->to ? selection->to : STATES_ALL;
	unsigned int either = selection->either ? selection->either : STATES_ALL;

	return edge_exists(from & either, to, has_minisocks) ||
	       edge_exists(from, to & either, has_minisocks);
}

const char *selection_check(const struct selection *selection, bool has_minisocks)
{
	if (selected_edge_exists(selection, has_minisocks))
		return NULL;
	if (!has_minisocks && selected_edge_exists(selection, true))
		return "only with TIME_WAIT shown can these states match; add --minisocks";
	return "TCP never goes between these states, so nothing can match";
}

void selection_free(struct selection *selection)
{
	nets_free(&selection->locals);
	nets_free(&selection->remotes);
	numbers_free(&selection->pids);
	texts_free(&selection->comms);
	numbers_free(&selection->uids);
	numbers_free(&selection->namespaces);
	texts_free(&selection->cgroups);
	numbers_free(&selection->cgroup_ids);
}
