// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Parses and checks the command line, and derives defaults from it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/option_row.h"
#include "cli/options.h"
#include "cli/summary_keys.h"
#include "lib/list.h"
#include "lib/log.h"

#define FIRST_CODE 256 /* getopt_long() returns FIRST_CODE + i for row i, or its letter */

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

	*letter++ = ':'; /* distinguishes a missing argument from an unknown option */
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

/* NULL: no row has that code. */
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

/* --sessions and --summary together are a view of their own, in either order. */
static bool is_session_summary(const char *one, const char *other)
{
	return (!strcmp(one, "sessions") && !strcmp(other, "summary")) ||
	       (!strcmp(one, "summary") && !strcmp(other, "sessions"));
}

/* The view that has been chosen already, or a part of it. */
static bool is_chosen(const char *view, const char *name)
{
	return !strcmp(view, name) || (!strcmp(view, OPTIONS_SESSION_SUMMARY) &&
				       (!strcmp(name, "sessions") || !strcmp(name, "summary")));
}

static void choose_view(struct options *options, const char *name)
{
	if (is_chosen(options->view, name))
		return;
	if (is_session_summary(options->view, name)) {
		options->view = OPTIONS_SESSION_SUMMARY;
		return;
	}
	options->has_two_views |= strcmp(options->view, OPTIONS_LINES) != 0;
	options->view = name;
}

/* If it is repeated, the last argument counts. */
static void choose_output(struct options *options, const char *name, const char *argument)
{
	int i = 0;

	while (i < options->output_count && strcmp(options->outputs[i].name, name) != 0)
		i++;
	if (i == OUTPUT_CHOICES_MAX)
		return;
	if (i == options->output_count)
		options->output_count++;
	options->outputs[i] = (struct output_choice){name, argument ? argument : ""};
}

static int row_apply(const struct option_row *row, struct options *options, const char *argument)
{
	struct complaint complaint = {.expected = row->expected};

	if (row->is_view)
		choose_view(options, row->name);
	if (row->is_output)
		choose_output(options, row->name, argument);
	if (!row->parse) {
		if (!row->is_view && !row->is_output)
			*(bool *)((char *)options + row->flag) = true;
		return 0;
	}
	if (argument)
		complaint_quote(&complaint, argument);
	if (row->parse(options, argument, &complaint))
		return 0;
	log_error("%sinvalid value \"%s\" for --%s: expected %s", complaint.place, complaint.text,
		  row->name, complaint.expected);
	return -1;
}

/* Whether a long option as typed, "--NAME" or "--NAME=VALUE", is a prefix of a row's name. */
static bool is_abbreviation(const char *typed)
{
	const char *name = typed + strspn(typed, "-");
	size_t size = strcspn(name, "=");
	const struct option_row *row;

	for (int i = 0; (row = option_row(i)); i++)
		if (row->name && !strncmp(row->name, name, size))
			return true;
	return false;
}

/* Reports what getopt_long() rejects, quoted as typed. */
static int complain_option(int answer, char **argv)
{
	const struct option_row *row = row_find(optopt);

	if (answer == ':' && row)
		log_error("--%s needs a value: expected %s", row->name, row->expected);
	else if (row)
		log_error("--%s takes no value: \"%s\"", row->name, argv[optind - 1]);
	else if (optopt)
		log_error("unknown option \"-%c\"; \"tcpstates --help\" lists all options", optopt);
	else
		log_error("%s option \"%s\"; \"tcpstates --help\" lists all options",
			  is_abbreviation(argv[optind - 1]) ? "ambiguous" : "unknown",
			  argv[optind - 1]);
	return -1;
}

/* A recording may come from another machine; a live trace is of this one. */
static int check_cgroups(const struct options *options)
{
	char missing[CGROUP_PATH_SIZE];

	if (options->replay || !selection_find_missing_cgroup(&options->selection, missing))
		return 0;
	log_error("invalid value \"%s\" for --cgroup: no such cgroup; paths start at the root of "
		  "the cgroup2 hierarchy, for example /system.slice/nginx.service",
		  missing);
	return -1;
}

/* "--sessions, --summary and --stuck": all views. */
static void list_views(char *text, size_t size)
{
	const struct option_row *row, *last = NULL;
	size_t length = 0;

	for (int i = 0; (row = option_row(i)); i++)
		if (row->is_view)
			last = row;
	*text = '\0';
	for (int i = 0; (row = option_row(i)) && length < size; i++)
		if (row->is_view)
			length += snprintf(text + length, size - length, "%s--%s",
					   !length       ? ""
					   : row == last ? " and "
							 : ", ",
					   row->name);
}

static int check_one_view(const struct options *options)
{
	char views[256];

	if (!options->has_two_views)
		return 0;
	list_views(views, sizeof(views));
	log_error("%s cannot be combined; choose one view, or --sessions with --summary", views);
	return -1;
}

/* --check tests this machine and prints its own rows. */
static int check_check(const struct options *options)
{
	if (options->replay || options->record || options->output_count || options->quiet)
		log_error("--check prints a table about this machine; it cannot be combined with "
			  "--replay, --quiet or another output");
	else if (options->csv && options->json)
		log_error("--csv and --json cannot be combined; choose one format");
	else
		return check_one_view(options);
	return -1;
}

/* Options that cannot be combined. */
static int check_together(const struct options *options, bool has_live_option)
{
	if (options->selection.ipv4 && options->selection.ipv6)
		log_error("-4 and -6 cannot be combined; omit both to see both families");
	else if (options->csv && options->json)
		log_error("--csv and --json cannot be combined; choose one format");
	else if (options->quiet && !options->record && !options->output_count)
		log_error("--quiet leaves no output; add --record FILE or --journal");
	else if (options->quiet && options->exit_code)
		log_error("--exit-code and --quiet cannot be combined: the status tells of lines");
	else if (options->record && !strcmp(options->record, "-") && !options->quiet)
		log_error("--record -: standard output cannot carry both lines and the recording; "
			  "add --quiet, or record to a file");
	else if (options->replay && has_live_option)
		log_error("--buffer and --replay cannot be combined: a replay has no ring buffer");
	else
		return check_cgroups(options);
	return -1;
}

/* Parses the options that are due: the late ones last. 0, or -1 after a report. */
static int take_options(struct options *options, int argc, char **argv, bool is_late,
			bool *has_live_option)
{
	struct getopt_tables tables = {0};
	int code;

	getopt_tables_build(&tables);
	optind = 0; /* restart, in glibc and musl */
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

int options_parse(struct options *options, int argc, char **argv, options_fields_of *fields_of)
{
	bool has_live_option = false;

	*options = (struct options){
		.buffer_size = OPTIONS_BUFFER_SIZE,
		.view = OPTIONS_LINES,
		.fields_of = fields_of,
	};
	if (take_options(options, argc, argv, false, &has_live_option) ||
	    take_options(options, argc, argv, true, &has_live_option))
		return -1;
	if (optind < argc) {
		log_error("unexpected argument \"%s\"; \"tcpstates --help\" lists all options",
			  argv[optind]);
		return -1;
	}
	selection_finish(&options->selection);
	if (options->action == ACTION_CHECK)
		return check_check(options);
	if (options->action != ACTION_TRACE)
		return 0;
	return check_one_view(options) || summary_keys_check(options) ||
			       check_together(options, has_live_option)
		       ? -1
		       : 0;
}

void options_free(struct options *options)
{
	selection_free(&options->selection);
}

const char *options_output(const struct options *options, const char *name)
{
	for (int i = 0; i < options->output_count; i++)
		if (!strcmp(options->outputs[i].name, name))
			return options->outputs[i].argument;
	return NULL;
}
