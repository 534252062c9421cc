// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Collects the rows, decides the verdict, and prints both. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/environment.h"
#include "check/facility.h"
#include "check/programs.h"
#include "check/trial.h"
#include "lib/log.h"
#include "sink/text_sink.h"

static const struct row_kind check_kind = {
	.fields = &check_fields,
	.table = "check,state,note",
	.csv = "check,state,detail,lack",
};

static struct sink *check_open(const struct sink_setup *setup)
{
	return text_sink_open(&check_sink, setup, &check_kind, sizeof(struct text_sink));
}

/* A main output like the views, but without a source. */
const struct sink_ops check_sink = {
	.name = "check",
	.fields = &check_fields,
	.open = check_open,
	.begin = text_sink_begin,
	.close = text_sink_close,
};

/* Everything that a trace may need: includes every kernel program. */
static struct wants want_all(const struct selection *selection, uint64_t buffer_size)
{
	return (struct wants){
		.selection = selection,
		.details = true,
		.minisocks = true,
		.requests = true,
		.half_open = true,
		.resets = true,
		.listeners = true,
		.ports = true,
		.transitions = true,
		.buffer_size = buffer_size,
	};
}

/* Waits for a slow reader. A reader that is gone is no error. */
static int write_out(struct sink *sink)
{
	struct pollfd ready = {.fd = sink->output->fd, .events = POLLOUT};
	int err;

	signal(SIGPIPE, SIG_IGN);
	while ((err = output_flush(sink->output)) == -EAGAIN)
		poll(&ready, 1, -1);
	if (!err || err == -EPIPE)
		return 0;
	log_error("cannot write to standard output: %s", strerror(-err));
	sink->has_failed = true;
	return err;
}

static int print(const struct options *options, const struct facilities *facilities)
{
	const struct clock clock = {0};
	const struct origin origin = {.clock = &clock};
	const struct sink_setup setup = {.options = options, .origin = &origin};
	struct sink *sink = check_open(&setup);
	int err, close_err;

	if (!sink)
		return -1;
	text_sink_begin(sink);
	for (int i = 0; i < facilities->count; i++)
		text_sink_row((struct text_sink *)sink, &facilities->rows[i], 0);
	err = write_out(sink);
	close_err = text_sink_close(sink);
	return err ? err : close_err;
}

/* In one sentence. */
static void add_verdict(struct facilities *facilities, bool works, const struct refusal *refusal)
{
	char lacks[FACILITY_TEXT_SIZE - 64];

	facilities_list_lacks(facilities, lacks, sizeof(lacks));
	if (!works)
		facilities_add(facilities, "verdict", FACILITY_NO, NULL,
			       "tracing does not work: %s", refusal->text);
	else if (!facilities_have(facilities, "trial_connection"))
		facilities_add(facilities, "verdict", FACILITY_UNKNOWN, NULL,
			       "tracing begins, but no connection could be made to try it");
	else if (lacks[0])
		facilities_add(facilities, "verdict", FACILITY_YES, NULL,
			       "tracing works, without: %s", lacks);
	else
		facilities_add(facilities, "verdict", FACILITY_YES, NULL, "tracing works");
}

/* The reason, if there is one, comes first. */
static bool gather(struct facilities *facilities, const struct options *options)
{
	const struct selection everything = {0};
	struct wants all = want_all(&everything, options->buffer_size);
	struct facilities rest = {0};
	struct refusal refusal;
	bool works;

	check_environment(&rest, options->buffer_size);
	works = check_programs(&rest, &all, &refusal);
	/* Otherwise standard error would report what is missing. */
	all.requests = all.half_open = facilities_have(&rest, "inet_csk_reqsk_queue_hash_add");
	if (works)
		works = check_trial(&rest, &all, &refusal);
	if (!works)
		facilities_add(facilities, "reason", FACILITY_NO, NULL, "%s", refusal.text);
	for (int i = 0; i < rest.count && facilities->count < FACILITIES_MAX; i++)
		facilities->rows[facilities->count++] = rest.rows[i];
	add_verdict(facilities, works, &refusal);
	return works;
}

bool check_run(const struct options *options)
{
	struct facilities *facilities = calloc(1, sizeof(*facilities));
	bool works;

	if (!facilities) {
		log_error("out of memory");
		return false;
	}
	works = gather(facilities, options);
	if (print(options, facilities))
		works = false;
	free(facilities);
	return works;
}
