// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text made safe for each format. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "number.h"
#include "text.h"

#define REPLACEMENT 0xfffd /* U+FFFD, for what is no UTF-8 */

/* One character of a text: its code point, and the bytes it takes there. */
struct character {
	uint32_t code;
	unsigned int size;
};

/*
 * The bytes that may follow the first byte of a character: how many, and the bounds of the next
 * one.
 */
struct sequence {
	unsigned int more;
	unsigned char low;
	unsigned char high;
};

/*
 * Unicode's table of well-formed sequences: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
static struct sequence sequence_of(unsigned char first)
{
	if (first < 0xc2 || first > 0xf4)
		return (struct sequence){0};
	if (first < 0xe0)
		return (struct sequence){1, 0x80, 0xbf};
	if (first < 0xf0)
		return (struct sequence){2, first == 0xe0 ? 0xa0 : 0x80,
					 first == 0xed ? 0x9f : 0xbf};
	return (struct sequence){3, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf};
}

/* What is cut short or no UTF-8 becomes one U+FFFD, as far as it could have been a character. */
static struct character character_decode(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct character c = {.code = bytes[0], .size = 1};
	struct sequence next;

	if (c.code < 0x80)
		return c;
	next = sequence_of(bytes[0]);
	if (!next.more)
		return (struct character){.code = REPLACEMENT, .size = 1};
	c.code &= 0x3f >> next.more;
	for (; c.size <= next.more; c.size++) {
		if (c.size == size || bytes[c.size] < next.low || bytes[c.size] > next.high)
			return (struct character){.code = REPLACEMENT, .size = c.size};
		c.code = c.code << 6 | (bytes[c.size] & 0x3f);
		next.low = 0x80;
		next.high = 0xbf;
	}
	return c;
}

static bool character_is_control(struct character c)
{
	return c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
}

static char *write_character(char *place, struct character c, const char *text)
{
	if (c.code == REPLACEMENT) {
		memcpy(place, "\xef\xbf\xbd", 3);
		return place + 3;
	}
	memcpy(place, text, c.size);
	return place + c.size;
}

/* Bytes that stand for themselves in every format: printable ASCII but " , and \ */
static const bool is_simple[256] = {
	[' ' ... '!'] = true,
	['#' ... '+'] = true,
	['-' ... '['] = true,
	[']' ... '~'] = true,
};

/* Copies the leading run of simple bytes. Returns how many. */
static size_t copy_simple(char *place, const char *text, size_t size)
{
	size_t n = 0;

	for (; n < size && is_simple[(unsigned char)text[n]]; n++)
		place[n] = text[n];
	return n;
}

static bool text_has_ended(const char *text, size_t size, size_t at)
{
	return at == size || !text[at];
}

char *text_write_plain(char *place, const char *text, size_t size, size_t *chars)
{
	size_t limit = *chars;
	size_t at = copy_simple(place, text, size < limit ? size : limit);

	place += at;
	for (*chars = at; *chars < limit && !text_has_ended(text, size, at); ++*chars) {
		struct character c = character_decode(text + at, size - at);

		if (character_is_control(c))
			*place++ = '?';
		else
			place = write_character(place, c, text + at);
		at += c.size;
	}
	return place;
}

/* With the quotes doubled. */
static char *write_quotable(char *place, const char *text, size_t size)
{
	while (size) {
		const char *quote = memchr(text, '"', size);
		size_t piece = quote ? (size_t)(quote - text) : size, chars = piece;

		place = text_write_plain(place, text, piece, &chars);
		if (quote) {
			*place++ = '"';
			*place++ = '"';
			piece++;
		}
		text += piece;
		size -= piece;
	}
	return place;
}

char *text_write_csv(char *place, const char *text, size_t size)
{
	bool is_formula = *text == '=' || *text == '+' || *text == '-' || *text == '@';
	size_t simple = copy_simple(place, text, size);
	bool is_quoted;

	if (!is_formula && text_has_ended(text, size, simple))
		return place + simple;
	size = strnlen(text, size);
	is_quoted = memchr(text, ',', size) || memchr(text, '"', size);
	if (is_quoted)
		*place++ = '"';
	if (is_formula)
		*place++ = '\'';
	place = write_quotable(place, text, size);
	if (is_quoted)
		*place++ = '"';
	return place;
}

static char *write_json_character(char *place, struct character c, const char *text)
{
	if (c.code == '"' || c.code == '\\') {
		*place++ = '\\';
		*place++ = (char)c.code;
		return place;
	}
	if (!character_is_control(c))
		return write_character(place, c, text);
	memcpy(place, "\\u00", 4);
	memcpy(place + 4, number_hex_pairs[c.code], 2);
	return place + 6;
}

char *text_write_json(char *place, const char *text, size_t size)
{
	size_t at;

	*place++ = '"';
	at = copy_simple(place, text, size);
	place += at;
	while (!text_has_ended(text, size, at)) {
		struct character c = character_decode(text + at, size - at);

		place = write_json_character(place, c, text + at);
		at += c.size;
	}
	*place++ = '"';
	return place;
}
