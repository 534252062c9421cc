// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Escapes text for each format. */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/number.h"
#include "lib/text.h"
#include "lib/vector.h"

#define REPLACEMENT 0xfffd /* U+FFFD, for invalid UTF-8 */

/* One character of a text: its code point and its length there in bytes. */
struct character {
	uint32_t code;
	unsigned int size;
};

/*
 * The bytes that may follow the first byte of a character: their number, and the bounds of the next
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

/*
 * A truncated or invalid sequence becomes one U+FFFD, up to the first byte that cannot continue it.
 */
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

/*
 * Characters that change the order or the lines of the text around them: directional marks,
 * embeddings, overrides and isolates (Unicode's Bidi_Control), and line and paragraph separators.
 */
static bool character_is_layout(struct character c)
{
	return c.code == 0x61c || c.code == 0x200e || c.code == 0x200f ||
	       (c.code >= 0x2028 && c.code <= 0x202e) || (c.code >= 0x2066 && c.code <= 0x2069);
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

/*
 * How many of sixteen bytes precede the first one that some format escapes. Printable ASCII needs
 * no escape, except " , and \
 */
static inline size_t count_simple(const char *text)
{
	bytes16 bytes, not_simple;
	words2 words;

	memcpy(&bytes, text, sizeof(bytes));
	/* Bytes outside ASCII are negative. */
	not_simple = (bytes < ' ') | (bytes == '"') | (bytes == ',') | (bytes == '\\') |
		     (bytes == '\x7f');
	words = (words2)not_simple;
	if (words[0])
		return (unsigned int)__builtin_ctzll(le64toh(words[0])) / 8;
	if (words[1])
		return 8 + (unsigned int)__builtin_ctzll(le64toh(words[1])) / 8;
	return sizeof(bytes);
}

/*
 * Copies the leading run of simple bytes. May write further bytes after it, up to the size of the
 * text. Returns the length of the run.
 */
static size_t copy_simple(char *place, const char *text, size_t size)
{
	char rest[sizeof(bytes16)] = {0};
	size_t at = 0, run;

	for (; size - at >= sizeof(bytes16); at += sizeof(bytes16)) {
		memcpy(place + at, text + at, sizeof(bytes16));
		run = count_simple(text + at);
		if (run < sizeof(bytes16))
			return at + run;
	}
	memcpy(rest, text + at, size - at);
	run = count_simple(rest);
	memcpy(place + at, rest, run);
	return at + run;
}

/*
 * Almost every text is a comm of simple bytes and a NUL. Copying it at once takes a third of the
 * time of a loop over its bytes. Returns the end of the text; NULL: it is not such a text. Callers
 * handle other texts in a noinline function, which keeps register spills off the fast path.
 */
static inline char *copy_comm(char *place, const char *text, size_t size)
{
	size_t run;

	if (size < sizeof(bytes16))
		return NULL;
	memcpy(place, text, sizeof(bytes16));
	run = count_simple(text);
	return run < sizeof(bytes16) && !text[run] ? place + run : NULL;
}

static bool text_has_ended(const char *text, size_t size, size_t at)
{
	return at == size || !text[at];
}

static __attribute__((noinline)) char *write_any_plain(char *place, const char *text, size_t size,
						       size_t *chars)
{
	size_t limit = *chars, simple = copy_simple(place, text, size);
	size_t at = simple < limit ? simple : limit;

	place += at;
	for (*chars = at; *chars < limit && !text_has_ended(text, size, at); ++*chars) {
		struct character c = character_decode(text + at, size - at);

		if (character_is_control(c) || character_is_layout(c))
			*place++ = '?';
		else
			place = write_character(place, c, text + at);
		at += c.size;
	}
	return place;
}

char *text_write_plain(char *place, const char *text, size_t size, size_t *chars)
{
	char *end = copy_comm(place, text, size);

	if (!end || (size_t)(end - place) > *chars)
		return write_any_plain(place, text, size, chars);
	*chars = (size_t)(end - place);
	return end;
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

/* Whether a spreadsheet would take the text for a formula. */
static bool begins_formula(const char *text, size_t size)
{
	return size && (*text == '=' || *text == '+' || *text == '-' || *text == '@');
}

static __attribute__((noinline)) char *write_any_csv(char *place, const char *text, size_t size)
{
	size_t simple = copy_simple(place, text, size);
	bool is_quoted;

	if (text_has_ended(text, size, simple) && !begins_formula(text, size))
		return place + simple;
	size = strnlen(text, size);
	is_quoted = memchr(text, ',', size) || memchr(text, '"', size);
	if (is_quoted)
		*place++ = '"';
	if (begins_formula(text, size))
		*place++ = '\'';
	place = write_quotable(place, text, size);
	if (is_quoted)
		*place++ = '"';
	return place;
}

char *text_write_csv(char *place, const char *text, size_t size)
{
	char *end = copy_comm(place, text, size);

	return end && !begins_formula(text, size) ? end : write_any_csv(place, text, size);
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

static __attribute__((noinline)) char *write_any_json(char *place, const char *text, size_t size)
{
	size_t at = copy_simple(place, text, size);

	place += at;
	while (!text_has_ended(text, size, at)) {
		struct character c = character_decode(text + at, size - at);

		place = write_json_character(place, c, text + at);
		at += c.size;
	}
	return place;
}

char *text_write_json(char *place, const char *text, size_t size)
{
	char *end;

	*place++ = '"';
	end = copy_comm(place, text, size);
	if (!end)
		end = write_any_json(place, text, size);
	*end++ = '"';
	return end;
}
