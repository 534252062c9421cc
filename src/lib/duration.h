/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A length of time for people: three digits and a unit. */
#ifndef TCPSTATES_LIB_DURATION_H
#define TCPSTATES_LIB_DURATION_H

#include <stdint.h>

#define DURATION_SIZE_MAX 16

/*
 * Writes it as in 27.1us, 1.23ms, 60.0s, 3.50m, 2.25h, 12.0d; what is beyond the digits is cut off.
 * Returns where it ends, without a final NUL.
 */
char *duration_write(char *place, uint64_t ns);

#endif
