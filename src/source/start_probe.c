// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A listener that nobody can connect to: the cheapest of all socket state changes. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bpf/record.h"
#include "lib/log.h"
#include "source/start_probe.h"
#include "trace/clock.h"

/* Cookies are one count for all network namespaces since 5.10 (__sock_gen_cookie()). */
void start_probe_open(struct start_probe *probe)
{
	socklen_t size = sizeof(probe->cookie);
	int on = 1;

	*probe = (struct start_probe){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	/* Bound also where the loopback interface is down. */
	if (probe->fd >= 0 && !setsockopt(probe->fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) &&
	    !getsockopt(probe->fd, SOL_SOCKET, SO_COOKIE, &probe->cookie, &size) && probe->cookie)
		return;
	log_verbose("whether the trace sees anything is not tried: no socket of its own: %s",
		    strerror(errno));
	probe->cookie = 0;
	start_probe_close(probe);
}

/* False if this process may not listen. */
static bool change_state(const struct start_probe *probe)
{
	const struct sockaddr unspecified = {.sa_family = AF_UNSPEC};
	struct sockaddr_in loopback = {.sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (probe->fd < 0)
		return false;
	/* EINVAL: it is bound already, because the previous listen() failed. */
	if ((bind(probe->fd, (struct sockaddr *)&loopback, sizeof(loopback)) && errno != EINVAL) ||
	    listen(probe->fd, 0)) {
		log_verbose("whether the trace sees anything is not tried: cannot listen: %s",
			    strerror(errno));
		return false;
	}
	/* tcp_disconnect(): it may be bound and listen again. */
	return !connect(probe->fd, &unspecified, sizeof(unspecified));
}

/* Pauses of 1, 2, 4, ... 512 ms: 1 s in all. */
#define TRIES 10

/*
 * Usually the record has arrived when the call ends. Otherwise it may be behind a record that is
 * still being written, the ring buffer was full, or the kernel skipped the program because that CPU
 * was running it already.
 */
bool start_probe_arrives(struct start_probe *probe, void (*read)(void *context), void *context)
{
	for (int i = 0; i < TRIES; i++) {
		const struct timespec pause = {.tv_nsec = NSEC_PER_MSEC << i};

		if (!change_state(probe))
			return true;
		read(context);
		if (probe->has_arrived)
			return true;
		nanosleep(&pause, NULL);
	}
	read(context);
	return probe->has_arrived;
}

bool start_probe_take(struct start_probe *probe, const void *record, size_t size)
{
	const struct record_probe *sent = record;

	if (size < sizeof(*sent) || sent->header.kind != RECORD_PROBE)
		return false;
	probe->has_arrived |= sent->cookie == probe->cookie;
	return true;
}

void start_probe_close(struct start_probe *probe)
{
	if (probe->fd >= 0)
		close(probe->fd);
	probe->fd = -1;
}
