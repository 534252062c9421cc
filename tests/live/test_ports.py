# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
--ports counts the local ports in use as ss(8) shows them, out of those of the network namespace, and what it says of a full
range is what connect() does. Its replay prints the same. --diagnose=port-pressure says when they run out.
"""

import contextlib
import datetime
import errno
import json
import shutil
import socket
import struct
import subprocess
import tempfile

import netns
import own_ports
import traffic
import wait
from actor import Actor
from outcome import Skipped, check, check_equal
from place import IPV4, IPV6, with_ipv6
from test_replay import first_difference
from tool import check_good_end, here

LOW = 40000             # of the range of a test; own_ports are below it
IP_LOCAL_PORT_RANGE = 51
SETTLED = datetime.timedelta(seconds=0.2)   # a record is held for a while, until another one that may belong to it
FORMATS = [], ["-w"], ["-s"], ["-j"]


def places():
    return with_ipv6(IPV4, [IPV6])


def set_ports(count, reserved="", tw_reuse=0):
    """Of this network namespace; reserved: of the range."""
    netns.sysctl("net.ipv4.ip_local_port_range", f"{LOW} {LOW + count - 1}")
    netns.sysctl("net.ipv4.ip_local_reserved_ports", reserved)
    netns.sysctl("net.ipv4.tcp_tw_reuse", str(tw_reuse))


def ends(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def ss():
    """What ss(8) shows of sessions whose local port is above LOW: {(laddr, raddr, rport): (live, in TIME_WAIT)}."""
    if not shutil.which("ss"):
        raise Skipped("no ss(8)")
    said = subprocess.run(["ss", "-tanH"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in said.splitlines():
        state, _, _, local, remote = line.split()[:5]
        (laddr, lport), (raddr, rport) = ends(local), ends(remote.replace("*", "0"))
        if state != "LISTEN" and lport >= LOW:
            count = found.setdefault((laddr, raddr, rport), [0, 0])
            count[state == "TIME-WAIT"] += 1
    return {key: tuple(count) for key, count in found.items()}


def counted(rows):
    return {(row["laddr"], row["raddr"], row["rport"]): (row["live"], row["time_wait"]) for row in rows
            if row["live"] or row["time_wait"]}


class Watch:
    """A run of --ports; in the end its rows, and its replay, which prints the same bytes."""

    def __init__(self, program, *options, view="--ports=0.25"):
        self.program, self.options = program, [view, "-j", *options]

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.file = self.stack.enter_context(tempfile.TemporaryDirectory()) + "/recording"
        self.tool = self.stack.enter_context(self.program.start("-o", self.file, *self.options))
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def sample(self):
        """The rows of a report of what is now."""
        now = datetime.datetime.now(datetime.timezone.utc) + SETTLED
        rows = []
        while True:
            row = json.loads(self.tool.next_line())
            if rows and row["time"] != rows[0]["time"]:
                return rows
            if datetime.datetime.fromisoformat(row["time"].replace("Z", "+00:00")) > now:
                rows.append(row)

    def check_sample(self, what):
        """One that agrees with ss."""
        rows = self.sample()
        check_equal(what, counted(rows), ss())
        for row in rows:
            check_equal(f"{what}: in use", row["in_use"], row["live"] + row["time_wait"])
        return rows

    def end(self):
        live = self.tool.end()
        check_good_end(live)
        replay = self.program.run("-r", self.file, here(), *self.options)
        check(replay.output == live.output, first_difference(live.lines, replay.lines))
        check_equal("replay: stderr", replay.errors, [])
        return [json.loads(line) for line in live.lines]

    def whole(self):
        return [row for row in self.end() if row["report"] == "whole"]


class Server:
    """A listener, and those that connect to it."""

    def __init__(self, place, port=None):
        self.place, self.port = place, port or own_ports.new()
        self.socket = traffic.new_socket(place, self.port)
        self.socket.listen(64)
        self.pairs = []

    def connect(self, count=1):
        for _ in range(count):
            client = traffic.new_socket(self.place)
            client.connect((self.place.raddr, self.port))
            self.pairs.append((client, self.socket.accept()[0]))
        return self

    def connect_in_vain(self, times=1):
        for _ in range(times):
            with traffic.new_socket(self.place) as client:
                check_equal("connect()", client.connect_ex((self.place.raddr, self.port)), errno.EADDRNOTAVAIL)

    def close(self, count=1):
        """The client first: it goes into TIME_WAIT. It only shuts down, as nobody reports at once what an orphan does."""
        for _ in range(count):
            client, child = self.pairs.pop()
            client.shutdown(socket.SHUT_WR)
            wait.reached("CLOSE_WAIT", child)
            child.close()
            wait.reached("CLOSE", client)
            client.close()
        return self

    def abort(self, count=1):
        for _ in range(count):
            client, child = self.pairs.pop()
            traffic.reset_on_close(client)
            traffic.close(client)
            child.close()


def row_of(rows, server):
    found = [row for row in rows if row["rport"] == server.port]
    check_equal(f"rows of port {server.port}", len(found), 1)
    return found[0]


def test_agrees_with_ss(program):
    """At each sample; what is older than the trace counts too."""
    set_ports(100, reserved=f"{LOW + 10}-{LOW + 19}")
    servers = [Server(place) for place in places() for _ in range(2)]
    for server in servers:
        server.connect(4).close(2)
    with Watch(program) as watch:
        watch.check_sample("older than the trace")
        for server in servers:
            server.connect(5)
        watch.check_sample("five more")
        for server in servers:
            server.close(3)
        watch.check_sample("three closed")
        for server in servers:
            server.abort(2)
        watch.check_sample("two aborted")
        servers[0].connect(20).close(7)
        rows = watch.check_sample("of one")
        whole = watch.whole()
    for row in rows:
        check_equal("namespace", row["netns"], netns.inode())
        check_equal("ports", (row["of"], row["reserved"], row["reusable"]), (90, 10, 0))
        check_equal("per cent", row["share"], (row["in_use"] * 1000 // 90) / 10)
    check_equal("the fullest is first", rows[0]["rport"], servers[0].port)
    check_equal("connections of the first", row_of(whole, servers[0])["opened"], 25)
    check_equal("connections of the last", row_of(whole, servers[-1])["opened"], 5)


def test_full(program):
    """connect() fails when all are taken, and not before; a port that a program has bound is no matter of the range."""
    set_ports(4)
    for place in places():
        server = Server(place)
        with Watch(program) as watch:
            server.connect(3)
            row = row_of(watch.check_sample("three"), server)
            check_equal("not full", (row["share"], row["failed"]), (75.0, 0))
            server.connect()
            server.connect_in_vain(5)
            row = row_of(watch.check_sample("all"), server)
            check_equal("full", (row["in_use"], row["of"], row["share"], row["full_in_s"]), (4, 4, 100.0, 0.0))
            with traffic.new_socket(place, own_ports.new()) as bound:
                bound.connect((place.raddr, server.port))
                child, _ = server.socket.accept()
                other = Server(place).connect()
                rows = watch.sample()
                child.close()
            check_equal("with one that is bound", row_of(rows, server)["in_use"], 4)
            check_equal("another destination", row_of(rows, other)["in_use"], 1)
            whole = row_of(watch.whole(), server)
        check_equal("failed, and begun", (whole["failed"], whole["opened"]), (5, 5))
        server.abort(4)
        other.abort()


def test_taken_is_no_failure(program):
    """A bound socket whose 4-tuple is taken finds no port either, but the range is not full."""
    set_ports(10)
    server, port = Server(IPV4), own_ports.new()
    with Watch(program) as watch:
        server.connect()
        first = traffic.new_socket(IPV4, port)
        first.connect((IPV4.raddr, server.port))
        with traffic.new_socket(IPV4, port) as second:
            check_equal("connect()", second.connect_ex((IPV4.raddr, server.port)), errno.EADDRNOTAVAIL)
        row = row_of(watch.whole(), server)
    first.close()
    check_equal("failed", (row["failed"], row["in_use"]), (0, 1))


def test_time_wait_keeps_ports(program):
    """Without net.ipv4.tcp_tw_reuse, connect() fails as long as TIME_WAIT lasts."""
    set_ports(4)
    server = Server(IPV4)
    with Watch(program) as watch:
        server.connect(4).close(4)
        server.connect_in_vain()
        row = row_of(watch.check_sample("all in TIME_WAIT"), server)
        watch.end()
    check_equal("row", (row["time_wait"], row["reusable"], row["share"]), (4, 0, 100.0))


def test_time_wait_is_used_again(program):
    """With it, as it is for loopback addresses by default, connect() can take them after a second."""
    set_ports(4, tw_reuse=2)
    server = Server(IPV4)
    with Watch(program) as watch:
        server.connect(4).close(4)
        row = row_of(watch.check_sample("all in TIME_WAIT"), server)
        check_equal("row", (row["time_wait"], row["reusable"], row["share"], row["full_in_s"]), (4, 4, 0.0, None))

        def connects():
            with contextlib.suppress(OSError):
                return server.connect()
        for _ in range(4):
            wait.until(connects, "connect() takes one of them")
        watch.check_sample("all taken again")
        watch.end()


def churn(stage, place, port, count):
    """Opens and closes: TIME_WAIT is this process's."""
    for _ in range(count):
        with socket.create_connection((place.raddr, port)) as client:
            client.shutdown(socket.SHUT_WR)
            client.recv(1)


def test_makers(program):
    """Who made those in TIME_WAIT; names are hostile text."""
    set_ports(100)
    server = Server(IPV4)
    with contextlib.ExitStack() as stack, Watch(program) as watch:
        for name, count in ("api", 5), ("web,\"1\"", 3):
            actor = Actor(name)
            stack.callback(actor.end)
            actor.begin(churn, IPV4, server.port, count)
            for _ in range(count):
                child, _ = server.socket.accept()
                check_equal("end of data", child.recv(1), b"")
                child.close()
            actor.finish()
        row = row_of(watch.check_sample("made by two"), server)
        watch.end()
    check_equal("makers", row["makers"], "api 5, web,\"1\" 3")


def test_listener_in_the_range(program):
    """The sessions of a server have its port, which is no client's, whether they are older or not."""
    set_ports(100)
    server = Server(IPV4, LOW + 50).connect(2)
    with Watch(program) as watch:
        server.connect(3)
        row = row_of(watch.sample(), server)
        rows = watch.whole()
    check_equal("of the clients", row["live"], 5)
    check_equal("rows", [row["rport"] for row in rows], [server.port])


def test_range_changes(program):
    """The range is read again with later sessions, and when connect() fails."""
    set_ports(4)
    server = Server(IPV4)
    with Watch(program) as watch:
        server.connect(4)
        check_equal("before", row_of(watch.sample(), server)["of"], 4)
        set_ports(2)
        server.connect_in_vain()
        row = row_of(watch.sample(), server)
        check_equal("after", (row["of"], row["in_use"], row["share"]), (2, 2, 100.0))
        set_ports(20, reserved=f"{LOW + 19}")

        def has_changed():
            server.connect()
            server.abort()
            return row_of(watch.sample(), server)["of"] == 19
        wait.until(has_changed, "a new range is read")
        watch.end()


def connect_elsewhere(stage, port):
    netns.private_network()
    set_ports(50, tw_reuse=1)
    stage.one = Server(IPV4, port).connect()


def test_other_namespace(program):
    """Each namespace has its own ports."""
    set_ports(10)
    server = Server(IPV4)
    with tempfile.TemporaryDirectory() as folder:
        file = folder + "/recording"
        with program.start("--ports", "-j", "-o", file, everywhere=True) as tool:
            server.connect()
            actor = Actor("other")
            try:
                actor.do(connect_elsewhere, server.port)
                live = tool.end()   # the namespace is there as long as its sessions are looked at
            finally:
                actor.end()
        replay = program.run("-r", file, "--ports", "-j")
    check(replay.output == live.output, first_difference(live.lines, replay.lines))
    rows = [row for row in map(json.loads, live.lines) if row["rport"] == server.port]
    check_equal("ports", sorted(row["of"] for row in rows), [10, 50])
    mine = [row for row in rows if row["netns"] == netns.inode()]
    check_equal("of this one", [(row["of"], row["live"]) for row in mine], [(10, 1)])


def test_filters_select_rows(program):
    """The ports of a destination are counted, whoever has them."""
    set_ports(100)
    servers = [Server(IPV4) for _ in range(2)]
    actor = Actor("chosen")
    try:
        with Watch(program, "-c", "chosen", view="--ports") as watch:
            for server in servers:
                server.connect(2)
            actor.begin(churn, IPV4, servers[0].port, 1)
            child, _ = servers[0].socket.accept()
            child.recv(1)
            child.close()
            actor.finish()
            rows = watch.end()
    finally:
        actor.end()
    check_equal("rows", [(row["rport"], row["live"], row["time_wait"], row["makers"]) for row in rows],
                [(servers[0].port, 2, 1, "chosen 1")])


def test_recorded_without_the_view(program):
    """Any recording holds the ranges; its replay prints the same in every format, and so does that of a copy."""
    set_ports(10)
    server = Server(IPV4)
    with tempfile.TemporaryDirectory() as folder:
        file, copy = folder + "/recording", folder + "/copy"
        with program.start("-q", "-o", file) as tool:
            server.connect(2)
            check_good_end(tool.end())
        outputs = [program.run("-r", file, "--ports", *options) for options in FORMATS]
        program.run("-r", file, "-q", "-o", copy)
        copied = [program.run("-r", copy, "--ports", *options).output for options in FORMATS]
    for ended in outputs:
        check_good_end(ended)
        check_equal("stderr", ended.errors, [])
    check_equal("copied", copied, [ended.output for ended in outputs])
    check_equal("row", [(row["of"], row["live"]) for row in map(json.loads, outputs[-1].lines)], [(10, 2)])


# ---- --diagnose=port-pressure


def diagnose(program, scenario):
    """What it finds, live and in the replay."""
    with Watch(program, view="--diagnose=port-pressure") as watch:
        scenario()
        lines = watch.end()
    return [line for line in lines if line["rule"]]


def told(lines):
    return [(line["event"], line["severity"], line["port"], line["count"], line["of"]) for line in lines]


def test_pressure(program):
    """A warning from 60 %, an error from 90 %, each when it comes to be; the numbers at the end are those of the peak."""
    set_ports(10)
    server = Server(IPV4)

    def scenario():
        server.connect(9).abort(9)
    lines = diagnose(program, scenario)
    check_equal("found", told(lines), [("found", "warning", server.port, 6, 10), ("grew", "error", server.port, 9, 10),
                                       ("total", "error", server.port, 9, 10)])
    check_equal("sentence", lines[-1]["text"], f"9 of 10 local ports from 127.0.0.1 to 127.0.0.1:{server.port} were taken at once "
                                               "(90 %): 9 live, 0 in TIME_WAIT")
    check_equal("command", lines[-1]["command"], f"tcpstates --ports --remote 127.0.0.1 -D {server.port}")


def test_pressure_by_time_wait(program):
    """A client without keep-alive: whose they are."""
    set_ports(10)
    server = Server(IPV4)
    lines = diagnose(program, lambda: server.connect(8).close(8))
    check_equal("total", told(lines)[-1], ("total", "warning", server.port, 8, 10))
    with open("/proc/self/comm", encoding="utf-8") as file:
        comm = file.read().strip()
    check_equal("owner", (lines[-1]["comm"], lines[-1]["uid"]), (comm, None))


def test_no_pressure(program):
    """Half of them; ports that can be used again; the same number to several destinations; a bound 4-tuple that is taken."""
    set_ports(10, tw_reuse=2)
    servers = [Server(IPV4) for _ in range(3)]
    port = own_ports.new()

    def scenario():
        servers[0].connect(5)
        servers[1].connect(5).close(5)
        servers[1].connect(5)
        servers[2].connect(2)
        for error in 0, errno.EADDRNOTAVAIL:
            one = traffic.new_socket(IPV4, port)
            check_equal("connect()", one.connect_ex((IPV4.raddr, servers[2].port)), error)
            kept.append(one)
    kept = []
    check_equal("found", diagnose(program, scenario), [])


def test_exhausted(program):
    """connect() fails: an error, which says so."""
    set_ports(6)
    server = Server(IPV4)

    def scenario():
        server.connect(6)
        server.connect_in_vain(3)
    lines = diagnose(program, scenario)
    check_equal("total", told(lines)[-1], ("total", "error", server.port, 6, 6))
    check(lines[-1]["text"].endswith("(100 %): 6 live, 0 in TIME_WAIT; 3 connect() calls found none"), lines[-1]["text"])


def test_range_of_its_own(program):
    """A socket may have a narrower range, which is not known: nothing is said of a full one."""
    set_ports(100)
    server = Server(IPV4)

    def connect(wanted):
        one = traffic.new_socket(IPV4)
        try:
            one.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", LOW + 8 | LOW + 8 << 16))
        except OSError as error:
            raise Skipped("this kernel has no IP_LOCAL_PORT_RANGE") from error
        check_equal("connect()", one.connect_ex((IPV4.raddr, server.port)), wanted)
        return one

    def scenario():
        kept.append(connect(0))
        server.connect(3)
        connect(errno.EADDRNOTAVAIL).close()
    kept = []
    lines = diagnose(program, scenario)
    check_equal("total", told(lines)[-1], ("total", "error", server.port, 4, 100))
    check("IP_LOCAL_PORT_RANGE" in lines[-1]["text"], lines[-1]["text"])
