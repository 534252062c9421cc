# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--stuck shows sessions while they stay in a state, and a recording of it replays as the same."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import struct
import tempfile

import actor
import netns
import traffic
import wait
from delayed_link import ACK, SYN, DelayedLink, deliver_all
from outcome import Skipped, check, check_equal
from place import IPV4, SLOW
from test_replay import first_difference
from tool import check_good_end, here

FIONREAD = 0x541B       # SIOCINQ (linux/sockios.h)
TIOCOUTQ = 0x5411       # SIOCOUTQ
LIMIT = 0.3
HALF_OPEN_LIMIT = 0.3   # seconds
LIMITS = f"CLOSE_WAIT:{LIMIT},fin-wait-2:{LIMIT},SYN_SENT:{LIMIT},FIN_WAIT1:{LIMIT},LAST_ACK:{LIMIT}"


def waits(one, request):
    """Bytes in a queue, as the kernel tells them to the socket's owner."""
    return struct.unpack("i", fcntl.ioctl(one, request, b"\0" * 4))[0]


class Watch:
    """A run of --stuck that sees this test's sessions only; its lines as they come, and in the end its replay."""

    def __init__(self, program, *options, limits=LIMITS):
        self.options = [f"--stuck={limits}", "-j", *options]
        self.program = program

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.file = self.stack.enter_context(tempfile.TemporaryDirectory()) + "/recording"
        self.tool = self.stack.enter_context(self.program.start("-o", self.file, *self.options))
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def next(self, event, state, lport=None, rport=None, is_wanted=lambda line: True):
        """The next such line."""
        while True:
            line = json.loads(self.tool.next_line())
            if (line["event"], line["state"]) == (event, state) and lport in (None, line["lport"]) \
                    and rport in (None, line["rport"]) and is_wanted(line):
                return line

    def end(self):
        """The counts at the end; and the replay prints the same bytes, in every format."""
        live = self.tool.end()
        check_good_end(live)
        replay = self.program.run("-r", self.file, here(), *self.options)
        check_good_end(replay)
        check(replay.output == live.output, first_difference(live.lines, replay.lines))
        return [line for line in map(json.loads, live.lines) if line["event"] == "count"]


def check_here(line, least_seconds=LIMIT, known="ms"):
    other = "ms" if known == "ms_at_least" else "ms_at_least"
    check_equal(f"{line['state']}: {other}", line[other], None)
    check(line[known] >= least_seconds * 1000, f"{line['state']}: {line[known]} ms, less than the limit")
    check(line["hint"], "no hint")


def check_owner(line):
    comm = pathlib.Path("/proc/self/comm").read_text().rstrip("\n")
    check_equal("owner", (line["pid"], line["comm"]), (os.getpid(), comm))


def count_of(counts, state):
    found = [(line["count"], line["now"]) for line in counts if line["state"] == state]
    check_equal(f"counts of {state}", len(found), 1)
    return found[0]


def test_close_wait(program):
    """A leak: the peer has closed, the owner does not; there is data that it has not read."""
    with Watch(program) as watch:
        listener = traffic.Listener(IPV4)
        connection = traffic.Connection(listener)
        connection.client.sendall(bytes(77))
        connection.client.close()
        rport = connection.client_life.lport
        stuck = watch.next("stuck", "CLOSE_WAIT", listener.port, rport)
        check_here(stuck)
        check_owner(stuck)
        check_equal("queues", (stuck["tx_queue"], stuck["rx_queue"]), (0, 77))
        check_equal("SIOCINQ", waits(connection.child, FIONREAD), 77)
        still = watch.next("still", "CLOSE_WAIT", listener.port, rport)
        check_here(still, 2 * LIMIT)
        check(still["ms"] > stuck["ms"], "it does not grow older")
        connection.child.recv(100)
        connection.child.close()
        left = watch.next("left", "CLOSE_WAIT", listener.port, rport)
        check_equal("left for", (left["newstate"], left["cause"]), ("LAST_ACK", "close"))
        check(left["ms"] >= still["ms"], f"{left['ms']} ms in all, {still['ms']} ms before")
        check_equal("count", count_of(watch.end(), "CLOSE_WAIT"), (1, 0))


def test_there_before(program):
    """The trace begins later than the leak: at least so long. An orphan has no owner any more."""
    listener = traffic.Listener(IPV4)
    connection = traffic.Connection(listener)
    rport = connection.client_life.lport
    connection.client.sendall(bytes(5))
    connection.client.close()
    wait.reached("CLOSE_WAIT", connection.child)
    wait.reached_unaccepted("FIN_WAIT2", rport, listener.port)
    with Watch(program) as watch:
        found = {}
        while len(found) < 2:
            line = json.loads(watch.tool.next_line())
            found[line["state"]] = line
        here, orphan = found["CLOSE_WAIT"], found["FIN_WAIT2"]
        check_here(here, known="ms_at_least")
        check_owner(here)
        check_equal("ends and queue", (here["lport"], here["rport"], here["rx_queue"]), (listener.port, rport, 5))
        check_here(orphan, known="ms_at_least")
        check_equal("orphan", (orphan["lport"], orphan["rport"], orphan["pid"]), (rport, listener.port, None))
        connection.child.recv(100)
        connection.child.close()
        left = watch.next("left", "CLOSE_WAIT")
        check(left["ms"] is None and left["ms_at_least"] >= here["ms_at_least"], f"left after {left}")
        # The minisock has no cookie, without which it is not looked at: only its timer tells.
        check_equal("count", count_of(watch.end(), "CLOSE_WAIT"), (1, 0))


def test_syn_sent(program):
    """Nobody answers: the SYN is sent again, which is seen while it lasts."""
    listener = traffic.Listener(IPV4)
    traffic.drop_all_received(listener.socket)
    with Watch(program) as watch, traffic.new_socket(IPV4) as client:
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, listener.port))
        stuck = watch.next("stuck", "SYN_SENT", rport=listener.port)
        check_here(stuck)
        check_owner(stuck)
        check_equal("local port", stuck["lport"], client.getsockname()[1])
        check_equal("queues", (stuck["tx_queue"], stuck["rx_queue"]), (0, 0))
        # The SYN is sent again after a second, of which no transition tells.
        watch.next("still", "SYN_SENT", rport=listener.port, is_wanted=lambda line: line["retrans"] >= 1)
        client.close()
        left = watch.next("left", "SYN_SENT", rport=listener.port)
        check_equal("left for", left["newstate"], "CLOSE")
        check_equal("count", count_of(watch.end(), "SYN_SENT"), (1, 0))


def test_syn_timeout(program):
    """It gives up by itself."""
    listener = traffic.Listener(IPV4)
    traffic.drop_all_received(listener.socket)
    with Watch(program) as watch, traffic.new_socket(IPV4) as client:
        client.setsockopt(actor.socket.IPPROTO_TCP, actor.socket.TCP_SYNCNT, 1)
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, listener.port))
        watch.next("stuck", "SYN_SENT", rport=listener.port)
        left = watch.next("left", "SYN_SENT", rport=listener.port)
        check_equal("left for", (left["newstate"], left["cause"]), ("CLOSE", "syn_timeout"))
        check(left["retrans"] >= 1, "the SYN was not sent again")
        watch.end()


def check_seen(tool):
    if tool.is_fallback():
        raise Skipped("half-open sessions are not known before 5.12")


def knocked(link):
    """A client of a listener, neither of which hears of the other what finishes the handshake."""
    link.delivers = lambda flags: flags & (SYN | ACK) != SYN | ACK
    listener = traffic.Listener(SLOW)
    client = traffic.new_socket(SLOW)
    client.setblocking(False)
    client.connect_ex((SLOW.raddr, listener.port))
    return listener, client


def see_half_open(watch, listener):
    """
    There is no socket, only a request, seen when its SYN-ACK is sent again: by its timer, or because the client, which has sent
    its SYN a while before it arrived, sends it again. Its ports.
    """
    stuck = watch.next("stuck", "SYN_RECV", listener.port)
    check_here(stuck, HALF_OPEN_LIMIT)
    check_owner(stuck)
    check(stuck["retrans"] >= 1 and stuck["tx_queue"] is None, f"retrans, or queues: {stuck}")
    check_here(watch.next("still", "SYN_RECV", listener.port, stuck["rport"]), stuck["ms"] / 1000)
    return listener.port, stuck["rport"]


def test_half_open(program):
    """
    The handshake's last ACK does not come. A scan that has to wait, as on a busy machine, delays lines: the kernel gives up once
    they have been seen, not before.
    """
    for options in [], ["--half-open"]:
        netns.sysctl("net.ipv4.tcp_synack_retries", 5)
        with DelayedLink(0.001) as link, Watch(program, *options, limits=f"SYN_RECV:{HALF_OPEN_LIMIT}") as watch:
            check_seen(watch.tool)
            listener, client = knocked(link)
            client.close()
            ports = see_half_open(watch, listener)
            netns.sysctl("net.ipv4.tcp_synack_retries", 1)
            left = watch.next("left", "SYN_RECV", *ports)
            check_equal("left for", (left["newstate"], left["cause"]), ("CLOSE", "half_open"))
            check(2900 <= (left["ms"] or left["ms_about"]), f"left after {left}")
            check_equal("count", count_of(watch.end(), "SYN_RECV"), (1, 0))
        listener.close()


def test_half_open_finished(program):
    """It comes late: the session goes on with a socket."""
    with DelayedLink(0.001) as link, Watch(program, limits=f"SYN_RECV:{HALF_OPEN_LIMIT}") as watch:
        check_seen(watch.tool)
        listener, client = knocked(link)
        ports = see_half_open(watch, listener)
        link.delivers = deliver_all
        left = watch.next("left", "SYN_RECV", *ports)
        check_equal("left for", left["newstate"], "ESTABLISHED")
        check(left["ms"] is not None and left["ms"] >= 2 * HALF_OPEN_LIMIT * 1000, f"left after {left}")
        traffic.reset_on_close(client)
        client.close()
        check_equal("count", count_of(watch.end(), "SYN_RECV"), (1, 0))


def test_orphan(program):
    """Its owner is gone, the peer does not close: FIN_WAIT2, a minisock's."""
    listener = traffic.Listener(IPV4)
    with Watch(program) as watch:
        connection = traffic.Connection(listener)
        lport = connection.client_life.lport
        connection.client.close()
        stuck = watch.next("stuck", "FIN_WAIT2", lport, listener.port)
        check_here(stuck)
        check_owner(stuck)
        connection.child.close()
        left = watch.next("left", "FIN_WAIT2", lport, listener.port)
        check_equal("left for", left["newstate"], "TIME_WAIT")
        count_of(watch.end(), "FIN_WAIT2")


def test_queues(program):
    """What waits in both directions is what the kernel tells the owners; a FIN is not counted."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits=f"ESTABLISHED:{LIMIT},FIN_WAIT1:{LIMIT}") as watch:
        connection = traffic.Connection(listener)
        client, child, lport = connection.client, connection.child, connection.client_life.lport
        child.sendall(bytes(1234))
        wait.until(lambda: waits(client, FIONREAD) == 1234, "the client has got it")
        wait.until(lambda: waits(child, TIOCOUTQ) == 0, "and acknowledged it")
        traffic.drop_all_received(child)
        client.sendall(bytes(4321))
        stuck = watch.next("stuck", "ESTABLISHED", lport, listener.port)
        # It may be the look before.
        if stuck["tx_queue"] != 4321:
            stuck = watch.next("still", "ESTABLISHED", lport, listener.port)
        check_equal("queues", (stuck["tx_queue"], stuck["rx_queue"]), (waits(client, TIOCOUTQ), waits(client, FIONREAD)))
        client.shutdown(actor.socket.SHUT_WR)
        stuck = watch.next("stuck", "FIN_WAIT1", lport, listener.port)
        check_equal("queues with a FIN", (stuck["tx_queue"], stuck["rx_queue"]), (4321, 1234))
        check_equal("SIOCOUTQ counts the FIN", waits(client, TIOCOUTQ), 4322)
        traffic.reset_on_close(client)
        client.close()
        watch.end()


def test_lines_have_queues(program):
    """Also at the transitions themselves."""
    listener = traffic.Listener(IPV4)
    with program.start("-j") as tool:
        connection = traffic.Connection(listener)
        connection.client.sendall(bytes(99))
        wait.until(lambda: waits(connection.child, FIONREAD) == 99, "it has come")
        connection.client.close()
        lines = map(json.loads, tool.lines_until(lambda line: json.loads(line)["newstate"] == "CLOSE_WAIT"))
        found = {(line["newstate"], line["lport"] == listener.port): (line["tx_queue"], line["rx_queue"]) for line in lines}
        check_equal("closing client", found["FIN_WAIT1", False], (0, 0))
        check_equal("its peer", found["CLOSE_WAIT", True], (0, 99))
        check_equal("listener", found["LISTEN", True] if ("LISTEN", True) in found else (None, None), (None, None))
        connection.child.close()
        check_good_end(tool.end(signal.SIGTERM))


def test_many_there_before(program):
    """All of them are found, and told of once."""
    listener = traffic.Listener(IPV4, backlog=128)
    connections = [traffic.Connection(listener) for _ in range(100)]
    for connection in connections:
        connection.client.close()
    for connection in connections:
        wait.reached("CLOSE_WAIT", connection.child)
    with Watch(program, limits="CLOSE_WAIT:0.2,FIN_WAIT2:3600") as watch:
        ports = {watch.next("stuck", "CLOSE_WAIT", listener.port)["rport"] for _ in connections}
        check_equal("sessions", len(ports), len(connections))
        check_equal("count", count_of(watch.end(), "CLOSE_WAIT"), (100, 100))
