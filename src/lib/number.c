// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers as text, two digits at a time. */
#include <endian.h>

#include "lib/number.h"
#include "lib/vector.h"

/* clang-format off */
const char number_pairs[100][2] = {
	"00", "01", "02", "03", "04", "05", "06", "07", "08", "09",
	"10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
	"20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
	"30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
	"40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
	"50", "51", "52", "53", "54", "55", "56", "57", "58", "59",
	"60", "61", "62", "63", "64", "65", "66", "67", "68", "69",
	"70", "71", "72", "73", "74", "75", "76", "77", "78", "79",
	"80", "81", "82", "83", "84", "85", "86", "87", "88", "89",
	"90", "91", "92", "93", "94", "95", "96", "97", "98", "99",
};

const char number_hex_pairs[256][2] = {
	"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "0a", "0b", "0c", "0d", "0e", "0f",
	"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "1a", "1b", "1c", "1d", "1e", "1f",
	"20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "2a", "2b", "2c", "2d", "2e", "2f",
	"30", "31", "32", "33", "34", "35", "36", "37", "38", "39", "3a", "3b", "3c", "3d", "3e", "3f",
	"40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "4a", "4b", "4c", "4d", "4e", "4f",
	"50", "51", "52", "53", "54", "55", "56", "57", "58", "59", "5a", "5b", "5c", "5d", "5e", "5f",
	"60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "6a", "6b", "6c", "6d", "6e", "6f",
	"70", "71", "72", "73", "74", "75", "76", "77", "78", "79", "7a", "7b", "7c", "7d", "7e", "7f",
	"80", "81", "82", "83", "84", "85", "86", "87", "88", "89", "8a", "8b", "8c", "8d", "8e", "8f",
	"90", "91", "92", "93", "94", "95", "96", "97", "98", "99", "9a", "9b", "9c", "9d", "9e", "9f",
	"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "aa", "ab", "ac", "ad", "ae", "af",
	"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "ba", "bb", "bc", "bd", "be", "bf",
	"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "ca", "cb", "cc", "cd", "ce", "cf",
	"d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9", "da", "db", "dc", "dd", "de", "df",
	"e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8", "e9", "ea", "eb", "ec", "ed", "ee", "ef",
	"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "fa", "fb", "fc", "fd", "fe", "ff",
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

/* All sixteen digits at once: two lookups and two copies a byte would be twice the work. */
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

	/* Those that it has come first; the room is enough for what follows them. */
	write_hex_digits(place, number << (4 * leading_zeroes));
	return place + NUMBER_HEX_SIZE_MAX - leading_zeroes;
}
