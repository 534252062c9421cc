/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The source of the kernel program and its headers, embedded in the executable (program_text.S) for
 * --ebpf.
 */
#ifndef TCPSTATES_CLI_PROGRAM_TEXT_H
#define TCPSTATES_CLI_PROGRAM_TEXT_H

extern const char program_text[];
extern const unsigned int program_text_size;

#endif
