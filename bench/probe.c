// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * When a tracer sees what happens, and how soon its line can be read.
 *
 *     probe [-e] [-n PROBES] [-r RATE] COMMAND...
 *
 * Starts COMMAND with its standard output into a pipe, and makes connections that are refused, each
 * to an address of its own in 127.77.0.0/16: two transitions each. That address tells whose line
 * comes out of the pipe, whatever the format. First often, until COMMAND has shown one, then PROBES
 * more, RATE a second. Ends COMMAND then, by SIGINT. With -e it is COMMAND that is probed: it gets
 * the addresses as lines of its standard input, and is to echo them.
 *
 * Prints "first NS": how long after its start COMMAND saw the first one; then for each line of
 * further probes "line NS", from just before connect() to the byte read, or "line -" when it did
 * not come. Reads at real-time priority, or it would measure how long it waits for a CPU itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ull
#define FIRST_RATE   2000 /* probes a second until one is seen */
#define FIRST_MAX    (20 * FIRST_RATE)
#define PROBES_MAX   (1 << 16) /* as many as there are addresses */
#define LAST_NS      NSEC_PER_SEC
#define LINES        2 /* of a probe: to SYN_SENT, and to CLOSE */
#define MARK         "127.77."

struct probe {
	unsigned long long made_ns;
	unsigned long long seen_ns[LINES]; /* 0: not yet */
};

struct watch {
	struct probe probes[PROBES_MAX];
	int count;
	int seen; /* how many of their lines */
	int pipe;
	int echo; /* where an echo is asked for; -1: connections are made */
	bool has_ended;
	char text[1 << 16];
	size_t kept; /* bytes at the front of text, from the read before */
};

static void fail(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static pid_t start(struct watch *watch, char **command)
{
	int ends[2], input[2];
	pid_t pid;

	if (pipe(ends) || pipe(input))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		dup2(input[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		close(input[1]);
		execvp(command[0], command);
		fail(command[0]);
	}
	close(ends[1]);
	close(input[0]);
	watch->pipe = ends[0];
	watch->echo = watch->echo ? input[1] : -1;
	return pid;
}

/* From another address, so that a line has the mark once. */
static int new_socket(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		fail("socket");
	return fd;
}

/* As many lines as a connection makes. */
static void ask_for_echo(const struct watch *watch, struct probe *probe, int number)
{
	char line[64];
	int size = snprintf(line, sizeof(line), MARK "%d.%d,\n" MARK "%d.%d,\n", number >> 8,
			    number & 255, number >> 8, number & 255);

	probe->made_ns = now_ns();
	if (write(watch->echo, line, size) != size)
		fail("write");
}

static void make_connection(struct probe *probe, int number)
{
	struct sockaddr_in end = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = new_socket();

	end.sin_addr.s_addr = htonl(127u << 24 | 77u << 16 | number);
	probe->made_ns = now_ns();
	if (!connect(fd, (struct sockaddr *)&end, sizeof(end)) || errno != ECONNREFUSED)
		fail("connect: it was to be refused");
	close(fd);
}

static void make_probe(struct watch *watch)
{
	int number = watch->count++;

	if (watch->echo >= 0)
		ask_for_echo(watch, &watch->probes[number], number);
	else
		make_connection(&watch->probes[number], number);
}

/* One address in the text. */
static void see(struct watch *watch, const char *numbers, unsigned long long at_ns)
{
	unsigned int high, low, number;
	unsigned long long *seen_ns;

	if (sscanf(numbers, "%3u.%3u", &high, &low) != 2)
		return;
	number = high << 8 | low;
	if (number >= (unsigned int)watch->count)
		return;
	seen_ns = watch->probes[number].seen_ns;
	for (int i = 0; i < LINES; i++) {
		if (seen_ns[i])
			continue;
		seen_ns[i] = at_ns;
		watch->seen++;
		break;
	}
}

/* An address that is cut off by the end of a read is kept for the next one. */
static void take_text(struct watch *watch)
{
	ssize_t n =
		read(watch->pipe, watch->text + watch->kept, sizeof(watch->text) - 1 - watch->kept);
	unsigned long long at_ns = now_ns();
	const size_t longest = sizeof(MARK "255.255,") - 1;
	char *end, *mark = watch->text;

	if (n <= 0) {
		watch->has_ended = true;
		return;
	}
	end = watch->text + watch->kept + n;
	*end = '\0';
	while ((mark = memmem(mark, end - mark, MARK, sizeof(MARK) - 1))) {
		if ((size_t)(end - mark) < longest && !memchr(mark, '\n', end - mark))
			break;
		mark += sizeof(MARK) - 1;
		see(watch, mark, at_ns);
	}
	if (!mark)
		mark = end - watch->text < (int)sizeof(MARK) ? watch->text : end - sizeof(MARK) + 1;
	watch->kept = end - mark;
	memmove(watch->text, mark, watch->kept);
}

/* Reads what comes until a time. */
static void watch_until(struct watch *watch, unsigned long long until_ns)
{
	struct pollfd fd = {.fd = watch->pipe, .events = POLLIN};
	unsigned long long now;

	while (!watch->has_ended && (now = now_ns()) < until_ns) {
		struct timespec left = {.tv_sec = (until_ns - now) / NSEC_PER_SEC,
					.tv_nsec = (until_ns - now) % NSEC_PER_SEC};

		if (ppoll(&fd, 1, &left, NULL) > 0)
			take_text(watch);
	}
}

static void watch_first(struct watch *watch)
{
	while (!watch->seen && !watch->has_ended && watch->count < FIRST_MAX) {
		make_probe(watch);
		watch_until(watch, now_ns() + NSEC_PER_SEC / FIRST_RATE);
	}
	if (!watch->seen) {
		fprintf(stderr, "probe: no line came\n");
		exit(1);
	}
}

static void watch_further(struct watch *watch, int probes, unsigned long rate)
{
	unsigned long long begin_ns = now_ns(), until_ns;

	for (int i = 0; i < probes; i++) {
		watch_until(watch, begin_ns + i * NSEC_PER_SEC / rate);
		make_probe(watch);
	}
	until_ns = now_ns() + (probes ? LAST_NS : 0);
	while (!watch->has_ended && now_ns() < until_ns)
		watch_until(watch, now_ns() + NSEC_PER_SEC / 100);
}

/* With a grace that is no longer than needed. */
static void end(pid_t pid, struct watch *watch)
{
	unsigned long long until_ns = now_ns() + 5 * NSEC_PER_SEC;

	kill(pid, SIGINT);
	while (!watch->has_ended && now_ns() < until_ns)
		watch_until(watch, now_ns() + NSEC_PER_SEC / 100);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void report_lines(const struct probe *probe)
{
	for (int i = 0; i < LINES; i++)
		if (probe->seen_ns[i])
			printf("line %llu\n", probe->seen_ns[i] - probe->made_ns);
		else
			puts("line -");
}

static void report(const struct watch *watch, unsigned long long begin_ns, int first)
{
	int earliest = 0;

	while (!watch->probes[earliest].seen_ns[0])
		earliest++;
	printf("first %llu\n", watch->probes[earliest].made_ns - begin_ns);
	for (int i = first; i < watch->count; i++)
		report_lines(&watch->probes[i]);
}

static bool parse(int argc, char **argv, bool *is_echo, int *probes, int *rate)
{
	int letter;

	while ((letter = getopt(argc, argv, "+en:r:")) != -1) {
		if (letter == 'e')
			*is_echo = true;
		else if (letter == 'n')
			*probes = atoi(optarg);
		else if (letter == 'r')
			*rate = atoi(optarg);
		else
			return false;
	}
	return optind < argc && *probes >= 0 && *probes<PROBES_MAX - FIRST_MAX && * rate> 0;
}

int main(int argc, char **argv)
{
	static struct watch watch;
	const struct sched_param priority = {.sched_priority = 1};
	unsigned long long begin_ns;
	int probes = 0, rate = 50, first;
	bool is_echo = false;
	pid_t pid;

	if (!parse(argc, argv, &is_echo, &probes, &rate)) {
		fprintf(stderr, "usage: probe [-e] [-n PROBES] [-r RATE] COMMAND...\n");
		return 2;
	}
	begin_ns = now_ns();
	watch.echo = is_echo;
	pid = start(&watch, argv + optind);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		fail("real-time priority");
	watch_first(&watch);
	first = watch.count;
	watch_further(&watch, probes, rate);
	end(pid, &watch);
	report(&watch, begin_ns, first);
	return 0;
}
