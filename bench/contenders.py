# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who is compared: how each is started, and how one sees that it traces."""
import os
import pathlib
import shutil

TREE = pathlib.Path(__file__).resolve().parent.parent
TOOL = str(TREE / "build/tcpstates")
BPFTRACE = """tracepoint:sock:inet_sock_set_state /args->protocol == 6/ {
    $since = @since[args->skaddr];
    printf("%lx %d %s %s %d %s %d %d %d %d\\n", (uint64)args->skaddr, pid, comm, ntop(args->family, args->saddr),
           args->sport, ntop(args->family, args->daddr), args->dport, args->oldstate, args->newstate,
           $since ? (nsecs - $since) / 1000 : 0);
    @since[args->skaddr] = nsecs;
}"""


class Contender:
    """One program, or none. ready: text on its standard error or output; None: its output grows when probed."""

    def __init__(self, name, words, ready=None, is_ours=False, has_lines=True, is_peer=False):
        self.name = name
        self.words = words
        self.ready = ready
        self.is_ours = is_ours
        self.has_lines = has_lines
        self.is_peer = is_peer


def ours(name, *options, has_lines=True):
    return Contender(name, [TOOL, "-v", *options], ready="tcpstates: ready", is_ours=True, has_lines=has_lines)


def untraced():
    return Contender("untraced", None, has_lines=False)


def empty():
    words = [str(TREE / "build/bench/attach"), str(TREE / "build/bench/empty.bpf.o")]
    return Contender("empty program", words, ready="ready", has_lines=False)


def libbpf_tools():
    path = "/usr/sbin/tcpstates"
    return Contender("libbpf-tools", [path], is_peer=True) if os.path.exists(path) else None


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
    found = [untraced(), empty(), ours("tcpstates"), ours("tcpstates -s", "-s"), ours("tcpstates -j", "-j"),
             ours("tcpstates -q -o", "-q", "-o", "/dev/stdout", has_lines=False),
             ours("tcpstates -L 1", "-s", "-L", "1", has_lines=False)]
    absent = []
    for make in ABSENT:
        peer = make()
        if peer:
            found.append(peer)
        else:
            absent.append(ABSENT[make])
    return found, absent
