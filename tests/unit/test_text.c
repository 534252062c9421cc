// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hostile text in each format. */
#include <iconv.h>
#include <stdlib.h>

#include "lib/buffer.h"
#include "lib/text.h"
#include "unit.h"

#define FFFD "\xef\xbf\xbd" /* U+FFFD, what stands for bytes that are no UTF-8 */

#define RANDOM_TEXTS 30000

static const struct {
	const char *text;
	const char *plain;
	const char *csv;
	const char *json; /* without the quotes around it */
} rows[] = {
	/* what stands for itself */
	{"", "", "", ""},
	{"curl", "curl", "curl", "curl"},
	{"kworker/0:1H", "kworker/0:1H", "kworker/0:1H", "kworker/0:1H"},
	{"Web Content", "Web Content", "Web Content", "Web Content"},
	{" a ", " a ", " a ", " a "},
	{"<script>&'`", "<script>&'`", "<script>&'`", "<script>&'`"},
	{"%s%n{}", "%s%n{}", "%s%n{}", "%s%n{}"},

	/* quotes and separators */
	{"a\"b", "a\"b", "\"a\"\"b\"", "a\\\"b"},
	{"\"", "\"", "\"\"\"\"", "\\\""},
	{"\"\"", "\"\"", "\"\"\"\"\"\"", "\\\"\\\""},
	{"a,b", "a,b", "\"a,b\"", "a,b"},
	{",", ",", "\",\"", ","},
	{"a\",\"b", "a\",\"b", "\"a\"\",\"\"b\"", "a\\\",\\\"b"},
	{"a\\b", "a\\b", "a\\b", "a\\\\b"},
	{"\\\"", "\\\"", "\"\\\"\"\"", "\\\\\\\""},
	{"a\\n", "a\\n", "a\\n", "a\\\\n"},

	/* what a spreadsheet would run */
	{"=1+1", "=1+1", "'=1+1", "=1+1"},
	{"+a", "+a", "'+a", "+a"},
	{"-a", "-a", "'-a", "-a"},
	{"@a", "@a", "'@a", "@a"},
	{"a=b+c-d@e", "a=b+c-d@e", "a=b+c-d@e", "a=b+c-d@e"},
	{"=a,b", "=a,b", "\"'=a,b\"", "=a,b"},
	{"=\"", "=\"", "\"'=\"\"\"", "=\\\""},
	{"=\n", "=?", "'=?", "=\\u000a"},

	/* control characters: C0, DEL, C1 */
	{"a\nb", "a?b", "a?b", "a\\u000ab"},
	{"a\r\nb", "a??b", "a??b", "a\\u000d\\u000ab"},
	{"\t", "?", "?", "\\u0009"},
	{"\x01", "?", "?", "\\u0001"},
	{"\x1f ", "? ", "? ", "\\u001f "},
	{"\x1b[31mred", "?[31mred", "?[31mred", "\\u001b[31mred"},
	{"~\x7f", "~?", "~?", "~\\u007f"},
	{"a\xe2\x80\xae"
	 "b",
	 "a?b", "a?b",
	 "a\xe2\x80\xae"
	 "b"}, /* right-to-left override */
	{"\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9", "???", "???",
	 "\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"},
	{"\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f", "???", "???", "\xe2\x80\xa8\xd8\x9c\xe2\x80\x8f"},
	{"\xe2\x80\xaf\xe2\x81\xaa\xe2\x80\x90", "\xe2\x80\xaf\xe2\x81\xaa\xe2\x80\x90",
	 "\xe2\x80\xaf\xe2\x81\xaa\xe2\x80\x90", "\xe2\x80\xaf\xe2\x81\xaa\xe2\x80\x90"},
	{"\xc2\x80", "?", "?", "\\u0080"},
	{"\xc2\x85", "?", "?", "\\u0085"},
	{"\xc2\x9bm", "?m", "?m", "\\u009bm"},
	{"\xc2\x9f", "?", "?", "\\u009f"},
	{"\n,\"", "?,\"", "\"?,\"\"\"", "\\u000a,\\\""},

	/* UTF-8: the first and the last of each length */
	{"\xc2\xa0", "\xc2\xa0", "\xc2\xa0", "\xc2\xa0"},
	{"na\xc3\xafve", "na\xc3\xafve", "na\xc3\xafve", "na\xc3\xafve"},
	{"\xdf\xbf", "\xdf\xbf", "\xdf\xbf", "\xdf\xbf"},
	{"\xe0\xa0\x80", "\xe0\xa0\x80", "\xe0\xa0\x80", "\xe0\xa0\x80"},
	{"\xed\x9f\xbf", "\xed\x9f\xbf", "\xed\x9f\xbf", "\xed\x9f\xbf"},
	{"\xee\x80\x80", "\xee\x80\x80", "\xee\x80\x80", "\xee\x80\x80"},
	{FFFD, FFFD, FFFD, FFFD},
	{"\xef\xbf\xbf", "\xef\xbf\xbf", "\xef\xbf\xbf", "\xef\xbf\xbf"},
	{"\xf0\x90\x80\x80", "\xf0\x90\x80\x80", "\xf0\x90\x80\x80", "\xf0\x90\x80\x80"},
	{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	{"\xe2\x82\xac,", "\xe2\x82\xac,", "\"\xe2\x82\xac,\"", "\xe2\x82\xac,"},

	/* no UTF-8: stray, overlong, surrogate, beyond U+10FFFF */
	{"\x80", FFFD, FFFD, FFFD},
	{"\xff\xfe", FFFD FFFD, FFFD FFFD, FFFD FFFD},
	{"<\xbf>", "<" FFFD ">", "<" FFFD ">", "<" FFFD ">"},
	{"\xc0\x80", FFFD FFFD, FFFD FFFD, FFFD FFFD},
	{"\xc1\xbf", FFFD FFFD, FFFD FFFD, FFFD FFFD},
	{"\xe0\x9f\xbf", FFFD FFFD FFFD, FFFD FFFD FFFD, FFFD FFFD FFFD},
	{"\xf0\x8f\xbf\xbf", FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD},
	{"\xed\xa0\x80", FFFD FFFD FFFD, FFFD FFFD FFFD, FFFD FFFD FFFD},
	{"\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD},
	{"\xf8\x88\x80\x80\x80", FFFD FFFD FFFD FFFD FFFD, FFFD FFFD FFFD FFFD FFFD,
	 FFFD FFFD FFFD FFFD FFFD},
	{"\xff,\"", FFFD ",\"", "\"" FFFD ",\"\"\"", FFFD ",\\\""},

	/* truncated; what follows is not swallowed */
	{"\xc3", FFFD, FFFD, FFFD},
	{"\xc3\"", FFFD "\"", "\"" FFFD "\"\"\"", FFFD "\\\""},
	{"\xe2,", FFFD ",", "\"" FFFD ",\"", FFFD ","},
	{"\xc3\xc3\xaf", FFFD "\xc3\xaf", FFFD "\xc3\xaf", FFFD "\xc3\xaf"},
};

/* Names the kernel cut within a character. One U+FFFD stands for what is left of it, as in bcc. */
static const struct {
	const char *text;
	const char *plain;
} cut_rows[] = {
	{"ab\xe2\x82", "ab" FFFD},
	{"ab\xf0\x9f", "ab" FFFD},
	{"ab\xf0\x9f\x98", "ab" FFFD},
	{"\xe2\x82>", FFFD ">"},
	{"\xf0\x9f\x98\xe2\x82\xac", FFFD "\xe2\x82\xac"},
};

/* Room of just the size that is promised: a write beyond it is found out. */
static char *make_room(size_t size)
{
	return malloc(TEXT_GROWTH * size + TEXT_EXTRA);
}

static void take_room(struct buffer *buffer, char *room, const char *end)
{
	buffer_append(buffer, room, end - room);
	free(room);
}

static size_t append_plain(struct buffer *buffer, const char *text, size_t size, size_t max_chars)
{
	char *room = make_room(size);

	take_room(buffer, room, text_write_plain(room, text, size, &max_chars));
	return max_chars;
}

static void append_csv(struct buffer *buffer, const char *text, size_t size)
{
	char *room = make_room(size);

	take_room(buffer, room, text_write_csv(room, text, size));
}

static void append_json(struct buffer *buffer, const char *text, size_t size)
{
	char *room = make_room(size);

	take_room(buffer, room, text_write_json(room, text, size));
}

static void plain(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer buffer = {0};
		size_t size = strlen(rows[i].text);

		unit_row("row %zu, \"%s\"", i, rows[i].plain);
		append_plain(&buffer, rows[i].text, size, size);
		CHECK_BUFFER(rows[i].plain, buffer);
		buffer_free(&buffer);
	}
}

static void csv(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer buffer = {0};

		unit_row("row %zu, \"%s\"", i, rows[i].plain);
		append_csv(&buffer, rows[i].text, strlen(rows[i].text));
		CHECK_BUFFER(rows[i].csv, buffer);
		buffer_free(&buffer);
	}
}

static void json(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buffer buffer = {0};
		char expected[100];

		unit_row("row %zu, \"%s\"", i, rows[i].plain);
		snprintf(expected, sizeof(expected), "\"%s\"", rows[i].json);
		append_json(&buffer, rows[i].text, strlen(rows[i].text));
		CHECK_BUFFER(expected, buffer);
		buffer_free(&buffer);
	}
}

static void cut_characters(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cut_rows); i++) {
		struct buffer buffer = {0};
		size_t size = strlen(cut_rows[i].text);

		unit_row("row %zu", i);
		append_plain(&buffer, cut_rows[i].text, size, size);
		CHECK_BUFFER(cut_rows[i].plain, buffer);
		buffer_free(&buffer);
	}
}

static void at_most_so_many_characters(void)
{
	static const struct {
		const char *text;
		size_t max_chars, count;
		const char *plain;
	} cases[] = {
		{"curl", 0, 0, ""},
		{"curl", 3, 3, "cur"},
		{"curl", 4, 4, "curl"},
		{"curl", 5, 4, "curl"},
		{"\xc3\xa4\xc3\xb6\xc3\xbc", 2, 2, "\xc3\xa4\xc3\xb6"},
		{"\xf0\x9f\x98\x80z", 1, 1, "\xf0\x9f\x98\x80"},
		{"\n\n\n", 2, 2, "??"},
		{"\xff\xff\xff", 2, 2, FFFD FFFD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer buffer = {0};

		unit_row("row %zu", i);
		CHECK_NUMBER(cases[i].count,
			     append_plain(&buffer, cases[i].text, strlen(cases[i].text),
					  cases[i].max_chars));
		CHECK_BUFFER(cases[i].plain, buffer);
		buffer_free(&buffer);
	}
}

/* A comm of full length has no NUL; a shorter one has, and what follows it is old. */
static void ends_at_size_or_nul(void)
{
	static const struct {
		char comm[4];
		const char *text;
	} cases[] = {
		{{'a', 'b', 'c', 'd'}, "abcd"},
		{{'a', 'b', '\0', 'd'}, "ab"},
		{{'\0', 'b', 'c', 'd'}, ""},
		{{'a', 'b', 'c', '\xc3'}, "abc" FFFD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* its own allocation: reading on is found out */
		char *comm = memcpy(malloc(4), cases[i].comm, 4);
		struct buffer plain = {0}, csv = {0}, json = {0};
		char quoted[20];

		unit_row("row %zu", i);
		snprintf(quoted, sizeof(quoted), "\"%s\"", cases[i].text);
		append_plain(&plain, comm, 4, 4);
		CHECK_BUFFER(cases[i].text, plain);
		append_csv(&csv, comm, 4);
		CHECK_BUFFER(cases[i].text, csv);
		append_json(&json, comm, 4);
		CHECK_BUFFER(quoted, json);
		buffer_free(&plain);
		buffer_free(&csv);
		buffer_free(&json);
		free(comm);
	}
}

/* What becomes of one byte among letters. */
struct byte_texts {
	char plain[8], csv[8], json[8];
	bool is_quoted; /* in CSV */
};

static struct byte_texts texts_of_byte(unsigned char byte)
{
	struct byte_texts texts = {.plain = {(char)byte}};

	if (byte < 0x20 || byte == 0x7f)
		strcpy(texts.plain, "?");
	else if (byte >= 0x80)
		strcpy(texts.plain, FFFD);
	strcpy(texts.csv, byte == '"' ? "\"\"" : texts.plain);
	strcpy(texts.json, texts.plain);
	texts.is_quoted = byte == '"' || byte == ',';
	if (byte == '"' || byte == '\\')
		snprintf(texts.json, sizeof(texts.json), "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7f)
		snprintf(texts.json, sizeof(texts.json), "\\u%04x", byte);
	return texts;
}

#define COMM_SIZE 16

/* Letters, so many, with another byte at one place; what is behind the NUL is old. */
static void check_comm(size_t length, size_t at, unsigned char byte)
{
	static const char letters[] = "abcdefghijklmnop";
	const char *after = letters + at + 1;
	struct byte_texts texts = texts_of_byte(byte);
	bool is_formula = !at && strchr("=+-@", byte);
	const char *quote = texts.is_quoted ? "\"" : "";
	struct buffer plain = {0}, csv = {0}, json = {0};
	char *comm = malloc(COMM_SIZE);
	int before_size = (int)at, after_size = (int)(length - at - 1);
	char expected[100];

	memset(comm, ',', COMM_SIZE);
	memcpy(comm, letters, length);
	comm[at] = (char)byte;
	if (length < COMM_SIZE)
		comm[length] = '\0';
	unit_row("length %zu, byte %#x at %zu", length, byte, at);
	snprintf(expected, sizeof(expected), "%.*s%s%.*s", before_size, letters, texts.plain,
		 after_size, after);
	append_plain(&plain, comm, COMM_SIZE, COMM_SIZE);
	CHECK_BUFFER(expected, plain);
	snprintf(expected, sizeof(expected), "%s%s%.*s%s%.*s%s", quote, is_formula ? "'" : "",
		 before_size, letters, texts.csv, after_size, after, quote);
	append_csv(&csv, comm, COMM_SIZE);
	CHECK_BUFFER(expected, csv);
	snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"", before_size, letters, texts.json,
		 after_size, after);
	append_json(&json, comm, COMM_SIZE);
	CHECK_BUFFER(expected, json);
	buffer_free(&plain);
	buffer_free(&csv);
	buffer_free(&json);
	free(comm);
}

/* Each byte at each place of a comm of each length. */
static void each_byte_at_each_place(void)
{
	for (size_t length = 1; length <= COMM_SIZE; length++)
		for (size_t at = 0; at < length; at++)
			for (unsigned int byte = 1; byte <= UINT8_MAX; byte++)
				check_comm(length, at, (unsigned char)byte);
}

/* Longer ones, as paths are, are looked at piece by piece. */
static void long_texts(void)
{
	static const char path[] = "/system.slice/a-service-with-a-long-name.service/workers/17";
	char text[sizeof(path)];

	for (size_t at = 1; at < sizeof(path) - 1; at++) {
		struct buffer plain = {0}, json = {0};
		char expected[sizeof(path) + 8];
		size_t limit = at + 1;

		unit_row("at %zu", at);
		strcpy(text, path);
		text[at] = '"';
		CHECK_NUMBER(limit, append_plain(&plain, text, sizeof(path) - 1, limit));
		unit_check_bytes(text, limit, plain.data, plain.length, __FILE__, __LINE__,
				 "plain");
		snprintf(expected, sizeof(expected), "\"%.*s\\\"%s\"", (int)at, path,
			 path + at + 1);
		append_json(&json, text, sizeof(path) - 1);
		CHECK_BUFFER(expected, json);
		buffer_free(&plain);
		buffer_free(&json);
	}
}

/* UTF-8 without control characters: what each format may consist of. */
static bool is_printable(iconv_t from_utf8, const struct buffer *buffer)
{
	uint32_t codes[200];
	char *in = buffer->data, *out = (char *)codes;
	size_t in_left = buffer->length, out_left = sizeof(codes);

	if (iconv(from_utf8, &in, &in_left, &out, &out_left) == (size_t)-1)
		return false;
	for (const uint32_t *code = codes; code < (uint32_t *)out; code++)
		if (*code < 0x20 || (*code >= 0x7f && *code < 0xa0))
			return false;
	return true;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Undoes one escape, which begins behind the backslash; returns its length, 0 when it is none. */
static size_t json_unescape(const char *escape, size_t size, struct buffer *text)
{
	int high, low;

	if (size >= 1 && (*escape == '"' || *escape == '\\')) {
		buffer_append_byte(text, *escape);
		return 1;
	}
	if (size < 5 || memcmp(escape, "u00", 3))
		return 0;
	high = hex_digit(escape[3]);
	low = hex_digit(escape[4]);
	if (high < 0 || low < 0)
		return 0;
	if (high >= 8)
		buffer_append_byte(text, '\xc2');
	buffer_append_byte(text, (char)(high << 4 | low));
	return 5;
}

/* Reads a JSON string as RFC 8259 defines it; false when it is none. */
static bool json_read(const struct buffer *json, struct buffer *text)
{
	const char *data = json->data;
	size_t end = json->length - 1;

	if (json->length < 2 || data[0] != '"' || data[end] != '"')
		return false;
	for (size_t i = 1; i < end; i++) {
		size_t escape = 0;

		if ((unsigned char)data[i] < 0x20 || data[i] == '"')
			return false;
		if (data[i] != '\\') {
			buffer_append_byte(text, data[i]);
			continue;
		}
		escape = json_unescape(data + i + 1, end - i - 1, text);
		if (!escape)
			return false;
		i += escape;
	}
	return true;
}

/* Reads a CSV value as RFC 4180 defines it; false when it is none. */
static bool csv_read(const struct buffer *csv, struct buffer *text)
{
	const char *data = csv->data;
	size_t end = csv->length;
	bool quoted = end && data[0] == '"';

	if (quoted && (end < 2 || data[--end] != '"'))
		return false;
	for (size_t i = quoted; i < end; i++) {
		if (!quoted && (data[i] == ',' || data[i] == '"'))
			return false;
		if (data[i] == '"' && (++i == end || data[i] != '"'))
			return false;
		buffer_append_byte(text, data[i]);
	}
	return true;
}

static void check_random_text(iconv_t from_utf8, const char *text, size_t size)
{
	struct buffer plain = {0}, csv = {0}, json = {0}, from_csv = {0}, from_json = {0};
	struct buffer again = {0};

	append_plain(&plain, text, size, size);
	CHECK(is_printable(from_utf8, &plain));

	append_csv(&csv, text, size);
	CHECK(is_printable(from_utf8, &csv));
	CHECK(csv_read(&csv, &from_csv));
	if (from_csv.length == plain.length + 1) /* an apostrophe against formulas */
		buffer_append(&again, "'", 1);
	buffer_append(&again, plain.data, plain.length);
	unit_check_bytes(again.data, again.length, from_csv.data, from_csv.length, __FILE__,
			 __LINE__, "CSV, read back");

	append_json(&json, text, size);
	CHECK(is_printable(from_utf8, &json));
	CHECK(json_read(&json, &from_json));
	again.length = 0;
	if (from_json.length)
		append_plain(&again, from_json.data, from_json.length, from_json.length);
	unit_check_bytes(plain.data, plain.length, again.data, again.length, __FILE__, __LINE__,
			 "JSON, read back");

	buffer_free(&plain);
	buffer_free(&csv);
	buffer_free(&json);
	buffer_free(&from_csv);
	buffer_free(&from_json);
	buffer_free(&again);
}

/* Bytes that matter come often. */
static void random_texts(void)
{
	static const char frequent[] = "\"\",,\\'=+-@\n\x7f\x80\x9f\xbf\xc2\xc3\xe2\x82\xed\xf0 a";
	iconv_t from_utf8 = iconv_open("UTF-32LE", "UTF-8");

	for (int i = 0; i < RANDOM_TEXTS; i++) {
		char text[16];
		size_t size = unit_random() % (sizeof(text) + 1);

		unit_random_bytes(text, sizeof(text));
		for (size_t k = 0; k < size; k++)
			if (unit_random() >> 63)
				text[k] = frequent[unit_random() % (sizeof(frequent) - 1)];
		unit_row("text %d", i);
		check_random_text(from_utf8, text, size);
	}
	iconv_close(from_utf8);
}

UNIT_MAIN("text", TEST(plain), TEST(csv), TEST(json), TEST(cut_characters),
	  TEST(at_most_so_many_characters), TEST(ends_at_size_or_nul),
	  TEST(each_byte_at_each_place), TEST(long_texts), TEST(random_texts))
