/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Diagnostics: whole lines on standard error, each prefixed with "tcpstates: ". */
#ifndef TCPSTATES_LIB_LOG_H
#define TCPSTATES_LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

/* Whether log_verbose() prints. Off by default. */
void log_set_verbose(bool verbose);

/* Prints what failed, on what, why, what to try. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints details for users who ask for them (-v). */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
