/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The socket of a file. Iterators have a helper for it since 5.11; the fallback build follows the
 * same pointers as the kernel.
 */
#ifndef TCPSTATES_BPF_FILE_H
#define TCPSTATES_BPF_FILE_H

#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"

#ifndef FALLBACK

/* NULL if the file is not a socket. */
static __always_inline struct sock *file_socket(struct file *file)
{
	struct socket *socket = bpf_sock_from_file(file);

	return socket ? socket->sk : NULL;
}

#else

/*
 * private_data is a socket only in files of sockets: that socket points back to the file. The
 * result may be read with BPF_CORE_READ() only.
 */
static __always_inline struct sock *file_socket(struct file *file)
{
	struct socket *socket = file->private_data;

	return BPF_CORE_READ(socket, file) == file ? BPF_CORE_READ(socket, sk) : NULL;
}

#endif

#endif
