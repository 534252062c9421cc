// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes TCP sessions on this machine: pairs of a server and a client process, each pair on a port
 * of its own. The load of the benchmark and of the live tests.
 *
 *     load [-a ADDRESS] [-p FIRST_PORT] [-j PAIRS] [-n SESSIONS] [-r RATE]
 *          fin|rst|halfclose|serverfin|listen|hold
 *
 * fin, rst: the client of each pair makes that many connections one after the other, waits until
 * the server has accepted and greeted it (or it would outrun the accept queue), and ends each with
 * a FIN or with a reset. halfclose: it shuts down sending, and closes after the server; serverfin:
 * the server closes first. listen: that many listening sockets are opened and closed. hold: that
 * many connections are made and kept until standard input ends. -r: so many sessions a second and
 * pair; without it, as fast as it goes.
 *
 * Prints "server PID PORT" and "client PID PORT" for each pair; with hold, then "holding"; at the
 * end "NS nanoseconds".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ull

struct endpoint {
	struct sockaddr_storage address;
	socklen_t size;
};

/* What each pair does, and how its two ends do it. */
struct load {
	const char *address;
	unsigned int port;
	unsigned long pairs;
	unsigned long sessions;
	unsigned long rate; /* sessions a second; 0: no pause */
	const struct mode *mode;
};

struct mode {
	const char *name;
	void (*serve)(const struct load *load, int listener);
	void (*call)(const struct load *load, const struct endpoint *end);
	bool is_reset;
	bool is_half_close;
	bool is_server_first;
};

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int checked(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Waits for the turn of session number count, that began at begin_ns. */
static void keep_pace(const struct load *load, unsigned long long begin_ns, unsigned long count)
{
	unsigned long long at;
	struct timespec until;

	if (!load->rate)
		return;
	at = begin_ns + count * NSEC_PER_SEC / load->rate;
	until = (struct timespec){.tv_sec = at / NSEC_PER_SEC, .tv_nsec = at % NSEC_PER_SEC};
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static struct endpoint endpoint_parse(const char *text, unsigned int port)
{
	struct endpoint end = {.size = sizeof(struct sockaddr_in)};
	struct sockaddr_in *four = (struct sockaddr_in *)&end.address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&end.address;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		end.size = sizeof(*six);
	} else {
		errno = EINVAL;
		fail(text);
	}
	return end;
}

static int endpoint_socket(const struct endpoint *end)
{
	return checked(socket(end->address.ss_family, SOCK_STREAM, 0), "socket");
}

static int endpoint_listen(const struct endpoint *end)
{
	int listener = endpoint_socket(end), on = 1;

	checked(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	checked(bind(listener, (const struct sockaddr *)&end->address, end->size), "bind");
	checked(listen(listener, 128), "listen");
	return listener;
}

/* A connection that the server has accepted. */
static int endpoint_connect(const struct endpoint *end)
{
	int connection = endpoint_socket(end);
	char greeting;

	checked(connect(connection, (const struct sockaddr *)&end->address, end->size), "connect");
	checked(read(connection, &greeting, 1), "read");
	return connection;
}

static int accept_and_greet(int listener)
{
	int connection = checked(accept(listener, NULL, NULL), "accept");

	checked(write(connection, "", 1), "write");
	return connection;
}

/* Returns when the peer has ended the connection, in whichever way. */
static void wait_for_end(int connection)
{
	char byte;

	while (read(connection, &byte, 1) > 0)
		;
}

static void churn_serve(const struct load *load, int listener)
{
	for (unsigned long i = 0; i < load->sessions; i++) {
		int connection = accept_and_greet(listener);

		if (!load->mode->is_server_first)
			wait_for_end(connection);
		close(connection);
	}
}

static void churn_call(const struct load *load, const struct endpoint *end)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	unsigned long long begin_ns = now_ns();

	for (unsigned long i = 0; i < load->sessions; i++) {
		int connection;

		keep_pace(load, begin_ns, i);
		connection = endpoint_connect(end);
		if (load->mode->is_reset)
			checked(setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once,
					   sizeof(at_once)),
				"SO_LINGER");
		if (load->mode->is_half_close)
			checked(shutdown(connection, SHUT_WR), "shutdown");
		if (load->mode->is_half_close || load->mode->is_server_first)
			wait_for_end(connection);
		close(connection);
	}
}

static void listen_call(const struct load *load, const struct endpoint *end)
{
	struct endpoint any = *end;
	unsigned long long begin_ns = now_ns();

	((struct sockaddr_in *)&any.address)->sin_port = 0;
	for (unsigned long i = 0; i < load->sessions; i++) {
		keep_pace(load, begin_ns, i);
		close(endpoint_listen(&any));
	}
}

/* Keeps what it has until standard input, which all processes share, ends. */
static void hold(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void hold_serve(const struct load *load, int listener)
{
	for (unsigned long i = 0; i < load->sessions; i++)
		accept_and_greet(listener);
	hold();
}

static void hold_call(const struct load *load, const struct endpoint *end)
{
	unsigned long long begin_ns = now_ns();

	for (unsigned long i = 0; i < load->sessions; i++) {
		keep_pace(load, begin_ns, i);
		endpoint_connect(end);
	}
	/* One write, so that the lines of several clients do not mix. */
	checked(write(STDOUT_FILENO, "holding\n", 8), "write");
	hold();
}

static const struct mode modes[] = {
	{.name = "fin", .serve = churn_serve, .call = churn_call},
	{.name = "rst", .serve = churn_serve, .call = churn_call, .is_reset = true},
	{.name = "halfclose", .serve = churn_serve, .call = churn_call, .is_half_close = true},
	{.name = "serverfin", .serve = churn_serve, .call = churn_call, .is_server_first = true},
	{.name = "listen", .call = listen_call},
	{.name = "hold", .serve = hold_serve, .call = hold_call},
};

static pid_t start(const char *role, unsigned int port)
{
	pid_t pid = checked(fork(), "fork");

	/* Who ends the load by its process id ends all of it. */
	if (!pid)
		checked(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
	if (pid) {
		printf("%s %d %u\n", role, pid, port);
		fflush(stdout);
	}
	return pid;
}

static void start_pair(const struct load *load, unsigned int port)
{
	struct endpoint end = endpoint_parse(load->address, port);
	int listener = load->mode->serve ? endpoint_listen(&end) : -1;

	if (load->mode->serve && !start("server", port)) {
		load->mode->serve(load, listener);
		_exit(0);
	}
	if (listener >= 0)
		close(listener);
	if (!start("client", port)) {
		load->mode->call(load, &end);
		_exit(0);
	}
}

static const struct mode *mode_find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(name, modes[i].name))
			return &modes[i];
	return NULL;
}

static unsigned long parse_count(const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (end == text || *end) {
		fprintf(stderr, "load: \"%s\" is no number\n", text);
		exit(2);
	}
	return count;
}

static bool parse(struct load *load, int argc, char **argv)
{
	int letter;

	*load = (struct load){.address = "127.0.0.1", .port = 9000, .pairs = 1, .sessions = 1000};
	while ((letter = getopt(argc, argv, "a:p:j:n:r:")) != -1) {
		switch (letter) {
		case 'a':
			load->address = optarg;
			break;
		case 'p':
			load->port = parse_count(optarg);
			break;
		case 'j':
			load->pairs = parse_count(optarg);
			break;
		case 'n':
			load->sessions = parse_count(optarg);
			break;
		case 'r':
			load->rate = parse_count(optarg);
			break;
		default:
			return false;
		}
	}
	load->mode = mode_find(argv[optind]);
	return load->mode && optind == argc - 1;
}

/* As many descriptors as the machine lets a process have. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	unsigned long long begin_ns;
	int status, result = 0;
	struct load load;

	if (!parse(&load, argc, argv)) {
		fprintf(stderr, "usage: load [-a ADDRESS] [-p FIRST_PORT] [-j PAIRS] [-n SESSIONS] "
				"[-r RATE] fin|rst|halfclose|serverfin|listen|hold\n");
		return 2;
	}
	raise_limit();
	begin_ns = now_ns();
	for (unsigned long pair = 0; pair < load.pairs; pair++)
		start_pair(&load, load.port + pair);
	while (wait(&status) > 0)
		result |= status;
	printf("%llu nanoseconds\n", now_ns() - begin_ns);
	return result ? 1 : 0;
}
