// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Combines the options and the needs of the outputs into one plan. */
#include "lib/log.h"
#include "plan.h"
#include "trace/cause.h"

/* Whether an option asks for more than bcc's lines show. */
static bool is_beyond_bcc(const struct options *options)
{
	return options->extended || options->minisocks || options->half_open;
}

static void add_output(struct plan *plan, const struct sink_ops *ops)
{
	plan->outputs[plan->output_count++] = ops;
	if (ops->want)
		ops->want(plan->options, &plan->wants);
}

static void choose_outputs(struct plan *plan, const struct sink_ops *chosen)
{
	const struct sink_ops *ops;

	for (int i = 0; (ops = sink_ops(i)); i++)
		if (ops->fields ? ops == chosen && !plan->options->quiet
				: ops->is_wanted(plan->options))
			add_output(plan, ops);
}

/* In addition to the needs of the outputs. */
static void want_by_options(struct plan *plan)
{
	const struct options *options = plan->options;
	struct wants *wants = &plan->wants;

	wants->selection = &options->selection;
	wants->buffer_size = options->buffer_size;
	wants->half_open = options->half_open;
	wants->requests |= options->half_open;
	wants->minisocks |= plan->lifetime == LIFETIME_SESSION && !options->quiet;
	wants->details |= selection_wants_details(&options->selection) || is_beyond_bcc(options) ||
			  field_list_has_details(&options->fields);
}

/* No output can show what no transition has. A recording has both lifetimes. */
static int check_selection(const struct plan *plan)
{
	const struct selection *selection = &plan->options->selection;
	bool has_minisocks = plan->lifetime == LIFETIME_SESSION || plan->wants.minisocks;
	const char *why = selection_check(selection, has_minisocks);

	if (selection->ipv4 &&
	    !(nets_may_be_ipv4(&selection->locals) && nets_may_be_ipv4(&selection->remotes)))
		why = "-4: --local or --remote has only IPv6 addresses, so nothing can match";
	if (selection->causes == 1ull << CAUSE_HALF_OPEN && !plan->options->half_open)
		why = "--cause: half_open needs --half-open; add it";
	if (!why)
		return 0;
	log_error("%s", why);
	return -1;
}

int plan_make(struct plan *plan, const struct options *options)
{
	const struct sink_ops *chosen = sink_main(options->view);

	*plan = (struct plan){.options = options};
	if (chosen->follows_sessions || options->json || is_beyond_bcc(options))
		plan->lifetime = LIFETIME_SESSION;
	choose_outputs(plan, chosen);
	want_by_options(plan);
	if (chosen->check && chosen->check(options))
		return -1;
	return check_selection(plan);
}

int plan_open_sinks(const struct plan *plan, struct sinks *sinks, const struct origin *origin,
		    struct poller *poller)
{
	const struct sink_setup setup = {plan->options, origin, poller};

	for (int i = 0; i < plan->output_count; i++)
		if (sinks_open(sinks, plan->outputs[i], &setup))
			return -1;
	return 0;
}
