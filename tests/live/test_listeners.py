# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
--listeners: at each report the accept queue is as ss and the kernel have it, and what was dropped agrees with the counters
of the network namespace. A recording replays as the same bytes.
"""

import contextlib
import datetime
import json
import os
import re
import socket
import subprocess
import tempfile
import time

import netns
import own_ports
import traffic
import wait
from outcome import check, check_equal
from place import IPV4, IPV6, MAPPED, with_ipv6
from test_replay import first_difference
from tool import check_good_end

NO_DELAYS = "tcpstates: --listeners: without fentry"
WAITED = 0.5        # seconds in the queue, of which the delays are within 1 %


def counters():
    """ListenOverflows and ListenDrops of this network namespace."""
    return [netns.counter(name) for name in ("ListenOverflows", "ListenDrops")]


def queue_of(listener):
    """What TCP_INFO of a listener has: tcpi_unacked and tcpi_sacked, which are the queue and its limit."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
    return int.from_bytes(info[24:28], "little"), int.from_bytes(info[28:32], "little")


def ss(port):
    """Recv-Q and Send-Q of a listener."""
    said = subprocess.run(["ss", "-ltnH", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in said.split()[1:3])


def moment(row):
    return datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")).timestamp()


# Without one of them, what overflows is inferred. 6.1 cannot trace functions of seven arguments, as its updates made some.
SEE_OVERFLOWS = "tcp_conn_request", "tcp_v4_syn_recv_sock", "tcp_v6_syn_recv_sock"


class Watch:
    """A run of --listeners=1 that records."""

    def __init__(self, program, *options, interval="=1"):
        self.program = program
        self.options = [f"--listeners{interval}", "-j", *options]

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.file = self.stack.enter_context(tempfile.TemporaryDirectory()) + "/recording"
        self.tool = self.stack.enter_context(self.program.start("-o", self.file, *self.options))
        self.is_exact = self.tool.traces("inet_csk_accept")
        self.sees_overflows = all(map(self.tool.traces, SEE_OVERFLOWS))
        self.before = counters()
        self.seen = []
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def next_report(self, port):
        """The row of a report that begins after this call: all that was done before it is in it."""
        now = time.time()
        while True:
            row = json.loads(self.tool.next_line())
            self.seen.append(row)
            if row["lport"] == port and moment(row) > now:
                return row

    def so_far(self, port, key):
        """Added up over the intervals that were reported; None if it was not known in one."""
        numbers = [row[key] if row[key] is not None else row.get(f"{key}_about") for row in self.seen if row["lport"] == port]
        return None if None in numbers else sum(numbers)

    def dropped(self):
        return [now - before for now, before in zip(counters(), self.before)]

    def end(self):
        """The rows of the whole run, by local port; the replay prints the same bytes."""
        live = self.tool.end()
        check_good_end(live)
        said = [line for line in live.errors if line.startswith(NO_DELAYS)]
        check_equal("whether it says what is missing", len(said), 0 if self.is_exact else 1)
        for options in self.options, self.options[:1], [self.options[0], "-s"], [self.options[0], "-w"]:
            replay = self.program.run("-r", self.file, *options)
            check_good_end(replay)
            check(replay.output, "the replay prints nothing")
            if options is self.options:
                check(replay.output == live.output, first_difference(live.lines, replay.lines))
        rows = [json.loads(line) for line in live.lines]
        return {row["lport"]: row for row in rows if row["report"] == "whole"}

    def exact_or_about(self, row, key):
        """The number, which is exact where the kernel tells, and marked elsewhere."""
        is_exact = self.sees_overflows if key == "overflows" else self.is_exact
        name, other = (key, f"{key}_about") if is_exact else (f"{key}_about", key)
        check_equal(f"{other} of {row}", row[other], None)
        return row[name]


def places():
    return with_ipv6(IPV4, [IPV6, MAPPED])


def listen(place, backlog):
    listener = traffic.new_socket(place, own_ports.new())
    listener.listen(backlog)
    return listener


def connect(place, listener, count):
    """Clients whose connections are in the queue."""
    queued = queue_of(listener)[0]
    clients = []
    for _ in range(count):
        client = traffic.new_socket(place)
        client.connect((place.raddr, traffic.port_of(listener)))
        clients.append(client)
    wait.until(lambda: queue_of(listener)[0] == queued + count, "the connections are in the queue")
    return clients


def try_to_connect(place, listener, count):
    """Clients whose SYNs are dropped, until all have been once."""
    clients = []
    for _ in range(count):
        before = counters()[1]
        client = traffic.new_socket(place)
        client.setblocking(False)
        client.connect_ex((place.raddr, traffic.port_of(listener)))
        clients.append(client)
        wait.until(lambda: counters()[1] > before, "the SYN is dropped")
    return clients


def close_all(sockets):
    for one in sockets:
        one.close()


def check_against_ss(watch, listener):
    port = traffic.port_of(listener)
    row = watch.next_report(port)
    check_equal("queue and limit, and those of ss", (row["queue"], row["limit"]), ss(port))
    check_equal("those of TCP_INFO", (row["queue"], row["limit"]), queue_of(listener))
    return row


def test_agrees_with_ss(program):
    """At each report; it grows, shrinks and gets another limit. What was accepted adds up."""
    for place in places():
        old = listen(place, 7)
        early = connect(place, old, 2)
        with Watch(program) as watch:
            listener = listen(place, 5)
            port = traffic.port_of(listener)
            check_equal("an empty queue", check_against_ss(watch, listener)["queue"], 0)
            clients = connect(place, listener, 4)
            row = check_against_ss(watch, listener)
            check_equal("queue", row["queue"], 4)
            children = [listener.accept()[0] for _ in range(3)]
            row = check_against_ss(watch, listener)
            check_equal("queue, and accepted so far", (row["queue"], watch.so_far(port, "accepted")), (1, 3))
            listener.listen(9)
            check_equal("the new limit", check_against_ss(watch, listener)["limit"], 9)
            children.append(old.accept()[0])
            check_against_ss(watch, old)
            rows = watch.end()
        row = rows[port]
        check_equal("the whole run", (row["queue"], row["peak"], row["limit"], row["overflows"], row["drops"]), (1, 4, 9, 0, 0))
        check_equal("accepted", watch.exact_or_about(row, "accepted"), 3)
        check_equal("ends and owner", (row["ip"], row["laddr"], row["pid"], row["netns"], row["uid"]),
                    (place.ip, place.laddr, os.getpid(), netns.inode(), os.getuid()))
        check(row["since"] and not row["ended"], f"it began in the trace: {row}")
        row = rows[traffic.port_of(old)]
        check_equal("the one that is older", (row["since"], row["queue"], row["peak"], watch.exact_or_about(row, "accepted")), (None, 1, 2, 1))
        close_all([*clients, *early, *children, listener, old])


def test_begins_and_ends(program):
    """A listener that begins and ends within the trace, with connections that nobody accepts."""
    with Watch(program, interval="") as watch:
        begin = time.time()
        listener = listen(IPV4, 5)
        port = traffic.port_of(listener)
        clients = connect(IPV4, listener, 3)
        child = listener.accept()[0]
        between = time.time()
        listener.close()
        end = time.time()
        row = watch.end()[port]
    check_equal("queue, peak and accepted", (row["queue"], row["peak"], watch.exact_or_about(row, "accepted")), (None, 3, 1))
    times = [datetime.datetime.fromisoformat(row[key].replace("Z", "+00:00")).timestamp() for key in ("since", "ended")]
    check(begin - 0.01 <= times[0] <= between and between - 0.01 <= times[1] <= end + 0.01, f"since and ended: {times}, {begin}, {between}, {end}")
    close_all([*clients, child])


def test_full_queue(program):
    """The queue takes one more than its limit; each SYN beyond is an overflow, and counted as the kernel does."""
    for place in places():
        listener = listen(place, 2)
        with Watch(program) as watch:
            clients = connect(place, listener, 3)
            row = check_against_ss(watch, listener)
            check_equal("a queue that is full, and nothing dropped", (row["queue"], row["overflows"], row["drops"]), (3, 0, 0))
            beyond = try_to_connect(place, listener, 4)
            close_all(beyond)
            row = check_against_ss(watch, listener)
            dropped = watch.dropped()
            check(dropped[0] >= 4, f"the kernel counts {dropped}")
            port = traffic.port_of(listener)
            check_equal("overflows and drops so far", [watch.so_far(port, "overflows"), watch.so_far(port, "drops")], dropped)
            row = watch.end()[traffic.port_of(listener)]
        check_equal("overflows and drops", [watch.exact_or_about(row, "overflows"), row["drops"]], dropped)
        check_equal("SYN cookies", row["syn_cookies"], 0 if watch.is_exact else None)
        close_all([*clients, listener])


def test_full_at_the_last_ack(program):
    """Two handshakes that both began while there was room: the ACK of the second finds none."""
    for place in places():
        listener = traffic.new_socket(place, own_ports.new())
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
        listener.listen(0)
        with Watch(program) as watch:
            clients = [traffic.new_socket(place) for _ in range(2)]
            for client in clients:
                client.connect((place.raddr, traffic.port_of(listener)))
            clients[0].send(b"x")
            wait.until(lambda: queue_of(listener)[0] == 1, "the first is in the queue")
            before = counters()[0]
            clients[1].send(b"x")
            wait.until(lambda: counters()[0] > before, "the second overflows")
            traffic.reset_on_close(clients[1])
            clients[1].close()
            row = check_against_ss(watch, listener)
            dropped = watch.dropped()
            row = watch.end()[traffic.port_of(listener)]
        # The listener counts such an ACK twice, so that nothing can be inferred from its drops.
        check(row["drops"] >= 2 * dropped[1], f"drops: {row}, {dropped}")
        check_equal("overflows", (row["overflows"], row["overflows_about"]), (dropped[0] if watch.sees_overflows else None, None))
        check_equal("peak", row["peak"], 1)
        close_all([clients[0], listener])


def test_drops_that_are_no_overflows(program):
    """A socket filter drops SYNs: the queue has nothing to do with it."""
    listener = listen(IPV4, 5)
    with Watch(program) as watch:
        traffic.drop_all_received(listener)
        client = traffic.new_socket(IPV4)
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, traffic.port_of(listener)))
        row = check_against_ss(watch, listener)
        client.close()
        row = watch.end()[traffic.port_of(listener)]
    check(row["drops"] >= 1, f"drops: {row}")
    check_equal("overflows", (row["overflows"], row["overflows_about"]), (0, None))
    check_equal("the kernel's counters", watch.dropped(), [0, 0])


def test_two_full_queues(program):
    """Of two listeners, each its own: exactly, or not at all."""
    listeners = [listen(IPV4, 0) for _ in range(2)]
    with Watch(program) as watch:
        clients = [client for listener in listeners for client in connect(IPV4, listener, 1)]
        for listener, count in zip(listeners, (1, 2)):
            close_all(try_to_connect(IPV4, listener, count))
        dropped = watch.dropped()
        rows = watch.end()
    rows = [rows[traffic.port_of(listener)] for listener in listeners]
    check_equal("drops", sum(row["drops"] for row in rows), dropped[1])
    if watch.sees_overflows:
        check_equal("overflows", sum(row["overflows"] for row in rows), dropped[0])
        check_equal("of each", [row["overflows"] for row in rows], [row["drops"] for row in rows])
    else:
        check_equal("overflows", {(row["overflows"], row["overflows_about"]) for row in rows}, {(None, None)})
    close_all([*clients, *listeners])


def test_delay(program):
    """From ESTABLISHED until accept(), to within 1 % of what is measured here."""
    for place in places():
        with Watch(program, interval="") as watch:
            listener = listen(place, 5)
            begin = time.monotonic()
            client = connect(place, listener, 1)[0]
            between = time.monotonic()
            time.sleep(WAITED)
            accepting = time.monotonic()
            child = listener.accept()[0]
            end = time.monotonic()
            row = watch.end()[traffic.port_of(listener)]
        if watch.is_exact:
            least, most = (accepting - between) * 1000, (end - begin) * 1000
            check_equal("how many", row["delays"], 1)
            for key in "p50_ms", "p99_ms", "max_ms":
                check(least * 0.99 <= row[key] <= most * 1.01, f"{key} is {row[key]}, measured {least} to {most}")
        else:
            check_equal("delays", {row[key] for key in ("delays", "p50_ms", "p99_ms", "max_ms")}, {None})
        close_all([client, child, listener])


def test_many(program):
    """Connections that are accepted as they come."""
    with Watch(program, interval="") as watch:
        listener = listen(IPV4, 50)
        for _ in range(200):
            client = connect(IPV4, listener, 1)[0]
            child = listener.accept()[0]
            close_all([child, client])
        row = watch.end()[traffic.port_of(listener)]
    check_equal("accepted, peak", (watch.exact_or_about(row, "accepted"), row["peak"]), (200, 1))
    check_equal("delays", row["delays"], 200 if watch.is_exact else None)
    listener.close()


def test_alone(program):
    """Without another output, which would want each change of state."""
    with program.start("--listeners", "-j") as tool:
        is_exact = tool.traces("inet_csk_accept")
        listener = listen(IPV4, 5)
        clients = connect(IPV4, listener, 3)
        child = listener.accept()[0]
        ended = tool.end()
    check_good_end(ended)
    row, = [json.loads(line) for line in ended.lines]
    check_equal("port, queue, peak", (row["lport"], row["queue"], row["peak"]), (traffic.port_of(listener), 2, 3))
    check_equal("accepted", (row["accepted"], row["accepted_about"]), (1, None) if is_exact else (None, 1))
    close_all([*clients, child, listener])


def test_cookies(program):
    """Where the kernel tells, SYNs that are answered with a cookie are counted for their listener."""
    netns.sysctl("net.ipv4.tcp_syncookies", 2)
    with Watch(program, interval="") as watch:
        listener = listen(IPV4, 5)
        clients = connect(IPV4, listener, 2)
        children = [listener.accept()[0] for _ in clients]
        row = watch.end()[traffic.port_of(listener)]
    check_equal("SYN cookies", row["syn_cookies"], 2 if watch.is_exact else None)
    check_equal("accepted and peak", (watch.exact_or_about(row, "accepted"), row["peak"]), (2, 2))
    close_all([*clients, *children, listener])


def test_filters(program):
    """By port, owner and address; and the same of a recording."""
    listeners = [listen(IPV4, 5) for _ in range(2)]
    ports = [traffic.port_of(listener) for listener in listeners]
    for options, wanted in (["-L", str(ports[0])], ports[:1]), (["-p", str(os.getpid())], ports), (["-p", "1"], []), \
            (["--local", "127.0.0.1"], ports), (["--local", "127.0.0.2"], []), (["-6"], []), (["-L", str(ports[1]), "-4"], ports[1:]):
        with Watch(program, *options, interval="") as watch:
            live = watch.tool.end()
            check_good_end(live)
            rows = [json.loads(line)["lport"] for line in live.lines]
            replay = program.run("-r", watch.file, "--listeners", "-j", *options).output
        check_equal(f"{options}", sorted(rows), sorted(wanted))
        check_equal(f"the replay with {options}", replay, live.output)
    close_all(listeners)


def test_recording_without(program):
    """A filter on peers keeps reports on listeners out of a recording, which says so."""
    with tempfile.TemporaryDirectory() as folder:
        with program.start("-q", "-o", f"{folder}/recording", "-D", "1") as tool:
            check_good_end(tool.end())
        ended = program.run("-r", f"{folder}/recording", "--listeners")
    check_equal("status and output", (ended.status, ended.output), (1, b""))
    check(any(re.search("no listeners to show: the recording has none", line) for line in ended.errors), f"it says {ended.errors}")
