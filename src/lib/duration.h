/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A duration as text for people: three digits and a unit. */
#ifndef TCPSTATES_LIB_DURATION_H
#define TCPSTATES_LIB_DURATION_H

#include <stdint.h>

#define DURATION_SIZE_MAX 16

/*
 * Writes, for example, 27.1us, 1.23ms, 60.0s, 3.50m, 2.25h or 12.0d, truncated to three digits.
 * Returns the end of the text; no final NUL.
 */
char *duration_write(char *place, uint64_t ns);

#endif
