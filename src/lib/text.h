/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hostile text made safe for each text format.
 *
 * Process names may hold any byte but NUL. In all formats bytes that are no UTF-8 become U+FFFD, as
 * they do in bcc; what differs is said at each function.
 */
#ifndef TCPSTATES_LIB_TEXT_H
#define TCPSTATES_LIB_TEXT_H

#include <stddef.h>

/*
 * How many bytes one byte of the text may become, at most, and how many more there may be around
 * it.
 */
#define TEXT_GROWTH 6
#define TEXT_EXTRA  4

/*
 * All of these write at place, where there is room for TEXT_GROWTH * size + TEXT_EXTRA bytes, and
 * return where what they wrote ends. The text ends at a NUL or after size bytes.
 */

/*
 * As one printable line: control characters (C0, DEL, C1), and those that change the order of text
 * (U+202E and its like), become '?'. *chars: how many characters
 * to write at most; how many were written.
 */
char *text_write_plain(char *place, const char *text, size_t size, size_t *chars);

/*
 * As one CSV value (RFC 4180): like plain text, in quotes where it holds a comma or a quote. A
 * leading =, +, - or @ gets an apostrophe in front, so that no spreadsheet runs it as a formula.
 */
char *text_write_csv(char *place, const char *text, size_t size);

/* As one JSON string, quotes included (RFC 8259): control characters are escaped. */
char *text_write_json(char *place, const char *text, size_t size);

#endif
