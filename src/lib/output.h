/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffered bytes on their way to a file descriptor that may not take them now: writes never block
 * on a pipe, a socket or a terminal, so that one event loop can go on watching for signals.
 */
#ifndef TCPSTATES_LIB_OUTPUT_H
#define TCPSTATES_LIB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buffer.h"

/* From this many bytes on, output_flush_if_full() writes; a busy trace costs one write for so many.
 */
#define OUTPUT_FLUSH_SIZE ((size_t)64 << 10)

/* From this many unwritten bytes on, output_is_congested(). */
#define OUTPUT_CONGESTED_SIZE ((size_t)1 << 20)

struct output {
	struct buffer buffer; /* append here */
	const char *name;     /* for messages; borrowed */
	int fd;               /* owned; -1 when closed */
	bool is_socket;
	int error; /* sticky: 0, or the negative errno of the first failed write */
};

/* Takes standard output, and leaves the descriptor as the parent process shares it. 0 or -errno. */
int output_open_stdout(struct output *output);

/*
 * Creates the file, readable and writable by its owner only, or truncates it. name is borrowed. 0
 * or -errno: -EPERM also where others can write to the folder and the name is a symbolic link, or a
 * file of another user, in it.
 */
int output_open_file(struct output *output, const char *name);

/*
 * Writes what is buffered. 0: all is written; -EAGAIN: the reader takes no more now, ask again when
 * fd is writable; -EPIPE: the reader is gone; another negative errno: failed. The last two are
 * sticky, and what is appended afterwards is dropped.
 */
int output_flush(struct output *output);

static inline void output_flush_if_full(struct output *output)
{
	if (output->buffer.length >= OUTPUT_FLUSH_SIZE)
		output_flush(output);
}

/* So much is unwritten that no more should be produced before the reader takes some. */
static inline bool output_is_congested(const struct output *output)
{
	return output->buffer.length >= OUTPUT_CONGESTED_SIZE && !output->error;
}

/* Closes without flushing. 0 or -errno: some file systems report a full disk only here. */
int output_close(struct output *output);

#endif
