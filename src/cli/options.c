// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The command line: parsed, checked, and what follows from it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/option_row.h"
#include "cli/options.h"
#include "lib/list.h"
#include "lib/log.h"
#include "trace/cause.h"

#define FIRST_CODE 256 /* getopt's answer for row i is FIRST_CODE + i, or its letter */

struct getopt_tables {
	char letters[2 * OPTION_ROWS_MAX + 2];
	struct option names[OPTION_ROWS_MAX + 1];
};

static int has_argument(const struct option_row *row)
{
	if (!row->argument)
		return no_argument;
	return row->is_optional ? optional_argument : required_argument;
}

static void getopt_tables_build(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	struct option *name = tables->names;
	const struct option_row *row;

	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; (row = option_row(i)); i++) {
		if (!row->name)
			continue;
		*name++ = (struct option){row->name, has_argument(row), NULL, FIRST_CODE + i};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->argument)
			*letter++ = ':';
	}
	*letter = '\0';
	*name = (struct option){0};
}

/* NULL: none has that code. */
static const struct option_row *row_find(int code)
{
	const struct option_row *row;

	if (code >= FIRST_CODE)
		return option_row(code - FIRST_CODE);
	for (int i = 0; (row = option_row(i)); i++)
		if (row->letter && row->letter == code)
			break;
	return row;
}

static int row_apply(const struct option_row *row, struct options *options, const char *argument)
{
	struct complaint complaint = {.expected = row->expected};

	if (!row->parse) {
		*(bool *)((char *)options + row->flag) = true;
		return 0;
	}
	if (argument)
		complaint_quote(&complaint, argument);
	if (row->parse(options, argument, &complaint))
		return 0;
	log_error("--%s: %s\"%s\" is not right; expected: %s", row->name, complaint.place,
		  complaint.text, complaint.expected);
	return -1;
}

/* What getopt_long() could not make sense of, quoted as it was typed. */
static int complain_option(int answer, char **argv)
{
	const struct option_row *row = row_find(optopt);

	if (answer == ':' && row)
		log_error("--%s: %s missing; expected: %s", row->name, row->argument,
			  row->expected);
	else if (row)
		log_error("\"%s\": --%s takes no value", argv[optind - 1], row->name);
	else if (optopt)
		log_error("\"-%c\" is no option; \"tcpstates --help\" lists them", optopt);
	else
		log_error("\"%s\" is no option, or the beginning of several; "
			  "\"tcpstates --help\" lists them",
			  argv[optind - 1]);
	return -1;
}

/* A recording may be of another machine, a live trace is of this one. */
static int check_cgroups(const struct options *options)
{
	char missing[CGROUP_PATH_SIZE];

	if (options->replay || !selection_find_missing_cgroup(&options->selection, missing))
		return 0;
	log_error("--cgroup: \"%s\": no such cgroup; paths begin at the root of the cgroup2 "
		  "hierarchy, as in /system.slice/nginx.service",
		  missing);
	return -1;
}

/* What no transition has can be shown by nobody. A recording has both views. */
static int check_selection(const struct options *options)
{
	const struct selection *selection = &options->selection;
	bool has_minisocks = options_view(options) == VIEW_FULL || options->record;
	const char *why = selection_check(selection, has_minisocks);

	if (options->ipv4 &&
	    !(nets_may_be_ipv4(&selection->locals) && nets_may_be_ipv4(&selection->remotes)))
		why = "-4: the addresses of --local or --remote are of IPv6 only, so nothing can "
		      "match";
	if (selection->causes == 1ull << CAUSE_HALF_OPEN && !options->half_open)
		why = "--cause: only with --half-open can this cause match; add it";
	if (!why)
		return 0;
	log_error("%s", why);
	return -1;
}

/* A key that is printed has to be one by which is counted. */
static int check_summary(const struct options *options)
{
	const struct grouping *grouping = &options->grouping;

	for (enum group_by by = 0; by < GROUP_BY_COUNT; by++) {
		const char *name = group_by_name(by);
		const char *field = by == GROUP_BY_EDGE ? "oldstate" : name;

		if (grouping_has(grouping, by) ||
		    !(field_list_has(&options->fields, field) ||
		      (by == GROUP_BY_EDGE && field_list_has(&options->fields, "newstate"))))
			continue;
		log_error("--fields: %s is no key of this summary; add %s to --by, or leave it out",
			  field, name);
		return -1;
	}
	return 0;
}

/* A summary is by state unless told otherwise. */
static int check_report(struct options *options)
{
	bool is_summary = options->report == REPORT_SUMMARY;

	if (options->has_two_reports) {
		log_error("--sessions, --summary and --stuck exclude each other; choose one "
			  "view");
		return -1;
	}
	if (options->grouping.count && !is_summary) {
		log_error("--by is for a summary; add --summary");
		return -1;
	}
	if (!is_summary)
		return 0;
	if (!options->grouping.count)
		grouping_add(&options->grouping, group_by_name(GROUP_BY_STATE));
	return check_summary(options);
}

/* What each option allows, but not together. */
static int check_together(const struct options *options, bool has_live_option)
{
	if (options->ipv4 && options->ipv6)
		log_error("-4 and -6 exclude each other; without either, both families are shown");
	else if (options->csv && options->json)
		log_error("--csv and --json exclude each other; choose one format");
	else if (options->quiet && !options->record && !options->journal)
		log_error("--quiet leaves nothing to do; add --record FILE or --journal");
	else if (options->record && !strcmp(options->record, "-") && !options->quiet)
		log_error("--record -: standard output would carry lines and the recording; "
			  "add --quiet, or record to a file");
	else if (options->replay && has_live_option)
		log_error("--buffer is for a live trace; leave it out with --replay");
	else
		return check_selection(options) || check_cgroups(options) ? -1 : 0;
	return -1;
}

/* Takes the options whose turn it is: the late ones last. 0, or -1 after a report. */
static int take_options(struct options *options, int argc, char **argv, bool is_late,
			bool *has_live_option)
{
	struct getopt_tables tables = {0};
	int code;

	getopt_tables_build(&tables);
	optind = 0; /* from the beginning, in glibc and musl */
	opterr = 0;
	while ((code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		const struct option_row *row = row_find(code);

		if (!row || code == ':' || code == '?')
			return complain_option(code, argv);
		if (row->is_late == is_late && row_apply(row, options, optarg))
			return -1;
		*has_live_option |= row->is_live_only;
	}
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	bool has_live_option = false;

	*options = (struct options){.buffer_size = OPTIONS_BUFFER_SIZE};
	stuck_limits_default(&options->stuck_limits);
	if (take_options(options, argc, argv, false, &has_live_option) ||
	    take_options(options, argc, argv, true, &has_live_option))
		return -1;
	if (optind < argc) {
		log_error("\"%s\" is no option; \"tcpstates --help\" lists them", argv[optind]);
		return -1;
	}
	selection_finish(&options->selection);
	if (options->action != ACTION_TRACE)
		return 0;
	return check_report(options) || check_together(options, has_live_option) ? -1 : 0;
}

void options_free(struct options *options)
{
	selection_free(&options->selection);
}

bool options_want_details(const struct options *options)
{
	return selection_wants_details(&options->selection) || options->record ||
	       options->report != REPORT_LINES || options->extended || options->minisocks ||
	       options->half_open || (options->json && !options->fields.count && !options->quiet) ||
	       field_list_has_details(&options->fields);
}

bool options_follow_minisocks(const struct options *options)
{
	return options->record || (options_view(options) == VIEW_FULL && !options->quiet);
}

bool options_want_requests(const struct options *options)
{
	return options->half_open || options->report == REPORT_STUCK;
}

bool options_want_standing(const struct options *options)
{
	return options->report != REPORT_LINES || options->record;
}

enum view options_view(const struct options *options)
{
	return options->report != REPORT_LINES || options->minisocks || options->half_open ||
			       options->extended || options->json
		       ? VIEW_FULL
		       : VIEW_SOCKETS;
}
