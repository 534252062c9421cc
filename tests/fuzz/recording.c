// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the replay of recordings by the whole program, main() included, in every view and format.
 *
 * An input is a struct head, then entries (a kind and a payload each), from which a recording is
 * written by the program's own functions, so that all checksums are valid; or, with IS_FILE, the
 * bytes of a file, which fuzzes the reader itself.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "trace/recording.h"

int tcpstates_main(int argc, char **argv);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char *const views[] = {
	"",
	"-w -T",
	"-x -t",
	"-s -x",
	"-j",
	"-s -T -t --minisocks",
	"-q -o /dev/null",
	"-q -o /dev/null/none",
	"--sessions",
	"--sessions -w -T -t",
	"--sessions -j",
	"--sessions -j --minisocks",
	"--sessions -s --min-ms 1",
	"--stuck=connected:0.000001",
	"--stuck -j",
	"--diagnose",
	"--diagnose -j",
	"--diagnose -s --half-open --exit-code",
	"--stuck -s --half-open",
	"--summary",
	"--summary=0.001 -j",
	"--summary=1 -s --by edge,cause",
	"--summary --by pid,comm,laddr/9,lport,raddr/24/64,rport,netns,cgroup,state -j",
	"--summary --by raddr,state -n 3",
	"-x --half-open -d 0.5",
	"-j --comm a*,b --uid 0 --from established",
	"-w --cgroup /a --netns 1 --pid 1",
	"-s --local 10.0.0.0/8,::/1 --remote 0.0.0.0/1 -L 1-100",
	"-j --cause reset_received,close,timer --to CLOSE --minisocks",
	"--resets -w",
	"--resets -j --local 0.0.0.0/1,::/1 -d 1",
	"--sessions --summary",
	("--sessions --summary=0.001 -j --half-open --by "
	 "cause,closed_by,role,port,lport,laddr/9,cgroup"),
	"--sessions --summary=1 -s --minisocks --by pid,comm,raddr/24/64,rport,netns -n 9",
	"--listeners -w",
	"--listeners=1 -j --local 0.0.0.0/1,::/1 -d 1",
	"--ports=0.001 -w",
	"--ports -j --remote 0.0.0.0/1,::/1",
};

enum head_flags {
	IS_FILE = 1 << 0,      /* what follows is a file as it is */
	WITHOUT_END = 1 << 1,  /* no end mark */
	WITH_RECORD = 1 << 2,  /* records, too */
	WITH_VERBOSE = 1 << 3, /* -v */
};

struct head {
	uint8_t view;
	uint8_t flags;
	uint8_t padding[6];
	int64_t wall_offset_ns;
	uint64_t start_ns;
};

struct cgroup_entry {
	uint64_t id;
	char path[24];
};

/* Kinds of entries, and how many bytes each has. */
enum kind {
	TRANSITION,
	SNAPSHOT,
	OFFSET,
	TICK,
	CGROUP,
	LOSSES,
	RESETS,
	LISTENER,
	PORTS,
	KINDS
};

static const size_t sizes[KINDS] = {
	[TRANSITION] = sizeof(struct transition),
	[SNAPSHOT] = sizeof(struct transition),
	[OFFSET] = sizeof(int64_t),
	[TICK] = sizeof(uint64_t),
	[CGROUP] = sizeof(struct cgroup_entry),
	[LOSSES] = sizeof(struct losses),
	[RESETS] = sizeof(struct reset_count),
	[LISTENER] = sizeof(struct listener),
	[PORTS] = sizeof(struct port_space),
};

/* Bytes of the entry at the beginning of the data, its kind included; 0: it is not whole. */
static size_t entry_size(const uint8_t *data, size_t size)
{
	size_t needed = size ? 1 + sizes[data[0] % KINDS] : 1;

	return needed <= size ? needed : 0;
}

static void write_entry(struct buffer *buffer, const uint8_t *data, uint64_t *transitions)
{
	struct cgroup_entry cgroup;
	struct transition t;
	struct losses losses;
	struct reset_count resets;
	struct listener listener;
	struct port_space ports;
	char path[sizeof(cgroup.path) + 1] = "";
	uint64_t number;

	switch ((enum kind)(*data++ % KINDS)) {
	case TRANSITION:
		memcpy(&t, data, sizeof(t));
		recording_write_transition(buffer, &t);
		++*transitions;
		break;
	case SNAPSHOT:
		memcpy(&t, data, sizeof(t));
		recording_write_snapshot(buffer, &t);
		++*transitions;
		break;
	case OFFSET:
		memcpy(&number, data, sizeof(number));
		recording_write_offset(buffer, (int64_t)number);
		break;
	case TICK:
		memcpy(&number, data, sizeof(number));
		recording_write_tick(buffer, number);
		break;
	case CGROUP:
		memcpy(&cgroup, data, sizeof(cgroup));
		memcpy(path, cgroup.path, sizeof(cgroup.path));
		recording_write_cgroup(buffer, cgroup.id, path);
		break;
	case LOSSES:
		memcpy(&losses, data, sizeof(losses));
		recording_write_losses(buffer, &losses);
		break;
	case RESETS:
		memcpy(&resets, data, sizeof(resets));
		recording_write_resets(buffer, &resets);
		break;
	case LISTENER:
		memcpy(&listener, data, sizeof(listener));
		recording_write_listener(buffer, &listener);
		break;
	case PORTS:
		memcpy(&ports, data, sizeof(ports));
		recording_write_ports(buffer, &ports);
		break;
	case KINDS:
		break;
	}
}

static void write_recording(struct buffer *buffer, const struct head *head, const uint8_t *data,
			    size_t size)
{
	struct recording_origin origin = {.wall_offset_ns = head->wall_offset_ns,
					  .start_ns = head->start_ns,
					  .host = "host",
					  .kernel = "6.1\033",
					  .has_resets = true,
					  .has_listeners = true,
					  .has_ports = true};
	const struct losses none = {0};
	uint64_t transitions = 0;
	size_t taken;

	recording_write_header(buffer, &origin);
	for (; (taken = entry_size(data, size)); data += taken, size -= taken)
		write_entry(buffer, data, &transitions);
	if (!(head->flags & WITHOUT_END))
		recording_write_end(buffer, &none, transitions);
}

/* The command line of a view. Its words are in text. */
static int fill_arguments(const char **argv, char *text, const struct head *head)
{
	int argc = 0;

	argv[argc++] = "tcpstates";
	argv[argc++] = "-r";
	argv[argc++] = "-";
	if (head->flags & WITH_VERBOSE)
		argv[argc++] = "-v";
	if (head->flags & WITH_RECORD && !strstr(text, "-o")) {
		argv[argc++] = "-o";
		argv[argc++] = "/dev/null";
	}
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static void replay(const struct head *head)
{
	char text[128];
	const char *argv[64];
	sigset_t none;

	strcpy(text, views[head->view % ARRAY_SIZE(views)]);
	tcpstates_main(fill_arguments(argv, text, head), (char **)argv);
	/* The next input would be blamed for it. */
	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		abort();
	/* The program blocks signals for good; whoever runs this may want to end it. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int file = memfd_create("recording", 0), nowhere = open("/dev/null", O_WRONLY);

	(void)argc, (void)argv;
	if (file < 0 || nowhere < 0 || dup2(file, STDIN_FILENO) < 0 ||
	    dup2(nowhere, STDOUT_FILENO) < 0)
		abort();
	close(file);
	close(nowhere);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer buffer = {0};
	struct head head;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	if (head.flags & IS_FILE)
		buffer_append(&buffer, data, size);
	else
		write_recording(&buffer, &head, data, size);
	if (ftruncate(STDIN_FILENO, 0) ||
	    pwrite(STDIN_FILENO, buffer.data, buffer.length, 0) != (ssize_t)buffer.length ||
	    lseek(STDIN_FILENO, 0, SEEK_SET))
		abort();
	buffer_free(&buffer);
	replay(&head);
	return 0;
}

/* ---- mutation ------------------------------------------------------------------------------- */

/* xorshift64* of the seed that the fuzzer gives. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static uint64_t one_of(uint64_t *state, const uint64_t *numbers, size_t count)
{
	return numbers[next_random(state) % count];
}

static uint64_t random_time(uint64_t *state, uint64_t before)
{
	static const uint64_t edges[] = {
		0, 1, 999999999, 1ull << 60, (1ull << 60) - 1, INT64_MAX, INT64_MIN, UINT64_MAX,
	};

	if (next_random(state) % 8 == 0)
		return one_of(state, edges, ARRAY_SIZE(edges));
	return before + next_random(state) % (1ull << next_random(state) % 50);
}

/* A member of a transition gets a value that means something. */
static void change_member(struct transition *t, uint64_t *state)
{
	uint64_t random = next_random(state);

	switch (random % 16) {
	case 0:
		t->time_ns = random_time(state, t->time_ns);
		break;
	case 1:
		t->duration_ns = random_time(state, 0);
		break;
	case 2:
		t->skaddr = random >> 8 & 3;
		break;
	case 3:
		t->cookie = random >> 8 & 3;
		break;
	case 4:
		t->oldstate = random >> 8 & 15;
		break;
	case 5:
		t->newstate = random >> 8 & 15;
		break;
	case 6:
		t->flags ^= 1u << (random >> 8) % 8;
		break;
	case 7:
		t->facts ^= 1u << (random >> 8) % 24;
		break;
	case 8:
		t->ip = random & 256 ? 4 : 6;
		memset(t->laddr, 0, sizeof(t->laddr));
		memset(t->raddr, t->ip, sizeof(t->raddr));
		break;
	case 9:
		t->cgroup = random >> 8 & 3;
		break;
	case 10:
		t->pid = random >> 8 & 3;
		break;
	case 11:
		LLVMFuzzerMutate((uint8_t *)t->comm, sizeof(t->comm), sizeof(t->comm));
		break;
	case 12:
		t->due_ns = random_time(state, t->time_ns);
		t->minisock = random >> 8 & 3;
		break;
	case 13:
		/* One that follows from the state that the other has. */
		t->oldstate = t->newstate;
		break;
	default:
		LLVMFuzzerMutate((uint8_t *)t, sizeof(*t), sizeof(*t));
		break;
	}
}

/* Where entries begin; how many there are. */
#define ENTRIES_MAX 256

static size_t find_entries(const uint8_t *data, size_t size, size_t *starts)
{
	size_t at = sizeof(struct head), count = 0, taken;

	while (count < ENTRIES_MAX && (taken = entry_size(data + at, size - at))) {
		starts[count++] = at;
		at += taken;
	}
	starts[count] = at;
	return count;
}

static void change_entry(uint8_t *entry, uint64_t *state)
{
	struct transition t;
	uint64_t number;

	if (*entry % KINDS > SNAPSHOT) {
		memcpy(&number, entry + 1, sizeof(number));
		number = next_random(state) % 2 ? random_time(state, number)
						: next_random(state) % 4;
		memcpy(entry + 1, &number, sizeof(number));
		return;
	}
	memcpy(&t, entry + 1, sizeof(t));
	for (uint64_t i = next_random(state) % 4 + 1; i; i--)
		change_member(&t, state);
	memcpy(entry + 1, &t, sizeof(t));
}

/* Inserts a copy of one entry before another; returns the new size. */
static size_t copy_entry(uint8_t *data, size_t size, size_t size_max, const size_t *from, size_t to)
{
	uint8_t copy[1 + sizeof(struct transition)];
	size_t length = from[1] - from[0];

	if (size + length > size_max || length > sizeof(copy))
		return size;
	memcpy(copy, data + from[0], length);
	memmove(data + to + length, data + to, size - to);
	memcpy(data + to, copy, length);
	return size + length;
}

static size_t mutate_entries(uint8_t *data, size_t size, size_t size_max, uint64_t *state)
{
	size_t starts[ENTRIES_MAX + 1], count = find_entries(data, size, starts);
	size_t one, other, grown;

	if (!count)
		return LLVMFuzzerMutate(data, size, size_max);
	one = next_random(state) % count;
	other = next_random(state) % (count + 1);
	switch (next_random(state) % 8) {
	case 0:
		return copy_entry(data, size, size_max, &starts[one], starts[other]);
	case 1:
		memmove(data + starts[one], data + starts[one + 1], size - starts[one + 1]);
		return size - (starts[one + 1] - starts[one]);
	case 2:
		data[0] = (uint8_t)next_random(state);
		data[1] ^= 1u << (1 + next_random(state) % 3);
		return size;
	case 3:
		return LLVMFuzzerMutate(data, size, size_max);
	case 4:
		grown = copy_entry(data, size, size_max, &starts[one], starts[one + 1]);
		change_entry(data + starts[grown > size ? one + 1 : one], state);
		return grown;
	default:
		change_entry(data + starts[one], state);
		return size;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned int seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;

	if (size < sizeof(struct head) || data[1] & IS_FILE)
		return LLVMFuzzerMutate(data, size, size_max);
	return mutate_entries(data, size, size_max, &state);
}
