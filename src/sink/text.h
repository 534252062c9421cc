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
	size_t line_size;             /* room that a line of these columns may need */
	struct field_context context; /* of the transition being written */
	struct second_text second;
	bool has_begun; /* context.first_ns is set */
	bool has_header;
};

/* The columns of --extended, in the table and in CSV. */
#define COLUMNS_EXTENDED                                                               \
	"pid,comm,laddr,lport,raddr,rport,oldstate,newstate,lasted,tx_bytes,rx_bytes," \
	"rtt_ms,retrans,idle_ms,cause"

/*
 * Opens standard output with the columns asked for by --fields, else those named in keys (a comma
 * list), else all. size: of the sink to allocate, which begins with a struct text_sink. NULL on
 * failure, reported already.
 */
struct sink *text_sink_open(const struct sink_ops *ops, const struct options *options,
			    struct source *source, const char *keys, size_t size);

/*
 * Begins the line of a transition: sets the context, and returns where the line goes, with room for
 * all columns in any format; NULL without memory. text_sink_end() is told where it ends.
 */
char *text_sink_begin(struct text_sink *text, const struct transition *transition);
void text_sink_end(struct text_sink *text, const char *end);

int text_sink_close(struct sink *sink);

/* A wall-clock time in whole seconds and the nanoseconds behind them; before 1970 too. */
struct wall_time {
	time_t second;
	unsigned int ns;
};

static inline struct wall_time wall_time(int64_t wall_ns)
{
	int64_t ns = wall_ns % NSEC_PER_SEC;

	if (ns < 0)
		ns += NSEC_PER_SEC;
	return (struct wall_time){.second = (wall_ns - ns) / NSEC_PER_SEC, .ns = (unsigned int)ns};
}

/* Writes a wall-clock time as the table and CSV print it. */
char *text_write_time_of_day(struct text_sink *text, char *place, int64_t wall_ns);

/*
 * That second as "HH:MM:SS", local time, or as "YYYY-MM-DDTHH:MM:SS", UTC. A sink asks for one of
 * the two.
 */
const struct second_text *text_local_second(struct text_sink *text, time_t second);
const struct second_text *text_utc_second(struct text_sink *text, time_t second);

#endif
