// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In a network namespace of its own, if possible: it receives no other packets. */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/connection.h"
#include "trace/clock.h"
#include "trace/state.h"

const struct connection_step connection_steps[CONNECTION_STEPS] = {
	{END_LISTENER, STATE_CLOSE, STATE_LISTEN, CAUSE_UNKNOWN, true},
	{END_CLIENT, STATE_CLOSE, STATE_SYN_SENT, CAUSE_UNKNOWN, true},
	{END_CLIENT, STATE_SYN_SENT, STATE_ESTABLISHED, CAUSE_UNKNOWN, true},
	{END_SERVER, STATE_LISTEN, STATE_SYN_RECV, CAUSE_UNKNOWN, false},
	{END_SERVER, STATE_SYN_RECV, STATE_ESTABLISHED, CAUSE_UNKNOWN, false},
	{END_CLIENT, STATE_ESTABLISHED, STATE_FIN_WAIT1, CAUSE_SHUTDOWN, true},
	{END_CLIENT, STATE_FIN_WAIT1, STATE_FIN_WAIT2, CAUSE_FIN_ACKED, true},
	{END_SERVER, STATE_ESTABLISHED, STATE_CLOSE_WAIT, CAUSE_PEER_FIN, true},
	{END_SERVER, STATE_CLOSE_WAIT, STATE_LAST_ACK, CAUSE_CLOSE, true},
	{END_CLIENT, STATE_FIN_WAIT2, STATE_TIME_WAIT, CAUSE_PEER_FIN, true},
	{END_SERVER, STATE_LAST_ACK, STATE_CLOSE, CAUSE_FIN_ACKED, true},
	{END_LISTENER, STATE_LISTEN, STATE_CLOSE, CAUSE_CLOSE, true},
};

/* Loopback only: a call that takes longer will not return. */
#define CALL_SECONDS 5

struct sockets {
	int fd[END_COUNT];
};

/* The loopback interface of a new network namespace is down. */
static bool bring_loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up = false;

	if (fd < 0)
		return false;
	if (!ioctl(fd, SIOCGIFFLAGS, &request)) {
		request.ifr_flags |= IFF_UP;
		is_up = !ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
	return is_up;
}

static int open_socket(void)
{
	const struct timeval longest = {.tv_sec = CALL_SECONDS};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest));
	return fd;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) ? 0 : cookie;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &size) ? 0 : ntohs(address.sin_port);
}

/* A socket's namespace; without privileges, that of this process. */
static uint32_t namespace_of(int socket)
{
	int fd = ioctl(socket, SIOCGSKNS);
	struct stat status;
	int err = fd < 0 ? stat("/proc/self/ns/net", &status) : fstat(fd, &status);

	if (fd >= 0)
		close(fd);
	return err ? 0 : status.st_ino;
}

static const char *begin(struct connection *c, struct sockets *s)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	s->fd[END_LISTENER] = open_socket();
	s->fd[END_CLIENT] = open_socket();
	if (s->fd[END_LISTENER] < 0 || s->fd[END_CLIENT] < 0)
		return "socket()";
	if (bind(s->fd[END_LISTENER], (struct sockaddr *)&loopback, sizeof(loopback)))
		return "bind() to 127.0.0.1";
	c->netns = namespace_of(s->fd[END_LISTENER]);
	c->lport = port_of(s->fd[END_LISTENER]);
	loopback.sin_port = htons(c->lport);
	if (listen(s->fd[END_LISTENER], 1))
		return "listen()";
	if (connect(s->fd[END_CLIENT], (struct sockaddr *)&loopback, sizeof(loopback)))
		return "connect() to 127.0.0.1";
	c->rport = port_of(s->fd[END_CLIENT]);
	s->fd[END_SERVER] = accept4(s->fd[END_LISTENER], NULL, NULL, SOCK_CLOEXEC);
	return s->fd[END_SERVER] < 0 ? "accept()" : NULL;
}

/* One end sends, the other one receives everything. */
static bool carry(int from, int to)
{
	char bytes[CONNECTION_BYTES] = "abc";

	return send(from, bytes, sizeof(bytes), MSG_NOSIGNAL) == sizeof(bytes) &&
	       recv(to, bytes, sizeof(bytes), MSG_WAITALL) == sizeof(bytes);
}

static void close_end(struct sockets *s, enum connection_end end)
{
	if (s->fd[end] >= 0)
		close(s->fd[end]);
	s->fd[end] = -1;
}

static bool is_at_end(int fd)
{
	char byte;

	return !recv(fd, &byte, 1, 0);
}

/*
 * The client shuts down first and closes after both did. Otherwise it becomes an orphan, whose end
 * not every kernel reports.
 */
static const char *talk_and_end(struct connection *c, struct sockets *s)
{

	for (int end = 0; end < END_COUNT; end++)
		c->cookies[end] = cookie_of(s->fd[end]);
	if (!carry(s->fd[END_CLIENT], s->fd[END_SERVER]) ||
	    !carry(s->fd[END_SERVER], s->fd[END_CLIENT]))
		return "send() and recv()";
	if (shutdown(s->fd[END_CLIENT], SHUT_WR) || !is_at_end(s->fd[END_SERVER]))
		return "shutdown()";
	close_end(s, END_SERVER);
	return is_at_end(s->fd[END_CLIENT]) ? NULL : "close()";
}

int connection_make(struct connection *c, const char **failed)
{
	struct sockets s = {{-1, -1, -1}};
	int err;

	c->is_apart = c->is_apart || (!unshare(CLONE_NEWNET) && bring_loopback_up());
	c->begin_ns = clock_monotonic_ns();
	*failed = begin(c, &s);
	if (!*failed)
		*failed = talk_and_end(c, &s);
	err = *failed ? -errno : 0;
	close_end(&s, END_CLIENT);
	close_end(&s, END_SERVER);
	close_end(&s, END_LISTENER);
	c->end_ns = clock_monotonic_ns();
	return err;
}

static enum connection_end end_of(const struct connection *c, const struct transition *t)
{
	if (t->rport == c->lport)
		return END_CLIENT;
	return t->rport ? END_SERVER : END_LISTENER;
}

/* At SYN_SENT the client's port may not be known yet. */
static bool is_of_connection(const struct connection *c, const struct transition *t)
{
	if (c->netns && t->netns && t->netns != c->netns)
		return false;
	if (t->lport == c->lport)
		return !t->rport || t->rport == c->rport;
	return t->rport == c->lport && (!t->lport || t->lport == c->rport);
}

int connection_find(const struct connection *c, const struct transition *t)
{
	enum connection_end end = end_of(c, t);

	if (!is_of_connection(c, t))
		return -1;
	for (int i = 0; i < CONNECTION_STEPS; i++) {
		const struct connection_step *step = &connection_steps[i];

		if (step->end == end && step->oldstate == t->oldstate &&
		    step->newstate == t->newstate)
			return i;
	}
	return -1;
}
