// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Terminals: a pair of pseudo-terminals stands for one. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/terminal.h"
#include "unit.h"

/* -1: none can be had here. */
static int open_terminal(unsigned short width, int *controller)
{
	struct winsize size = {.ws_col = width, .ws_row = 24};

	*controller = posix_openpt(O_RDWR | O_NOCTTY);
	if (*controller < 0 || grantpt(*controller) || unlockpt(*controller))
		return -1;
	ioctl(*controller, TIOCSWINSZ, &size);
	return open(ptsname(*controller), O_RDWR | O_NOCTTY);
}

static void clear_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG", "TERM", "NO_COLOR"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

/* A pipe, a file: as wide as any, and plain. */
static void no_terminal(void)
{
	struct terminal terminal;
	int ends[2];

	clear_environment();
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", "xterm", 1);
	CHECK_NUMBER(0, pipe(ends));
	terminal = terminal_of(ends[1]);
	CHECK(!terminal.is_terminal);
	CHECK(!terminal.is_utf8);
	CHECK(!terminal.has_colour);
	CHECK_NUMBER(80, terminal.width);
	close(ends[0]);
	close(ends[1]);
	CHECK(!terminal_of(-1).is_terminal);
}

static void width(void)
{
	static const struct {
		unsigned short width;
		unsigned int expected;
	} rows[] = {{132, 132}, {40, 40}, {0, 80}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int controller, fd = open_terminal(rows[i].width, &controller);

		unit_row("%u columns", rows[i].width);
		CHECK(fd >= 0);
		CHECK(terminal_of(fd).is_terminal);
		CHECK_NUMBER(rows[i].expected, terminal_of(fd).width);
		close(fd);
		close(controller);
	}
}

static void environment(void)
{
	static const struct {
		const char *name, *value;
		const char *name2, *value2;
		bool is_utf8, has_colour;
	} rows[] = {
		{"LANG", "C.UTF-8", "TERM", "xterm", true, true},
		{"LANG", "de_DE.utf8", "TERM", "dumb", true, false},
		{"LANG", "C.UTF-8", "LC_CTYPE", "C", false, false},
		{"LANG", "C", "LC_ALL", "en_US.UTF-8", true, false},
		{"LC_CTYPE", "en_US.UTF-8", "LC_ALL", "POSIX", false, false},
		{"LC_CTYPE", "en_US.UTF-8", "LC_ALL", "", true, false},
		{"TERM", "xterm-256color", "NO_COLOR", "1", false, false},
		{"TERM", "xterm-256color", "NO_COLOR", "", false, true},
		{"LANG", "", "TERM", "", false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int controller, fd = open_terminal(80, &controller);

		unit_row("%s=%s %s=%s", rows[i].name, rows[i].value, rows[i].name2, rows[i].value2);
		clear_environment();
		setenv(rows[i].name, rows[i].value, 1);
		setenv(rows[i].name2, rows[i].value2, 1);
		CHECK_NUMBER(rows[i].is_utf8, terminal_of(fd).is_utf8);
		CHECK_NUMBER(rows[i].has_colour, terminal_of(fd).has_colour);
		close(fd);
		close(controller);
	}
}

UNIT_MAIN("terminal", TEST(no_terminal), TEST(width), TEST(environment))
