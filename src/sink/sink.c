// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All sinks, in one constant array, and the operations on all of them. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/log.h"
#include "sink/sink.h"

static const struct sink_ops *const all_sinks[] = {
#define SINK_ADDRESS(name) &name##_sink,
	SINKS(SINK_ADDRESS)
#undef SINK_ADDRESS
};

#define SINK_COUNT ((int)(sizeof(all_sinks) / sizeof(all_sinks[0])))

_Static_assert(SINK_COUNT <= SINKS_MAX, "all of them may be open at a time");

const struct sink_ops *sink_ops(int number)
{
	return number >= 0 && number < SINK_COUNT ? all_sinks[number] : NULL;
}

const struct sink_ops *sink_main(const char *name)
{
	for (int i = 0; i < SINK_COUNT; i++)
		if (all_sinks[i]->fields && !strcmp(all_sinks[i]->name, name))
			return all_sinks[i];
	return NULL;
}

const struct field_table *sink_fields(const char *name)
{
	return sink_main(name)->fields;
}

int sinks_open(struct sinks *sinks, const struct sink_ops *ops, const struct sink_setup *setup)
{
	struct sink *sink = ops->open(setup);

	if (!sink)
		return -1;
	sinks->sink[sinks->count++] = sink;
	if (ops->fields)
		sinks->counted = sink;
	return 0;
}

void sinks_begin(struct sinks *sinks)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->begin)
			sinks->sink[i]->ops->begin(sinks->sink[i]);
}

bool sinks_snapshot(struct sinks *sinks, const struct transition *session, bool is_match)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->snapshot)
			sinks->sink[i]->ops->snapshot(sinks->sink[i], session, is_match);
	return sinks_are_congested(sinks);
}

void sinks_tally(struct sinks *sinks, const struct tally *tally)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->tally)
			sinks->sink[i]->ops->tally(sinks->sink[i], tally);
}

void sinks_resets(struct sinks *sinks, const struct reset_count *count)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->resets)
			sinks->sink[i]->ops->resets(sinks->sink[i], count);
}

void sinks_listener(struct sinks *sinks, const struct listener *report)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->listener)
			sinks->sink[i]->ops->listener(sinks->sink[i], report);
}

void sinks_ports(struct sinks *sinks, const struct port_space *space)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->ports)
			sinks->sink[i]->ops->ports(sinks->sink[i], space);
}

void sinks_doubt(const struct sinks *sinks, uint64_t now_ns, struct doubts *doubts)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->doubt)
			sinks->sink[i]->ops->doubt(sinks->sink[i], now_ns, doubts);
}

void sinks_tick(struct sinks *sinks, uint64_t now_ns)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->tick)
			sinks->sink[i]->ops->tick(sinks->sink[i], now_ns);
}

void sinks_end(struct sinks *sinks)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->end)
			sinks->sink[i]->ops->end(sinks->sink[i]);
}

uint64_t sinks_wake_ns(const struct sinks *sinks)
{
	uint64_t first = UINT64_MAX;

	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->wake_ns < first)
			first = sinks->sink[i]->wake_ns;
	return first;
}

void sinks_losses(struct sinks *sinks, const struct losses *losses, bool is_end)
{
	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->ops->losses)
			sinks->sink[i]->ops->losses(sinks->sink[i], losses, is_end);
}

static int sink_flush(struct sink *sink)
{
	int err = output_flush(sink->output);

	if (err && err != -EAGAIN && err != -EPIPE && !sink->has_failed) {
		log_error("cannot write to %s: %s", sink->output->name, strerror(-err));
		sink->has_failed = true;
	}
	return err;
}

/* The severity of a sink_flush() result: success, reader gone, reader must be waited for. */
static int gravity(int err)
{
	if (!err)
		return 0;
	return err == -EPIPE ? 1 : 2;
}

/* A failed output stops; the others continue. */
int sinks_flush(struct sinks *sinks)
{
	int worst = 0, failure = 0, failed = 0;

	for (int i = 0; i < sinks->count; i++) {
		int err = sinks->sink[i]->output ? sink_flush(sinks->sink[i]) : 0;

		if (sinks->sink[i]->has_failed) {
			failure = err;
			failed++;
		} else if (gravity(err) > gravity(worst)) {
			worst = err;
		}
	}
	return failed && failed == sinks->count ? failure : worst;
}

bool sinks_are_congested(const struct sinks *sinks)
{
	for (int i = 0; i < sinks->count; i++)
		if (sink_is_congested(sinks->sink[i]))
			return true;
	return false;
}

size_t sinks_unwritten(const struct sinks *sinks)
{
	size_t size = 0;

	for (int i = 0; i < sinks->count; i++)
		if (sinks->sink[i]->output)
			size += sinks->sink[i]->output->buffer.length;
	return size;
}

bool sinks_have_found(const struct sinks *sinks)
{
	const struct sink *sink = sinks->counted;

	if (!sink)
		return false;
	return sink->ops->has_found ? sink->ops->has_found(sink) : sink->lines > 0;
}

int sinks_close(struct sinks *sinks)
{
	int first = 0;

	for (int i = 0; i < sinks->count; i++) {
		bool has_failed = sinks->sink[i]->has_failed;
		int err = sinks->sink[i]->ops->close(sinks->sink[i]);

		if (has_failed && !err)
			err = -EIO;
		if (!first)
			first = err;
	}
	sinks->count = 0;
	return first;
}
