// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers as text, two digits at a time. */
#include <endian.h>

#include "lib/number.h"
#include "lib/vector.h"

/* clang-format off */
/* Characters: since version 15, gcc warns about strings without room for the final NUL. */
#define DIGITS(high) {high, '0'}, {high, '1'}, {high, '2'}, {high, '3'}, {high, '4'}, \
		     {high, '5'}, {high, '6'}, {high, '7'}, {high, '8'}, {high, '9'}
#define HEX_DIGITS(high) DIGITS(high), {high, 'a'}, {high, 'b'}, {high, 'c'}, {high, 'd'}, {high, 'e'}, {high, 'f'}

const char number_pairs[100][2] = {
	DIGITS('0'), DIGITS('1'), DIGITS('2'), DIGITS('3'), DIGITS('4'),
	DIGITS('5'), DIGITS('6'), DIGITS('7'), DIGITS('8'), DIGITS('9'),
};

const char number_hex_pairs[256][2] = {
	HEX_DIGITS('0'), HEX_DIGITS('1'), HEX_DIGITS('2'), HEX_DIGITS('3'),
	HEX_DIGITS('4'), HEX_DIGITS('5'), HEX_DIGITS('6'), HEX_DIGITS('7'),
	HEX_DIGITS('8'), HEX_DIGITS('9'), HEX_DIGITS('a'), HEX_DIGITS('b'),
	HEX_DIGITS('c'), HEX_DIGITS('d'), HEX_DIGITS('e'), HEX_DIGITS('f'),
};
/* clang-format on */

char *number_write_long(char *place, uint64_t number)
{
	if (number >= 10000) {
		place = number_write(place, number / 10000);
		return number_write_four(place, (unsigned int)(number % 10000));
	}
	if (number >= 1000)
		return number_write_four(place, (unsigned int)number);
	*place = (char)('0' + number / 100);
	memcpy(place + 1, number_pairs[number % 100], 2);
	return place + 3;
}

/* All sixteen digits at once: two lookups and two copies per byte would be twice the work. */
static inline void write_hex_digits(char *place, uint64_t number)
{
	ubytes16 bytes = (ubytes16)(words2){htobe64(number)}; /* the first eight */
	ubytes16 high = bytes >> 4, low = bytes & 0xf;
	ubytes16 digits = {high[0], low[0], high[1], low[1], high[2], low[2], high[3], low[3],
			   high[4], low[4], high[5], low[5], high[6], low[6], high[7], low[7]};
	bytes16 is_letter = (bytes16)digits > 9;

	digits += '0' + ((ubytes16)is_letter & ('a' - '9' - 1));
	memcpy(place, &digits, sizeof(digits));
}

char *number_write_hex(char *place, uint64_t number)
{
	unsigned int leading_zeroes = (unsigned int)__builtin_clzll(number | 1) / 4;

	/* The significant digits come first; there is room for the digits after them. */
	write_hex_digits(place, number << (4 * leading_zeroes));
	return place + NUMBER_HEX_SIZE_MAX - leading_zeroes;
}
