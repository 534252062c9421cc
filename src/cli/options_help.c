// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* --help and --fields help: printed from the tables that parse options and fields. */
#include <stdio.h>
#include <string.h>

#include "cli/option_row.h"
#include "cli/options.h"
#include "trace/cause.h"

static void print_row(const struct option_row *row)
{
	const char *before = !row->argument ? "" : row->is_optional ? "[=" : " ";
	char left[40];

	snprintf(left, sizeof(left), "%c%c%c --%s%s%s%s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name, before,
		 row->argument ? row->argument : "", row->is_optional ? "]" : "");
	printf("  %-24s %s\n", left, row->help);
}

#define HELP_COLUMNS 80

/* The names of all causes, on as many lines as they need. */
static void print_causes(void)
{
	int column = printf("\nCauses (column CAUSE of -x):");

	for (enum cause cause = CAUSE_UNKNOWN + 1; cause < CAUSE_COUNT; cause++) {
		const char *name = cause_row(cause)->name;

		if (column + 1 + (int)strlen(name) + 1 > HELP_COLUMNS)
			column = printf("\n ") - 1;
		column += printf(" %s%s", name, cause < CAUSE_COUNT - 1 ? "," : "");
	}
	putchar('\n');
}

void options_print_help(void)
{
	const struct option_row *row;

	puts("Usage: tcpstates [OPTION]...          trace every TCP session of this machine\n      "
	     " tcpstates -r FILE [OPTION]...  read a recording instead\n\nPrints one line for each "
	     "state change of a TCP session, with the time spent in the\nold state. Tracing needs "
	     "root (or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN).");
	for (int i = 0; (row = option_row(i)); i++) {
		if (!row->name)
			printf("\n%s\n", row->help);
		else if (row->help)
			print_row(row);
	}
	print_causes();
	puts("\n"
	     "Lists are separated by commas. Values in a list are ORed, options are ANDed.\n"
	     "Examples:\n"
	     "  tcpstates -wT                  wide columns, with the time of day\n"
	     "  tcpstates -x                   owner, byte counts and cause of each change\n"
	     "  tcpstates -L 80,443            only sessions with one of these local ports\n"
	     "  tcpstates --sessions           one line for each session when it ends\n"
	     "  tcpstates -j | jq .            JSON for another program\n"
	     "  tcpstates -q -o today.tcps     record and print nothing,\n"
	     "  tcpstates -r today.tcps -s     then read the recording as CSV\n"
	     "\n"
	     "Exit status: 0 success, 1 failure, 2 wrong usage. Manual: man tcpstates");
}

void options_print_fields(const struct options *options)
{
	const struct field_table *table = options->fields_of(options->view);

	for (int i = 0; i < table->count; i++)
		printf("%-10s %-9s %s\n", table->fields[i].key, table->fields[i].heading,
		       table->fields[i].help);
}
