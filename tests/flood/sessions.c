// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sessions COUNT writes a recording to standard output: so many sessions, each with another peer,
 * another owner and another cgroup, that are all open at the end. To see what a flood costs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/recording.h"
#include "trace/state.h"

#define BLOCK ((size_t)1 << 20)

static void flush(struct buffer *buffer)
{
	size_t written = 0;

	while (written < buffer->length) {
		ssize_t n = write(STDOUT_FILENO, buffer->data + written, buffer->length - written);

		if (n < 0) {
			perror("sessions: write");
			exit(1);
		}
		written += (size_t)n;
	}
	buffer->length = 0;
}

static struct transition transition_of(unsigned int number, unsigned int oldstate,
				       unsigned int newstate)
{
	struct transition t = {
		.time_ns = 1000000000000 + 1000 * (uint64_t)number + newstate,
		.duration_ns = 1000,
		.skaddr = 0xffff800000000000 + 64 * (uint64_t)number,
		.lport = 80,
		.rport = 40000,
		.ip = 4,
		.oldstate = oldstate,
		.newstate = newstate,
		.flags = TRANSITION_DURATION_KNOWN | TRANSITION_HAS_DETAILS,
		.pid = 1 + number,
		.cookie = 1 + number,
		.cgroup = 1 + number,
		.netns = 1,
		.laddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		.raddr = {[10] = 0xff, [11] = 0xff},
	};

	memcpy(&t.raddr[12], &number, sizeof(number));
	snprintf(t.comm, sizeof(t.comm), "p%u", number);
	return t;
}

static void write_session(struct buffer *buffer, unsigned int number)
{
	static const unsigned int path[] = {STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED};
	struct transition t;
	char group[64];

	snprintf(group, sizeof(group), "/system.slice/container-%u.scope", number);
	recording_write_cgroup(buffer, 1 + number, group);
	for (int i = 0; i < 2; i++) {
		t = transition_of(number, path[i], path[i + 1]);
		recording_write_transition(buffer, &t);
	}
}

int main(int argc, char **argv)
{
	const struct recording_origin origin = {.start_ns = 1, .host = "flood", .kernel = "6.1"};
	unsigned int count = argc == 2 ? (unsigned int)atoi(argv[1]) : 0;
	struct buffer buffer = {0};
	struct losses none = {0};

	if (!count) {
		fprintf(stderr, "usage: sessions COUNT\n");
		return 2;
	}
	recording_write_header(&buffer, &origin);
	for (unsigned int number = 0; number < count; number++) {
		write_session(&buffer, number);
		if (buffer.length > BLOCK)
			flush(&buffer);
	}
	recording_write_end(&buffer, &none, 2 * (uint64_t)count);
	flush(&buffer);
	buffer_free(&buffer);
	return 0;
}
