// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording: the transitions, for a later replay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "sink/sink.h"
#include "trace/recording.h"

struct record_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	struct output output;
	int64_t wall_offset_ns; /* as last written */
	uint64_t transitions;
	struct cgroups cgroups; /* whose paths are written */
	uint64_t cgroup;        /* the last one */
};

static bool record_is_wanted(const struct options *options)
{
	return options->record;
}

static void record_want(const struct options *options, struct wants *wants)
{
	wants->transitions = wants->details = wants->minisocks = wants->snapshots = true;
	wants->resets |= !selection_excludes_resets(&options->selection);
	wants->listeners |= !selection_excludes_listeners(&options->selection);
	wants->scan_at_end = wants->ports = true;
}

static void write_header(struct record_sink *record, const struct origin *origin)
{
	struct recording_origin header = {
		.wall_offset_ns = origin->clock->wall_offset_ns,
		.start_ns = origin->clock->start_ns,
		.has_resets = !origin->resets_lack,
		.has_listeners = !origin->listeners_lack,
		.has_ports = !origin->ports_lack,
	};

	memcpy(header.host, origin->host, sizeof(header.host));
	memcpy(header.kernel, origin->kernel, sizeof(header.kernel));
	record->wall_offset_ns = header.wall_offset_ns;
	recording_write_header(&record->output.buffer, &header);
}

static int record_open_output(struct record_sink *record, const char *path)
{
	int err;

	if (strcmp(path, "-"))
		err = output_open_file(&record->output, path);
	else
		err = output_open_stdout(&record->output);
	if (err)
		log_error("cannot record to %s: %s", record->output.name, strerror(-err));
	else if (isatty(record->output.fd))
		log_error("cannot record to %s: it is a terminal; use a file or a pipe",
			  record->output.name);
	else
		return 0;
	output_close(&record->output);
	return -1;
}

static struct sink *record_open(const struct sink_setup *setup)
{
	struct record_sink *record = calloc(1, sizeof(*record));

	if (!record) {
		log_error("out of memory");
		return NULL;
	}
	if (record_open_output(record, setup->options->record)) {
		free(record);
		return NULL;
	}
	cgroups_open(&record->cgroups, -1);
	sink_init(&record->sink, &record_sink, setup->origin, &record->output);
	return &record->sink;
}

static void record_begin(struct sink *sink)
{
	write_header((struct record_sink *)sink, sink->origin);
}

static void write_path(struct record_sink *record, uint64_t id, const char *path)
{
	if (!id || cgroups_has(&record->cgroups, id))
		return;
	recording_write_cgroup(&record->output.buffer, id, path);
	cgroups_learn(&record->cgroups, id, path);
}

/* Writes the parents of a path, root first: a filter on a cgroup includes those below it. */
static void write_cgroups_above(struct record_sink *record, const char *path)
{
	struct cgroups *cgroups = record->sink.origin->cgroups;
	char above[CGROUP_PATH_SIZE];

	for (const char *end = path; (end = strchr(end, '/')); end++) {
		snprintf(above, sizeof(above), "%.*s", end == path ? 1 : (int)(end - path), path);
		write_path(record, cgroups_find_id(cgroups, above), above);
	}
}

/* Writes the path before the first transition with that cgroup. */
static void write_cgroup(struct record_sink *record, uint64_t id)
{
	char path[CGROUP_PATH_SIZE];

	record->cgroup = id;
	if (!id || cgroups_has(&record->cgroups, id))
		return;
	snprintf(path, sizeof(path), "%s", cgroups_find(record->sink.origin->cgroups, id));
	write_cgroups_above(record, path);
	write_path(record, id, path);
}

/* Before what is recorded with another wall clock. */
static void write_offset(struct record_sink *record)
{
	int64_t wall_offset_ns = record->sink.origin->clock->wall_offset_ns;

	if (record->wall_offset_ns != wall_offset_ns)
		recording_write_offset(&record->output.buffer, wall_offset_ns);
	record->wall_offset_ns = wall_offset_ns;
}

/*
 * A recording serves both lifetimes, because the replay chooses one. With a view it also holds what
 * the filter rejects, so that its replay prints the same.
 */
static void record_observe(struct sink *sink, const struct transition *transition, bool is_match)
{
	struct record_sink *record = (struct record_sink *)sink;

	(void)is_match;
	write_offset(record);
	if (record->cgroup != transition->cgroup)
		write_cgroup(record, transition->cgroup);
	if (transition_is_snapshot(transition))
		recording_write_snapshot(&record->output.buffer, transition);
	else
		recording_write_transition(&record->output.buffer, transition);
	record->transitions++;
	output_flush_if_full(&record->output);
}

static void record_resets(struct sink *sink, const struct reset_count *count)
{
	struct record_sink *record = (struct record_sink *)sink;

	if (sink->origin->resets_lack)
		return;
	write_offset(record);
	recording_write_resets(&record->output.buffer, count);
	output_flush_if_full(&record->output);
}

static void record_listener(struct sink *sink, const struct listener *report)
{
	struct record_sink *record = (struct record_sink *)sink;

	if (sink->origin->listeners_lack)
		return;
	write_offset(record);
	if (record->cgroup != report->cgroup)
		write_cgroup(record, report->cgroup);
	recording_write_listener(&record->output.buffer, report);
	output_flush_if_full(&record->output);
}

static void record_ports(struct sink *sink, const struct port_space *space)
{
	struct record_sink *record = (struct record_sink *)sink;

	if (!sink->origin->ports_lack)
		recording_write_ports(&record->output.buffer, space);
}

static void record_tick(struct sink *sink, uint64_t now_ns)
{
	recording_write_tick(&((struct record_sink *)sink)->output.buffer, now_ns);
}

static void record_losses(struct sink *sink, const struct losses *losses, bool is_end)
{
	struct record_sink *record = (struct record_sink *)sink;

	if (is_end)
		recording_write_end(&record->output.buffer, losses, record->transitions);
	else
		recording_write_losses(&record->output.buffer, losses);
}

static int record_close(struct sink *sink)
{
	struct record_sink *record = (struct record_sink *)sink;
	int err = output_close(&record->output);

	if (err && !sink->has_failed)
		log_error("cannot write to %s: %s", record->output.name, strerror(-err));
	cgroups_close(&record->cgroups);
	free(record);
	return err;
}

const struct sink_ops record_sink = {
	.name = "record",
	.is_wanted = record_is_wanted,
	.want = record_want,
	.open = record_open,
	.begin = record_begin,
	.observe = record_observe,
	.snapshot = record_observe,
	.resets = record_resets,
	.listener = record_listener,
	.ports = record_ports,
	.tick = record_tick,
	.losses = record_losses,
	.close = record_close,
};
