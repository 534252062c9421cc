/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Untrusted text, escaped for each text format.
 *
 * Process names may contain any byte but NUL. In all formats invalid UTF-8 becomes U+FFFD, as in
 * bcc. Each function below describes its differences.
 */
#ifndef TCPSTATES_LIB_TEXT_H
#define TCPSTATES_LIB_TEXT_H

#include <stddef.h>

/* The maximum number of bytes for one byte of the text, and of extra bytes around the text. */
#define TEXT_GROWTH 6
#define TEXT_EXTRA  4

/*
 * All functions write at place, which has room for TEXT_GROWTH * size + TEXT_EXTRA bytes, and
 * return the end of what they wrote. The text ends at a NUL or after size bytes.
 */

/*
 * As one printable line: control characters (C0, DEL, C1), and those that change the order of text
 * (for example U+202E), become '?'. *chars: the maximum number of characters to write; set to the
 * number written.
 */
char *text_write_plain(char *place, const char *text, size_t size, size_t *chars);

/*
 * As one CSV value (RFC 4180): like plain text, but quoted if it contains a comma or a quote. A
 * leading =, +, - or @ gets an apostrophe in front, so that no spreadsheet runs it as a formula.
 */
char *text_write_csv(char *place, const char *text, size_t size);

/* As one JSON string, quotes included (RFC 8259): control characters are escaped. */
char *text_write_json(char *place, const char *text, size_t size);

#endif
