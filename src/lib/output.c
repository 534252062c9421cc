// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Buffered, non-blocking output to a file descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/output.h"

/*
 * O_NONBLOCK belongs to the open file description, which standard output shares with the parent's
 * shell. Reopening the pipe or terminal gives a separate description.
 */
static int open_nonblocking(int fd)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/*
 * What another user has opened cannot be reopened (a pipe or terminal inherited through su or
 * setpriv). When poll() reports such a descriptor as writable, a pipe has room for PIPE_BUF bytes
 * (pipe_poll()), and a terminal for some (n_tty_poll()).
 */
#define TERMINAL_ROOM 256

/* Takes ownership of fd. 0 or -errno. */
static int output_take(struct output *output, const char *name, int fd)
{
	struct stat status;
	int own = -1;

	*output = (struct output){.name = name, .fd = fd};
	if (fstat(fd, &status))
		return -errno;
	output->is_socket = S_ISSOCK(status.st_mode);
	if (S_ISFIFO(status.st_mode) || isatty(fd))
		own = open_nonblocking(fd);
	if (own >= 0) {
		close(fd);
		output->fd = own;
	} else if (S_ISFIFO(status.st_mode)) {
		output->write_max = PIPE_BUF;
	} else if (isatty(fd)) {
		output->write_max = TERMINAL_ROOM;
	}
	return 0;
}

int output_open_stdout(struct output *output)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	*output = (struct output){.name = "standard output", .fd = -1};
	if (fd < 0)
		return -errno;
	return output_take(output, output->name, fd);
}

/* Opens the folder of the file. *name: the file name in path. Returns a descriptor or -errno. */
static int open_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int fd;

	*name = slash ? slash + 1 : path;
	folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return fd < 0 ? -errno : fd;
}

/* In a folder that others can write to, another user may have created the name. */
static bool is_trap(int folder, const char *name)
{
	struct stat place, file;

	if (fstat(folder, &place) || !(place.st_mode & (S_IWGRP | S_IWOTH)) ||
	    fstatat(folder, name, &file, AT_SYMLINK_NOFOLLOW))
		return false;
	return S_ISLNK(file.st_mode) || (S_ISREG(file.st_mode) && file.st_uid != geteuid());
}

#define OPEN_FLAGS (O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC)

/* A recording shows who talks to whom: by default only its owner can read it. */
static int create_file(const char *path)
{
	const char *name;
	int folder = open_folder(path, &name), fd;

	if (folder < 0)
		return folder;
	if (!*name) {
		close(folder);
		return *path ? -EISDIR : -ENOENT;
	}
	if (is_trap(folder, name)) {
		close(folder);
		return -EPERM;
	}
	fd = openat(folder, name, OPEN_FLAGS | O_NOFOLLOW, 0600);
	/* A link in a folder only we can write to. */
	if (fd < 0 && errno == ELOOP)
		fd = openat(folder, name, OPEN_FLAGS, 0600);
	if (fd < 0)
		fd = -errno;
	close(folder);
	return fd;
}

int output_open_file(struct output *output, const char *name)
{
	int fd = create_file(name), err;

	*output = (struct output){.name = name, .fd = -1};
	if (fd < 0)
		return fd;
	err = output_take(output, name, fd);
	if (!err && ftruncate(output->fd, 0) && errno != EINVAL)
		err = -errno;
	return err;
}

/* A write of up to write_max bytes would not block. */
static bool has_room(const struct output *output)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0;
}

static ssize_t write_some(const struct output *output, const char *data, size_t size)
{
	if (output->write_max && !has_room(output)) {
		errno = EAGAIN;
		return -1;
	}
	if (output->write_max && size > output->write_max)
		size = output->write_max;
	if (output->is_socket)
		return send(output->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(output->fd, data, size);
}

int output_flush(struct output *output)
{
	struct buffer *buffer = &output->buffer;
	size_t sent = 0;
	int err = 0;

	if (buffer->out_of_memory && !output->error)
		output->error = -ENOMEM;
	if (output->error) {
		buffer->length = 0;
		return output->error;
	}
	while (sent < buffer->length && !err) {
		ssize_t n = write_some(output, buffer->data + sent, buffer->length - sent);

		if (n >= 0)
			sent += n;
		else if (errno != EINTR)
			err = -errno;
	}
	if (err == -EWOULDBLOCK)
		err = -EAGAIN;
	if (err && err != -EAGAIN) {
		output->error = err;
		sent = buffer->length;
	}
	if (sent < buffer->length)
		memmove(buffer->data, buffer->data + sent, buffer->length - sent);
	buffer->length -= sent;
	return err;
}

int output_close(struct output *output)
{
	int err = 0;

	buffer_free(&output->buffer);
	if (output->fd >= 0 && close(output->fd))
		err = -errno;
	output->fd = -1;
	return err;
}
