// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs the kernel's iterators: over all open files, then over the sockets of each network
 * namespace. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/record.h"
#include "bpf/shared.h"
#include "lib/log.h"
#include "source/initial_scan.h"
#include "source/join.h"
#include "source/listener_reader.h"
#include "source/namespaces.h"
#include "source/program.h"
#include "trace/clock.h"
#include "trace/limits.h"
#include "trace/selection.h"
#include "trace/state.h"
#include "tcpstates.skel.h"

/*
 * Bytes of one read: as much as the kernel gathers (seq_file's buffer of an iterator, 32 KB on most
 * machines), and the beginning of a record that did not fit. The marks fill it soon.
 */
#define FOUND_SIZE 33792

/*
 * The timer shows when TIME_WAIT began. For an orphan in FIN_WAIT2, only a lower bound of the
 * duration is known.
 */
static void take_minisock(struct initial_scan *scan, struct transition *t, uint64_t left_ns)
{
	uint64_t since_ns = t->time_ns;

	t->flags |= TRANSITION_DURATION_AT_LEAST;
	if (t->newstate == STATE_TIME_WAIT) {
		since_ns = t->time_ns + left_ns - TIME_WAIT_NS;
		t->duration_ns = t->time_ns - since_ns;
		t->flags ^= TRANSITION_DURATION_AT_LEAST | TRANSITION_DURATION_KNOWN;
	}
	if (scan->minisocks)
		minisocks_add_found(scan->minisocks, t, since_ns);
	if (!scan->snapshots)
		return;
	t->minisock = t->due_ns = 0;
	record_queue_add(scan->snapshots, t, sizeof(*t));
}

/* Of a later scan: its owner is searched before it is handed over. */
static void take_snapshot(struct initial_scan *scan, struct transition *t)
{
	if (scan->is_at_end)
		t->facts |= FACT_AT_END;
	if (!scan->snapshots)
		return;
	if (!scan->last_ns) {
		record_queue_add(scan->snapshots, t, sizeof(*t));
		return;
	}
	scan->seeks_holders |= holders_are_sought(t);
	record_queue_add(&scan->later, t, sizeof(*t));
}

/* A record of an iterator, by its kind. */
union found {
	struct record_header header;
	struct record_snapshot snapshot;
	struct record_minisock_found minisock;
	struct record_listener listener;
	struct record_holder holder;
};

static void take_record(struct initial_scan *scan, union found *found)
{
	size_t size = found->header.size;

	if (found->header.kind == RECORD_SNAPSHOT && size == sizeof(found->snapshot))
		take_snapshot(scan, &found->snapshot.transition);
	else if (found->header.kind == RECORD_MINISOCK_FOUND && size == sizeof(found->minisock))
		found_minisocks_add(&scan->found, &found->minisock);
	else if (found->header.kind == RECORD_LISTENER && size == sizeof(found->listener) &&
		 scan->listeners)
		listener_reader_found(scan->listeners, &found->listener.listener);
	else if (found->header.kind == RECORD_HOLDER && size == sizeof(found->holder))
		holders_add(&scan->holders, &found->holder);
	else if (found->header.kind != RECORD_MARK)
		record_unknown(&scan->unknown, found, size);
}

/* Takes the whole records at the beginning of data. Returns their size in bytes. */
static size_t take_records(struct initial_scan *scan, char *data, size_t size)
{
	struct record_header header;
	size_t taken = 0;

	while (size - taken >= sizeof(header)) {
		memcpy(&header, data + taken, sizeof(header));
		/* Without a valid size, the next record cannot be found. */
		if (header.size < sizeof(header) || header.size % sizeof(uint64_t)) {
			record_unknown(&scan->unknown, &header, sizeof(header));
			return size;
		}
		if (header.size > size - taken)
			break;
		take_record(scan, (union found *)(data + taken));
		taken += header.size;
	}
	return taken;
}

/* Runs an iterator to its end and takes the records that it writes. 0 or a negative errno. */
static int run_iterator(const struct bpf_link *link, struct initial_scan *scan)
{
	_Alignas(8) char data[FOUND_SIZE];
	int fd = bpf_iter_create(bpf_link__fd(link));
	size_t left = 0, taken;
	ssize_t size;

	if (fd < 0)
		return -errno;
	while ((size = read(fd, data + left, sizeof(data) - left)) > 0) {
		left += size;
		taken = take_records(scan, data, left);
		left -= taken;
		memmove(data, data + taken, left);
		scan->pause(scan->context);
	}
	if (size < 0)
		size = -errno;
	close(fd);
	scan->pause(scan->context);
	return size;
}

/* In the present network namespace. 0 or a negative errno. */
static int scan_sockets(struct initial_scan *scan)
{
	if (scan->listeners)
		listener_reader_enter(scan->listeners);
	return run_iterator(scan->sockets, scan);
}

/* False if it cannot be entered. */
static bool scan_namespace(struct initial_scan *scan, int netns)
{
	int err = setns(netns, CLONE_NEWNET) ? -errno : scan_sockets(scan);

	if (err)
		log_verbose("cannot scan the sessions of a network namespace: %s", strerror(-err));
	return !err;
}

static void scan_process(struct initial_scan *scan, struct namespaces *namespaces, const char *pid)
{
	int netns = namespaces_open(namespaces, pid);

	if (netns < 0)
		return;
	if (scan_namespace(scan, netns))
		namespaces_note_scanned(namespaces, pid, netns);
	else
		namespaces_note_missed(namespaces, pid);
	close(netns);
}

/* Those of all processes. */
static void scan_processes(struct initial_scan *scan, struct namespaces *namespaces)
{
	DIR *processes = opendir("/proc");
	struct dirent *process;

	while (processes && (process = readdir(processes)))
		if (process->d_name[0] >= '1' && process->d_name[0] <= '9')
			scan_process(scan, namespaces, process->d_name);
	if (processes)
		closedir(processes);
}

/* Those with a name, of which some have no process. */
static void scan_named(struct initial_scan *scan, struct namespaces *namespaces)
{
	DIR *names = opendir(NAMESPACES_FOLDER);
	struct dirent *name;
	int netns;

	while (names && (name = readdir(names))) {
		netns = namespaces_open_named(namespaces, name->d_name);
		if (netns < 0)
			continue;
		if (scan_namespace(scan, netns))
			namespaces_note_scanned(namespaces, NULL, netns);
		close(netns);
	}
	if (names)
		closedir(names);
}

static bool selects_scanned_only(const struct numbers *selected,
				 const struct namespaces *namespaces)
{
	for (size_t i = 0; i < selected->count; i++)
		if (!namespaces_has_scanned(namespaces, selected->sorted[i]))
			return false;
	return selected->count;
}

static size_t count_missed(const struct initial_scan *scan, const struct namespaces *namespaces)
{
	if (!(scan->snapshots || scan->minisocks) ||
	    selects_scanned_only(scan->selected, namespaces))
		return 0;
	return namespaces_count_missed(namespaces);
}

static void scan_namespaces(struct initial_scan *scan, struct namespaces *namespaces)
{
	int home = namespaces_open(namespaces, "self");

	if (!scan_sockets(scan) && home >= 0)
		namespaces_note_scanned(namespaces, "self", home);
	if (home >= 0) {
		scan_processes(scan, namespaces);
		scan_named(scan, namespaces);
	}
	if (home >= 0 && namespaces->opened.count > 1 && setns(home, CLONE_NEWNET) &&
	    errno != EPERM)
		log_verbose("cannot return to the original network namespace: %s", strerror(errno));
	if (scan->listeners)
		listener_reader_end_scan(scan->listeners);
	scan->missed = count_missed(scan, namespaces);
	if (home >= 0)
		close(home);
}

static struct bpf_link *attach_iterator(const struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);

	if (!link)
		log_verbose("%s: %s", program_lack(bpf_program__name(program)), strerror(errno));
	return link;
}

/* Those that no transition has reported until now. */
static void take_minisocks(struct initial_scan *scan)
{
	struct record_minisock_found found;

	scan->pause(scan->context);
	while (found_minisocks_take(&scan->found, &found))
		take_minisock(scan, &found.transition, found.left_ns);
}

void initial_scan_see(struct initial_scan *scan, const void *record, size_t size)
{
	if (!scan->is_over)
		found_minisocks_see(&scan->found, record, size);
}

void initial_scan_run(struct initial_scan *scan, const struct tcpstates_bpf *program,
		      struct minisocks *minisocks, struct record_queue *snapshots)
{
	struct namespaces namespaces = {0};

	scan->program = program;
	scan->minisocks = minisocks;
	scan->snapshots = snapshots;
	scan->files = attach_iterator(program->progs.seed_files);
	if (scan->files)
		run_iterator(scan->files, scan);
	scan->sockets = attach_iterator(program->progs.seed_sockets);
	if (access("/proc/self/ns/net", F_OK))
		log_verbose("older sessions of other network namespaces are not known: "
			    "/proc/self/ns/net: %s",
			    strerror(errno));
	if (scan->sockets)
		scan_namespaces(scan, &namespaces);
	take_minisocks(scan);
	scan->is_over = true;
	found_minisocks_close(&scan->found);
	namespaces_free(&namespaces);
}

/*
 * Searches for the processes that have the found sockets open, if there are any, and hands the
 * snapshots over.
 */
static void name_holders(struct initial_scan *scan)
{
	const struct transition *found;
	size_t size;

	if (scan->seeks_holders && scan->files)
		run_iterator(scan->files, scan);
	while ((found = record_queue_first(&scan->later, &size))) {
		struct transition snapshot = *found;

		record_queue_drop_first(&scan->later);
		if (scan->files)
			holders_apply(&scan->holders, &snapshot);
		record_queue_add(scan->snapshots, &snapshot, sizeof(snapshot));
	}
	holders_close(&scan->holders);
	scan->seeks_holders = false;
}

static void run(struct initial_scan *scan, struct namespaces *namespaces, bool is_check)
{
	struct scan_request *request = &scan->program->bss->scan;

	request->is_check = is_check;
	request->number++;
	scan_namespaces(scan, namespaces);
	name_holders(scan);
}

/* Sessions that have reached their limit, or a multiple of it, since before_ns. */
static void repeat(struct initial_scan *scan, const struct state_limits *limits, uint64_t before_ns,
		   uint64_t now_ns)
{
	struct namespaces namespaces = {0};
	struct scan_request *request = &scan->program->bss->scan;

	if (!scan->sockets || !(scan->snapshots || scan->listeners))
		return;
	memcpy(request->least_ns, limits->ns, sizeof(request->least_ns));
	request->stalled_ns = limits->stalled_ns;
	request->before_ns = before_ns;
	request->now_ns = scan->last_ns = now_ns;
	run(scan, &namespaces, false);
	namespaces_free(&namespaces);
}

void initial_scan_repeat(struct initial_scan *scan, const struct state_limits *limits,
			 uint64_t now_ns)
{
	repeat(scan, limits, scan->last_ns, now_ns);
}

/* Which doubts the kernel knows: those that it has no room for are dropped. */
static void insert_doubts(const struct initial_scan *scan, const struct doubts *doubts)
{
	int map = bpf_map__fd(scan->program->maps.doubts);

	for (struct doubt *doubt = doubts->first; doubt; doubt = doubt->next) {
		const struct kernel_doubt value = {.cookie = doubt->last.cookie};

		doubt->is_gone = !bpf_map_update_elem(map, &doubt->last.skaddr, &value, BPF_ANY);
	}
}

static void take_doubts(const struct initial_scan *scan, const struct doubts *doubts,
			const struct namespaces *namespaces)
{
	int map = bpf_map__fd(scan->program->maps.doubts);

	for (struct doubt *doubt = doubts->first; doubt; doubt = doubt->next) {
		struct kernel_doubt value = {.is_found = 1};

		if (!doubt->is_gone)
			continue;
		bpf_map_lookup_elem(map, &doubt->last.skaddr, &value);
		bpf_map_delete_elem(map, &doubt->last.skaddr);
		doubt->is_gone =
			!value.is_found && namespaces_has_scanned(namespaces, doubt->last.netns);
	}
}

void initial_scan_check(struct initial_scan *scan, const struct doubts *doubts)
{
	struct namespaces namespaces = {0};

	if (!scan->sockets || !scan->snapshots)
		return;
	insert_doubts(scan, doubts);
	run(scan, &namespaces, true);
	take_doubts(scan, doubts, &namespaces);
	namespaces_free(&namespaces);
}

/* At the first scan, every session has been in its state for 1 ns since the previous one. */
void initial_scan_finish(struct initial_scan *scan, uint64_t now_ns)
{
	struct state_limits least = {.ns = {0}};

	for (unsigned int state = STATE_ESTABLISHED; state < STATE_COUNT; state++)
		if (state != STATE_LISTEN)
			least.ns[state] = 1;
	scan->is_at_end = true;
	repeat(scan, &least, 0, now_ns);
}

void initial_scan_close(struct initial_scan *scan)
{
	bpf_link__destroy(scan->files);
	bpf_link__destroy(scan->sockets);
	found_minisocks_close(&scan->found);
	record_queue_close(&scan->later);
	holders_close(&scan->holders);
}
