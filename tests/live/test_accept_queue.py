# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--diagnose says which accept queue was full, and which server accepts late; without fentry what can be known of that."""

import json
import tempfile
import time

import netns
import own_ports
import traffic
import wait
from outcome import check, check_equal
from place import IPV4
from test_replay import first_difference
from tool import check_good_end, here

SLOW, SOON = 0.3, 0.02      # seconds in the queue
MANY, FEW = 6, 4            # connections: a finding needs five
LATE = 0.15                 # seconds: what was meant to be soon, on a machine that is busy


class Listener:
    def __init__(self, backlog=64):
        self.port = own_ports.new()
        self.socket = traffic.new_socket(IPV4, self.port)
        self.socket.listen(backlog)
        self.clients = []

    def connect(self, count=1):
        for _ in range(count):
            client = traffic.new_socket(IPV4)
            client.connect((IPV4.raddr, self.port))
            self.clients.append(client)

    def accept(self, after):
        """Once the last connection has waited for so long; the longest wait of all."""
        begin = time.monotonic()
        time.sleep(after)       # what makes it late
        self.clients += [self.socket.accept()[0] for _ in range(len(self.clients))]
        return time.monotonic() - begin

    def send_syn(self):
        """One that no child answers."""
        client = traffic.new_socket(IPV4)
        client.setblocking(False)
        client.connect_ex((IPV4.raddr, self.port))
        self.clients.append(client)

    def overflow(self, count=1):
        """SYNs for which a full queue has no room."""
        for _ in range(count):
            before = netns.counter("ListenOverflows")
            self.send_syn()
            wait.until(lambda: netns.counter("ListenOverflows") > before, "the SYN is dropped")


def diagnose(program, rule, play):
    """Plays it in a trace. (the findings, the last line, whether fentry sees the rule's events)"""
    function = {"backlog-full": "tcp_conn_request", "accept-slow": "inet_csk_accept"}[rule]
    with tempfile.NamedTemporaryFile() as file, program.start(f"--diagnose={rule}", "-v", "-j", "-o", file.name) as tool:
        kept = play()
        ended = tool.end()
        is_exact = tool.traces(function)
        replayed = program.run(f"--diagnose={rule}", "-j", "-r", file.name, here())
    check_good_end(ended)
    check(replayed.output == ended.output, first_difference(ended.output, replayed.output))
    del kept
    *found, last = map(json.loads, ended.lines)
    return found, last["text"], is_exact


def brief(found):
    return [(line["event"], line["role"], line["port"], line["count"], line["raddr"]) for line in found]


def test_backlog_full(program):
    """A queue of one connection; beside it, one that is just full."""
    full, just_full = Listener(backlog=0), Listener(backlog=0)
    begin = netns.counter("ListenOverflows")

    def play():
        full.connect()
        just_full.connect()
        full.overflow(3)
        return full, just_full

    found, last, is_exact = diagnose(program, "backlog-full", play)
    count = netns.counter("ListenOverflows") - begin      # SYNs are sent again
    check_equal("found", {(*one[:3], one[4]) for one in brief(found)},
                {(event, "server", full.port, None) for event in ("found", "total")})
    check(3 <= found[-1]["count"] <= count, (found[-1], count))
    sign = "" if is_exact else "~"
    wanted = f" at {IPV4.raddr}:{full.port} was full (longest 1, limit 0): {sign}{found[-1]['count']} SYNs and last ACKs were dropped"
    check_equal("text", found[-1]["text"][-len(wanted):], wanted)
    check_equal("command", found[-1]["command"], f"tcpstates --listeners=1 -L {full.port}")
    check_equal("last line", last, "0 rules found nothing")


def test_dropped_for_another_reason(program):
    """A socket filter drops what comes: that is no overflow, which also holds without fentry."""
    deaf, just_full = Listener(), Listener(backlog=0)
    traffic.drop_all_received(deaf.socket)

    def play():
        just_full.connect()
        deaf.send_syn()
        return deaf, just_full

    found, last, _ = diagnose(program, "backlog-full", play)
    check_equal("found", found, [])
    check_equal("last line", last, "1 rules found nothing")


def test_which_one_overflows(program):
    """Two queues overflow in one network namespace: without fentry, it is not known whose SYNs were dropped."""
    listeners = Listener(backlog=0), Listener(backlog=0)

    def play():
        for one in listeners:
            one.connect()
            one.overflow()
        return listeners

    found, last, is_exact = diagnose(program, "backlog-full", play)
    ports = {one.port for one in listeners} if is_exact else set()
    check_equal("found", {line["port"] for line in found}, ports)
    check_equal("last line", last, "0 rules found nothing" if is_exact else
                "0 rules found nothing; not judged, as why a listener dropped packets is not known: backlog-full")


def test_accept_slow(program):
    """Connections that wait for accept(); beside them few that do, and many that do not for as long."""
    slow, few, soon = Listener(), Listener(), Listener()
    waited = []

    def play():
        for one, count, seconds in (slow, MANY, SLOW), (few, FEW, SLOW), (soon, 2 * MANY, SOON):
            begin = time.monotonic()
            one.connect(count)
            one.accept(seconds)
            waited.append(time.monotonic() - begin)
        return slow, few, soon

    found, last, is_exact = diagnose(program, "accept-slow", play)
    if not is_exact:
        check_equal("found", found, [])
        check_equal("last line", last, "0 rules found nothing; not judged, as accept() was not seen: accept-slow")
        return
    also = {soon.port} if waited[2] > LATE else set()
    ports = {line["port"] for line in found}
    check(ports - also == {slow.port}, (ports, slow.port))
    total = next(line for line in found if (line["event"], line["port"]) == ("total", slow.port))
    check_equal("count", (total["count"], total["of"], total["severity"]), (MANY, MANY, "warning"))
    check_equal("last line", last, "0 rules found nothing")
