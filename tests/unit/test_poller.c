// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Waiting for several descriptors: who is called, and when. */
#include <fcntl.h>
#include <unistd.h>

#include "lib/poller.h"
#include "unit.h"

#define PIPES 20 /* more than there is room for at first */

struct pipes {
	int fds[PIPES][2];
	int calls[PIPES];
	short ready[PIPES];
};

struct end {
	struct pipes *pipes;
	int number;
};

static void note(void *context, short ready)
{
	const struct end *end = context;

	end->pipes->calls[end->number]++;
	end->pipes->ready[end->number] = ready;
}

static void open_all(struct pipes *pipes, struct end *ends, struct poller *poller, short events)
{
	*pipes = (struct pipes){.calls = {0}};
	for (int i = 0; i < PIPES; i++) {
		ends[i] = (struct end){pipes, i};
		CHECK_NUMBER(0, pipe2(pipes->fds[i], O_CLOEXEC | O_NONBLOCK));
		CHECK_NUMBER(0, poller_add(poller, pipes->fds[i][0], events, note, &ends[i]));
	}
}

static void close_all(struct pipes *pipes, struct poller *poller)
{
	poller_close(poller);
	for (int i = 0; i < PIPES; i++) {
		close(pipes->fds[i][0]);
		close(pipes->fds[i][1]);
	}
}

static void who_is_ready_is_called(void)
{
	struct poller poller = {0};
	struct end ends[PIPES];
	struct pipes pipes;

	open_all(&pipes, ends, &poller, POLLIN);
	CHECK(!poller_wait(&poller, 0));
	CHECK_NUMBER(1, write(pipes.fds[3][1], "x", 1));
	CHECK_NUMBER(1, write(pipes.fds[PIPES - 1][1], "x", 1));
	CHECK(poller_wait(&poller, -1));
	for (int i = 0; i < PIPES; i++) {
		unit_row("%d", i);
		CHECK_NUMBER(i == 3 || i == PIPES - 1, pipes.calls[i]);
	}
	CHECK_NUMBER(POLLIN, pipes.ready[3]);
	close_all(&pipes, &poller);
}

static void what_is_waited_for_changes(void)
{
	struct poller poller = {0};
	struct end ends[PIPES];
	struct pipes pipes;

	open_all(&pipes, ends, &poller, POLLIN);
	CHECK_NUMBER(1, write(pipes.fds[5][1], "x", 1));
	poller_want(&poller, pipes.fds[5][0], 0);
	CHECK(!poller_wait(&poller, 0));
	poller_want(&poller, pipes.fds[5][0], POLLIN);
	CHECK(poller_wait(&poller, 0));
	CHECK_NUMBER(1, pipes.calls[5]);
	close_all(&pipes, &poller);
}

/* A hang-up is told without being asked for, unless the descriptor is ignored. */
static void hang_up(void)
{
	struct poller poller = {0};
	struct end ends[PIPES];
	struct pipes pipes;

	open_all(&pipes, ends, &poller, 0);
	close(pipes.fds[7][1]);
	poller_want(&poller, pipes.fds[7][0], POLLER_IGNORE);
	CHECK(!poller_wait(&poller, 0));
	poller_want(&poller, pipes.fds[7][0], 0);
	CHECK(poller_wait(&poller, 0));
	CHECK_NUMBER(POLLHUP, pipes.ready[7]);
	pipes.fds[7][1] = -1;
	close_all(&pipes, &poller);
}

/* Of one without a function, the wait ends all the same. */
static void without_function(void)
{
	struct poller poller = {0};
	int fds[2];

	CHECK_NUMBER(0, pipe2(fds, O_CLOEXEC));
	CHECK_NUMBER(0, poller_add(&poller, fds[0], POLLIN, NULL, NULL));
	CHECK_NUMBER(1, write(fds[1], "x", 1));
	CHECK(poller_wait(&poller, -1));
	poller_close(&poller);
	close(fds[0]);
	close(fds[1]);
}

UNIT_MAIN("poller", TEST(who_is_ready_is_called), TEST(what_is_waited_for_changes), TEST(hang_up),
	  TEST(without_function))
