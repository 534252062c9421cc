/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffered output to a file descriptor. Writes never block on a pipe, a socket or a terminal, so
 * that the event loop keeps watching for signals.
 */
#ifndef TCPSTATES_LIB_OUTPUT_H
#define TCPSTATES_LIB_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buffer.h"

/* From this many bytes on, output_flush_if_full() writes: few writes in a busy trace. */
#define OUTPUT_FLUSH_SIZE ((size_t)64 << 10)

/* From this many unwritten bytes on, output_is_congested(). */
#define OUTPUT_CONGESTED_SIZE ((size_t)1 << 20)

struct output {
	struct buffer buffer; /* append here */
	const char *name;     /* for messages; borrowed */
	int fd;               /* owned; -1 when closed */
	bool is_socket;
	size_t write_max; /* if a write may block: the most to write at a time; 0: any number */
	int error;        /* sticky: 0, or the negative errno of the first failed write */
};

/* Opens standard output without changing the description that the parent shares. 0 or -errno. */
int output_open_stdout(struct output *output);

/*
 * Creates the file, readable and writable by its owner only, or truncates it. name is borrowed. 0
 * or -errno: -EPERM also if others can write to the folder and the name in it is a symbolic link or
 * a file of another user.
 */
int output_open_file(struct output *output, const char *name);

/*
 * Writes what is buffered. 0: all is written; -EAGAIN: the reader accepts no more now, retry when
 * fd is writable; -EPIPE: the reader is gone; another negative errno: failed. The last two are
 * sticky: later appends are dropped.
 */
int output_flush(struct output *output);

static inline void output_flush_if_full(struct output *output)
{
	if (output->buffer.length >= OUTPUT_FLUSH_SIZE)
		output_flush(output);
}

/* The reader is too slow: stop producing until it has read some. */
static inline bool output_is_congested(const struct output *output)
{
	return output->buffer.length >= OUTPUT_CONGESTED_SIZE && !output->error;
}

/* Closes without flushing. 0 or -errno: some file systems report a full disk only here. */
int output_close(struct output *output);

#endif
