# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Waiting for what the kernel does, by asking until it has: on a busy machine a packet is dealt with long after the call
that sends it.
"""

import pathlib
import re
import socket
import time

from kernel_record import STATES
from outcome import check

PATIENCE = 60       # seconds to wait for what is certain to come


def until(condition, what):
    """The condition is asked once more after the last moment: to ask may take long on a busy machine."""
    deadline = time.monotonic() + PATIENCE
    is_late = False
    while not condition():
        check(not is_late, f"{what}: not in {PATIENCE} seconds")
        time.sleep(0.001)
        is_late = time.monotonic() >= deadline


def reached(state, *sockets):
    """Until all are in this state. The kernel stores it after its tracepoint (inet_sk_state_store())."""
    for one in sockets:
        until(lambda: state_of(one) == state, f"a socket gets into {state}")


def state_of(one):
    return STATES[one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]]


def reached_unaccepted(state, lport, rport):
    """As reached(), for a socket that no process has yet. Not for CLOSE: the kernel's tables lose it before that."""
    until(lambda: (lport, rport, state) in table(), f"the socket from {lport} to {rport} gets into {state}")


def table(process="self"):
    """What /proc/net/tcp and tcp6 hold in the network namespace of a process, as {(lport, rport, state)}."""
    found = set()
    for path in filter(pathlib.Path.exists, (pathlib.Path("/proc", str(process), "net", name) for name in ("tcp", "tcp6"))):
        for row in path.read_text().splitlines()[1:]:
            _, local, remote, state = row.split()[:4]
            port = lambda end: int(end.rpartition(":")[2], 16)
            found.add((port(local), port(remote), STATES[int(state, 16)]))
    return found


def ends():
    """Of all states, as {(lport, rport)}."""
    return {row[:2] for row in table()}


def sockets():
    """How many this network namespace has, of any kind. The kernel counts one until it is freed (__sk_free())."""
    return int(re.search(r"^sockets: used (\d+)", pathlib.Path("/proc/net/sockstat").read_text(), re.M)[1])


def at_most_sockets(number):
    until(lambda: sockets() <= number, f"of {sockets()} sockets {number} are left")
