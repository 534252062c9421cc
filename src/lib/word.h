/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A constant name, padded so that it is copied at a fixed size. */
#ifndef TCPSTATES_LIB_WORD_H
#define TCPSTATES_LIB_WORD_H

#include <stdint.h>

struct word {
	char text[15];
	uint8_t size;
};

#endif
