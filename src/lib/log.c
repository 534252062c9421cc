// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Diagnostics on standard error, a whole line in one write. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"

#define LINE_SIZE 2048

/* The one state of the program that libbpf's printer, which is handed no context, must see too. */
static bool is_verbose;

void log_set_verbose(bool verbose)
{
	is_verbose = verbose;
}

/*
 * What a message quotes may come from a file or be the name of one: it must not reach the terminal
 * as it is. separators: are copied. Returns where it ends.
 */
static char *write_safe(char *place, const char *line, const char *separators)
{
	for (;;) {
		size_t size = strcspn(line, separators), chars = SIZE_MAX;

		place = text_write_plain(place, line, size, &chars);
		if (!line[size])
			return place;
		*place++ = line[size];
		line += size + 1;
	}
}

static void print_line(const char *separators, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void print_line(const char *separators, const char *format, va_list args)
{
	static const char prefix[] = "tcpstates: ";
	char line[LINE_SIZE], safe[TEXT_GROWTH * LINE_SIZE + TEXT_EXTRA], *end;

	if (vsnprintf(line, sizeof(line), format, args) < 0)
		return;
	end = write_safe(stpcpy(safe, prefix), line, separators);
	if (end[-1] != '\n')
		*end++ = '\n';
	/* Nobody to tell when standard error itself is gone. */
	if (write(STDERR_FILENO, safe, (size_t)(end - safe)) < 0)
		return;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line("", format, args);
	va_end(args);
}

void log_verbose_args(const char *format, va_list args)
{
	if (is_verbose)
		print_line("\n\t", format, args); /* libbpf's may have several lines */
}

void log_verbose(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_verbose_args(format, args);
	va_end(args);
}
