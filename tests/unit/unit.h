/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every unit test is written with. A program is one table of tests, each a function that
 * checks; a check that does not hold says where, what was expected and what came, and the test goes
 * on. Output is TAP, one line a test: "ok MODULE.TEST", or "not ok MODULE.TEST" with "# why" below.
 */
#ifndef TCPSTATES_UNIT_H
#define TCPSTATES_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The exit status that says: tests failed, and were named. Any other but 0 is a crash. */
#define UNIT_FAILED 3

/* After so many failed checks a test is silent: the rest would bury the first. */
#define UNIT_COMPLAINTS_MAX 10

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)              \
	{                           \
#function, function \
	}

/* The test that runs: a program has one at a time, and checks are not handed it. */
static struct {
	const char *module;
	const char *name;
	char row[200]; /* which row of its table; "" outside one */
	unsigned int failures;
} unit;

/* Names the row of a table that the following checks are about, by what is in it. */
__attribute__((format(printf, 1, 2))) static inline void unit_row(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(unit.row, sizeof(unit.row), format, args);
	va_end(args);
	for (char *c = unit.row; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = '?';
}

/* Counts a failed check and prints the head of its comment. False when enough has been said. */
static inline bool unit_fail(const char *file, int line, const char *what)
{
	if (!unit.failures++)
		printf("not ok %s.%s\n", unit.module, unit.name);
	if (unit.failures > UNIT_COMPLAINTS_MAX)
		return false;
	printf("# %s:%d: %s%s%s%s\n", file, line, what, *unit.row ? " [" : "", unit.row,
	       *unit.row ? "]" : "");
	return true;
}

static inline void unit_check(bool holds, const char *file, int line, const char *what)
{
	if (!holds)
		unit_fail(file, line, what);
}

static inline void unit_check_number(uint64_t expected, uint64_t got, const char *file, int line,
				     const char *what)
{
	if (expected == got || !unit_fail(file, line, what))
		return;
	printf("#   expected %lld (%#llx)\n", (long long)expected, (unsigned long long)expected);
	printf("#   got      %lld (%#llx)\n", (long long)got, (unsigned long long)got);
}

/* Bytes on a line of their own, what is not printable as C would write it. */
static inline void unit_print_bytes(const char *label, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	printf("#   %s \"", label);
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < ' ' || bytes[i] > '~')
			printf("\\x%02x", bytes[i]);
		else
			printf(bytes[i] == '"' || bytes[i] == '\\' ? "\\%c" : "%c", bytes[i]);
	printf("\" (%zu bytes)\n", size);
}

static inline void unit_check_bytes(const void *expected, size_t expected_size, const void *got,
				    size_t got_size, const char *file, int line, const char *what)
{
	if (expected_size == got_size && (!got_size || !memcmp(expected, got, got_size)))
		return;
	if (!unit_fail(file, line, what))
		return;
	unit_print_bytes("expected", expected, expected_size);
	unit_print_bytes("got     ", got, got_size);
}

/* Text that contains a part. */
static inline void unit_check_part(const char *part, const char *text, const char *file, int line,
				   const char *what)
{
	if (strstr(text, part) || !unit_fail(file, line, what))
		return;
	unit_print_bytes("expected within", part, strlen(part));
	unit_print_bytes("got            ", text, strlen(text));
}

#define CHECK(condition) unit_check((condition), __FILE__, __LINE__, #condition)

/* Whole numbers of any type, and booleans. */
#define CHECK_NUMBER(expected, got) \
	unit_check_number((uint64_t)(expected), (uint64_t)(got), __FILE__, __LINE__, #got)

/* size bytes at both. */
#define CHECK_MEMORY(expected, got, size) \
	unit_check_bytes(expected, size, got, size, __FILE__, __LINE__, #got)

/* NUL-terminated text. */
#define CHECK_TEXT(expected, got) \
	unit_check_bytes(expected, strlen(expected), got, strlen(got), __FILE__, __LINE__, #got)

/* Text within a longer one. */
#define CHECK_PART(expected, got) unit_check_part(expected, got, __FILE__, __LINE__, #got)

/* NUL-terminated text against a struct buffer. */
#define CHECK_BUFFER(expected, buffer)                                                         \
	unit_check_bytes(expected, strlen(expected), (buffer).data, (buffer).length, __FILE__, \
			 __LINE__, #buffer)

/* What goes to standard error is kept, up to unit_capture_end(). */
struct unit_capture {
	int saved_fd;
	char text[4096];
};

static inline void unit_capture_begin(struct unit_capture *capture)
{
	int fd = memfd_create("captured", MFD_CLOEXEC);

	fflush(stderr);
	capture->saved_fd = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Returns what was kept. */
static inline const char *unit_capture_end(struct unit_capture *capture)
{
	ssize_t size = pread(STDERR_FILENO, capture->text, sizeof(capture->text) - 1, 0);

	capture->text[size < 0 ? 0 : size] = '\0';
	dup2(capture->saved_fd, STDERR_FILENO);
	close(capture->saved_fd);
	return capture->text;
}

/* xorshift64*: random enough for tests, and the same in every run. */
static inline uint64_t unit_random(void)
{
	static uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

static inline void unit_random_bytes(void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)data)[i] = unit_random() >> 56;
}

/* Runs the tests. What main() returns. */
static inline int unit_run(const char *module, const struct unit_test *tests, size_t count)
{
	int status = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < count; i++) {
		unit.module = module;
		unit.name = tests[i].name;
		unit.row[0] = '\0';
		unit.failures = 0;
		tests[i].run();
		if (!unit.failures)
			printf("ok %s.%s\n", module, unit.name);
		else
			status = UNIT_FAILED;
	}
	return status;
}

/* main() of a test program: a module's name and its tests. */
#define UNIT_MAIN(module, ...)                                         \
	int main(void)                                                 \
	{                                                              \
		static const struct unit_test tests[] = {__VA_ARGS__}; \
                                                                       \
		return unit_run(module, tests, ARRAY_SIZE(tests));     \
	}

#endif
