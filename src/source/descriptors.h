/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The limit on open files: each map, program and attachment has a descriptor. Without one, libbpf
 * fails with errors that do not say so, or leaves programs out.
 */
#ifndef TCPSTATES_SOURCE_DESCRIPTORS_H
#define TCPSTATES_SOURCE_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Raises the limit of this process to its hard limit. False if that is less than a trace may need:
 * text has the message about what is not begun then.
 */
bool descriptors_raise(char *text, size_t size, const char *what);

/* Whether a failure with this errno, negative or not, is for lack of descriptors; likewise. */
bool descriptors_explain(char *text, size_t size, const char *what, int err);

#endif
