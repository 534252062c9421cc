/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of --by: those that the view allows, and those that it adds. */
#ifndef TCPSTATES_CLI_SUMMARY_KEYS_H
#define TCPSTATES_CLI_SUMMARY_KEYS_H

#include "cli/options.h"

/*
 * Checks the keys, and completes them. A summary of state changes without the key edge gets the key
 * state, unless --from names a single state: percentiles of times in different states would say
 * nothing. 0, or -1 after a report (wrong usage).
 */
int summary_keys_check(struct options *options);

#endif
