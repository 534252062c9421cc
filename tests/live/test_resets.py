# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
--resets counts the resets that the kernel sends for packets of no session, and a recording of it replays as the same.
The kernel's own counter, OutRsts, says how many there were.
"""

import contextlib
import json
import os
import pathlib
import socket
import tempfile

import netns
import own_ports
import traffic
import wait
from delayed_link import ACK, RST, SYN
from outcome import Skipped, check, check_equal
from place import IPV4, IPV6, with_ipv6
from segment import Wire, segment, spoofed
from test_replay import first_difference
from test_used_again import ROUNDS, TRIES, actor, own_network
from tool import check_good_end, here

SCANNED = 100
GROUPS_MAX = 16384      # peers with rows of their own
PEERS = 17000
OTHER = "4000000000"    # no namespace has this inode number
FORMATS = [], ["-w"], ["-s"], ["-j"]


def places():
    return with_ipv6(IPV4, [IPV6])


def resets_sent():
    """By the kernel in this network namespace, whatever for."""
    names, numbers = [line.split() for line in pathlib.Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:")]
    return int(numbers[names.index("OutRsts")])


class Watch:
    """A run of --resets; in the end its rows, and its replay, which prints the same bytes in every format."""

    def __init__(self, program, *options):
        self.options = ["--resets", "-j", *options]
        self.program = program

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.file = self.stack.enter_context(tempfile.TemporaryDirectory()) + "/recording"
        self.tool = self.stack.enter_context(self.program.start("-o", self.file, *self.options))
        self.before = resets_sent()
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def sent(self):
        return resets_sent() - self.before

    def replay(self, *options):
        ended = self.program.run("-r", self.file, "--resets", *options)
        check_good_end(ended)
        return ended

    def end(self):
        live = self.tool.end()
        check_good_end(live)
        replay = self.replay(*self.options[1:])
        check(replay.output == live.output, first_difference(live.lines, replay.lines))
        return [json.loads(line) for line in live.lines]


def refuse(place, port, times=1):
    """connect() to a port that nobody listens at."""
    for _ in range(times):
        with socket.socket(place.family) as client:
            client.settimeout(wait.PATIENCE)
            error = client.connect_ex((place.raddr, port))
            check(error, f"connect() to port {port} succeeds")


def told(row):
    """What of a row is known before."""
    return row["what"], row["socket"], row["reason"], row["raddr"], row["lport_low"], row["lport_high"], row["count"]


def check_row(row, place):
    check_equal("both ends", (row["ip"], row["laddr"], row["raddr"], row["netns"]),
                (place.ip, place.laddr, place.raddr, netns.inode()))
    check(row["time"] <= row["last"], f"the first at {row['time']}, the last at {row['last']}")


def test_closed_ports(program):
    """Each closed port, as long as they are few; a scan is one row."""
    for place in places():
        ports = sorted(own_ports.new() for _ in range(3))
        with Watch(program) as watch:
            for times, port in enumerate(ports, 1):
                refuse(place, port, times)
            check_equal("OutRsts", watch.sent(), 6)
            rows = watch.end()
        for row in rows:
            check_row(row, place)
        check_equal("rows", [told(row) for row in rows],
                    [("closed_port", "none", "no_socket", place.raddr, ports[times - 1], ports[times - 1], times) for times in (3, 2, 1)])
        check_equal("packets", {row["packet"] for row in rows}, {"syn"})


def test_scan(program):
    """Of a scan: one row, and its ports."""
    first = own_ports.mine[0]
    with Watch(program) as watch:
        for port in range(first, first + SCANNED):
            refuse(IPV4, port)
        check_equal("OutRsts", watch.sent(), SCANNED)
        rows = watch.end()
        one = watch.replay("-j", "-L", str(first + 7)).lines
    check_equal("rows", [told(row) for row in rows],
                [("closed_port", "none", "no_socket", IPV4.raddr, first, first + SCANNED - 1, SCANNED)])
    check_equal("rows of one port", [told(json.loads(line)) for line in one],
                [("closed_port", "none", "no_socket", IPV4.raddr, first + 7, first + 7, 1)])


def test_unknown_connection(program):
    """A segment of a connection that this end does not know: no socket, or only a listener, has its port."""
    for place in places():
        with Watch(program) as watch, Wire(place) as wire:
            listener = traffic.Listener(place)
            closed, rport = own_ports.new(), own_ports.new()
            wire.provoke(closed, rport, ACK)
            wire.provoke(closed, rport, ACK, data=b"data")
            wire.provoke(closed, rport, SYN | ACK)
            wire.provoke(listener.port, rport, ACK)
            check_equal("OutRsts", watch.sent(), 4)
            rows = watch.end()
            listener.close()
        for row in rows:
            check_row(row, place)
            check_equal("remote port", (row["rport_low"], row["rport_high"]), (rport, rport))
        check_equal("rows", [told(row) for row in rows],
                    [("no_connection", "none", "no_socket", place.raddr, closed, closed, 3),
                     ("no_connection", "listener", "tcp_flags", place.raddr, listener.port, listener.port, 1)])


def test_time_wait(program):
    """Data for a session of which a minisock is left: its owner has closed, and nobody will read them."""
    for place in places():
        with Watch(program) as watch:
            listener = traffic.Listener(place)
            connection = traffic.Connection(listener)
            traffic.close(connection.child)
            wait.reached("CLOSE_WAIT", connection.client)
            connection.client.send(b"late")
            wait.until(lambda: watch.sent() == 1, "the reset")
            rows = watch.end()
            listener.close()
        check_equal("rows", [told(row) for row in rows],
                    [("time_wait", "time_wait", "tcp_timewait_socket", place.raddr, listener.port, listener.port, 1)])
        check_equal("remote port", rows[0]["rport_low"], traffic.port_of(connection.client))


def test_resets_of_sessions(program):
    """A session's own resets are causes of its transitions, and no rows; nor is a reset that arrives for no session."""
    with Watch(program) as watch:
        listener = traffic.Listener(IPV4)
        aborted, unread, orphan = (traffic.Connection(listener) for _ in range(3))
        traffic.reset_on_close(aborted.client)
        traffic.close(aborted.client)
        unread.client.send(b"unread")
        wait.until(lambda: unread.child.recv(6, socket.MSG_PEEK), "the data")
        traffic.close(unread.child)
        # Its data are not acknowledged: a full socket stays when it is closed, and gets data.
        traffic.drop_all_received(orphan.client)
        orphan.child.send(b"never acknowledged")
        orphan.child.close()
        orphan.client.send(b"late")
        wait.until(lambda: watch.sent() >= 3, "three resets")
        with Wire(IPV4) as wire:
            # No reset answers a reset; the last segment is answered behind it.
            closed, rport = own_ports.new(), own_ports.new()
            wire.send(segment(rport, closed, RST))
            wire.provoke(closed, rport, ACK)
        rows = watch.end()
    check_equal("rows", [told(row) for row in rows],
                [("no_connection", "none", "no_socket", IPV4.raddr, closed, closed, 1)])


def refuse_some(ports):
    refuse(IPV4, ports[0], 2)
    refuse(IPV4, ports[1], 3)
    if IPV6 in places():
        refuse(IPV6, ports[0])
        refuse(IPV6, ports[1])


def test_filters(program):
    """The packet's ports, addresses and family; in the kernel, and in the replay of a recording without a filter."""
    ports = sorted(own_ports.new() for _ in range(2))
    wanted = {("-L", str(ports[0])): 3, ("-L", f"{ports[0]},{ports[1]}"): 7, ("-4",): 5, ("--remote", "127.0.0.0/8"): 5,
              ("--local", "::1,10.0.0.0/8"): 2, ("--local", "10.0.0.0/8"): 0, ("-6", "-L", str(ports[1])): 1,
              ("--netns", str(netns.inode())): 7, ("--netns", f"{netns.inode()},{OTHER}"): 7, ("--netns", OTHER): 0}
    if IPV6 not in places():
        wanted = {("-L", str(ports[0])): 2, ("-4",): 5, ("-6",): 0}
    with Watch(program) as whole:
        refuse_some(ports)
        whole.end()
        for options, count in wanted.items():
            with Watch(program, *options) as watch:
                refuse_some(ports)
                rows = watch.end()
            check_equal(f"{options}", sum(row["count"] for row in rows), count)
            replayed = [json.loads(line) for line in whole.replay("-j", *options).lines]
            check_equal(f"{options}, replayed", [told(row) for row in replayed], [told(row) for row in rows])


def test_remote_port(program):
    with Watch(program, "-D", str(own_ports.mine[5])) as watch, Wire(IPV4) as wire:
        for rport in own_ports.mine[4:8]:
            wire.provoke(own_ports.mine[0], rport, ACK)
        rows = watch.end()
    check_equal("rows", [(row["rport_low"], row["rport_high"], row["count"]) for row in rows],
                [(own_ports.mine[5], own_ports.mine[5], 1)])


def test_other_namespace(program):
    """Resets of another network namespace are not this one's."""
    with Watch(program) as watch:
        child = os.fork()
        if not child:
            try:
                netns.private_network()
                refuse(IPV4, own_ports.mine[0], 5)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        refuse(IPV4, own_ports.mine[1])
        rows = watch.end()
    check_equal("rows", [told(row) for row in rows],
                [("closed_port", "none", "no_socket", IPV4.raddr, own_ports.mine[1], own_ports.mine[1], 1)])


def refuse_there(stage, port, times):
    refuse(IPV4, port, times)


def is_told_apart(program, port):
    """From a later network namespace that has the number of the one that is named. False: none has it."""
    with actor() as one:
        number = one.do(own_network)
        with Watch(program, "--netns", str(number)) as watch:
            one.do(refuse_there, port, 2)
            one.end()
            for _ in range(ROUNDS):
                with actor() as later:
                    if later.do(own_network) == number:
                        later.do(refuse_there, port, 3)
                        check_equal("counts", [row["count"] for row in watch.end()], [2])
                        return True
    return False


def test_number_used_again(program):
    port = own_ports.new()
    if not any(is_told_apart(program, port) for _ in range(TRIES)):
        raise Skipped(f"the kernel used no number of a network namespace again, {TRIES} times")


def flood(port):
    """SYNs from as many addresses. On one CPU, the last one is answered last."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number in range(PEERS):
            source = f"127.1.{number >> 8}.{number & 255}"
            raw.sendto(spoofed(source, "127.0.0.1", port, 40000, SYN), ("127.0.0.1", 0))
    refuse(IPV4, port)


def test_flood(program):
    """From more addresses than have rows: every reset is counted, those of the rest in one row without addresses."""
    port = own_ports.new()
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/recording"
        with program.start("--resets", "-j", "-o", file) as tool:
            before = resets_sent()
            flood(port)
            sent = resets_sent() - before
            live = tool.end()
        replay = program.run("-r", file, here(), "--resets", "-j")
    rows = [json.loads(line) for line in live.lines]
    check_equal("exit status", live.status, 0)
    check_equal("OutRsts", sent, PEERS + 1)
    check_equal("resets counted", sum(row["count"] for row in rows), sent)
    check(len(rows) <= GROUPS_MAX + 1, f"{len(rows)} rows")
    others = [row for row in rows if row["raddr"] == "other"]
    check_equal("rows without addresses", [(row["what"], row["reason"], row["lport_low"]) for row in others],
                [("closed_port", "no_socket", None)])
    check_equal("it is the last", rows[-1], others[-1])
    check(replay.output == live.output, first_difference(live.lines, replay.lines))


def test_nothing_else_wanted(program):
    """Without another output the kernel sends no state changes; resets are counted all the same."""
    port = own_ports.new()
    with program.start("--resets", "-j") as tool:
        refuse(IPV4, port, 3)
        traffic.active_close(IPV4)
        ended = tool.end()
    check_good_end(ended)
    check_equal("rows", [told(json.loads(line)) for line in ended.lines],
                [("closed_port", "none", "no_socket", IPV4.raddr, port, port, 3)])


def test_recorded_without_the_view(program):
    """Any recording holds them, and its replay prints the same in every format."""
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/recording"
        port = own_ports.new()
        with program.start("-q", "-o", file) as tool:
            refuse(IPV4, port, 3)
            check_good_end(tool.end())
        outputs = [program.run("-r", file, "--resets", *options) for options in FORMATS]
        copy = folder + "/copy"
        program.run("-r", file, "-q", "-o", copy)
        copied = [program.run("-r", copy, "--resets", *options).output for options in FORMATS]
    for ended in outputs:
        check_good_end(ended)
    check_equal("copied", copied, [ended.output for ended in outputs])
    check_equal("rows", [told(json.loads(line)) for line in outputs[-1].lines],
                [("closed_port", "none", "no_socket", IPV4.raddr, port, port, 3)])


def test_read_while_running(program):
    """They are read within a second or so, not only at the end: nothing is lost with the program."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "recording")
        with program.start("-q", "-o", file) as tool:
            refuse(IPV4, own_ports.mine[0])
            wait.until(lambda: json_rows(program, file), "the recording has the reset")
            refuse(IPV4, own_ports.mine[0])
            check_good_end(tool.end())
        rows = json_rows(program, file)
    check_equal("resets", [row["count"] for row in rows], [2])


def json_rows(program, file):
    return [json.loads(line) for line in program.run("-r", str(file), "--resets", "-j").lines]
