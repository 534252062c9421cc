// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sessions COUNT writes a recording to standard output: so many sessions, each with another peer,
 * another owner and another cgroup, that are all open at the end. To see what a flood costs.
 *
 * sessions COUNT GROUPS writes sessions that end one after the other, of GROUPS owners and peers;
 * sessions COUNT GROUPS open writes such that are all open at the end.
 */
#include <stdbool.h>
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

/* number: of the session; group: of its owner, peer and cgroup. */
static struct transition transition_of(unsigned int number, unsigned int group,
				       unsigned int oldstate, unsigned int newstate)
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
		.pid = 1 + group,
		.cookie = 1 + number,
		.cgroup = 1 + group,
		.netns = 1,
		.laddr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
		.raddr = {[10] = 0xff, [11] = 0xff},
	};

	memcpy(&t.raddr[12], &group, sizeof(group));
	snprintf(t.comm, sizeof(t.comm), "p%u", group);
	return t;
}

static void write_cgroup(struct buffer *buffer, unsigned int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/system.slice/container-%u.scope", number);
	recording_write_cgroup(buffer, 1 + number, path);
}

static const unsigned int open_path[] = {STATE_CLOSE, STATE_SYN_SENT, STATE_ESTABLISHED};
static const unsigned int whole_path[] = {STATE_CLOSE,     STATE_SYN_SENT,  STATE_ESTABLISHED,
					  STATE_FIN_WAIT1, STATE_FIN_WAIT2, STATE_CLOSE};

/* groups: 0: each session has one of its own. Returns how many transitions. */
static unsigned int write_session(struct buffer *buffer, unsigned int number, unsigned int groups,
				  bool is_open)
{
	unsigned int group = groups ? number % groups : number, steps = is_open ? 2 : 5;
	const unsigned int *path = is_open ? open_path : whole_path;

	if (number == group)
		write_cgroup(buffer, group);
	for (unsigned int i = 0; i < steps; i++) {
		struct transition t = transition_of(number, group, path[i], path[i + 1]);

		if (!is_open) {
			t.time_ns = 1000000000000 + 1000000 * (uint64_t)number + 1000 * i;
			t.duration_ns = 1000 + number % 9973 * (uint64_t)1000;
			t.tx_bytes = t.rx_bytes = 1000;
			t.facts = path[i] == STATE_ESTABLISHED ? FACT_IN_CALL | FACT_LAST_FD : 0;
		}
		recording_write_transition(buffer, &t);
	}
	return steps;
}

int main(int argc, char **argv)
{
	const struct recording_origin origin = {.start_ns = 1, .host = "flood", .kernel = "6.1"};
	unsigned int count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	unsigned int groups = argc > 2 ? (unsigned int)atoi(argv[2]) : 0;
	bool is_open = !groups || (argc > 3 && !strcmp(argv[3], "open"));
	uint64_t transitions = 0;
	struct buffer buffer = {0};
	struct losses none = {0};

	if (!count || argc > 3 + is_open) {
		fprintf(stderr, "usage: sessions COUNT [GROUPS [open]]\n");
		return 2;
	}
	recording_write_header(&buffer, &origin);
	for (unsigned int number = 0; number < count; number++) {
		transitions += write_session(&buffer, number, groups, is_open);
		if (buffer.length > BLOCK)
			flush(&buffer);
	}
	recording_write_end(&buffer, &none, transitions);
	flush(&buffer);
	buffer_free(&buffer);
	return 0;
}
