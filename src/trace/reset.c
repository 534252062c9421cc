// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of the kernel's reasons for a reset. */
#include <stddef.h>

#include "trace/reset.h"

#define RESET_NAME(name, text) [RESET_##name] = (text),

static const char *const names[RESET_COUNT] = {[RESET_OTHER] = "other", RESET_REASONS(RESET_NAME)};

const char *reset_reason_name(unsigned int reason)
{
	return reason < RESET_COUNT ? names[reason] : NULL;
}
