/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The task on the CPU. Tracing programs read it directly since 5.11; the fallback build copies the
 * members that it reads.
 */
#ifndef TCPSTATES_BPF_TASK_H
#define TCPSTATES_BPF_TASK_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/kernel.h"
#include "trace/transition.h"

#ifndef FALLBACK

static __always_inline struct task_struct *task_current(void)
{
	return bpf_get_current_task_btf();
}

static __always_inline __u32 task_tgid(const struct task_struct *task)
{
	return task->tgid;
}

static __always_inline __u32 task_flags(const struct task_struct *task)
{
	return task->flags;
}

/* The thread's name. */
static __always_inline void task_read_comm(char *comm, const struct task_struct *task)
{
	__builtin_memcpy(comm, task->comm, TRANSITION_COMM_SIZE);
}

#else

static __always_inline struct task_struct *task_current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline __u32 task_tgid(const struct task_struct *task)
{
	return BPF_CORE_READ(task, tgid);
}

static __always_inline __u32 task_flags(const struct task_struct *task)
{
	return BPF_CORE_READ(task, flags);
}

static __always_inline void task_read_comm(char *comm, const struct task_struct *task)
{
	bpf_core_read(comm, TRANSITION_COMM_SIZE, &task->comm);
}

#endif

/* Both builds copy here, because this follows pointers: see sock_of() in kernel.h. */
static __always_inline int task_exit_code(const struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, group_exit_code);
}

/* The name of its process, which is its group leader's. */
static __always_inline void task_read_process_comm(char *comm, const struct task_struct *task)
{
	const struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	bpf_core_read(comm, TRANSITION_COMM_SIZE, &leader->comm);
}

#endif
