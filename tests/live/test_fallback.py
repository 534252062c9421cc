# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel program's build for kernels before 5.12, which the program can be told to use on any (docs/design.md)."""

import collections
import os
import re
import socket

import churn
import netns
import observe
import own_ports
import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4, loopback_places
from tool import check_good_end

SCENARIOS = [traffic.active_close, traffic.passive_close, traffic.half_close, traffic.refused, traffic.reset,
             traffic.reset_unacknowledged, traffic.abandoned_connect, traffic.listen_close_listen, traffic.reconnect,
             traffic.backlog, traffic.self_connect]
# What two programs measure one after the other may differ, by so many milliseconds where the machine stands still
# between them; the times of day by anything.
MEASURED = {"ms": 500, "ms_about": 500, "ms_at_least": 500, "idle_ms": 500, "time": None, "timestamp": None}


def start(program, room, *options):
    return program.start(*options, env={**os.environ, "TCPSTATES_FALLBACK": str(room)})


def by_socket(lines, ports=None):
    """
    The lines of each address, whose order is certain, of this test's sessions with one of these ports. Not what their
    minisocks do: that is looked for now and then, and a trace may end before.
    """
    here, ports = os.stat("/proc/self/ns/net").st_ino, ports or own_ports.mine
    sockets = collections.defaultdict(list)
    for line in from_json(lines):
        is_ours = line["netns"] in (here, None) and (line["lport"] in ports or line["rport"] in ports)
        if is_ours and line["c_pid"] is not None:
            sockets[line["skaddr"]].append(line)
    return sockets


def is_same(key, one, other):
    if key not in MEASURED or None in (one, other):
        return one == other
    return MEASURED[key] is None or abs(one - other) <= MEASURED[key]


def is_known_better(key, line, other):
    """By fentry programs, which the fallback goes without."""
    if key == "owner_from":
        return line[key] == "accept" and other[key] in ("inherited", "use")
    if key == "lport":
        return line["newstate"] == "SYN_SENT" and other[key] == 0
    return key in ("ms", "ms_about") and "TIME_WAIT" in (line["oldstate"], line["newstate"])


def differences(lines, others, has_fentry):
    for line, other in zip(lines, others):
        for key in sorted(line.keys() | other.keys()):
            if has_fentry and is_known_better(key, line, other):
                continue
            if not is_same(key, line.get(key), other.get(key)):
                yield f"{line['oldstate']}>{line['newstate']}: {key}: {line.get(key)}, in the fallback {other.get(key)}"


def test_same_as_main_build(program):
    """Owners, causes, figures, durations: what the one shows and what the other shows, at the same time."""
    places = loopback_places()
    with program.start("-j") as main, start(program, 1000, "-j") as other:
        for scenario in SCENARIOS:
            for place in places:
                scenario(place)
        has_fentry = main.sees_accept()
        check(not other.sees_accept(), "the fallback sees accept()")
        ends = main.end(), other.end()
    for ended in ends:
        check_good_end(ended)
    wanted, shown = (by_socket(ended.lines) for ended in ends)
    check(len(wanted) > len(SCENARIOS), f"only {len(wanted)} sockets")
    check_equal("sockets", set(shown), set(wanted))
    for socket, lines in wanted.items():
        check_equal("lines of a socket", len(shown[socket]), len(lines))
        check_equal("differences", list(differences(lines, shown[socket], has_fentry)), [])


def test_known_without_main_build(program):
    """Alone it knows the owners of both ends, the time before the first change, and the cookies of all but accepted ones."""
    with start(program, 1000, "-j") as tool:
        traffic.active_close(IPV4)
        ended = tool.end()
    check_good_end(ended)
    check([line for line in ended.errors if "before 5.12" in line], f"-v does not say which build it is: {ended.errors}")
    lives = by_socket(ended.lines).values()
    check_equal("sockets", len(lives), 3)
    for lines in lives:
        is_child = lines[0]["oldstate"] == "LISTEN"
        check_equal("owners", {line["pid"] for line in lines}, {os.getpid()})
        check(is_child or lines[0]["ms"] is not None, f"first duration unknown: {lines[0]}")
        check(is_child or all(line["cookie"] for line in lines), f"no cookie: {lines}")
        check(all(line["ms"] is not None for line in lines[2:]), f"unknown durations: {lines}")


def make_sessions(listener, count):
    """All at the same time; each client goes on to TIME_WAIT with its socket: as an orphan it may do so without."""
    connections = [traffic.Connection(listener) for _ in range(count)]
    clients, children = [one.client for one in connections], [one.child for one in connections]
    for one in clients:
        one.shutdown(socket.SHUT_WR)
    wait.reached("FIN_WAIT2", *clients)
    for one in children:
        one.close()
    wait.reached("CLOSE", *clients)
    for one in clients:
        one.close()
    listener.close()


def finds_room(tool):
    """Whether the durations of a new session are known."""
    client, *_ = traffic.active_close(IPV4)
    sockets = by_socket(tool.lines_until(observe.mark()), [client.lport])
    return bool(sockets) and all(line["ms"] is not None for lines in sockets.values() for line in lines[2:])


def test_full_table(program):
    """
    Sessions beyond the table's room are shown without durations, which is counted; their ends make room again, when the
    sockets of others do not take it.
    """
    room, count = 64, 100
    with start(program, room, "-j") as tool:
        with churn.gone():
            make_sessions(listener := traffic.Listener(IPV4, backlog=count), count)
        wait.until(lambda: finds_room(tool), "there is room again")
        ended = tool.end()
    check_equal("status", ended.status, 0)
    lines = sum(by_socket(ended.lines, [listener.port]).values(), [])
    check_equal("lines", len(lines), 2 + count * 10)
    missed = [int(found[1]) for found in map(re.compile(r"in all, and (\d+) durations").search, ended.errors) if found]
    check(missed and missed[0] >= 2 * count - room, f"durations counted as missed: {missed}")
    check(any(line["ms"] is None for line in lines if line["oldstate"] == "ESTABLISHED"), "no duration is unknown")


def test_facts_without_room(program):
    """Of a session that there is no room for only durations and the owner are unknown: filters on all else still see it."""
    room, count = 8, 20
    filters = "--uid", str(os.getuid()), "--remote", IPV4.raddr
    with start(program, room, "-j", *filters) as tool:
        with churn.gone():
            make_sessions(listener := traffic.Listener(IPV4, backlog=count), count)
        ended = tool.end()
    lines = sum(by_socket(ended.lines, [listener.port]).values(), [])
    of_sessions = [line for line in lines if line["rport"]]
    check_equal("lines", len(of_sessions), count * 10)
    check(any(line["pid"] is None for line in of_sessions), "each has an owner: the test does not test")
    check_equal("networks", {line["netns"] for line in of_sessions}, {netns.inode()})
    check_equal("users", {line["uid"] for line in of_sessions}, {os.getuid()})
    check(all(line["mss"] for line in of_sessions if line["oldstate"] == "ESTABLISHED"), "figures are not known")
