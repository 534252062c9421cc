// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording as a source: a file, or standard input while it is still being written. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "source/source.h"
#include "trace/recording.h"
#include "trace/recording_check.h"

#define CHUNK_SIZE ((size_t)64 << 10) /* many times the largest entry */

/* How long a program that records into a pipe may take to end. */
#define GRACE_MS 500

struct replay {
	struct source source;
	struct recording_reader reader;
	struct losses losses;
	uint64_t skipped; /* entries of unknown kinds */
	const char *name;
	uint64_t offset; /* in the file, of the chunk */
	size_t begin, end;
	_Alignas(8) char chunk[CHUNK_SIZE];
};

static bool can_read(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

/* Moves the rest to the front and reads more. Returns the result of read(2), or -errno. */
static ssize_t fill_chunk(struct replay *replay)
{
	ssize_t n;

	memmove(replay->chunk, replay->chunk + replay->begin, replay->end - replay->begin);
	replay->offset += replay->begin;
	replay->end -= replay->begin;
	replay->begin = 0;
	do
		n = read(replay->source.fd, replay->chunk + replay->end, CHUNK_SIZE - replay->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	replay->end += n;
	return n;
}

/* Offset in the file of the next entry. */
static uint64_t offset_of(const struct replay *replay)
{
	return replay->offset + replay->begin;
}

static int report_corrupt(const struct replay *replay, const char *why)
{
	log_error("%s: offset %" PRIu64 ": %s", replay->name, offset_of(replay), why);
	return -EINVAL;
}

/*
 * Called at the end of the file. needed: size in bytes of the entry that begins here. 0, or -errno
 * after a report.
 */
static int finish(struct replay *replay, size_t needed)
{
	size_t left = replay->end - replay->begin;

	replay->source.has_ended = true;
	if (replay->skipped)
		log_verbose("%s: skipped %" PRIu64
			    " entries of kinds that a newer tcpstates records",
			    replay->name, replay->skipped);
	if (replay->reader.has_ended)
		return 0;
	if (!offset_of(replay) && !left)
		return report_corrupt(replay, "not a tcpstates recording: the file is empty");
	if (left) {
		log_error("%s: offset %" PRIu64 ": truncated: expected %zu bytes, found %zu",
			  replay->name, offset_of(replay), needed, left);
		return -EINVAL;
	}
	log_error("%s: offset %" PRIu64 ": no end mark: the recorder was killed or is still "
		  "running; losses, if any, are not known",
		  replay->name, offset_of(replay));
	return 0;
}

/* Handles an item that is not a transition. 0, or a negative errno. */
static int take_item(struct replay *replay, const struct recording_item *item,
		     const struct receiver *receiver)
{
	switch (item->kind) {
	case RECORDING_TICK:
		receiver->tick(receiver->context, item->tick_ns);
		return 0;
	case RECORDING_RESETS:
		receiver->resets(receiver->context, &item->resets);
		return 0;
	case RECORDING_LISTENER:
		receiver->listener(receiver->context, &item->listener);
		return 0;
	case RECORDING_PORTS:
		receiver->ports(receiver->context, &item->ports);
		return 0;
	case RECORDING_OFFSET:
		replay->source.clock.wall_offset_ns = item->wall_offset_ns;
		return 0;
	case RECORDING_CGROUP:
		cgroups_learn(&replay->source.cgroups, item->cgroup, item->cgroup_path);
		return 0;
	case RECORDING_SKIPPED:
		replay->skipped++;
		return 0;
	case RECORDING_LOSSES:
	case RECORDING_END:
		replay->losses = item->losses;
		return 0;
	default:
		return report_corrupt(replay, item->why);
	}
}

/*
 * Delivers the entries that are whole in the chunk; *needed: least size in bytes of the next one.
 */
static int deliver_chunk(struct replay *replay, const struct receiver *receiver, size_t *needed)
{
	enum delivery answer = DELIVERY_CONTINUE;
	struct recording_item item;
	int count = 0;

	while (answer == DELIVERY_CONTINUE) {
		int err = 0;

		recording_read(&replay->reader, replay->chunk + replay->begin,
			       replay->end - replay->begin, &item);
		recording_check(&item);
		*needed = item.size;
		if (item.kind == RECORDING_INCOMPLETE)
			return count;
		if (item.kind == RECORDING_TRANSITION) {
			answer = receiver->transition(receiver->context, item.transition);
			count++;
		} else if (item.kind == RECORDING_SNAPSHOT) {
			answer = receiver->snapshot(receiver->context, item.transition);
			count++;
		} else {
			err = take_item(replay, &item, receiver);
		}
		if (err)
			return err;
		replay->begin += item.size;
	}
	/* Entries may be left: the caller returns without waiting for more of the file. */
	*needed = 0;
	return count;
}

static int replay_read(struct source *source, const struct receiver *receiver)
{
	struct replay *replay = (struct replay *)source;
	size_t needed;
	int count = deliver_chunk(replay, receiver, &needed);
	ssize_t n;

	if (count || !needed || !can_read(source->fd))
		return count;
	n = fill_chunk(replay);
	if (n < 0) {
		log_error("%s: offset %" PRIu64 ": cannot read: %s", replay->name,
			  offset_of(replay), strerror(-n));
		return n;
	}
	if (!n)
		return finish(replay, needed);
	return deliver_chunk(replay, receiver, &needed);
}

/* A file is not read further; the writer of a pipe has probably been asked to end as well. */
static void replay_stop(struct source *source)
{
	struct stat status;

	if (!fstat(source->fd, &status) && S_ISREG(status.st_mode))
		source->has_ended = true;
}

static void replay_losses(struct source *source, struct losses *losses)
{
	*losses = ((struct replay *)source)->losses;
}

static void replay_close(struct source *source)
{
	if (source->fd > STDERR_FILENO)
		close(source->fd);
	cgroups_close(&source->cgroups);
	free(source);
}

static const struct source_ops replay_ops = {
	.read = replay_read,
	.stop = replay_stop,
	.losses = replay_losses,
	.close = replay_close,
};

/* Reads up to the header, so that clock and host are known before the first transition. */
static int read_origin(struct replay *replay)
{
	struct recording_item item;
	ssize_t n;

	for (;;) {
		recording_read(&replay->reader, replay->chunk, replay->end, &item);
		recording_check(&item);
		if (item.kind != RECORDING_INCOMPLETE)
			break;
		n = fill_chunk(replay);
		if (n < 0) {
			log_error("%s: cannot read: %s", replay->name, strerror(-n));
			return n;
		}
		if (!n)
			return finish(replay, item.size);
	}
	if (item.kind == RECORDING_CORRUPT)
		return report_corrupt(replay, item.why);
	replay->begin = item.size;
	replay->source.clock.wall_offset_ns = item.origin.wall_offset_ns;
	replay->source.clock.start_ns = item.origin.start_ns;
	if (!item.origin.has_resets)
		replay->source.resets_lack =
			"the recording has none; it was made by a tcpstates older than --resets, "
			"on a kernel before 6.10, or with a filter on owners, states or causes";
	if (!item.origin.has_listeners)
		replay->source.listeners_lack =
			"the recording has none; it was made by a tcpstates older than "
			"--listeners, or with a filter on peers, states or causes";
	if (!item.origin.has_ports)
		replay->source.ports_lack =
			"the recording was made by a tcpstates older than --ports";
	memcpy(replay->source.host, item.origin.host, sizeof(replay->source.host));
	memcpy(replay->source.kernel, item.origin.kernel, sizeof(replay->source.kernel));
	return 0;
}

static int open_input(const char *path)
{
	if (!strcmp(path, "-"))
		return STDIN_FILENO;
	return open(path, O_RDONLY | O_CLOEXEC);
}

struct source *source_open_replay(const char *path)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (!replay) {
		log_error("out of memory");
		return NULL;
	}
	replay->name = strcmp(path, "-") ? path : "standard input";
	replay->source.ops = &replay_ops;
	cgroups_open(&replay->source.cgroups, -1);
	replay->source.grace_ms = GRACE_MS;
	replay->source.wake_ns = UINT64_MAX;
	replay->source.fd = open_input(path);
	if (replay->source.fd < 0)
		log_error("%s: cannot open for replay: %s", path, strerror(errno));
	if (replay->source.fd < 0 || read_origin(replay)) {
		replay_close(&replay->source);
		return NULL;
	}
	return &replay->source;
}
