# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who is compared: how each is started, and how one sees that it traces."""
import os
import shutil

import libbpf_tools
from tree import BUILD

TOOL = str(BUILD / "tcpstates")
BPFTRACE = """tracepoint:sock:inet_sock_set_state /args->protocol == 6/ {
    $since = @since[args->skaddr];
    printf("%lx %d %s %s %d %s %d %d %d %d\\n", (uint64)args->skaddr, pid, comm, ntop(args->family, args->saddr),
           args->sport, ntop(args->family, args->daddr), args->dport, args->oldstate, args->newstate,
           $since ? (nsecs - $since) / 1000 : 0);
    @since[args->skaddr] = nsecs;
}"""


class Contender:
    """One program, or none. ready: text on its standard error or output; None: its output grows when probed."""

    def __init__(self, name, words, ready=None, has_lines=True, is_peer=False):
        self.name = name
        self.words = words
        self.ready = ready
        self.has_lines = has_lines
        self.is_peer = is_peer

    def line_buffered_words(self):
        """Peers hold lines back, where their output is no terminal."""
        return ["stdbuf", "-oL", *self.words] if self.is_peer else self.words


def ours(*options, has_lines=True):
    return Contender(" ".join(["tcpstates", *options]), [TOOL, "-v", *options], ready="tcpstates: ready", has_lines=has_lines)


def untraced():
    return Contender("untraced", None, has_lines=False)


def empty(times=1):
    """A program that does nothing, on the same tracepoint; twice: as many programs as tcpstates has there."""
    words = [str(BUILD / "bench/attach"), *[str(BUILD / "bench/empty.bpf.o")] * times]
    return Contender(["empty program", "two empty programs"][times - 1], words, ready="ready", has_lines=False)


def least():
    """A clock with each socket, a record of each transition, and nothing else."""
    words = [str(BUILD / "bench/attach"), str(BUILD / "bench/least.bpf.o")]
    return Contender("clock and record", words, ready="ready", has_lines=False)


def all_of_ours():
    """Each output, and each of the features that cost something in the kernel, beside the same without it."""
    return [ours(), ours("-s"), ours("-j"), ours("-x"), ours("-q", "-o", "/dev/stdout", has_lines=False),
            ours("-x", "--minisocks"), ours("-x", "--half-open"),
            ours("--summary", has_lines=False),
            ours("-s", "-L", "1", has_lines=False), ours("-s", "-D", "1", has_lines=False),
            ours("-s", "--remote", "192.0.2.0/24", has_lines=False)]


def libbpf_tools():
    path = libbpf_tools.path_of("tcpstates")
    return Contender("libbpf-tools", [path], is_peer=True) if path else None


def bpftrace():
    path = shutil.which("bpftrace")
    return Contender("bpftrace", [path, "-q", "-e", BPFTRACE], is_peer=True) if path else None


def bcc():
    """bcc compiles its program on the machine, with the headers of the running kernel."""
    path = shutil.which("tcpstates-bpfcc")
    has_headers = os.path.exists(f"/lib/modules/{os.uname().release}/build") or os.path.exists("/sys/kernel/kheaders.tar.xz")
    return Contender("bcc", [path], is_peer=True) if path and has_headers else None


ABSENT = {
    libbpf_tools: "libbpf-tools: not installed (Debian package libbpf-tools)",
    bpftrace: "bpftrace: not installed (Debian package bpftrace)",
    bcc: "bcc: not installed (Debian package bpfcc-tools), or the running kernel's headers are missing",
}


def all_contenders():
    """(contenders, why the others are absent)"""
    found, absent = [untraced(), empty(), empty(2), least(), *all_of_ours()], []
    for make, why in ABSENT.items():
        peer = make()
        if peer:
            found.append(peer)
        else:
            absent.append(why)
    return found, absent
