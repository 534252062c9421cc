// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Diagnostics: a line each, which cannot steer the terminal. */
#include "lib/log.h"
#include "unit.h"

static void check_error(const char *wanted, const char *text)
{
	struct unit_capture captured;
	const char *got;

	unit_capture_begin(&captured);
	log_error("\"%s\" is wrong", text);
	got = unit_capture_end(&captured);
	CHECK_TEXT(wanted, got);
}

static void hostile(void)
{
	check_error("tcpstates: \"plain\" is wrong\n", "plain");
	check_error("tcpstates: \"?[2J?]0;title?\" is wrong\n", "\x1b[2J\x1b]0;title\a");
	check_error("tcpstates: \"a?tcpstates: lost\" is wrong\n", "a\ntcpstates: lost");
	check_error("tcpstates: \"a?b\xef\xbf\xbd\" is wrong\n", "a\xe2\x80\xae"
								 "b\xff");
	check_error("tcpstates: \"\xc3\xa9\" is wrong\n", "\xc3\xa9");
}

static void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_verbose_args(format, args);
	va_end(args);
}

/* libbpf's messages may have several lines, and end in one. */
static void lines(void)
{
	struct unit_capture captured;
	const char *got;

	log_set_verbose(true);
	unit_capture_begin(&captured);
	print("libbpf: %s\n\tnext\x1b\n", "first");
	got = unit_capture_end(&captured);
	CHECK_TEXT("tcpstates: libbpf: first\n\tnext?\n", got);
	log_set_verbose(false);
	unit_capture_begin(&captured);
	print("quiet");
	got = unit_capture_end(&captured);
	CHECK_TEXT("", got);
}

/* What is longer than a line is cut, and ends with one all the same. */
static void too_long(void)
{
	struct unit_capture captured;
	char text[3000];
	const char *got;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	unit_capture_begin(&captured);
	log_error("%s", text);
	got = unit_capture_end(&captured);
	CHECK(strlen(got) > 2000 && got[strlen(got) - 1] == '\n');
}

UNIT_MAIN("log", TEST(hostile), TEST(lines), TEST(too_long))
