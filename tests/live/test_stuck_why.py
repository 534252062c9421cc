# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why --stuck says a session stays: each hint where it is true, beside a session that must not get it."""

import json
import socket
import time

import actor
import netns
import traffic
import wait
from delayed_link import ACK, SYN, DelayedLink, deliver_all
from outcome import check, check_equal
from place import IPV4, SLOW
from test_stuck import TIOCOUTQ, Watch, check_seen, waits
from tool import here

QUEUE_FULL = "the listener's accept queue was full: its owner accepts too slowly"
NO_ACK = "the last ACK of the handshake is missing: client gone or SYN flood"


def check_hint(line, part):
    check(part in line["hint"], f"{line['state']}: hint {line['hint']!r}, wanted {part!r}")


def is_stalled(line):
    return line["limit"] == "stalled"


def test_not_accepted(program):
    """One waits in the accept queue, with unread data; the other is accepted, and its owner does not read."""
    with Watch(program, limits="ESTABLISHED:1.5") as watch:
        waiting, accepting = traffic.Listener(IPV4), traffic.Listener(IPV4)
        client = traffic.new_socket(IPV4)
        client.connect((IPV4.raddr, waiting.port))
        client.sendall(bytes(5))
        accepted = traffic.Connection(accepting)
        accepted.client.sendall(bytes(7))
        wanted = {waiting.port: ("in the accept queue", 5), accepting.port: ("received data waits", 7),
                  accepted.client_life.lport: ("idle: ", 0), traffic.port_of(client): ("idle: ", 0)}
        left = set(wanted)
        while left:
            line = json.loads(watch.tool.next_line())
            hint, unread = wanted[line["lport"]]
            # On a slow machine, data may have gone in the last second.
            if "in use" not in line["hint"]:
                check_hint(line, hint)
                check_equal("unread", line["rx_queue"], unread)
                left.discard(line["lport"])
        client.close()
        watch.end()


def notes_of_counts(program, watch, limits):
    """As the replay of a run says to people."""
    replay = program.run("-r", watch.file, here(), f"--stuck={limits}", "-F", "event,note", "--no-header", "-s")
    return sorted(line.partition(",")[2] for line in replay.output.decode().splitlines() if line.startswith("count,"))


def test_stalled_peer_gone(program):
    """Data is not acknowledged; then it is. An idle session and the other end are not stalled."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits="stalled:1") as watch:
        idle, connection = traffic.Connection(listener), traffic.Connection(listener)
        lport = connection.client_life.lport
        traffic.drop_all_received(connection.child)
        connection.client.sendall(bytes(4321))
        begun = time.monotonic()
        line = watch.next("stuck", "ESTABLISHED", is_wanted=is_stalled)
        check_equal("ends", (line["lport"], line["rport"]), (lport, listener.port))
        check_equal("queue", line["tx_queue"], 4321)
        check_hint(line, "data sent again and not acknowledged")
        check(1000 <= line["ms_at_least"] <= (time.monotonic() - begun) * 1000 + 5, f"stalled for {line['ms_at_least']} ms")
        connection.child.setsockopt(socket.SOL_SOCKET, actor.SO_DETACH_FILTER, 0)
        left = watch.next("left", "ESTABLISHED", lport, is_wanted=is_stalled)
        check_equal("state and cause", (left["newstate"], left["cause"]), (None, None))
        check_equal("kernel's queue", waits(connection.client, TIOCOUTQ), 0)
        check_equal("counts", [(line["count"], line["now"]) for line in watch.end() if is_stalled(line)], [(1, 0)])
        check_equal("notes of the counts", notes_of_counts(program, watch, "stalled:1"), ["stalled: 1 in total; 0 at the end"])
        check_equal("with a limit of the state", notes_of_counts(program, watch, "stalled:1,ESTABLISHED:0.1"),
                    ["4 in total; 4 at the end", "stalled: 1 in total; 0 at the end"])
        idle.client.close()


def test_stalled_by_window(program):
    """The peer does not read; then it does."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits="stalled:1") as watch:
        connection = traffic.Connection(listener)
        client, child, lport = connection.client, connection.child, connection.client_life.lport
        client.setblocking(False)
        try:
            while True:
                client.send(bytes(1 << 16))
        except BlockingIOError:
            pass
        line = watch.next("stuck", "ESTABLISHED", lport, listener.port, is_stalled)
        check_hint(line, "the peer's receive window is closed")
        check(line["tx_queue"] > 0, f"{line['tx_queue']} bytes wait")
        child.settimeout(0.1)

        def is_read():
            try:
                child.recv(1 << 20)
            except TimeoutError:
                pass
            return not waits(client, TIOCOUTQ)

        wait.until(is_read, "all is read")
        left = watch.next("left", "ESTABLISHED", lport, is_wanted=is_stalled)
        check_equal("state", left["newstate"], None)
        check_equal("counts", [(line["count"], line["now"]) for line in watch.end() if is_stalled(line)], [(1, 0)])


def test_stalled_until_reset(program):
    """A stalled session that leaves ESTABLISHED: its line says for what."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits="stalled:0.5") as watch:
        connection = traffic.Connection(listener)
        lport = connection.client_life.lport
        traffic.drop_all_received(connection.child)
        connection.client.sendall(bytes(9))
        watch.next("stuck", "ESTABLISHED", lport, is_wanted=is_stalled)
        traffic.reset_on_close(connection.client)
        connection.client.close()
        left = watch.next("left", "ESTABLISHED", lport, is_wanted=is_stalled)
        check_equal("state and cause", (left["newstate"], left["cause"]), ("CLOSE", "reset_linger"))
        watch.end()


def test_keepalive(program):
    """Keepalive probes are not answered, but nothing waits: not stalled."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits="ESTABLISHED:3.5,stalled:0.5") as watch:
        connection = traffic.Connection(listener)
        for name, value in (socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1), (socket.TCP_KEEPCNT, 100):
            connection.client.setsockopt(socket.IPPROTO_TCP, name, value)
        connection.client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        traffic.drop_all_received(connection.child)
        line = watch.next("stuck", "ESTABLISHED", connection.client_life.lport)
        check_equal("limit", line["limit"], "state")
        check_hint(line, "keepalive probes not answered")
        line = watch.next("still", "ESTABLISHED", listener.port)
        check_hint(line, "idle")
        check(not [line for line in watch.end() if is_stalled(line)], "stalled without data")


def test_fin_wait2(program):
    """One end is held by its owner, the other is an orphan."""
    listener = traffic.Listener(IPV4)
    with Watch(program, limits="FIN_WAIT2:0.3") as watch:
        held, orphan = traffic.Connection(listener), traffic.Connection(listener)
        held.client.shutdown(socket.SHUT_WR)
        orphan.client.close()
        lines = {}
        while len(lines) < 2:
            line = watch.next("stuck", "FIN_WAIT2")
            lines[line["lport"]] = line
        check_hint(lines[held.client_life.lport], "keeps it open")
        check_hint(lines[orphan.client_life.lport], "tcp_fin_timeout")
        watch.end()


def test_accept_queue_full(program):
    """The last ACK comes when the accept queue is full: the same request before and after it."""
    netns.sysctl("net.ipv4.tcp_synack_retries", 4)
    with DelayedLink(0.001) as link, Watch(program, limits="SYN_RECV:0.3") as watch:
        check_seen(watch.tool)
        link.delivers = lambda flags: flags & (SYN | ACK) != SYN | ACK
        listener = traffic.Listener(SLOW, backlog=0)
        client, filler = traffic.new_socket(SLOW), traffic.new_socket(SLOW)
        client.setblocking(False)
        client.connect_ex((SLOW.raddr, listener.port))
        line = watch.next("stuck", "SYN_RECV", listener.port)
        check_equal("hint before", line["hint"], NO_ACK)
        filler.connect((SLOW.laddr, listener.port))
        wait.reached_unaccepted("ESTABLISHED", listener.port, traffic.port_of(filler))
        link.delivers = deliver_all
        line = watch.next("still", "SYN_RECV", listener.port, line["rport"], lambda line: line["hint"] != NO_ACK)
        check_equal("hint after", line["hint"], QUEUE_FULL)
        traffic.reset_on_close(client)
        client.close()
        watch.end()
