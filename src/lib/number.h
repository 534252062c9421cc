/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers as text. Each function writes at place, without a final NUL, and returns the end of the
 * text. Two digits at a time: this takes most of the time of a line.
 */
#ifndef TCPSTATES_LIB_NUMBER_H
#define TCPSTATES_LIB_NUMBER_H

#include <stdint.h>
#include <string.h>

#define NUMBER_SIZE_MAX     20 /* UINT64_MAX in decimal */
#define NUMBER_HEX_SIZE_MAX 16

/* "00" to "99", and "00" to "ff". */
extern const char number_pairs[100][2];
extern const char number_hex_pairs[256][2];

/* number_write() for 100 and above. */
char *number_write_long(char *place, uint64_t number);

/* number < 10,000, with leading zeroes. */
static inline char *number_write_four(char *place, unsigned int number)
{
	memcpy(place, number_pairs[number / 100], 2);
	memcpy(place + 2, number_pairs[number % 100], 2);
	return place + 4;
}

/* In decimal. At most NUMBER_SIZE_MAX bytes. */
static inline char *number_write(char *place, uint64_t number)
{
	if (number < 10) {
		*place = (char)('0' + number);
		return place + 1;
	}
	if (number < 100) {
		memcpy(place, number_pairs[number], 2);
		return place + 2;
	}
	return number_write_long(place, number);
}

/*
 * In lower-case hexadecimal without a prefix. Needs room for NUMBER_HEX_SIZE_MAX bytes, even if the
 * text is shorter.
 */
char *number_write_hex(char *place, uint64_t number);

/* number < 1,000 and < 1,000,000, with leading zeroes. */
static inline char *number_write_three(char *place, unsigned int number)
{
	*place = (char)('0' + number / 100);
	memcpy(place + 1, number_pairs[number % 100], 2);
	return place + 3;
}

static inline char *number_write_six(char *place, unsigned int number)
{
	memcpy(place, number_pairs[number / 10000], 2);
	return number_write_four(place + 2, number % 10000);
}

/*
 * Thousandths and millionths with all their decimals: 12345 is 12.345. At most NUMBER_SIZE_MAX + 1
 * bytes.
 */
static inline char *number_write_thousandths(char *place, uint64_t number)
{
	place = number_write(place, number / 1000);
	*place++ = '.';
	return number_write_three(place, (unsigned int)(number % 1000));
}

static inline char *number_write_millionths(char *place, uint64_t number)
{
	place = number_write(place, number / 1000000);
	*place++ = '.';
	return number_write_six(place, (unsigned int)(number % 1000000));
}

#endif
