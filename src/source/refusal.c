// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel reports little more than EPERM or EINVAL: the environment shows the reason. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "source/descriptors.h"
#include "source/memlock.h"
#include "source/refusal.h"
#include "source/surroundings.h"

static void say(struct refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct refusal *refusal, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->text, sizeof(refusal->text), format, args);
	va_end(args);
}

/* CAP_SYS_ADMIN includes both (bpf_capable(), perfmon_capable()). */
static bool may_load(void)
{
	return capability_is_effective(CAP_SYS_ADMIN) ||
	       (capability_is_effective(CAP_BPF) && capability_is_effective(CAP_PERFMON));
}

static void explain_privileges(struct refusal *refusal, const char *what, int err)
{
	const char *why = strerror(-err);

	if (!may_load() || !capability_is_effective(CAP_NET_ADMIN))
		say(refusal,
		    "%s: %s; run tcpstates as root (sudo tcpstates) or with CAP_BPF, CAP_PERFMON "
		    "and "
		    "CAP_NET_ADMIN",
		    what, why);
	else if (namespace_is_initial("user") == ANSWER_NO)
		say(refusal,
		    "%s: %s: root of a user namespace has no rights over the kernel; run it as "
		    "root of the machine, outside of that namespace",
		    what, why);
	else if (seccomp_is_on())
		say(refusal,
		    "%s: %s: system calls are filtered here (seccomp), as in a container; let "
		    "bpf() through, as \"--privileged\" does, or run it on the machine itself",
		    what, why);
	else
		say(refusal,
		    "%s: %s, in spite of all capabilities; a security module or a limit may keep "
		    "it from that (-v shows what the kernel and libbpf say)",
		    what, why);
}

static void explain_types(struct refusal *refusal, int err)
{
	switch (types_state()) {
	case TYPES_HIDDEN:
		say(refusal,
		    "the kernel's type information (BTF) is not to be seen here: another mount "
		    "hides %s; run it where /sys is the machine's own, as on the machine itself",
		    KERNEL_TYPES);
		return;
	case TYPES_DENIED:
		say(refusal, "the kernel's type information (BTF) may not be read: %s: %s",
		    KERNEL_TYPES, strerror(EACCES));
		return;
	case TYPES_ABSENT:
	case TYPES_THERE:
		break;
	}
	say(refusal,
	    "the kernel has no type information (BTF): %s; use a kernel built with "
	    "CONFIG_DEBUG_INFO_BTF=y (current distributions have one)",
	    strerror(err));
}

/* Features that the kernel itself lacks. */
static void explain_kernel(struct refusal *refusal, const char *what, int err)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int state;

	if (!btf) {
		if (!descriptors_explain(refusal->text, sizeof(refusal->text), what, errno))
			explain_types(refusal, errno);
		return;
	}
	state = btf__find_by_name_kind(btf, "btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF);
	btf__free(btf);
	if (state < 0)
		say(refusal, "the kernel has no tracepoint inet_sock_set_state; use 5.10 or later "
			     "with CONFIG_NET and CONFIG_TRACEPOINTS");
	else if (!libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL))
		say(refusal, "the kernel has no BPF ring buffer; use 5.10 or later");
	else if (!kernel_is_at_least(5, 10))
		say(refusal, "%s: %s; tcpstates needs kernel 5.10 or later", what, strerror(-err));
	else
		say(refusal, "%s: %s (-v shows what the kernel and libbpf say)", what,
		    strerror(-err));
}

void refusal_explain(struct refusal *refusal, const char *what, int err, uint64_t locked)
{
	char lockdown[32];

	lockdown_read(lockdown, sizeof(lockdown));
	if (!strcmp(lockdown, "confidentiality"))
		say(refusal,
		    "%s: the kernel's lockdown mode \"confidentiality\" prevents BPF programs "
		    "from reading kernel memory; boot with lockdown=integrity or none",
		    what);
	else if (err == -EPERM &&
		 memlock_explain(refusal->text, sizeof(refusal->text), what, locked))
		return;
	else if (descriptors_explain(refusal->text, sizeof(refusal->text), what, err))
		return;
	else if (err == -EPERM || err == -EACCES)
		explain_privileges(refusal, what, err);
	else
		explain_kernel(refusal, what, err);
}
