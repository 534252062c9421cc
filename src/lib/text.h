/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hostile text made safe for each text format, and internet addresses as text.
 *
 * Process names may hold any byte but NUL. In all formats bytes that are no UTF-8 become U+FFFD, as
 * they do in bcc; what differs is said at each function.
 */
#ifndef TCPSTATES_LIB_TEXT_H
#define TCPSTATES_LIB_TEXT_H

#include <stddef.h>

#include "buffer.h"

/*
 * As one printable line: control characters (C0, DEL, C1) become '?'. text ends at a NUL or after
 * size bytes; of it at most max_chars characters are written. Returns how many were.
 */
size_t text_append_plain(struct buffer *buffer, const char *text, size_t size, size_t max_chars);

/*
 * As one CSV value (RFC 4180): like plain text, in quotes where it holds a comma or a quote. A
 * leading =, +,
 * - or @ gets an apostrophe in front, so that no spreadsheet runs it as a formula.
 */
void text_append_csv(struct buffer *buffer, const char *text, size_t size);

/* As one JSON string, quotes included (RFC 8259): control characters are escaped. */
void text_append_json(struct buffer *buffer, const char *text, size_t size);

/* Dotted decimal. address: 4 bytes in network order. */
void text_append_ipv4(struct buffer *buffer, const unsigned char *address);

/* As inet_ntop(3) writes it. address: 16 bytes in network order. */
void text_append_ipv6(struct buffer *buffer, const unsigned char *address);

#endif
