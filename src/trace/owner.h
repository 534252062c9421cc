/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The owner of a session, as it is printed. */
#ifndef TCPSTATES_TRACE_OWNER_H
#define TCPSTATES_TRACE_OWNER_H

#include <stdbool.h>

#include "trace/transition.h"

/* The name of an enum owner_from; NULL: unknown. */
const char *owner_from_name(unsigned int owner_from);

/*
 * The owner may be another process than the one named: it is the listener's, and no process is
 * known to have accepted the session; or no process was found that has the socket open.
 */
bool owner_is_guess(const struct transition *t);

#define OWNER_TEXT_SIZE (1 + TRANSITION_COMM_SIZE)

/* The owner's name, with ~ before it if it is a guess. NUL-terminated; empty: not known. */
void owner_text(char text[OWNER_TEXT_SIZE], const struct transition *t);

#endif
