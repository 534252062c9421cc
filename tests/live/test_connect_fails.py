# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Connections that end in SYN_SENT: connect() fails in this host, or an ICMP error answers so fast that the program reads
it and closes the socket before the kernel does.
"""

import errno
import json
import select
import socket

import actor
import netns
import observe
import own_ports
import router
import traffic
import wait
from actor import PATIENCE
from causes import Cast
from outcome import check_equal
from place import IPV4, loopback_places
from tool import check_good_end

FIELDS = "pid,lport,rport,oldstate,newstate,cause,icmp_type,icmp_code"
IPV6_RECVERR = 25
SYN_SENT = 2        # of enum tcp_state
NO_ICMP = None, None


def ends_of_connects(program, scenario):
    """Of the actor that the scenario is played with: why its connections left SYN_SENT, and by which ICMP error."""
    with Cast() as cast, program.start("-j", "-F", FIELDS) as tool:
        one = cast.actor("connects")
        pid = one.pid
        scenario(cast, one)
        lines = [json.loads(line) for line in tool.lines_until(observe.mark())]
        check_good_end(tool.end())
    return [(line["cause"], line["icmp_type"], line["icmp_code"]) for line in lines
            if line["pid"] == pid and line["oldstate"] == "SYN_SENT"]


def listener(cast, place):
    port = own_ports.new()
    cast.actor("server").do(actor.listen, place, port)
    return port


def one_local_port():
    """The only one that connect() may choose."""
    port = own_ports.new()
    netns.sysctl("net.ipv4.ip_local_port_range", f"{port} {port}")
    return port


# ---- connect() fails in this host


def check_in_vain(one, place, port, error):
    check_equal("connect", one.do(actor.connect_in_vain, place, port), error)


def test_no_port(program):
    """The only port is another socket's. Then it is free, and nobody answers: a socket that is used again."""
    for place in loopback_places():
        def scenario(cast, one):
            port, only = listener(cast, place), one_local_port()
            holder = cast.actor("holder")
            holder.do(actor.prepare, place, only)
            one.do(actor.prepare, place, None)
            for _ in range(2):
                check_in_vain(one, place, port, errno.EADDRNOTAVAIL)
            holder.end()
            check_in_vain(one, place, own_ports.new(), errno.ECONNREFUSED)
        check_equal(place.name, ends_of_connects(program, scenario),
                    [("no_port", *NO_ICMP)] * 2 + [("refused", *NO_ICMP)])


def test_taken(program):
    """Another socket has the same 4-tuple."""
    for place in loopback_places():
        def scenario(cast, one):
            port, client_port = listener(cast, place), own_ports.new()
            first = cast.actor("first")
            for each in first, one:
                each.do(actor.prepare, place, client_port)
            first.do(actor.connect, place, port)
            check_in_vain(one, place, port, errno.EADDRNOTAVAIL)
        check_equal(place.name, ends_of_connects(program, scenario), [("no_port", *NO_ICMP)])


def test_no_route(program):
    """There is a route as long as the local port is not known."""
    def scenario(cast, one):
        port, only = listener(cast, IPV4), one_local_port()
        router.ip("rule", "add", "pref", "100", "lookup", "local")
        router.ip("rule", "del", "pref", "0", "lookup", "local")
        router.ip("rule", "add", "pref", "50", "ipproto", "6", "sport", str(only), "unreachable")
        one.do(actor.prepare, IPV4, None)
        check_in_vain(one, IPV4, port, errno.ENETUNREACH)
    check_equal("no route", ends_of_connects(program, scenario), [("connect_failed", *NO_ICMP)])


# ---- an ICMP error that the program reads


def begin_to_connect(stage, place, address, port, *options):
    if not stage.one:
        stage.one = traffic.new_socket(place)
    for option in options:
        stage.one.setsockopt(*option)
    stage.one.setblocking(False)
    return stage.one.connect_ex((address, port))


def read_error(stage):
    """As a program does that poll() wakes: the error, and whether the kernel left the socket as it was."""
    poll = select.poll()
    poll.register(stage.one, select.POLLOUT)
    poll.poll(PATIENCE * 1000)
    error = stage.one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return error, actor.info(stage)[0] == SYN_SENT


def close_for_good(stage):
    stage.one.close()
    stage.one = None


def fail_at_once(one, place, address, error, end=close_for_good, *options):
    """Until the kernel wakes the program while connect() has the socket locked. How often it took."""
    tries = 0

    def is_fast():
        nonlocal tries
        tries += 1
        one.do(begin_to_connect, place, address, own_ports.mine[0], *options)
        got, is_early = one.do(read_error)
        one.do(end)
        check_equal("SO_ERROR", got, error)
        return is_early

    wait.until(is_fast, "an error is read in SYN_SENT")
    return tries


def check_rejection(program, address, error, icmp):
    tries = 0

    def scenario(cast, one):
        nonlocal tries
        router.start(cast.actor("router"))
        tries = fail_at_once(one, IPV4, address, error)

    found = ends_of_connects(program, scenario)
    check_equal("ends", found, [("unreachable", *icmp)] * tries)


def test_host_unreachable(program):
    check_rejection(program, router.UNREACHABLE, errno.EHOSTUNREACH, (3, 1))


def test_prohibited(program):
    check_rejection(program, router.PROHIBITED, errno.EHOSTUNREACH, (3, 13))


def test_unreachable6(program):
    place = next((place for place in loopback_places() if place.name == "ipv6"), None)
    if not place:
        return
    tries = 0

    def scenario(cast, one):
        nonlocal tries
        far = cast.actor("router")
        router.start(far)
        router.start6(far)
        tries = fail_at_once(one, place, router.UNREACHABLE6, errno.ENETUNREACH, close_for_good,
                             (socket.IPPROTO_IPV6, IPV6_RECVERR, 1))

    found = ends_of_connects(program, scenario)
    check_equal("ends", found, [("unreachable", 1, 0)] * tries)


def test_error_of_earlier_connect(program):
    """It stays in the socket's queue, but the next connection ends otherwise."""
    tries = 0

    def scenario(cast, one):
        nonlocal tries
        router.start(cast.actor("router"))
        tries = fail_at_once(one, IPV4, router.UNREACHABLE, errno.EHOSTUNREACH, actor.disconnect)
        server, port = cast.actor("deaf"), own_ports.new()
        server.do(actor.listen, IPV4, port)
        server.do(actor.listener_hears_nothing)
        check_equal("connect", one.do(begin_to_connect, IPV4, IPV4.raddr, port), errno.EINPROGRESS)
        one.do(close_for_good)

    found = ends_of_connects(program, scenario)
    check_equal("causes", [cause for cause, *_ in found], ["unreachable"] * tries + ["close"])
    check_equal("the last", found[-1], ("close", *NO_ICMP))
