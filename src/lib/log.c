// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Diagnostics on standard error, a whole line in one write. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#define LINE_SIZE 2048

/* The one state of the program that libbpf's printer, which is handed no context, must see too. */
static bool is_verbose;

void log_set_verbose(bool verbose)
{
	is_verbose = verbose;
}

static void print_line(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void print_line(const char *format, va_list args)
{
	static const char prefix[] = "tcpstates: ";
	char line[LINE_SIZE];
	size_t length = sizeof(prefix) - 1;
	int written;

	memcpy(line, prefix, length);
	written = vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	if (written < 0)
		return;
	length = strlen(line);
	if (line[length - 1] != '\n')
		line[length++] = '\n';
	/* Nobody to tell when standard error itself is gone. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(format, args);
	va_end(args);
}

void log_verbose_args(const char *format, va_list args)
{
	if (is_verbose)
		print_line(format, args);
}

void log_verbose(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_verbose_args(format, args);
	va_end(args);
}
