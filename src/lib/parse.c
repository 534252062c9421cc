// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Parses untrusted numbers. */
#include <stddef.h>

#include "lib/parse.h"

#define NSEC_PER_SEC 1000000000ull

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits. Returns the text after them; NULL: there are none, or the number exceeds max. */
static const char *read_digits(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (!is_digit(*text))
		return NULL;
	for (; is_digit(*text); text++) {
		uint64_t digit = *text - '0';

		if (digit > max || value > (max - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*number = value;
	return text;
}

bool parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value;
	const char *rest = read_digits(text, max, &value);

	if (!rest || *rest)
		return false;
	*number = value;
	return true;
}

static unsigned int unit_shift(char unit)
{
	switch (unit) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	default:
		return 0;
	}
}

bool parse_size(const char *text, uint64_t *bytes)
{
	uint64_t value;
	const char *rest = read_digits(text, UINT64_MAX, &value);
	unsigned int shift;

	if (!rest)
		return false;
	shift = unit_shift(*rest);
	if (shift)
		rest++;
	if (*rest || value > UINT64_MAX >> shift)
		return false;
	*bytes = value << shift;
	return true;
}

/* The digits after a decimal point, in units of 10^-9. */
static bool read_fraction(const char *text, uint64_t *fraction)
{
	uint64_t scale = NSEC_PER_SEC;

	*fraction = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (!is_digit(*text) || scale == 1)
			return false;
		scale /= 10;
		*fraction += (*text - '0') * scale;
	}
	return true;
}

bool parse_seconds(const char *text, uint64_t *ns)
{
	uint64_t seconds, fraction = 0;
	const char *rest = read_digits(text, UINT64_MAX / NSEC_PER_SEC - 1, &seconds);

	if (!rest || (*rest && (*rest != '.' || !read_fraction(rest + 1, &fraction))))
		return false;
	*ns = seconds * NSEC_PER_SEC + fraction;
	return true;
}
