// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the output terminal can show. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/terminal.h"

/* NULL: unset or empty. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The first variable that is set decides (locale(7)). */
static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *locale = NULL;

	for (int i = 0; i < 3 && !locale; i++)
		locale = variable(names[i]);
	return locale && (strcasestr(locale, "UTF-8") || strcasestr(locale, "UTF8"));
}

static bool is_dumb(void)
{
	const char *term = variable("TERM");

	return !term || !strcmp(term, "dumb");
}

struct terminal terminal_of(int fd)
{
	struct terminal terminal = {.width = TERMINAL_WIDTH_DEFAULT, .is_terminal = isatty(fd)};
	struct winsize size;

	if (!terminal.is_terminal)
		return terminal;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		terminal.width = size.ws_col;
	terminal.is_utf8 = locale_is_utf8();
	terminal.has_colour = !is_dumb() && !variable("NO_COLOR");
	return terminal;
}
