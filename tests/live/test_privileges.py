# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The capabilities that the man page names are enough; and what is said where something is lacking."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import tempfile

import actor
import netns
import own_ports
import surroundings
import traffic
from outcome import check, check_equal
from place import IPV4
from tool import Program, Tool, here

NOBODY = "65534"
NAMED = "bpf", "perfmon", "net_admin"
LITTLE = 64 * 1024
CLONE_NEWPID = 0x20000000


@contextlib.contextmanager
def copied(program):
    """Where anybody can reach it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield shutil.copy(program.path, folder)


def start(path, capabilities, locked, ready=True):
    """As nobody, with these capabilities alone, and bytes of locked memory: soft and hard limit."""
    set_of = "".join(f",+{name}" for name in capabilities)
    words = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--bounding-set", f"-all{set_of}",
             "--inh-caps", f"-all{set_of}", "--ambient-caps", f"-all{set_of}", path, "-s", "--no-header"]
    return Tool(shutil.which("setpriv"), *words, ready=ready,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, locked))


def charges_maps():
    major, minor = map(int, os.uname().release.split(".")[:2])
    return (major, minor) < (5, 11)


def refused(path, capabilities, locked):
    """Its message."""
    with start(path, capabilities, locked, ready=False) as tool:
        ended = tool.wait()
    check_equal("status", ended.status, 1)
    [message] = [line for line in ended.errors if "cannot load" in line]
    return message


def check_traces(path, capabilities, locked):
    with start(path, capabilities, locked) as tool:
        traffic.refused(IPV4)
        ended = tool.end()
    check_equal("status", ended.status, 0)
    check(len(ended.lines) >= 2, f"only {len(ended.lines)} lines")


def test_capabilities_named(program):
    with copied(program) as path:
        no_limit = resource.RLIM_INFINITY if charges_maps() else resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
        check_traces(path, NAMED, (no_limit, no_limit))
        check_traces(path, NAMED, (LITTLE, no_limit))
        message = refused(path, NAMED[1:], (no_limit, no_limit))
        check("CAP_BPF, CAP_PERFMON" in message and "ulimit" not in message, f"without CAP_BPF: {message}")


def test_locked_memory(program):
    """From 5.11 on it does not count. Before, the number in the message is enough."""
    with copied(program) as path:
        if not charges_maps():
            check_traces(path, NAMED, (LITTLE, LITTLE))
            return
        check_traces(path, [*NAMED, "sys_resource"], (LITTLE, LITTLE))
        message = refused(path, NAMED, (LITTLE, LITTLE))
        check("may have 64 KiB" in message and "CAP_SYS_RESOURCE" in message, message)
        enough = 1024 * int(re.search(r"ulimit -l (\d+)", message)[1])
        check_traces(path, NAMED, (LITTLE, enough))
        check("ulimit -l" in refused(path, NAMED, (LITTLE, enough // 2)), "half as much is enough")


def keep_session(stage, port):
    """In a network namespace of its own."""
    netns.private_network()
    actor.listen(stage, IPV4, port)
    actor.prepare(stage, IPV4, None)
    actor.connect(stage, IPV4, port)


def keep_listener(stage, port):
    netns.private_network()
    actor.listen(stage, IPV4, port)


def begin_container(stage):
    """Its children are in a PID namespace with its own /proc, so that a program there sees no other test's processes."""
    netns.private_mounts()
    netns.unshare(CLONE_NEWPID)


def begin_init(stage, kept):
    """The first process of that namespace, which has one child, of that function."""
    stage.init = actor.Actor("init")
    stage.init.do(mount_proc)
    stage.init.do(have_child, kept, own_ports.new())
    return stage.init.pid


def mount_proc(stage):
    netns.mount("proc", "/proc", "proc")


def have_child(stage, kept, port):
    stage.child = actor.Actor("child")
    stage.child.do(kept, port)


def end_init(stage):
    stage.init.end()


@contextlib.contextmanager
def container(path, kept, *capabilities):
    """Runs the program in a PID namespace, in which one process is in another network namespace."""
    outer = actor.Actor("outer")
    try:
        outer.do(begin_container)
        outer.do(begin_init, kept)
        init = int(pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        nobody = surroundings.as_nobody(path, *capabilities) if capabilities else Program(path)
        yield Program(path, "nsenter", f"--target={init}", "--pid", "--mount", "--root", *nobody.words)
        outer.do(end_init)
    finally:
        outer.end()


def said_at_start(inside, *options):
    ended = inside.run(*options, "-d", "0.2", preexec_fn=surroundings.unlimited_memory)
    check_equal(f"{options}: status", ended.status, 0)
    return ended.complaints


def test_namespaces_left_out(program):
    """That sessions are missing is said once, if there are any: not with all capabilities, nor of a listener alone."""
    with copied(program) as path:
        with container(path, keep_session, *NAMED) as inside:
            for options in ["--stuck=ESTABLISHED:0.05"], ["--sessions"], ["-q", "-o", "/dev/null"], ["-j"]:
                said = said_at_start(inside, *options)
                check_equal(f"{options}: messages", len(said), 1)
                check("missing: 1 other network namespace" in said[0], f"{options}: {said}")
            check_equal("of this namespace only", said_at_start(inside, "--stuck", here()), [])
            check_equal("where older sessions are not shown", said_at_start(inside, "-s"), [])
        with container(path, keep_listener, *NAMED) as inside:
            check_equal("of a listener", said_at_start(inside, "--stuck"), [])
        with container(path, keep_session) as inside:
            check_equal("with all capabilities", said_at_start(inside, "--stuck"), [])
