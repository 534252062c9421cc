# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
SYN_RECV lasts from the SYN to the handshake's last ACK. The kernel's tracepoint comes only with that ACK, so that the
difference of its times is a few microseconds; the program shows the true time, or that it does not know it.
"""

import datetime
import functools
import socket

import netns
import observe
import traffic
from compare import by_socket
from delayed_link import ACK, SYN, DelayedLink
from kernel_record import KernelRecord
from outcome import check, check_equal
from place import IPV4, SLOW, slow_places
from story import path_of
from tool import check_good_end

DELAY = 0.02
ROUND_TRIP_MS = 2 * DELAY * 1000
TFO_WITHOUT_COOKIE = 0x207      # client and server, neither asks for a cookie
MSG_FASTOPEN = 0x20000000


def connect_and_reset(place):
    listener = traffic.Listener(place)
    connection = traffic.Connection(listener)
    traffic.reset_on_close(connection.client)
    connection.client.close()
    traffic.wait_reset(connection.child)
    connection.child.close()
    listener.close()
    return listener.port


def traced_children(program, *scenarios):
    """All lines of a trace of these scenarios, and those of the children of their listeners, socket by socket."""
    with program.start("-j") as tool:
        ports = {scenario() for scenario in scenarios}
        lines = observe.from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    children = [line for line in lines if line["lport"] in ports and line["rport"]]
    return lines, list(by_socket(children, lambda line: (line["skaddr"], line["rport"])).values())


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
        lines, children = traced_children(program, *scenarios)
    known = [child for child in children if child[1]["ms"] is not None]
    # One in a thousand takes whole milliseconds, which looks like a measurement by time stamps: counts as unknown.
    check(len(known) >= len(children) - 1 > 1, f"SYN_RECV known in {len(known)} of {len(children)} cases only")
    for child in known:
        check_equal("path", path_of(child[:2]), "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")
        check_two_lines(lines, child[0], child[1])
        ms = child[1]["ms"]
        check(ROUND_TRIP_MS <= ms < 3 * ROUND_TRIP_MS, f"SYN_RECV {ms} ms, the round trip takes {ROUND_TRIP_MS} ms")


def test_resent_syn_ack(program):
    """The SYN-ACK was lost: the time is not known, or is the true one, more than a second."""
    with DelayedLink(DELAY) as link:
        link.delivers = all_but_the_first(SYN | ACK)
        _, children = traced_children(program, lambda: connect_and_reset(SLOW))
    ms = children[0][1]["ms"]
    check(ms is None or 1000 < ms < 2000, f"SYN_RECV {ms} ms, in truth more than a second")


def all_but_the_first(wanted):
    left = [wanted]
    return lambda flags: not (flags & wanted == wanted and left and left.pop())


def test_syn_cookie(program):
    """With SYN cookies the kernel itself forgets when the SYN came."""
    netns.sysctl("net.ipv4.tcp_syncookies", 2)
    with DelayedLink(DELAY):
        _, children = traced_children(program, lambda: connect_and_reset(SLOW), lambda: connect_and_reset(IPV4))
    check_equal("SYN_RECV", [child[1]["ms"] for child in children], [None, None])


def fast_open(place, closes_early):
    """TCP Fast Open: the child exists from the SYN on, and the program under test sees it then."""
    listener = traffic.Listener(place)
    listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 8)
    client = traffic.new_socket(place)
    client.setblocking(False)
    client.sendto(b"with the SYN", MSG_FASTOPEN, (place.raddr, listener.port))
    client.settimeout(5)
    child, _ = listener.socket.accept()
    child.settimeout(5)
    check_equal("data of the SYN", child.recv(100), b"with the SYN")
    if closes_early:
        child.close()
        traffic.read_end(client)
    else:
        client.send(b"more")
        child.recv(100)
        traffic.reset_on_close(child)
        child.close()
    traffic.wait_reset(client)
    client.close()
    listener.close()
    return listener.port


def check_fast_open(program, closes_early, path):
    netns.sysctl("net.ipv4.tcp_fastopen", TFO_WITHOUT_COOKIE)
    with DelayedLink(DELAY), KernelRecord() as record:
        lines, children = traced_children(program, lambda: fast_open(SLOW, closes_early))
        record.stop()
    check_equal("children", len(children), 1)
    first, second = children[0][:2]
    check_equal("path", path_of([first, second]), path)
    check_two_lines(lines, first, second)
    check_against_record(record, second)


def check_against_record(record, line):
    """Here the tracepoint tells the truth about SYN_RECV."""
    # Kernels up to 6.12 report LISTEN>SYN_RECV before they know the peer.
    events = [event for event in record.events
              if event.skaddr == line["skaddr"] and event.lport == line["lport"] and event.rport in (0, line["rport"])]
    begin = next(event.time_ns for event in events if event.newstate == "SYN_RECV")
    end = next(event.time_ns for event in events if event.oldstate == "SYN_RECV")
    ms = (end - begin) / 1e6
    right = line["ms"] is not None and ms - 0.05 <= line["ms"] <= ms + 1
    check(right, f"SYN_RECV {line['ms']} ms, the kernel's record says {ms}")


def test_fast_open(program):
    check_fast_open(program, False, "LISTEN>SYN_RECV SYN_RECV>ESTABLISHED")


def test_fast_open_closed_early(program):
    check_fast_open(program, True, "LISTEN>SYN_RECV SYN_RECV>FIN_WAIT1")
