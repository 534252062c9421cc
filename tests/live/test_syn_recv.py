# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
SYN_RECV lasts from the SYN to the handshake's last ACK. The kernel's tracepoint comes only with that ACK, so that the
difference of its times is a few microseconds; the program shows the true time, or that it does not know it.
"""

import collections
import datetime
import functools
import socket
import time

import compare
import netns
import observe
import traffic
import wait
from delayed_link import ACK, SYN, DelayedLink
from kernel_record import KernelRecord, enclosed
from lines import from_json
from outcome import check, check_equal
from place import IPV4, SLOW, slow_places
from story import Step, path_of
from tool import check_good_end

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


def traced(program, *scenarios):
    with KernelRecord() as before, program.start("-j") as tool, KernelRecord() as after:
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
    # One in a thousand takes whole milliseconds, which looks like a measurement by time stamps: known roughly only.
    cases = len(trace.children)
    check(len(known) >= cases - 1 > 1, f"SYN_RECV known in {len(known)} of {cases} cases only")
    for child in known:
        check_equal("path", path_of(child[:2]), "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")
        check_two_lines(trace.lines, child[0], child[1])
        ms, most = child[1]["ms"], trace.most_ms[child[1]["lport"]]
        check(ROUND_TRIP_MS <= ms <= most, f"SYN_RECV {ms} ms, the round trip takes {ROUND_TRIP_MS} to {most} ms")


def test_resent_syn_ack(program):
    """
    The SYN-ACK was lost and sent again: the time since the first one. The link saw both: SYN_RECV began before the first
    and lasted beyond the second. That is about a second; less if the SYN took long and was sent again in the meantime.
    """
    seen = []

    def all_but_the_first_syn_ack(flags):
        is_syn_ack = flags & (SYN | ACK) == SYN | ACK
        if is_syn_ack:
            seen.append(time.monotonic())
        return not is_syn_ack or len(seen) > 1

    with DelayedLink(DELAY) as link:
        link.delivers = all_but_the_first_syn_ack
        trace = traced(program, lambda: connect_and_reset(SLOW))
    (ms,), (most,) = [child[1]["ms"] for child in trace.children], trace.most_ms.values()
    check(len(seen) > 1, f"{len(seen)} SYN-ACKs: none was sent again")
    least = (seen[1] - seen[0]) * 1000
    check(ms and least <= ms <= most, f"SYN_RECV {ms} ms, in truth {least} to {most} ms")


def test_syn_cookie(program):
    """With SYN cookies the kernel itself forgets when the SYN came; a time stamp in the ACK tells it roughly."""
    netns.sysctl("net.ipv4.tcp_syncookies", 2)
    with DelayedLink(DELAY):
        trace = traced(program, lambda: connect_and_reset(SLOW), lambda: connect_and_reset(IPV4))
    check_equal("SYN_RECV", [child[1]["ms"] for child in trace.children], [None, None])
    roughly = [child[1]["ms_about"] for child in trace.children]
    check(all(ms is not None for ms in roughly), f"SYN_RECV roughly: {roughly}")


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
    check_against_records(trace.events, second)


def check_against_records(events, line):
    """Here the tracepoint tells the truth about SYN_RECV."""
    # Kernels up to 6.12 report LISTEN>SYN_RECV before they know the peer.
    of_child = [event for event in events if event.skaddr == line["skaddr"]
                and event.lport == line["lport"] and event.rport in (0, line["rport"])]
    begin = next(event for event in of_child if event.newstate == "SYN_RECV")
    end = next(event for event in of_child if event.oldstate == "SYN_RECV")
    compare.check_measured("SYN_RECV", line["ms"], end, begin)


def test_fast_open(program):
    check_fast_open(program, False, "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")


def test_fast_open_closed_early(program):
    check_fast_open(program, True, "LISTEN>SYN_RECV SYN_RECV>FIN_WAIT1")
