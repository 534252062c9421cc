/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --check: what this kernel, these privileges and this environment allow a trace to do. */
#ifndef TCPSTATES_CHECK_CHECK_H
#define TCPSTATES_CHECK_CHECK_H

#include <stdbool.h>

#include "cli/options.h"

/* Prints to standard output, in the format of the options. True: tracing works. */
bool check_run(const struct options *options);

#endif
