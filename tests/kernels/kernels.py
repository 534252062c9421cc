# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernels to test on, one row each, and what is different on some of them."""

import collections

# name          as on the command line and in the results
# suite         of Debian; its newest kernel is taken, security updates included
# architecture  Debian's word for it
# cpu           for qemu's -cpu
# excluded      {live test, FILE or FILE.TEST: the reason, which is printed}
# smoke         whether a smoke run boots it, which is what CI does
Kernel = collections.namedtuple("Kernel", "name suite architecture cpu excluded smoke", defaults=("max", {}, True))

NO_COOKIE = "accepted connections have no cookie before 5.12, by which this test follows them"
KEEPS_ORPHANS = "tcp_abort() leaves a socket as it is that nobody has: there is no change to show"
NO_STORAGE = "has no socket storage for tracing programs, which this test wants to see"
NO_HALF_OPEN = "half-open sessions are not shown before 5.12"
NO_RESETS = "resets for packets of no session are not reported before 6.10"
COLLECTS_IN_CALL = "a process that closes a Unix socket collects what is unreachable, in that call, and not a kernel thread"

KERNELS = [
    # Gets the build for kernels before 5.12.
    Kernel("5.10", "bullseye", "amd64",
           excluded={"owner.cookie": NO_COOKIE, "owner.many_closed_by_client": NO_COOKIE,
                     "owner.many_closed_by_server": NO_COOKIE,
                     "cause.destroyed_orphan": KEEPS_ORPHANS, "cause.closed_by_kernel": COLLECTS_IN_CALL,
                     "check.this_machine": NO_STORAGE, "half_open.unanswered": NO_HALF_OPEN,
                     "resets": NO_RESETS}),
    Kernel("6.1", "bookworm", "amd64", excluded={"resets": NO_RESETS}),
    # qemu 7.2 gets cmpxchg16b wrong in the way this kernel uses it: crashes with garbage in the flags.
    Kernel("6.12", "trixie", "amd64", cpu="max,-cx16"),
    # From 7.0 on socket storage needs cmpxchg16b.
    # What it is changes from day to day, and so might the result.
    Kernel("newest", "unstable", "amd64", smoke=False),
    # qemu takes most of the time for the pointers' signatures if they are those of real CPUs.
    Kernel("arm64", "trixie", "arm64", cpu="max,pauth-impdef=on"),
]

# The kernel package: a build of the same source for virtual machines, with few drivers, a third of the size.
PACKAGE = "linux-image-cloud-{architecture}"
KERNEL_PARTS = "^linux-(image|binary|modules)-[0-9]"

# What the guests need: the result channel, links between and inside network namespaces, `ss`, sockets of the kernel's own.
MODULES = ["virtio_pci", "virtio_console", "tun", "veth", "dummy", "sch_netem", "inet_diag", "tcp_diag", "nvmet_tcp", "smc"]
PACKAGES = ["busybox-static", "coreutils", "dash", "iproute2", "python3", "util-linux"]

# Live tests that are run on none of them.
EXCLUDED = {
    "journal.fields": "the guest has no systemd-journald",
    "sessions.as_tcplife_says": "the machine has no libbpf-tools",
    "start.first_event": "the machine has no other tracers, and emulation makes it busy enough",
    "sanitized": "the guest has no libraries for the sanitized program",
    "kernel_record": "makes 100,000 transitions, which takes minutes under emulation; two_cpus counts 5,000",
}

# Tests of a smoke run: each kind of what depends on the kernel, in a minute.
SMOKE = ["starts", "states.active_close", "states.half_close", "states.refused", "states.reset", "syn_recv.round_trip",
         "cause.close_and_shutdown", "cause.resets", "sessions.kinds", "seed", "minisock.orphan_gets_fin", "early_end.late_data",
         "replay.pipe", "check.this_machine", "check.needed_capabilities", "check.user_namespace", "check.hidden_types",
         "start_probe.not_in_lines", "fallback.same_as_main_build", "fallback.known_without_main_build", "kernel_sockets"]


def excluded_on(kernel):
    return {**EXCLUDED, **kernel.excluded}
