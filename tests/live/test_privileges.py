# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The capabilities that the man page names are enough; and what is said where something is lacking."""

import contextlib
import os
import re
import resource
import shutil
import tempfile

import traffic
from outcome import check, check_equal
from place import IPV4
from tool import Tool

NOBODY = "65534"
NAMED = "bpf", "perfmon", "net_admin"
LITTLE = 64 * 1024


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
