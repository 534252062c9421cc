# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Many connections at full rate, made by the benchmark's load on addresses nobody else uses."""

import contextlib
import os
import shlex
import subprocess

import netns
import own_ports
import wait
from place import with_ipv6
from tree import BUILD, TREE

SOURCE = TREE / "bench/load.c"
BINARY = BUILD / "tests/load"
COMM = BINARY.name

ADDRESS4 = "127.84.67.80"
ADDRESS6 = "fd84:6784::80"
ADDRESSES = {ADDRESS4, ADDRESS6}
TRANSITIONS = {"rst": 6, "fin": 10, "halfclose": 10, "serverfin": 10}     # of one connection, both ends


def compiled():
    if not BINARY.exists() or SOURCE.exists() and BINARY.stat().st_mtime < SOURCE.stat().st_mtime:
        BINARY.parent.mkdir(parents=True, exist_ok=True)
        new = BINARY.with_suffix(f".{os.getpid()}")
        compiler = shlex.split(os.environ.get("CC") or "cc")
        subprocess.run([*compiler, "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", SOURCE, "-o", new], check=True)
        new.rename(BINARY)
    return BINARY


def addresses():
    found = with_ipv6(ADDRESS4, [ADDRESS6])
    if ADDRESS6 in found:
        netns.add_address6("lo", ADDRESS6, 128)
    return found


@contextlib.contextmanager
def gone():
    """At the end, no socket is left of those made in the block."""
    before = wait.sockets()
    yield
    wait.at_most_sockets(before)


class Churn:
    """
    `with Churn(address, port, pairs, connections, mode) as churn:` starts it; churn.finish() waits for its end. Packets
    may still be on their way then: `with gone():` around it waits for the end of its sockets.
    """

    def __init__(self, address, port, pairs, connections, mode, rate=None):
        """rate: sessions a second and pair; None: as fast as it goes."""
        self.transitions = pairs * (connections * TRANSITIONS[mode] + 2)     # 2 of the listener
        words = [compiled(), "-a", address, "-p", port, "-j", pairs, "-n", connections, *(["-r", rate] if rate else []), mode]
        words = list(map(str, words))
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()     # takes its processes with it
        self.process.wait()
        self.process.stdout.close()

    def finish(self, patience=3 * wait.PATIENCE):
        """Its processes as [(role, pid, port)]."""
        said, _ = self.process.communicate(timeout=patience)
        if self.process.returncode:
            raise OSError(f"churn fails with status {self.process.returncode}")
        rows = [line.split() for line in said.splitlines()[:-1]]     # the last one says how long it took
        return [(role, int(pid), int(port)) for role, pid, port in rows]


def is_ours(line):
    """Of a line or an event as a dict: the ports tell this test's from another one's, which has the same addresses."""
    return own_ports.concern(line["lport"], line["rport"]) and (line["laddr"] in ADDRESSES or line["raddr"] in ADDRESSES)
