// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Output to readers that are slow, gone or full. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/output.h"
#include "unit.h"

static void append_spaces(struct buffer *buffer, size_t count)
{
	char *place = buffer_reserve(buffer, count);

	if (!place)
		return;
	memset(place, ' ', count);
	buffer_commit(buffer, place + count);
}

static void open_pipe(int ends[2])
{
	signal(SIGPIPE, SIG_IGN); /* as loop.c does */
	CHECK_NUMBER(0, pipe(ends));
}

/* Opens what the descriptor refers to by a name, as --record would. */
static int open_by_name(struct output *output, char *name, size_t size, int fd)
{
	snprintf(name, size, "/proc/self/fd/%d", fd);
	return output_open_file(output, name);
}

/* Runs output_open_stdout() with another descriptor in the place of standard output. */
static int open_as_stdout(struct output *output, int fd)
{
	int saved = dup(STDOUT_FILENO), err;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	err = output_open_stdout(output);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return err;
}

/* size bytes of which each says where it is. */
static void append_pattern(struct buffer *buffer, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buffer_append_byte(buffer, (char)(i * 31 >> 3));
}

static bool is_pattern(const char *data, size_t size, size_t offset)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != (char)((offset + i) * 31 >> 3))
			return false;
	return true;
}

/*
 * Reads all of the pattern while the output is flushed again and again: EAGAIN must go on where it
 * stopped. Returns how many flushes it took, each of which the reader held up.
 */
static int drain_pattern(struct output *output, int reader, size_t size)
{
	char data[3000]; /* no divisor of anything */
	size_t done = 0;
	int flushes = 0, err = -EAGAIN;

	while (done < size) {
		ssize_t n = read(reader, data, sizeof(data));

		CHECK(n > 0);
		if (n <= 0)
			return flushes;
		CHECK(is_pattern(data, n, done));
		done += n;
		if (err == -EAGAIN) {
			flushes++;
			err = output_flush(output);
		}
		CHECK(!err || err == -EAGAIN);
	}
	CHECK_NUMBER(0, err);
	return flushes;
}

static void check_slow_reader(struct output *output, int reader)
{
	size_t size = 2 * OUTPUT_CONGESTED_SIZE;

	CHECK(!output_is_congested(output));
	append_pattern(&output->buffer, size);
	CHECK(output_is_congested(output));
	CHECK_NUMBER(-EAGAIN, output_flush(output));
	CHECK_NUMBER(-EAGAIN, output_flush(output));
	CHECK(output_is_congested(output));
	CHECK(output->buffer.length < size);
	CHECK(drain_pattern(output, reader, size) > 10);
	CHECK(!output_is_congested(output));
	CHECK_NUMBER(0, output->buffer.length);
	CHECK_NUMBER(0, output->error);
}

static void pipe_with_a_slow_reader(void)
{
	struct output output;
	char name[40];
	int ends[2];

	open_pipe(ends);
	CHECK_NUMBER(0, open_by_name(&output, name, sizeof(name), ends[1]));
	check_slow_reader(&output, ends[0]);
	CHECK_NUMBER(0, output_close(&output));
	CHECK_NUMBER(-1, output.fd);
	close(ends[0]);
	close(ends[1]);
}

static void socket_with_a_slow_reader(void)
{
	struct output output;
	int ends[2];

	CHECK_NUMBER(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK_NUMBER(0, open_as_stdout(&output, ends[1]));
	check_slow_reader(&output, ends[0]);
	CHECK_NUMBER(0, output_close(&output));
	close(ends[0]);
	close(ends[1]);
}

/* The parent's shell shares the description: making that non-blocking would break its other users.
 */
static void standard_output_stays_as_it_is(void)
{
	struct output output;
	int ends[2];

	open_pipe(ends);
	CHECK_NUMBER(0, open_as_stdout(&output, ends[1]));
	CHECK(!(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
	CHECK(output.fd > STDERR_FILENO);
	CHECK(fcntl(output.fd, F_GETFD) & FD_CLOEXEC);
	CHECK_TEXT("standard output", output.name);
	CHECK_NUMBER(0, output_close(&output));
	CHECK_NUMBER(1, write(ends[1], "x", 1));
	close(ends[0]);
	close(ends[1]);
}

/* Fails with error at the first write, then for ever, without piling up what cannot be written. */
static void check_failure_is_sticky(struct output *output, int error)
{
	for (int i = 0; i < 3; i++) {
		buffer_append_text(&output->buffer, "dropped");
		CHECK_NUMBER(error, output_flush(output));
		CHECK_NUMBER(error, output->error);
		CHECK_NUMBER(0, output->buffer.length);
	}
	append_spaces(&output->buffer, OUTPUT_CONGESTED_SIZE);
	CHECK(!output_is_congested(output));
	CHECK_NUMBER(error, output_flush(output));
}

static void pipe_without_a_reader(void)
{
	struct output output;
	char name[40];
	int ends[2];

	open_pipe(ends);
	CHECK_NUMBER(0, open_by_name(&output, name, sizeof(name), ends[1]));
	close(ends[0]);
	check_failure_is_sticky(&output, -EPIPE);
	CHECK_NUMBER(0, output_close(&output));
	close(ends[1]);
}

/* What the reader left unread before it went is gone, too. */
static void reader_goes_while_congested(void)
{
	struct output output;
	int ends[2];

	open_pipe(ends);
	CHECK_NUMBER(0, open_as_stdout(&output, ends[1]));
	append_pattern(&output.buffer, OUTPUT_CONGESTED_SIZE * 2);
	CHECK_NUMBER(-EAGAIN, output_flush(&output));
	close(ends[0]);
	check_failure_is_sticky(&output, -EPIPE);
	CHECK_NUMBER(0, output_close(&output));
	close(ends[1]);
}

static void socket_without_a_reader(void)
{
	struct output output;
	int ends[2];

	CHECK_NUMBER(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK_NUMBER(0, open_as_stdout(&output, ends[1]));
	close(ends[0]);
	check_failure_is_sticky(&output, -EPIPE);
	CHECK_NUMBER(0, output_close(&output));
	close(ends[1]);
}

static void full_disk(void)
{
	struct output output;

	CHECK_NUMBER(0, output_open_file(&output, "/dev/full"));
	CHECK_NUMBER(0, output_flush(&output)); /* nothing to write: nothing fails */
	check_failure_is_sticky(&output, -ENOSPC);
	CHECK_NUMBER(0, output_close(&output));
}

static void out_of_memory(void)
{
	struct output output;

	CHECK_NUMBER(0, output_open_file(&output, "/dev/null"));
	output.buffer.out_of_memory = true;
	check_failure_is_sticky(&output, -ENOMEM);
	CHECK_NUMBER(0, output_close(&output));
}

static void what_cannot_be_opened(void)
{
	static const struct {
		const char *name;
		int error;
	} rows[] = {
		{"/nonexistent/file", -ENOENT},
		{"/", -EISDIR},
		{"/dev/null/file", -ENOTDIR},
		{"", -ENOENT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct output output;

		unit_row("\"%s\"", rows[i].name);
		CHECK_NUMBER(rows[i].error, output_open_file(&output, rows[i].name));
		CHECK_TEXT(rows[i].name, output.name);
		CHECK_NUMBER(-1, output.fd);
		CHECK_NUMBER(0, output_close(&output));
	}
}

static void file_is_truncated_and_written_in_large_pieces(void)
{
	char name[] = "/tmp/tcpstates-test-XXXXXX";
	int fd = mkstemp(name);
	struct output output;
	struct stat status;

	CHECK_NUMBER(9, write(fd, "old bytes", 9));
	CHECK_NUMBER(0, output_open_file(&output, name));
	CHECK_NUMBER(0, fstat(fd, &status));
	CHECK_NUMBER(0, status.st_size);

	append_spaces(&output.buffer, OUTPUT_FLUSH_SIZE - 1);
	output_flush_if_full(&output);
	CHECK_NUMBER(OUTPUT_FLUSH_SIZE - 1, output.buffer.length);
	buffer_append_byte(&output.buffer, ' ');
	output_flush_if_full(&output);
	CHECK_NUMBER(0, output.buffer.length);

	buffer_append_text(&output.buffer, "not flushed, not written");
	CHECK_NUMBER(0, output_close(&output));
	CHECK_NUMBER(0, fstat(fd, &status));
	CHECK_NUMBER(OUTPUT_FLUSH_SIZE, status.st_size);
	close(fd);
	unlink(name);
}

UNIT_MAIN("output", TEST(pipe_with_a_slow_reader), TEST(socket_with_a_slow_reader),
	  TEST(standard_output_stays_as_it_is), TEST(pipe_without_a_reader),
	  TEST(reader_goes_while_congested), TEST(socket_without_a_reader), TEST(full_disk),
	  TEST(out_of_memory), TEST(what_cannot_be_opened),
	  TEST(file_is_truncated_and_written_in_large_pieces))
