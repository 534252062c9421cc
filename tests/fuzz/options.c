// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the command line: parsing, and the plan that is made of it. An input is its words, a line
 * each; after an empty line comes what the file "list" holds, which a word may name as @list.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "plan.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORDS_MAX 30
#define INPUT_MAX 4096

/* A file descriptor of a folder of its own, where "list" is. */
static char folder[] = "/tmp/tcpstates-fuzz-XXXXXX";

static void clean(void)
{
	unlink("list");
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int nowhere = open("/dev/null", O_WRONLY);

	(void)argc, (void)argv;
	if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		abort();
	close(nowhere);
	return 0;
}

/* Not before the fuzzer has read its corpus, whose path may be relative. */
static void enter_folder(void)
{
	static int is_there;

	if (is_there)
		return;
	if (!mkdtemp(folder) || chdir(folder))
		abort();
	atexit(clean);
	is_there = 1;
}

static void write_list(const char *text)
{
	int fd = open("list", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* Only files in the folder may be named. */
static void keep_in_folder(char *word)
{
	for (char *at = strchr(word, '@'); at && *at; at++)
		if (*at == '/')
			*at = '_';
}

static int split(char *text, const char **argv)
{
	char *rest = text, *word;
	int argc = 0;

	argv[argc++] = "tcpstates";
	while (argc < WORDS_MAX && (word = strsep(&rest, "\n")) && *word) {
		keep_in_folder(word);
		argv[argc++] = word;
	}
	write_list(rest ? rest : "");
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[INPUT_MAX + 1];
	const char *argv[WORDS_MAX + 1];
	struct options options;
	struct plan plan;
	int argc;

	if (size > INPUT_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	enter_folder();
	argc = split(text, argv);
	if (!options_parse(&options, argc, (char **)argv, sink_fields) &&
	    options.action == ACTION_TRACE)
		plan_make(&plan, &options);
	options_free(&options);
	return 0;
}
