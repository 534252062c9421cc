// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpstates: options make a plan, which chooses a source, a filter and sinks; the loop moves
 * transitions from one to the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/check.h"
#include "cli/program_text.h"
#include "lib/log.h"
#include "lib/text.h"
#include "loop.h"
#include "plan.h"
#include "sink/sink.h"
#include "source/source.h"
#include "trace/filter.h"

enum exit_status {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_FOUND = 3, /* with --exit-code */
};

/*
 * If a standard descriptor is closed, the next file opened would take its number, and would be
 * written to or read by mistake. A placeholder that refuses both takes the number.
 */
static void guard_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		while (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			if (open("/", O_PATH) < 0)
				return;
}

/*
 * By default, a write beyond "ulimit -f" ends the process without a message (SIGXFSZ); ignored, it
 * fails with EFBIG.
 */
static void let_long_writes_fail(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

/* Recording over the file that is being replayed would destroy it. */
static bool record_is_replay(const struct options *options)
{
	struct stat record, replay;
	int err;

	if (!options->record || !options->replay || stat(options->record, &record))
		return false;
	if (strcmp(options->replay, "-"))
		err = stat(options->replay, &replay);
	else
		err = fstat(STDIN_FILENO, &replay);
	return !err && S_ISREG(record.st_mode) && record.st_dev == replay.st_dev &&
	       record.st_ino == replay.st_ino;
}

static struct source *open_source(const struct plan *plan)
{
	const char *replay = plan->options->replay;

	return replay ? source_open_replay(replay) : source_open_live(&plan->wants);
}

/* Names in a recording come from outside and may contain anything. */
static void say_ready(const struct plan *plan, const struct source *source)
{
	char host[TEXT_GROWTH * sizeof(source->host) + TEXT_EXTRA];
	char kernel[TEXT_GROWTH * sizeof(source->kernel) + TEXT_EXTRA];
	size_t host_chars = SIZE_MAX, kernel_chars = SIZE_MAX;

	*text_write_plain(host, source->host, sizeof(source->host), &host_chars) = '\0';
	*text_write_plain(kernel, source->kernel, sizeof(source->kernel), &kernel_chars) = '\0';
	log_verbose("ready: %s %s, kernel %s", plan->options->replay ? "replaying" : "tracing",
		    host, kernel);
}

static int run(struct loop *loop, const struct plan *plan, const struct origin *origin)
{
	/* open(2) of a FIFO waits for a reader; signals are not blocked yet, so they end it. */
	if (plan_open_sinks(plan, loop->dispatch.sinks, origin, &loop->poller) || loop_open(loop))
		return -1;
	sinks_begin(loop->dispatch.sinks);
	say_ready(plan, loop->source);
	return loop_run(loop);
}

static void report_forgotten(const struct cgroups *cgroups)
{
	if (cgroups->forgotten)
		log_error("more than %d cgroups: %" PRIu64
			  " paths were forgotten; CGROUP may be missing",
			  CGROUPS_MAX, cgroups->forgotten);
}

/* An output without them must not look as if there were none. */
static void report_missed(const struct source *source)
{
	size_t count = source->namespaces_missed;

	if (count)
		log_error("sessions that were there before are missing: %zu other network "
			  "namespace%s cannot be entered without CAP_SYS_ADMIN and CAP_SYS_PTRACE",
			  count, count == 1 ? "" : "s");
}

static enum exit_status trace(const struct plan *plan)
{
	const struct options *options = plan->options;
	struct sinks sinks = {.count = 0};
	struct filter filter;
	struct loop loop = {.dispatch = {.sinks = &sinks,
					 .filter = &filter,
					 .wants = &plan->wants,
					 .lifetime = plan->lifetime,
					 .count_limit = options->count},
			    .signal_fd = -1};
	struct origin origin;
	int err, close_err;
	bool has_found;

	loop.source = open_source(plan);
	if (!loop.source)
		return EXIT_FAILED;
	report_missed(loop.source);
	origin = source_origin(loop.source);
	filter_init(&filter, plan->wants.selection, plan->wants.requests, origin.clock->start_ns,
		    options->duration_ns, origin.cgroups);
	err = run(&loop, plan, &origin);
	report_forgotten(origin.cgroups);
	has_found = options->exit_code && sinks_have_found(&sinks);
	close_err = sinks_close(&sinks);
	loop_close(&loop);
	loop.source->ops->close(loop.source);
	if (err || close_err)
		return EXIT_FAILED;
	return has_found ? EXIT_FOUND : EXIT_FINE;
}

static enum exit_status plan_and_trace(const struct options *options)
{
	struct plan plan;

	if (plan_make(&plan, options))
		return EXIT_USAGE;
	if (!record_is_replay(options))
		return trace(&plan);
	log_error("--record \"%s\": this is the recording being replayed; choose another file",
		  options->record);
	return EXIT_USAGE;
}

/* Standard output is buffered: a full disk shows only here. */
static enum exit_status finish_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_FINE;
	log_error("cannot write to standard output: %s", strerror(errno));
	return EXIT_FAILED;
}

static enum exit_status act(const struct options *options)
{
	log_set_verbose(options->verbose);
	switch (options->action) {
	case ACTION_TRACE:
		return plan_and_trace(options);
	case ACTION_CHECK:
		return check_run(options) ? EXIT_FINE : EXIT_FAILED;
	case ACTION_HELP:
		options_print_help();
		break;
	case ACTION_FIELDS:
		options_print_fields(options);
		break;
	case ACTION_VERSION:
		puts("tcpstates " TCPSTATES_VERSION);
		break;
	case ACTION_EBPF:
		fwrite(program_text, 1, program_text_size, stdout);
		break;
	}
	return finish_stdout();
}

int main(int argc, char **argv)
{
	enum exit_status status = EXIT_USAGE;
	struct options options;

	guard_standard_descriptors();
	let_long_writes_fail();
	if (!options_parse(&options, argc, argv, sink_fields))
		status = act(&options);
	options_free(&options);
	return status;
}
