// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The times and heads of reports. */
#include "lib/duration.h"
#include "lib/terminal.h"
#include "lib/text.h"
#include "view/reports.h"

#define BOLD   "\033[1m"
#define NORMAL "\033[0m"

void reports_open(struct reports *reports, struct text_sink *text, uint64_t interval_ns)
{
	*reports = (struct reports){
		.text = text,
		.is_table = text->writer.format == &table_format,
		.has_colour = terminal_of(text->output.fd).has_colour,
		.interval_ns = interval_ns,
	};
}

/* A table repeats its heading above each report. */
void reports_begin(struct reports *reports)
{
	reports->start_ns = reports->now_ns = reports->text->sink.origin->clock->start_ns;
	reports->next_ns = UINT64_MAX;
	if (reports->interval_ns && reports->interval_ns < UINT64_MAX - reports->start_ns)
		reports->next_ns = reports->start_ns + reports->interval_ns;
	reports->text->sink.wake_ns = reports->next_ns;
	if (!reports->is_table)
		text_sink_begin(&reports->text->sink);
}

bool reports_are_due(struct reports *reports, uint64_t now_ns)
{
	if (now_ns > reports->now_ns)
		reports->now_ns = now_ns;
	return reports->interval_ns && now_ns >= reports->next_ns;
}

struct report reports_period(const struct reports *reports, bool is_whole)
{
	uint64_t time_ns = is_whole ? reports->now_ns : reports->next_ns;
	uint64_t begin_ns = is_whole ? reports->start_ns : reports->next_ns - reports->interval_ns;

	return (struct report){
		.time_ns = time_ns,
		.span_ns = time_ns > begin_ns ? time_ns - begin_ns : 0,
		.is_whole = is_whole,
	};
}

/* "12:30:05, the last 5.00s" */
static void write_period(struct reports *reports, const struct report *report)
{
	struct text_sink *text = reports->text;
	struct buffer *buffer = &text->output.buffer;
	int64_t offset_ns = text->sink.origin->clock->wall_offset_ns;
	char time[32], span[DURATION_SIZE_MAX];

	*text_write_time_of_day(&text->writer.notation, time,
				(int64_t)(report->time_ns + (uint64_t)offset_ns)) = '\0';
	*duration_write(span, report->span_ns) = '\0';
	if (reports->has_reported)
		buffer_append_byte(buffer, '\n');
	if (reports->has_colour)
		buffer_append_text(buffer, BOLD);
	buffer_append_text(buffer, time);
	buffer_append_text(buffer, report->is_whole ? ", the whole run of " : ", the last ");
	buffer_append_text(buffer, span);
	if (reports->has_colour)
		buffer_append_text(buffer, NORMAL);
	buffer_append_byte(buffer, '\n');
}

bool reports_write_head(struct reports *reports, const struct report *report)
{
	struct text_sink *text = reports->text;

	if (text->sink.lines >= text->lines_max)
		return false;
	if (reports->is_table && reports->interval_ns && text->has_header)
		write_period(reports, report);
	if (reports->is_table)
		text_sink_begin(&text->sink);
	reports->has_reported = true;
	return true;
}

void reports_go_on(struct reports *reports)
{
	uint64_t late_ns = reports->now_ns - reports->next_ns;

	reports->next_ns += (late_ns / reports->interval_ns + 1) * reports->interval_ns;
	reports->text->sink.wake_ns = reports->next_ns;
}
