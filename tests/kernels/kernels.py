# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernels to test on, one row each, and what is different on some of them."""

import collections

# name          as on the command line and in the results
# suite         of Debian; its newest kernel is taken, security updates included
# architecture  Debian's word for it
# cpu           for qemu's -cpu
# refused       words of the one message with which the program ends there; empty where it must run
# excluded      {live test, FILE or FILE.TEST: the reason, which is printed}
Kernel = collections.namedtuple("Kernel", "name suite architecture cpu refused excluded", defaults=("max", "", {}))

KERNELS = [
    Kernel("5.10", "bullseye", "amd64", refused="the kernel must be 5.12 or later"),
    Kernel("6.1", "bookworm", "amd64"),
    # qemu 7.2 gets cmpxchg16b wrong in the way this kernel uses it: crashes with garbage in the flags.
    Kernel("6.12", "trixie", "amd64", cpu="max,-cx16"),
    # From 7.0 on socket storage needs cmpxchg16b.
    Kernel("newest", "unstable", "amd64"),
    Kernel("arm64", "trixie", "arm64"),
]

# The kernel package: a build of the same source for virtual machines, with few drivers, a third of the size.
PACKAGE = "linux-image-cloud-{architecture}"
KERNEL_PARTS = "^linux-(image|binary|modules)-[0-9]"

# What the guests need: the result channel, links between and inside network namespaces, `ss`.
MODULES = ["virtio_pci", "virtio_console", "tun", "veth", "dummy", "sch_netem", "inet_diag", "tcp_diag"]
PACKAGES = ["busybox-static", "coreutils", "dash", "iproute2", "python3", "util-linux"]

# Live tests that are run on none of them.
EXCLUDED = {
    "journal.fields": "the static build cannot load libsystemd",
    "kernel_record": "makes 200,000 transitions, which takes minutes under emulation; two_cpus counts 5,000",
}


def excluded_on(kernel):
    return {**EXCLUDED, **kernel.excluded}
