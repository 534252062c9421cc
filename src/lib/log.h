/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Diagnostics: whole lines on standard error, each behind "tcpstates: ". */
#ifndef TCPSTATES_LIB_LOG_H
#define TCPSTATES_LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

/* Whether log_verbose() prints. Off at first. */
void log_set_verbose(bool verbose);

/* What went wrong, on what, why, what to try. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a user who asked for it (-v) wants to know. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
