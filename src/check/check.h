/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --check: what this kernel, these privileges and these surroundings let a trace do. */
#ifndef TCPSTATES_CHECK_CHECK_H
#define TCPSTATES_CHECK_CHECK_H

#include <stdbool.h>

#include "cli/options.h"

/* To standard output, in the format of the options. True when tracing works. */
bool check_run(const struct options *options);

#endif
