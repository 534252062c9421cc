/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the text formats share: standard output, the columns, and the words of a value. */
#ifndef TCPSTATES_SINK_TEXT_H
#define TCPSTATES_SINK_TEXT_H

#include <time.h>

#include "../field.h"
#include "sink.h"

/* The wall-clock second written last, as text: most transitions fall into the same one. */
struct second_text {
	time_t second;
	size_t length; /* 0: none yet */
	char text[24];
};

struct text_sink {
	struct sink sink; /* first: a struct sink * is one of these */
	struct output output;
	struct field_list columns;
	struct field_context context; /* of the transition being written */
	struct second_text second;
	bool has_begun; /* context.first_ns is set */
	bool is_wide;
	bool has_header;
};

/*
 * Opens standard output with the columns asked for by --fields, else those named in keys (a comma
 * list).
 */
struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    const struct source *source, const char *keys);

/* Prepares context for the transition. */
void text_sink_take(struct text_sink *text, const struct transition *transition);

int text_sink_close(struct sink *sink);

/* A value as the table and CSV print it, except unknown and hostile ones: those differ. */
void text_append_value(struct text_sink *text, const struct value *value);

/*
 * That second as "HH:MM:SS", local time, or as "YYYY-MM-DDTHH:MM:SS", UTC. A sink asks for one of
 * the two.
 */
const struct second_text *text_local_second(struct text_sink *text, time_t second);
const struct second_text *text_utc_second(struct text_sink *text, time_t second);

#endif
