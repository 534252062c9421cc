// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compares what a trace reports of a connection with what it was. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check/connection.h"
#include "check/trial.h"
#include "source/source.h"
#include "trace/state.h"

/* How long to wait for its transitions. More than LATE_NS is reported. */
#define PATIENCE_NS (5 * NSEC_PER_SEC)
#define LATE_NS     NSEC_PER_SEC
#define POLL_MS     20

/*
 * A kernel may skip both programs for one change if they already run (bpf/tcpstates.bpf.c). This is
 * reported, but does not mean that tracing does not work.
 */
#define TRIES 3

struct trial {
	struct source *source;
	struct connection connection;
	struct transition found[CONNECTION_STEPS];
	bool has[CONNECTION_STEPS];
	int count;
	uint64_t late_ns; /* from the end of the connection to its last transition */
	int tries;
};

static enum delivery take(void *context, const struct transition *transition)
{
	struct trial *trial = context;
	int step = connection_find(&trial->connection, transition);

	if (step < 0 || trial->has[step])
		return DELIVERY_CONTINUE;
	trial->found[step] = *transition;
	trial->has[step] = true;
	trial->count++;
	return DELIVERY_CONTINUE;
}

static enum delivery ignore_snapshot(void *context, const struct transition *session)
{
	(void)context, (void)session;
	return DELIVERY_CONTINUE;
}

static void ignore_tally(void *context, const struct tally *tally)
{
	(void)context, (void)tally;
}

static void ignore_resets(void *context, const struct reset_count *count)
{
	(void)context, (void)count;
}

static void ignore_listener(void *context, const struct listener *report)
{
	(void)context, (void)report;
}

static void ignore_ports(void *context, const struct port_space *space)
{
	(void)context, (void)space;
}

static void ignore_tick(void *context, uint64_t now_ns)
{
	(void)context, (void)now_ns;
}

/* Waits for all, at most PATIENCE_NS. */
static void wait_for_all(struct trial *trial)
{
	const struct receiver receiver = {
		.transition = take,
		.snapshot = ignore_snapshot,
		.tally = ignore_tally,
		.resets = ignore_resets,
		.listener = ignore_listener,
		.ports = ignore_ports,
		.tick = ignore_tick,
		.context = trial,
	};
	struct source *source = trial->source;
	uint64_t now_ns;

	do {
		int count = source->ops->read(source, &receiver);
		struct pollfd ready = {.fd = source->fd, .events = POLLIN};

		now_ns = clock_monotonic_ns();
		if (trial->count == CONNECTION_STEPS || count < 0)
			break;
		if (!count && !source->has_more)
			poll(&ready, 1, POLL_MS);
		else
			poll(NULL, 0, source->batch_ms);
	} while (now_ns < trial->connection.end_ns + PATIENCE_NS);
	trial->late_ns = now_ns - trial->connection.end_ns;
}

/* 0, or the negative errno of *failed. */
static int try_once(struct trial *trial, const char **failed)
{
	int err;

	memset(trial->has, 0, sizeof(trial->has));
	trial->count = 0;
	trial->tries++;
	err = connection_make(&trial->connection, failed);
	if (!err)
		wait_for_all(trial);
	return err;
}

/* A list of missing or wrong steps. */
struct complaint_list {
	char text[320];
	int length;
	int count;
};

static void complain(struct complaint_list *list, int step)
{
	const struct connection_step *s = &connection_steps[step];
	const struct word *old = state_word(s->oldstate), *new = state_word(s->newstate);
	int room = sizeof(list->text) - list->length;

	list->count++;
	if (list->length < (int)sizeof(list->text))
		list->length += snprintf(list->text + list->length, room, "%s%.*s -> %.*s",
					 list->count > 1 ? ", " : ": not ", old->size, old->text,
					 new->size, new->text);
}

typedef bool is_right(const struct trial *trial, int step);

/* Adds a row: for how many transitions that arrived right() holds. */
static void check_each(struct facilities *f, const struct trial *trial, const char *name,
		       const char *lack, is_right *right, const char *what)
{
	struct complaint_list wrong = {0};

	for (int i = 0; i < CONNECTION_STEPS; i++)
		if (trial->has[i] && !right(trial, i))
			complain(&wrong, i);
	facilities_add(f, name,
		       !wrong.count                  ? FACILITY_YES
		       : wrong.count == trial->count ? FACILITY_NO
						     : FACILITY_PARTLY,
		       lack, "%s of %d of %d%s", what, trial->count - wrong.count, trial->count,
		       wrong.text);
}

/* In a PID namespace the program does not know its PID in the initial one. */
static bool owner_is_right(const struct trial *trial, int step)
{
	const struct transition *t = &trial->found[step];
	char comm[TRANSITION_COMM_SIZE] = "";

	prctl(PR_GET_NAME, comm);
	if (!t->pid || (namespace_is_initial("pid") == ANSWER_YES && t->pid != (uint32_t)getpid()))
		return false;
	return !strncmp(t->comm, comm, sizeof(comm));
}

static bool cause_is_right(const struct trial *trial, int step)
{
	return cause_of(&trial->found[step]) == connection_steps[step].cause;
}

static bool duration_is_right(const struct trial *trial, int step)
{
	const struct transition *t = &trial->found[step];
	const struct connection *c = &trial->connection;

	return !connection_steps[step].has_duration ||
	       (t->flags & TRANSITION_DURATION_KNOWN && t->duration_ns <= c->end_ns - c->begin_ns);
}

static bool cookie_is_right(const struct trial *trial, int step)
{
	uint64_t cookie = trial->connection.cookies[connection_steps[step].end];

	return cookie && trial->found[step].cookie == cookie;
}

static bool cgroup_is_right(const struct trial *trial, int step)
{
	return trial->found[step].cgroup;
}

/* Bytes are known once a process has read them: not for the listener, nor at the beginning. */
static bool bytes_are_right(const struct trial *trial, int step)
{
	const struct transition *t = &trial->found[step];
	bool has_carried = t->oldstate != STATE_CLOSE && t->newstate != STATE_ESTABLISHED &&
			   connection_steps[step].end != END_LISTENER &&
			   t->newstate != STATE_SYN_RECV;
	uint64_t wanted = has_carried ? CONNECTION_BYTES : 0;

	return t->tx_bytes == wanted && t->rx_bytes == wanted;
}

static void check_figures(struct facilities *f, const struct trial *trial)
{
	check_each(f, trial, "trial_owner", "PID and COMM are not known", owner_is_right,
		   "the right owner");
	check_each(f, trial, "trial_cause", "CAUSE is not known, or wrong", cause_is_right,
		   "the right cause");
	check_each(f, trial, "trial_duration", "MS is not known", duration_is_right,
		   "the duration that is to be known");
	check_each(f, trial, "trial_cookie", "COOKIE is not known", cookie_is_right,
		   "the right cookie");
	check_each(f, trial, "trial_cgroup", "neither CGROUP nor CGROUP-ID is known",
		   cgroup_is_right, "a cgroup");
	check_each(f, trial, "trial_bytes", "TX-BYTES and RX-BYTES are not known", bytes_are_right,
		   "the right number of bytes");
}

/* The steps that were missing in the last try. */
static void list_missing(const struct trial *trial, struct complaint_list *missing)
{
	*missing = (struct complaint_list){0};
	for (int i = 0; i < CONNECTION_STEPS; i++)
		if (!trial->has[i])
			complain(missing, i);
}

static bool check_arrival(struct facilities *f, const struct trial *trial, struct refusal *refusal)
{
	struct complaint_list missing;
	bool has_all = trial->count == CONNECTION_STEPS;
	char again[48] = "";

	list_missing(trial, &missing);
	if (trial->tries > 1)
		snprintf(again, sizeof(again), ", at try %d only", trial->tries);
	facilities_add(f, "trial_changes",
		       !trial->count                  ? FACILITY_NO
		       : has_all && trial->tries == 1 ? FACILITY_YES
						      : FACILITY_PARTLY,
		       "changes go unseen without being counted as lost",
		       "%d of %d changes of state arrived%s%s", trial->count, CONNECTION_STEPS,
		       again, missing.text);
	facilities_add(f, "trial_delay",
		       has_all && trial->late_ns <= LATE_NS ? FACILITY_YES : FACILITY_PARTLY,
		       "lines come late",
		       "all were read %" PRIu64 ".%03" PRIu64 " ms after the end",
		       trial->late_ns / NSEC_PER_MSEC, trial->late_ns / NSEC_PER_USEC % 1000);
	if (!has_all)
		snprintf(refusal->text, sizeof(refusal->text),
			 "of %d changes of state of a connection that it made itself %d arrived%s; "
			 "something may keep BPF programs from running, as another tracer",
			 CONNECTION_STEPS, trial->count, missing.text);
	return has_all;
}

static bool evaluate(struct facilities *f, const struct trial *trial, struct refusal *refusal)
{
	const struct connection *c = &trial->connection;
	struct losses losses;
	bool has_all;

	facilities_add(f, "trial_connection", FACILITY_YES, NULL,
		       "127.0.0.1:%u to :%u, in network namespace %u, %s", c->rport, c->lport,
		       c->netns, c->is_apart ? "one of its own" : "that of the start");
	has_all = check_arrival(f, trial, refusal);
	if (trial->count)
		check_figures(f, trial);
	trial->source->ops->losses(trial->source, &losses);
	facilities_add(f, "trial_losses",
		       losses.transitions || losses.clocks ? FACILITY_PARTLY : FACILITY_YES, NULL,
		       "%" PRIu64 " changes and %" PRIu64 " durations lost", losses.transitions,
		       losses.clocks);
	return has_all;
}

bool check_trial(struct facilities *f, const struct wants *wants, struct refusal *refusal)
{
	struct trial trial = {.source = source_open_live(wants)};
	const char *failed = NULL;
	bool works = false;
	int err = 0;

	if (!trial.source) {
		snprintf(refusal->text, sizeof(refusal->text),
			 "a trace cannot be started, as the message on standard error says");
		facilities_add(f, "trial_connection", FACILITY_NO, NULL, "not made: no trace");
		return false;
	}
	while (!err && trial.tries < TRIES && trial.count < CONNECTION_STEPS)
		err = try_once(&trial, &failed);
	if (err) {
		facilities_add(f, "trial_connection", FACILITY_UNKNOWN, NULL, "not made: %s: %s",
			       failed, strerror(-err));
		works = true;
	} else {
		works = evaluate(f, &trial, refusal);
	}
	trial.source->ops->close(trial.source);
	return works;
}
