# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Each rule of --diagnose finds what was made for it, and nothing near it: all scenarios in one trace, each at a port of its own."""

import errno
import json
import os
import signal
import socket
import tempfile
import time

import netns
import own_ports
import traffic
import wait
from outcome import Skipped, check, check_equal
from place import IPV4
from test_resets_lack import tells_resets
from tool import check_good_end, here

SO_DETACH_FILTER = 27
MANY = 6                # a finding needs five
USED = b"request"
TCP = socket.IPPROTO_TCP
MANY_PORTS = 20         # of a port scan
STEADY = 0.01           # seconds that equal times may differ
TRIES = 20
SLOW_CLOSE = 10         # seconds of a peer that does not close, from which on they are a finding


class Server:
    """A listener, and pairs of a client and its child that live until the end."""

    def __init__(self, backlog=64):
        self.port = own_ports.new()
        self.socket = traffic.new_socket(IPV4, self.port)
        self.socket.listen(backlog)

    def client(self):
        one = traffic.new_socket(IPV4)
        one.connect((IPV4.raddr, self.port))
        return one

    def pair(self, used=True):
        client = self.client()
        child, _ = self.socket.accept()
        child.settimeout(wait.PATIENCE)
        if used:
            for one, other in (client, child), (child, client):
                one.sendall(USED)
                check_equal("data", other.recv(100), USED)
        return client, child

    def pairs(self, count=MANY, **how):
        return [self.pair(**how) for _ in range(count)]


class Stage:
    """What is kept open until the trace ends, and what it should find: {(rule, role, port)}."""

    def __init__(self):
        self.kept = []
        self.wanted = set()
        self.possible = set()   # on a machine that is too busy for exact times

    def keep(self, *things):
        self.kept += things

    def expect(self, port, **rules):
        """rules: role=rule, with _ for -."""
        for role, names in rules.items():
            self.wanted |= {(name, role, port) for name in names.split()}


def refused(stage):
    for count, found in (MANY, True), (4, False):
        holder = traffic.new_socket(IPV4, own_ports.new())
        stage.keep(holder)
        for _ in range(count):
            with traffic.new_socket(IPV4) as client:
                check(client.connect_ex((IPV4.raddr, traffic.port_of(holder))), "not refused")
        if found:
            stage.expect(traffic.port_of(holder), client="refused")


def used_after_close(stage):
    """Long after the peer's FIN, and at once."""
    for late in True, False:
        server = Server()
        stage.keep(server)
        for client, child in server.pairs(MANY if late else 5 * MANY):
            child.close()
            if late:
                wait.reached("CLOSE_WAIT", client)
                time.sleep(0.05)        # what makes it late
            client.sendall(USED)
            wait.reached("CLOSE", client)
            client.close()
        if late:
            stage.expect(server.port, client="stale-reuse")
        else:
            stage.expect(server.port, client="keepalive-race")
            stage.possible.add(("stale-reuse", "client", server.port))


def closed_after_use(stage):
    """Each end reads the other's close, and closes: nothing to find."""
    server = Server()
    stage.keep(server)
    for client, child in server.pairs():
        child.close()
        check_equal("end of data", client.recv(100), b"")
        client.close()


def spread(times):
    return max(times) - min(times)


def idle_timeout(stage):
    """The server closes after the same time without data; again, if this machine was too busy to make it the same."""
    for _ in range(TRIES):
        server, used, idle = Server(), [], []
        pairs = server.pairs()
        for number, (client, child) in enumerate(pairs):
            time.sleep(0.05 * (number % 2))     # their lives differ
            client.sendall(USED)
            child.recv(100)
            used.append(time.monotonic())
        for (client, child), last in zip(pairs, used):
            time.sleep(max(0, last + 1.2 - time.monotonic()))
            child.close()
            idle.append(time.monotonic() - last)
            client.recv(100)
            client.close()
        stage.keep(server)
        for role, rule in ("client", "peer-idle-timeout"), ("server", "own-idle-timeout"):
            (stage.wanted if spread(idle) < STEADY else stage.possible).add((rule, role, server.port))
            stage.possible.add((rule.replace("idle-timeout", "max-lifetime"), role, server.port))
        if spread(idle) < STEADY:
            return
    check(False, "this machine cannot wait for equal times")


def unread_reset(stage):
    for reads in False, True:
        server = Server()
        stage.keep(server)
        for client, child in server.pairs():
            child.sendall(USED)
            wait.until(lambda: len(client.recv(100, socket.MSG_PEEK)) == len(USED), "data arrives")
            if reads:
                client.recv(100)
            client.close()
            if not reads:
                wait.reached("CLOSE", child)
            else:
                check_equal("end of data", child.recv(100), b"")
            child.close()
        if not reads:
            stage.expect(server.port, client="unread-reset", server="client-resets")


def reset_unserved(stage):
    """The client resets sessions whose answer it has not acknowledged."""
    server = Server()
    stage.keep(server)
    for client, child in server.pairs():
        traffic.drop_all_received(client)
        child.sendall(USED)
        traffic.reset_on_close(client)
        client.close()
        wait.reached("CLOSE", child)
        child.close()
    stage.expect(server.port, server="peer-resets")


def unanswered(stage):
    """A listener that drops all: a SYN is sent again after a second, and given up after three."""
    server = Server()
    traffic.drop_all_received(server.socket)
    clients = []
    for _ in range(2):
        client = traffic.new_socket(IPV4)
        client.setsockopt(TCP, socket.TCP_SYNCNT, 1)
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, server.port))
        clients.append(client)
    stage.expect(server.port, client="syn-unanswered")
    stage.keep(server, *clients)
    hasty = Server()
    traffic.drop_all_received(hasty.socket)
    with traffic.new_socket(IPV4) as client:
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, hasty.port))     # and gives up at once
    stage.keep(hasty)
    return lambda: wait.reached("CLOSE", *clients)


def syn_loss(stage):
    server = Server()
    traffic.drop_all_received(server.socket)
    clients = [traffic.new_socket(IPV4) for _ in range(MANY)]
    for client in clients:
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, server.port))
    server.socket.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
    children = [server.socket.accept()[0] for _ in clients]
    wait.reached("ESTABLISHED", *clients, *children)
    stage.expect(server.port, client="syn-loss")
    for one in clients + children:
        one.close()
    stage.keep(server)


def killed(stage):
    for number, found in (signal.SIGKILL, True), (signal.SIGTERM, False):
        server = Server()
        ready, say_ready = os.pipe()
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            client = server.client()
            client.sendall(USED)
            os.write(say_ready, b"x")
            while True:
                signal.pause()
        child, _ = server.socket.accept()
        os.read(ready, 1)
        child.recv(100)
        os.kill(pid, number)
        os.waitpid(pid, 0)
        child.settimeout(wait.PATIENCE)
        check_equal("end of data", child.recv(100), b"")
        child.close()
        stage.keep(server)
        if found:
            stage.expect(server.port, client="killed")


def given_up(stage):
    """The peer falls silent: while data is under way, and while there is none."""
    busy, idle, well = Server(), Server(), Server()
    client, child = busy.pair()
    client.setsockopt(TCP, socket.TCP_USER_TIMEOUT, 500)
    traffic.drop_all_received(child)
    client.sendall(USED)
    asleep, deaf = idle.pair()
    for level, name, value in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (TCP, socket.TCP_KEEPIDLE, 1),
                               (TCP, socket.TCP_KEEPINTVL, 1), (TCP, socket.TCP_KEEPCNT, 1)):
        asleep.setsockopt(level, name, value)
        stage.keep(*well.pair())
    traffic.drop_all_received(deaf)
    stage.keep(busy, idle, well, client, child, asleep, deaf)
    stage.expect(busy.port, client="peer-gone")
    stage.expect(idle.port, client="silent-drop")
    return lambda: wait.reached("CLOSE", client, asleep)


def churn(stage):
    for count, found in (60, True), (15, False):
        server, begin = Server(), time.monotonic()
        for number in range(count):
            time.sleep(max(0, begin + number * 0.03 - time.monotonic()))
            client, child = server.pair()
            client.close()
            check_equal("end of data", child.recv(100), b"")
            child.close()
        stage.keep(server)
        if found:
            rate = count / (time.monotonic() - begin)
            (stage.wanted if rate > 12 else stage.possible).add(("pool-churn", "client", server.port))


def left_open(stage):
    """The peer has closed, and the owner does not; beside one that does, a little later."""
    server, slow = Server(), Server()
    for client, child in server.pairs():
        client.close()
        check_equal("end of data", child.recv(100), b"")
        stage.keep(child)
    stage.expect(server.port, server="close-wait-leak", client="slow-peer-close")
    pairs, begin = slow.pairs(), time.monotonic()
    for client, child in pairs:
        client.close()
        wait.reached("CLOSE_WAIT", child)
    stage.keep(server, slow)

    def close_later():
        for _, child in pairs:
            child.close()
        if time.monotonic() - begin > SLOW_CLOSE:
            stage.possible.add(("slow-peer-close", "client", slow.port))
    return close_later


def half_closed(stage):
    """A client that has only shut down sending waits for an answer: its peer may take its time."""
    server = Server()
    for client, child in server.pairs():
        client.shutdown(socket.SHUT_WR)
        stage.keep(client, child)
    stage.keep(server)
    stage.expect(server.port, server="close-wait-leak")


def not_acknowledged(stage):
    server, well = Server(), Server()
    client, child = server.pair()
    traffic.drop_all_received(child)
    client.sendall(USED)
    near, other = well.pair()
    near.sendall(USED)
    other.recv(100)
    stage.keep(server, well, client, child, near, other)
    stage.expect(server.port, client="stalled")


def not_read(stage):
    """The owner does not read; and at last the peer's window is closed."""
    little, much = Server(), Server()
    client, child = little.pair()
    client.sendall(USED)
    stage.expect(little.port, server="owner-does-not-read")
    sender, receiver = much.pair()
    sender.setblocking(False)
    try:
        while True:
            sender.send(bytes(65536))
    except BlockingIOError:
        pass
    stage.expect(much.port, client="peer-does-not-read", server="owner-does-not-read")
    stage.keep(little, much, client, child, sender, receiver)


def not_accepted(stage):
    """A full queue, of which a backlog of 1 has two; and sessions that are accepted."""
    server, accepted = Server(backlog=1), Server()
    stage.keep(server, accepted, server.client(), server.client())
    for client, child in accepted.pairs():
        stage.keep(client, child)
    stage.expect(server.port, server="not-accepted")


def connected_to_itself(stage):
    client = traffic.new_socket(IPV4, own_ports.new())
    client.connect((IPV4.raddr, traffic.port_of(client)))
    stage.keep(client)
    stage.expect(traffic.port_of(client), client="self-connect")


def no_port(stage):
    """The only port is taken for that peer."""
    server = Server()
    netns.sysctl("net.ipv4.ip_local_port_range", "60000 60000")
    stage.keep(server, *server.pair())
    with traffic.new_socket(IPV4) as client:
        check_equal("connect()", client.connect_ex((IPV4.raddr, server.port)), errno.EADDRNOTAVAIL)
    netns.sysctl("net.ipv4.ip_local_port_range", "32768 60999")
    stage.expect(server.port, client="no-port port-pressure")


# Those with sessions that are kept first. The range of ports that no_port sets is known to the program for up to a second more.
SCENARIOS = [left_open, half_closed, not_accepted, not_read, not_acknowledged, unanswered, given_up, connected_to_itself, refused,
             used_after_close, closed_after_use, idle_timeout, unread_reset, reset_unserved, killed, churn, syn_loss, no_port]
AGE = 11        # seconds that what is kept open must have, to be found


def found(lines):
    return {(line["rule"], line["role"], line["port"]) for line in lines if line["event"] == "total"}


def tried(address, ports, times=1):
    """A client with this address tries ports that nobody listens at."""
    for port in ports * times:
        with socket.socket() as client:
            client.bind((address, 0))
            check_equal("connect()", client.connect_ex((IPV4.raddr, port)), errno.ECONNREFUSED)


def test_port_scan(program):
    """From one address; another one tries fewer ports, more often."""
    if not tells_resets():
        raise Skipped("this kernel does not report resets of no session")
    ports = [own_ports.new() for _ in range(MANY_PORTS)]
    with tempfile.NamedTemporaryFile() as file, program.start("--diagnose=port-scan", "-j", "-o", file.name) as tool:
        tried("127.0.0.2", ports)
        tried("127.0.0.3", ports[1:], times=3)
        ended = tool.end()
        replayed = program.run("--diagnose=port-scan", "-j", "-r", file.name, here())
    check_good_end(ended)
    check_equal("its replay", replayed.output, ended.output)
    totals = [line for line in map(json.loads, ended.lines) if line["event"] == "total"]
    check_equal("found", [(line["rule"], line["raddr"], line["role"], line["port"], line["count"]) for line in totals],
                [("port-scan", "127.0.0.2", None, None, MANY_PORTS)])


def test_rules(program):
    stage = Stage()
    with tempfile.NamedTemporaryFile() as file, program.start("--diagnose", "-j", "-o", file.name) as tool:
        ends = [end for scenario in SCENARIOS if (end := scenario(stage))]
        last = time.monotonic()
        for end in ends:
            end()
        time.sleep(max(0, last + AGE - time.monotonic()))
        ended = tool.end()
        replayed = program.run("--diagnose", "-j", "-r", file.name, here())
    check_good_end(ended)
    check_equal("its replay", replayed.output, ended.output)
    lines = [json.loads(line) for line in ended.lines]
    check_equal("not found", stage.wanted - found(lines), set())
    check_equal("found without a reason", found(lines) - stage.wanted - stage.possible, set())
    check_equal("last line", (lines[-1]["event"], lines[-1]["severity"]), ("none", "ok"))
