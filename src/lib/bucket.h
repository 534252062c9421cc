/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The buckets of a histogram cover all 64-bit numbers: 16 for each power of two, each 2^(1/16)
 * times as wide as the previous one. No floating point, so that the kernel program finds the same
 * buckets.
 */
#ifndef TCPSTATES_LIB_BUCKET_H
#define TCPSTATES_LIB_BUCKET_H

#include <linux/types.h>

#define BUCKET_COUNT (64 * 16)

/* The lower bounds of the buckets in a power of two: 2^(i/16), in units of 2^-31, rounded up. */
static const __u32 bucket_starts[16] = {
	0x80000000, 0x85aac368, 0x8b95c1e4, 0x91c3d374, 0x9837f052, 0x9ef53261,
	0xa5fed6aa, 0xad583eeb, 0xb504f334, 0xbd08a3a0, 0xc5672a12, 0xce248c16,
	0xd744fccb, 0xe0ccdeed, 0xeac0c6e8, 0xf5257d16,
};

/* The exponent of the largest power of two that is at most number; 0 for 0. */
static inline unsigned int bucket_exponent(__u64 number)
{
	unsigned int exponent = 0;

	for (unsigned int bits = 32; bits; bits /= 2) {
		if (number >> bits) {
			number >>= bits;
			exponent += bits;
		}
	}
	return exponent;
}

/* The bucket of a number: less than BUCKET_COUNT. */
static inline unsigned int bucket_for(__u64 number)
{
	unsigned int exponent = bucket_exponent(number), part = 0;
	__u32 mantissa = number << (63 - exponent) >> 32;

	for (unsigned int half = 8; half; half /= 2)
		if (mantissa >= bucket_starts[(part + half) & 15])
			part += half;
	return exponent * 16 + part;
}

#endif
