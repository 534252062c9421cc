// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Diagnostics on standard error, a whole line in one write. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"

#define LINE_SIZE 2048

/* Global, because libbpf's print callback needs it and gets no context. */
static bool is_verbose;

void log_set_verbose(bool verbose)
{
	is_verbose = verbose;
}

/*
 * A message may quote a file or a file name: it must not reach the terminal unescaped. separators:
 * copied unchanged. Returns the end of the text.
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
	/* Nowhere to report that standard error itself failed. */
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
		print_line("\n\t", format, args); /* libbpf messages may have several lines */
}

void log_verbose(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_verbose_args(format, args);
	va_end(args);
}
