// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One line per transition, in bcc's columns. */
#include "sink/text_sink.h"

static const struct row_kind transition_row = {
	.fields = &transition_fields,
	.table = "skaddr,c_pid,c_comm,laddr,lport,raddr,rport,oldstate,newstate,ms",
	.wide = "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms",
	.csv = "skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms",
	.extended = "pid,owner,laddr,lport,raddr,rport,oldstate,newstate,lasted,tx_bytes,rx_bytes,"
		    "rtt_ms,retrans,idle_ms,cause",
	.extended_csv = "pid,comm,laddr,lport,raddr,rport,oldstate,newstate,lasted,tx_bytes,"
			"rx_bytes,rtt_ms,retrans,idle_ms,cause,accepted",
};

static void lines_want(const struct options *options, struct wants *wants)
{
	wants->transitions = true;
	wants->details |= options->json && !options->fields.count;
	wants->owners |= options->extended || wants->details;
}

static struct sink *lines_open(const struct sink_setup *setup)
{
	return text_sink_open(&lines_sink, setup, &transition_row, sizeof(struct text_sink));
}

static void lines_transition(struct sink *sink, const struct transition *transition)
{
	text_sink_row((struct text_sink *)sink, transition, transition->time_ns);
}

const struct sink_ops lines_sink = {
	.name = "lines",
	.fields = &transition_fields,
	.want = lines_want,
	.open = lines_open,
	.begin = text_sink_begin,
	.transition = lines_transition,
	.close = text_sink_close,
};
