/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses numbers from outside: each function consumes the whole text and checks the range. */
#ifndef TCPSTATES_LIB_PARSE_H
#define TCPSTATES_LIB_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A whole decimal number, at most max. False: text is invalid, *number is unchanged. */
bool parse_number(const char *text, uint64_t max, uint64_t *number);

/* Bytes: a whole number with an optional K, M or G (powers of 1024, either case). */
bool parse_size(const char *text, uint64_t *bytes);

/* Seconds with up to nine decimals, into nanoseconds: "5", "0.25". */
bool parse_seconds(const char *text, uint64_t *ns);

#endif
