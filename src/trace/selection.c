// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the user selects: converts names to the values in a transition. */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/parse.h"
#include "trace/cause.h"
#include "trace/selection.h"
#include "trace/state.h"

/* PID_MAX_LIMIT on 64-bit kernels. A namespace's inode number is always above it. */
#define PID_MAX (4u << 20)

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
	bool is_pattern = strpbrk(text, "*?[\\");

	/* No process has a longer name. */
	return *text && (is_pattern || strlen(text) < TRANSITION_COMM_SIZE) &&
	       texts_add(&selection->comms, text);
}

/*
 * Reads /etc/passwd: a static program has no name service. Users from other sources must be given
 * by number.
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

/* The path of a namespace file: of a process, of a name of ip-netns(8), or as given. */
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

/* The inode number of a namespace. False if the path is not a network namespace. */
static bool find_namespace(const char *path, uint64_t *inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_network = fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
	struct stat found;

	if (is_network && !fstat(fd, &found))
		*inode = found.st_ino;
	if (fd >= 0)
		close(fd);
	return is_network;
}

bool selection_add_namespace(struct selection *selection, const char *text)
{
	char path[PATH_MAX];
	uint64_t inode;

	if (!parse_number(text, UINT32_MAX, &inode) || inode <= PID_MAX) {
		namespace_path(path, sizeof(path), text);
		if (!*text || !find_namespace(path, &inode))
			return false;
	}
	return numbers_add(&selection->namespaces, inode);
}

bool selection_add_cgroup(struct selection *selection, const char *text)
{
	char path[CGROUP_PATH_SIZE];
	uint64_t id;

	if (parse_number(text, UINT64_MAX, &id))
		return id && numbers_add(&selection->cgroup_ids, id);
	return cgroup_path_parse(path, text) && texts_add(&selection->cgroups, path);
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

	/* text is in ms, parsed as seconds; a fraction of a nanosecond is an error. */
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

/* Whether there is a transition from a state in from to a state in to. */
static bool edge_exists(unsigned int from, unsigned int to, bool has_minisocks)
{
	for (unsigned int state = 0; state <= STATE_NEW_SYN_RECV; state++)
		if (from & STATE_BIT(state) && state_followers(state, has_minisocks) & to)
			return true;
	return false;
}

/* The same, with at least one of the two states in either. */
static bool selected_edge_exists(const struct selection *selection, bool has_minisocks)
{
	unsigned int from = selection->from ? selection->from : STATES_ALL;
	unsigned int to = selection->to ? selection->to : STATES_ALL;
	unsigned int either = selection->either ? selection->either : STATES_ALL;

	return edge_exists(from & either, to, has_minisocks) ||
	       edge_exists(from, to & either, has_minisocks);
}

/* The states of a session that opens: a transition to them has no cause. */
#define STATES_OPENING                                                                     \
	(STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_SYN_RECV) | \
	 STATE_BIT(STATE_ESTABLISHED))

static bool selects_causes_of_minisocks(const struct selection *selection)
{
	uint64_t of_minisocks = 1ull << CAUSE_TIMER | 1ull << CAUSE_RECYCLED;

	return selection->causes && !(selection->causes & ~of_minisocks);
}

/* A filter, and whether it is given. */
struct given {
	bool is_given;
	const char *option;
};

/* The option of the first that is given; NULL: none is. */
static const char *first_given(const struct given *filters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (filters[i].is_given)
			return filters[i].option;
	return NULL;
}

/* Those that select transitions. */
static const char *option_of_transitions(const struct selection *selection)
{
	const struct given filters[] = {
		{selection->from, "--from"},    {selection->to, "--to"},
		{selection->either, "--state"}, {selection->least_ns, "--min-ms"},
		{selection->causes, "--cause"},
	};

	return first_given(filters, sizeof(filters) / sizeof(filters[0]));
}

const char *selection_excludes_resets(const struct selection *selection)
{
	const struct given filters[] = {
		{selection->pids.count, "--pid"},
		{selection->comms.count, "--comm"},
		{selection->uids.count, "--uid"},
		{selection->cgroups.count || selection->cgroup_ids.count, "--cgroup"},
	};
	const char *option = first_given(filters, sizeof(filters) / sizeof(filters[0]));

	return option ?: option_of_transitions(selection);
}

const char *selection_excludes_listeners(const struct selection *selection)
{
	const struct given filters[] = {
		{selection->rports.is_given, "--remoteport"},
		{selection->remotes.count, "--remote"},
	};
	const char *option = first_given(filters, sizeof(filters) / sizeof(filters[0]));

	return option ?: option_of_transitions(selection);
}

const char *selection_check(const struct selection *selection, bool has_minisocks)
{
	if (!selected_edge_exists(selection, true))
		return "--from, --to, --state: TCP has no transition between these states, so "
		       "nothing can match";
	if (!selected_edge_exists(selection, has_minisocks))
		return "--from, --to, --state: TIME_WAIT is hidden, so nothing can match; add "
		       "--minisocks";
	if (selection->causes && selection->to && !(selection->to & ~STATES_OPENING))
		return "--cause: opening a session has no cause, so nothing can match; remove --to";
	if (selects_causes_of_minisocks(selection) && !has_minisocks)
		return "--cause: TIME_WAIT is hidden, so nothing can match; add --minisocks";
	return NULL;
}

bool selection_find_missing_cgroup(const struct selection *selection,
				   char missing[CGROUP_PATH_SIZE])
{
	const struct texts *paths = &selection->cgroups;
	const struct numbers *ids = &selection->cgroup_ids;
	int root = paths->count || ids->count ? cgroup_open_root() : -1;
	bool is_missing = false;

	for (size_t i = 0; !is_missing && i < paths->count; i++) {
		snprintf(missing, CGROUP_PATH_SIZE, "%s", paths->text[i]);
		is_missing = root < 0 || !cgroup_path_exists(root, paths->text[i]);
	}
	for (size_t i = 0; !is_missing && i < ids->count; i++) {
		snprintf(missing, CGROUP_PATH_SIZE, "%" PRIu64, ids->sorted[i]);
		is_missing = root < 0 || !cgroup_exists(root, ids->sorted[i]);
	}
	if (root >= 0)
		close(root);
	return is_missing;
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
