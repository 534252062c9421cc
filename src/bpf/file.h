/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The socket of a file, which iterators can ask for since 5.11; the fallback build finds it the way
 * the kernel does.
 */
#ifndef TCPSTATES_BPF_FILE_H
#define TCPSTATES_BPF_FILE_H

#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

#ifndef FALLBACK

/* NULL when it is none. */
static __always_inline struct sock *file_socket(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);

	return socket ? socket->sk : NULL;
}

#else

/*
 * Not every file has a socket where sockets have theirs; but a socket knows its file. To be read
 * by BPF_CORE_READ() only.
 */
static __always_inline struct sock *file_socket(struct file *file)
{
	struct socket *socket = file->private_data;

	return BPF_CORE_READ(socket, file) == file ? BPF_CORE_READ(socket, sk) : NULL;
}

#endif

#endif
