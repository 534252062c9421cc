# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sessions that were there before the trace have an owner, and a lower bound for their first duration."""

import contextlib
import os
import pathlib
import signal
import socket
import time

import netns
import own_ports
import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4, IPV6
from story import JIFFY_MS
from tool import check_good_end

# An age in jiffies is off by one or two, of which there are 100 a second at least; and by as many as they are late when the
# CPU that counts them is not run: another one sees that after 5 (tick_sched_do_timer(), MAX_STALLED_JIFFIES).
AGE_SLACK_MS = 20 + 6 * JIFFY_MS

@contextlib.contextmanager
def elsewhere(port):
    """Another process, in another network namespace, with a connection that it closes when told: (pid, netns, tell)."""
    ready, say_ready = os.pipe()
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            netns.private_network()
            listener = traffic.Listener(IPV4, port)
            connection = traffic.Connection(listener)
            os.write(say_ready, netns.inode().to_bytes(8, "little"))
            os.read(told, 1)
            traffic.reset_on_close(connection.client)
            connection.client.close()
            os.write(say_ready, b"closed")
            os.read(told, 1)
            status = 0
        finally:
            os._exit(status)
    try:
        inode = int.from_bytes(os.read(ready, 8), "little")
        yield pid, inode, lambda: (os.write(tell, b"x"), os.read(ready, 6))
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for end in ready, say_ready, told, tell:
            os.close(end)


def lines_of(tool, inode, lport, count):
    """The next lines of that local port in that network namespace."""
    found = []
    while len(found) < count:
        line, = from_json([tool.next_line()])
        if (line["netns"], line["lport"]) == (inode, lport):
            found.append(line)
    return found


def check_owner(line, pid, comm):
    check_equal("owner", (line["pid"], line["comm"], line["owner_from"]), (pid, comm, "scan"))


def check_bound(line, least_ms, most_ms):
    check_equal(f"{line['oldstate']}>{line['newstate']}: ms", line["ms"], None)
    bound = line["ms_at_least"]
    check(bound is not None and least_ms <= bound <= most_ms,
          f"{line['oldstate']} lasted at least {bound} ms; the test knows {least_ms:.3f} to {most_ms:.3f} ms")


def comm_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def test_owner_and_bound(program):
    before = time.monotonic()
    port = own_ports.new()
    with elsewhere(port) as (pid, inode, tell):
        listener = traffic.Listener(IPV6)
        connection = traffic.Connection(listener)
        established = time.monotonic()
        idle = traffic.Listener(IPV4)
        traffic.hold()
        with program.start("-j", "--netns", f"{netns.inode()},{inode}") as tool:
            asked = time.monotonic()
            connection.client.close()
            ours, = lines_of(tool, netns.inode(), connection.client_life.lport, 1)
            idle.socket.close()
            listening, = lines_of(tool, netns.inode(), idle.port, 1)
            tell()
            theirs, = lines_of(tool, inode, port, 1)
            check_good_end(tool.end())
    end = time.monotonic()
    check_owner(ours, os.getpid(), comm_of("self"))
    check_equal("state", (ours["oldstate"], ours["newstate"], ours["cause"]), ("ESTABLISHED", "FIN_WAIT1", "close"))
    check_bound(ours, (asked - established) * 1000 - AGE_SLACK_MS, (end - before) * 1000 + AGE_SLACK_MS)
    check_owner(listening, os.getpid(), comm_of("self"))
    check_bound(listening, 0, (end - before) * 1000)
    check_owner(theirs, pid, comm_of("self"))
    check_bound(theirs, 0, (end - before) * 1000 + AGE_SLACK_MS)
    check_equal("cause", theirs["cause"], "reset_received")


def test_time_wait(program):
    """TIME_WAIT that began before the trace: its beginning is known by its timer."""
    listener = traffic.Listener(IPV4)
    port = own_ports.new()

    def session():
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            client.bind((IPV4.laddr, port))
            client.connect((IPV4.raddr, listener.port))
            child, _ = listener.socket.accept()
            child.close()
            client.recv(1)
        wait.reached_unaccepted("TIME_WAIT", listener.port, port)

    before = time.monotonic()
    session()
    entered = time.monotonic()
    traffic.hold()
    with program.start("-j") as tool:
        again = time.monotonic()
        session()
        line = lines_of(tool, netns.inode(), listener.port, 1)[0]
        check_good_end(tool.end())
    end = time.monotonic()
    check_equal("first line", (line["oldstate"], line["newstate"], line["cause"]), ("TIME_WAIT", "CLOSE", "recycled"))
    # What its socket had, nobody knows any more.
    lost = "uid", "pid", "comm", "tx_bytes", "rx_bytes", "retrans", "cwnd", "mss", "cgroup", "rtt_ms", "skaddr", "c_pid", "c_comm"
    check_equal("what is not known", {key: line[key] for key in lost}, dict.fromkeys(lost))
    check_equal("duration", line["ms"], None)
    known = line["ms_about"]
    least, most = (again - entered) * 1000 - AGE_SLACK_MS, (end - before) * 1000 + AGE_SLACK_MS
    check(known and least <= known <= most, f"TIME_WAIT lasted {known} ms; the test knows {least:.3f} to {most:.3f} ms")
