# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
SYN_RECV lasts from the SYN to the handshake's last ACK. The kernel's tracepoint comes only with that ACK, so that the
difference of its times is a few microseconds; the program shows the true time, or that it does not know it.
"""

import collections
import datetime
import functools
import socket
import tempfile
import time

import compare
import netns
import observe
import own_ports
import traffic
import wait
from delayed_link import ACK, SYN, DelayedLink
from kernel_record import KernelRecord, enclosed
from lines import from_json
from outcome import check, check_equal
from place import IPV4, SLOW, slow_places
from story import Step, path_of
from tool import check_good_end, here

DELAY = 0.02
ROUND_TRIP_MS = 2 * DELAY * 1000
TFO_WITHOUT_COOKIE = 0x207      # client and server, neither asks for a cookie
MSG_FASTOPEN = 0x20000000

# All lines; those of the children of the scenarios' listeners, socket by socket; how long each handshake took at most,
# by the listener's port; the events of the kernel's records.
Trace = collections.namedtuple("Trace", "lines children most_ms events")


def connect_and_reset(place):
    """The listener's port, and the step that encloses the handshake."""
    listener = traffic.Listener(place)
    connection = traffic.Connection(listener)
    traffic.reset_on_close(connection.client)
    traffic.close(connection.client)
    wait.reached("CLOSE", connection.child)
    traffic.close(connection.child)
    listener.close()
    return listener.port, connection.connecting


def traced(program, *scenarios, options=()):
    with KernelRecord() as before, program.start("-j", *options) as tool, KernelRecord() as after:
        handshakes = dict(scenario() for scenario in scenarios)
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    of_children = [line for line in lines if line["lport"] in handshakes and line["rport"]]
    children = compare.by_socket(of_children, lambda line: (line["skaddr"], line["rport"]))
    most_ms = {port: step.ms() for port, step in handshakes.items()}
    return Trace(lines, list(children.values()), most_ms, enclosed(before, after))


def seconds(line):
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


def check_two_lines(lines, first, second):
    """They follow each other, and the first's time is that of the SYN."""
    check_equal("the line after LISTEN>SYN_RECV", lines[lines.index(first) + 1], second)
    check_equal("time in LISTEN", first["ms"], None)
    earlier_ms = (seconds(second) - seconds(first)) * 1000
    same = abs(earlier_ms - second["ms"]) < 0.01
    check(same, f"LISTEN>SYN_RECV is {earlier_ms:.3f} ms earlier, SYN_RECV lasts {second['ms']} ms")


def test_round_trip(program):
    with DelayedLink(DELAY):
        scenarios = [functools.partial(connect_and_reset, place) for place in slow_places() * 3]
        trace = traced(program, *scenarios)
    known = [child for child in trace.children if child[1]["ms"] is not None]
    # One in a thousand takes whole milliseconds, which looks like a measurement by time stamps: not known.
    cases = len(trace.children)
    check(len(known) >= cases - 1 > 1, f"SYN_RECV known in {len(known)} of {cases} cases only")
    for child in known:
        check_equal("path", path_of(child[:2]), "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")
        check_two_lines(trace.lines, child[0], child[1])
        ms, most = child[1]["ms"], trace.most_ms[child[1]["lport"]]
        check(ROUND_TRIP_MS <= ms <= most, f"SYN_RECV {ms} ms, the round trip takes {ROUND_TRIP_MS} to {most} ms")


def all_but_the_first_syn_ack(seen):
    """Appends the times at which the link saw a SYN-ACK."""
    def delivers(flags):
        is_syn_ack = flags & (SYN | ACK) == SYN | ACK
        if is_syn_ack:
            seen.append(time.monotonic())
        return not is_syn_ack or len(seen) > 1
    return delivers


def check_resent(ms, seen, most):
    """
    The link saw both SYN-ACKs: SYN_RECV began before the first and lasted beyond the second. That is about a second;
    less if the SYN took long and was sent again in the meantime.
    """
    check(len(seen) > 1, f"{len(seen)} SYN-ACKs: none was sent again")
    least = (seen[1] - seen[0]) * 1000
    check(ms and least <= ms <= most, f"SYN_RECV {ms} ms, in truth {least} to {most} ms")


def test_resent_syn_ack(program):
    """The SYN-ACK was lost and sent again: the time since the first one."""
    seen = []
    with DelayedLink(DELAY) as link:
        link.delivers = all_but_the_first_syn_ack(seen)
        trace = traced(program, lambda: connect_and_reset(SLOW))
    (ms,), (most,) = [child[1]["ms"] for child in trace.children], trace.most_ms.values()
    check_resent(ms, seen, most)


def test_resent_again(program):
    """
    A handshake was never completed; another one of the same ends loses its first SYN-ACK. The first one's time is
    not the second one's.
    """
    netns.sysctl("net.ipv4.tcp_synack_retries", 1)
    seen = []
    with DelayedLink(DELAY) as link:
        listener = traffic.Listener(SLOW)
        port = own_ports.new()
        with program.start("-j") as tool:
            link.delivers = all_but(SYN | ACK)
            with traffic.new_socket(SLOW, port) as client:
                client.setblocking(False)
                client.connect_ex((SLOW.raddr, listener.port))
                wait.reached_unaccepted("SYN_RECV", listener.port, port)
            wait.until(lambda: (listener.port, port) not in wait.ends(), "the kernel drops the request")
            link.delivers = all_but_the_first_syn_ack(seen)
            connection = traffic.Connection(listener, port)
            traffic.reset_on_close(connection.client)
            traffic.close(connection.client)
            lines = from_json(tool.lines_until(observe.mark()))
            check_good_end(tool.end())
    (ms,) = [line["ms"] for line in lines if line["lport"] == listener.port and line["newstate"] == "ESTABLISHED"]
    check_resent(ms, seen, connection.connecting.ms())


def all_but(unwanted):
    return lambda flags: flags & unwanted != unwanted


def check_cookie_lines(trace):
    """SYN_RECV is not known, and the first line has the time of the ACK, when the child began."""
    check(len(trace.children) >= 8, f"{len(trace.children)} children only")
    for first, second in (child[:2] for child in trace.children):
        check_equal("path", path_of([first, second]), "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")
        check_equal("SYN_RECV", [second[key] for key in ("ms", "ms_about", "ms_at_least")], [None] * 3)
        check_against_records(trace.events, second, (seconds(second) - seconds(first)) * 1000)


def check_cookie_sessions(rows, trace):
    """What is known begins with the ACK: a lower bound of the life, which the round trip is not part of."""
    before_ms = {child[0]["rport"]: (seconds(child[1]) - seconds(child[0])) * 1000 for child in trace.children}
    for row in (row for row in rows if row["rport"] in before_ms):
        check_equal("handshake", row["handshake_ms"], None)
        begin, established = row["path"][:2]
        check_equal("path", (begin["state"], established["state"]), ("SYN_RECV", "ESTABLISHED"))
        check_equal("SYN_RECV", [begin[key] for key in ("ms", "ms_about", "ms_at_least")], [None] * 3)
        check_equal("life", (row["life_ms"], row["life_ms_about"]), (None, None))
        known = before_ms[row["rport"]] + sum(step["ms"] for step in row["path"][1:])
        check(abs(row["life_ms_at_least"] - known) < 0.01, f"life >= {row['life_ms_at_least']} ms, known {known} ms")


def test_syn_cookie(program):
    """
    With a SYN cookie the kernel forgets when the SYN came. The time stamp in the ACK has options in its low bits: a time
    that it tells is too long by up to 64 ms, at random.
    """
    netns.sysctl("net.ipv4.tcp_syncookies", 2)
    with DelayedLink(DELAY), tempfile.TemporaryDirectory() as folder, program.start("--summary", "-j") as summary:
        recording = folder + "/recording"
        trace = traced(program, *[functools.partial(connect_and_reset, place) for place in (SLOW, IPV4) * 4],
                       options=("-o", recording))
        (added,) = [row for row in from_json(summary.end().lines) if row["state"] == "SYN_RECV"]
        check_cookie_lines(trace)
        rows = from_json(program.run("-r", recording, "--sessions", "-j", here()).lines)
        check_cookie_sessions(rows, trace)
        of_recording = from_json(program.run("-r", recording, "--summary", "-j", here()).lines)
    (counted,) = [row for row in of_recording if row["state"] == "SYN_RECV"]
    for row in added, counted:
        check_equal("summary of SYN_RECV", (row["entered"], row["timed"], row["now"]), (len(trace.children), 0, 0))


def fast_open(link, place, closes_early):
    """
    TCP Fast Open: the child exists from the SYN on, and the program under test sees it then. To be closed before the
    handshake ends, it is closed before the SYN-ACK arrives.
    """
    listener = traffic.Listener(place)
    listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8)
    client = traffic.new_socket(place)
    client.setblocking(False)
    if closes_early:
        link.hold(SYN | ACK)
    with Step() as handshake:
        client.sendto(b"with the SYN", MSG_FASTOPEN, (place.raddr, listener.port))
        child, _ = listener.socket.accept()
        child.settimeout(wait.PATIENCE)
        check_equal("data of the SYN", child.recv(100), b"with the SYN")
        if closes_early:
            child.close()
            link.let_go()
            wait.reached("CLOSE_WAIT", client)
        else:
            wait.reached("ESTABLISHED", client, child)
            traffic.reset_on_close(child)
            traffic.close(child)
            wait.reached("CLOSE", client)
    client.close()
    listener.close()
    return listener.port, handshake


def check_fast_open(program, closes_early, path):
    netns.sysctl("net.ipv4.tcp_fastopen", TFO_WITHOUT_COOKIE)
    with DelayedLink(DELAY) as link:
        trace = traced(program, lambda: fast_open(link, SLOW, closes_early))
    check_equal("children", len(trace.children), 1)
    first, second = trace.children[0][:2]
    check_equal("path", path_of([first, second]), path)
    check_two_lines(trace.lines, first, second)
    check_against_records(trace.events, second, second["ms"])


def check_against_records(events, line, ms):
    """The time from the child's beginning to this line, as the tracepoint has it."""
    # Kernels up to 6.12 report LISTEN>SYN_RECV before they know the peer.
    of_child = [event for event in events if event.skaddr == line["skaddr"]
                and event.lport == line["lport"] and event.rport in (0, line["rport"])]
    begin = next(event for event in of_child if event.newstate == "SYN_RECV")
    end = next(event for event in of_child if event.oldstate == "SYN_RECV")
    compare.check_measured("SYN_RECV", ms, end, begin)


def test_fast_open(program):
    check_fast_open(program, False, "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")


def test_fast_open_closed_early(program):
    check_fast_open(program, True, "LISTEN>SYN_RECV SYN_RECV>FIN_WAIT1")


def stuck_of(lines, listener):
    return [line for line in from_json(lines) if line["lport"] == listener.port and line["event"] != "count"]


def test_fast_open_late(program):
    """The SYN-ACK of a fast open is late and sent again: by the session's own socket, there is no other session."""
    netns.sysctl("net.ipv4.tcp_fastopen", TFO_WITHOUT_COOKIE)
    is_stuck = lambda line: b'"event":"stuck"' in line
    with DelayedLink(DELAY) as link, program.start("-j", "--half-open") as tool, \
            program.start("--sessions", "--half-open", "-j") as sessions, \
            program.start("--stuck=syn_recv:2", "-j") as watch:
        listener = traffic.Listener(SLOW)
        listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8)
        client = traffic.new_socket(SLOW)
        client.setblocking(False)
        link.hold(SYN | ACK)
        with Step() as handshake:
            client.sendto(b"with the SYN", MSG_FASTOPEN, (SLOW.raddr, listener.port))
            watch.lines_until(is_stuck)
            link.let_go()
            wait.reached("ESTABLISHED", client)
            wait.reached_unaccepted("ESTABLISHED", listener.port, traffic.port_of(client))
        lines = from_json(tool.lines_until(observe.mark()))
        rows = [row for row in from_json(sessions.end().lines) if row["lport"] == listener.port]
        stuck = stuck_of(watch.end().lines, listener)
        check_good_end(tool.end())
    client.close()
    first, second = [line for line in lines if line["lport"] == listener.port and line["rport"]]
    check_equal("path", path_of([first, second]), "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")
    check(2000 < second["ms"] <= handshake.ms(), f"SYN_RECV {second['ms']} ms, in truth {handshake.ms()} at most")
    check(second["retrans"], "the SYN-ACK was not sent again")
    check_equal("sessions", [(row["status"], row["rport"]) for row in rows], [("open", first["rport"])])
    check_equal("stuck", [(line["event"], line["rport"]) for line in stuck],
                [("stuck", first["rport"]), ("left", first["rport"])])
