// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text made safe for each format; addresses as text. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "text.h"

#define REPLACEMENT 0xfffd /* U+FFFD, for what is no UTF-8 */

/* One character of a text: its code point, and the bytes it takes there. */
struct character {
	uint32_t code;
	unsigned int size;
};

static const struct character invalid = {.code = REPLACEMENT, .size = 1};

/* The smallest code point that needs that many continuation bytes; less is an overlong form. */
static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};

static struct character character_decode(const unsigned char *text, size_t size)
{
	struct character c = {.code = text[0], .size = 1};
	unsigned int more;

	if (c.code < 0x80)
		return c;
	if ((c.code & 0xe0) == 0xc0)
		more = 1;
	else if ((c.code & 0xf0) == 0xe0)
		more = 2;
	else if ((c.code & 0xf8) == 0xf0)
		more = 3;
	else
		return invalid;
	if (size <= more)
		return invalid;
	c.code &= 0x3f >> more;
	for (; c.size <= more; c.size++) {
		if ((text[c.size] & 0xc0) != 0x80)
			return invalid;
		c.code = c.code << 6 | (text[c.size] & 0x3f);
	}
	if (c.code < smallest[more] || c.code > 0x10ffff || (c.code >= 0xd800 && c.code <= 0xdfff))
		return invalid;
	return c;
}

static bool character_is_control(struct character c)
{
	return c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
}

static void append_character(struct buffer *buffer, struct character c, const char *text)
{
	if (c.code == REPLACEMENT)
		buffer_append(buffer, "\xef\xbf\xbd", 3);
	else
		buffer_append(buffer, text, c.size);
}

/* The length of the leading run of bytes that stand for themselves in every format. */
static size_t simple_length(const char *text, size_t size)
{
	size_t n = 0;

	while (n < size && text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != ',' &&
	       text[n] != '\\')
		n++;
	return n;
}

size_t text_append_plain(struct buffer *buffer, const char *text, size_t size, size_t max_chars)
{
	size_t count = 0;

	size = strnlen(text, size);
	while (size && count < max_chars) {
		struct character c = character_decode((const unsigned char *)text, size);

		if (character_is_control(c))
			buffer_append_byte(buffer, '?');
		else
			append_character(buffer, c, text);
		text += c.size;
		size -= c.size;
		count++;
	}
	return count;
}

void text_append_csv(struct buffer *buffer, const char *text, size_t size)
{
	bool formula, quoted;

	size = strnlen(text, size);
	if (!size)
		return;
	formula = strchr("=+-@", text[0]);
	if (!formula && simple_length(text, size) == size) {
		buffer_append(buffer, text, size);
		return;
	}
	quoted = memchr(text, ',', size) || memchr(text, '"', size);
	if (quoted)
		buffer_append_byte(buffer, '"');
	if (formula)
		buffer_append_byte(buffer, '\'');
	while (size) {
		size_t piece = 1;

		if (*text == '"')
			buffer_append(buffer, "\"\"", 2);
		else {
			const char *quote = memchr(text, '"', size);

			piece = quote ? (size_t)(quote - text) : size;
			text_append_plain(buffer, text, piece, piece);
		}
		text += piece;
		size -= piece;
	}
	if (quoted)
		buffer_append_byte(buffer, '"');
}

static void append_json_character(struct buffer *buffer, struct character c, const char *text)
{
	static const char digit[] = "0123456789abcdef";

	if (c.code == '"' || c.code == '\\') {
		buffer_append_byte(buffer, '\\');
		buffer_append_byte(buffer, (char)c.code);
	} else if (character_is_control(c)) {
		buffer_append_text(buffer, "\\u00");
		buffer_append_byte(buffer, digit[c.code >> 4]);
		buffer_append_byte(buffer, digit[c.code & 15]);
	} else {
		append_character(buffer, c, text);
	}
}

void text_append_json(struct buffer *buffer, const char *text, size_t size)
{
	size_t simple;

	size = strnlen(text, size);
	buffer_append_byte(buffer, '"');
	simple = simple_length(text, size);
	buffer_append(buffer, text, simple);
	text += simple;
	size -= simple;
	while (size) {
		struct character c = character_decode((const unsigned char *)text, size);

		append_json_character(buffer, c, text);
		text += c.size;
		size -= c.size;
	}
	buffer_append_byte(buffer, '"');
}

static char *write_octet(char *place, unsigned int octet)
{
	if (octet >= 100)
		*place++ = '0' + octet / 100;
	if (octet >= 10)
		*place++ = '0' + octet / 10 % 10;
	*place++ = '0' + octet % 10;
	return place;
}

void text_append_ipv4(struct buffer *buffer, const unsigned char *address)
{
	char *begin = buffer_reserve(buffer, INET_ADDRSTRLEN);
	char *place = begin;

	if (!begin)
		return;
	for (int i = 0; i < 4; i++) {
		if (i)
			*place++ = '.';
		place = write_octet(place, address[i]);
	}
	buffer_commit(buffer, place - begin);
}

void text_append_ipv6(struct buffer *buffer, const unsigned char *address)
{
	char *place = buffer_reserve(buffer, INET6_ADDRSTRLEN);

	if (!place || !inet_ntop(AF_INET6, address, place, INET6_ADDRSTRLEN))
		return;
	buffer_commit(buffer, strlen(place));
}
