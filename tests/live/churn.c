// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes TCP connections as fast as loopback goes: pairs of a server and a client process, each pair
 * on a port of its own.
 *
 *     churn ADDRESS FIRST_PORT PAIRS CONNECTIONS fin|rst
 *
 * The client of each pair makes so many connections one after the other, waits until the server has
 * accepted and greeted it (or it would outrun the accept queue), and ends each, with fin by
 * close(), with rst by a reset. Prints a line "server PID PORT" or "client PID PORT" for each
 * process when all is done.
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct endpoint {
	struct sockaddr_storage address;
	socklen_t size;
};

static void fail(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int checked(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static struct endpoint endpoint_parse(const char *text, unsigned int port)
{
	struct endpoint end = {.size = sizeof(struct sockaddr_in)};
	struct sockaddr_in *four = (struct sockaddr_in *)&end.address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&end.address;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
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

/* Returns when the peer has ended the connection, in whichever way. */
static void wait_for_end(int connection)
{
	char byte;

	while (read(connection, &byte, 1) > 0)
		;
}

static void serve(int listener, unsigned long connections)
{
	while (connections--) {
		int connection = checked(accept(listener, NULL, NULL), "accept");

		checked((int)write(connection, "", 1), "write");
		wait_for_end(connection);
		close(connection);
	}
}

static void call(const struct endpoint *end, unsigned long connections, bool reset)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	char greeting;

	while (connections--) {
		int connection = endpoint_socket(end);

		checked(connect(connection, (const struct sockaddr *)&end->address, end->size),
			"connect");
		checked((int)read(connection, &greeting, 1), "read");
		if (reset)
			checked(setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once,
					   sizeof(at_once)),
				"SO_LINGER");
		close(connection);
	}
}

/* A process that ends with this one. */
static pid_t start(void)
{
	pid_t child = checked(fork(), "fork");

	if (!child)
		checked(prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
	return child;
}

static void start_pair(const struct endpoint *end, unsigned int port, unsigned long connections,
		       bool reset)
{
	int listener = endpoint_listen(end);
	pid_t server, client;

	server = start();
	if (!server) {
		serve(listener, connections);
		_exit(0);
	}
	close(listener);
	client = start();
	if (!client) {
		call(end, connections, reset);
		_exit(0);
	}
	printf("server %d %u\nclient %d %u\n", server, port, client, port);
}

int main(int argc, char **argv)
{
	int status, result = 0;

	if (argc != 6 || (strcmp(argv[5], "fin") && strcmp(argv[5], "rst"))) {
		fprintf(stderr, "usage: churn ADDRESS FIRST_PORT PAIRS CONNECTIONS fin|rst\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	for (unsigned int pair = 0; pair < strtoul(argv[3], NULL, 10); pair++) {
		unsigned int port = (unsigned int)strtoul(argv[2], NULL, 10) + pair;
		struct endpoint end = endpoint_parse(argv[1], port);

		start_pair(&end, port, strtoul(argv[4], NULL, 10), !strcmp(argv[5], "rst"));
	}
	while (wait(&status) > 0)
		result |= status;
	return result ? 1 : 0;
}
