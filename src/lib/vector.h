/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sixteen bytes processed at once. gcc and clang emit vector instructions if the machine has them,
 * and other code otherwise. A comparison is -1 where it holds.
 */
#ifndef TCPSTATES_LIB_VECTOR_H
#define TCPSTATES_LIB_VECTOR_H

#include <stdint.h>

typedef int8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t ubytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

#endif
