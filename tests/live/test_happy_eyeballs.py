# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--diagnose finds clients that try one address family in vain and then connect by the other; and nothing near that."""

import json
import os
import tempfile
import time

import own_ports
import traffic
from outcome import Failed, Skipped, check, check_equal
from place import IPV4, IPV6
from tool import check_good_end, here

MANY = 6                # a finding needs five
DELAY = 0.2             # seconds from the first attempt to the second
LONG = 1.2              # likewise: the SYN is sent again after a second
IN_TIME = 0.8           # seconds from the second connections to the close of the first ones; the rule takes 1 s
TRIES = 20
RULES = "happy-eyeballs,syn-unanswered"
OTHER = IPV4._replace(laddr="127.0.0.2", raddr="127.0.0.2")


def attempts(place, port):
    """They do not wait for an answer."""
    ones = [traffic.new_socket(place) for _ in range(MANY)]
    for one in ones:
        one.setblocking(False)
        one.connect_ex((place.raddr, port))
    return ones


def connections(place, port):
    ones = [traffic.new_socket(place) for _ in range(MANY)]
    for one in ones:
        one.connect((place.raddr, port))
    return ones


def in_another_process(act):
    """What it connects is open until it ends."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    check_equal("status of the other process", os.waitpid(pid, 0)[1], 0)


def listen(kept, port, deaf=(), well=()):
    """At these places: a filter drops all that comes, or not."""
    for place in *deaf, *well:
        one = traffic.new_socket(place, port)
        one.listen(64)
        if place in deaf:
            traffic.drop_all_received(one)
        kept.append(one)


def in_vain(stage, first, then=None, delay=DELAY):
    """
    The first place has no answer. then: makes the second connections, which stay open. Again at another port, if this machine
    was too busy to do it as fast as a client does.
    """
    for _ in range(TRIES):
        port, is_in_time = try_in_vain(stage.kept, first, then, delay)
        if is_in_time:
            return port
        stage.late.add(port)
    raise Failed(f"this machine needs more than {IN_TIME} s for {MANY} connections")


def try_in_vain(kept, first, then, delay):
    port = own_ports.new()
    listen(kept, port, deaf=[first], well=[place for place in (IPV4, IPV6, OTHER) if place is not first])
    given_up = attempts(first, port)
    time.sleep(delay)       # what a client waits
    begin = time.monotonic()
    if then:
        kept += then(port) or []
    for one in given_up:
        one.close()
    return port, time.monotonic() - begin < IN_TIME


class Stage:
    """What is open until the end, and the ports of what was too late."""

    def __init__(self):
        self.kept, self.late = [], set()


def answered(stage):
    """The first place answers after all, and the second connection is closed."""
    port = own_ports.new()
    listen(stage.kept, port, well=[IPV6, IPV4])
    first = attempts(IPV6, port)
    time.sleep(DELAY)
    for one in connections(IPV4, port) + first:
        one.close()


def refused(stage):
    port = own_ports.new()
    listen(stage.kept, port, well=[IPV4])
    first = attempts(IPV6, port)
    time.sleep(DELAY)
    stage.kept += connections(IPV4, port)
    for one in first:
        one.close()


def play(stage):
    """What is to be found: {(rule, raddr, port)}."""
    by_ipv4, by_ipv6, by_other = (lambda port, place=place: connections(place, port) for place in (IPV4, IPV6, OTHER))
    found = {("happy-eyeballs", IPV6.raddr, in_vain(stage, IPV6, by_ipv4)),
             ("happy-eyeballs", IPV4.raddr, in_vain(stage, IPV4, by_ipv6)),
             ("happy-eyeballs", IPV6.raddr, in_vain(stage, IPV6, by_ipv4, LONG)),
             ("syn-unanswered", IPV6.raddr, in_vain(stage, IPV6, delay=LONG))}
    in_vain(stage, IPV6)                    # given up without another connection
    in_vain(stage, IPV4, by_other)          # of the same family
    in_vain(stage, IPV6, lambda port: in_another_process(lambda: connections(IPV4, port)))
    answered(stage)
    refused(stage)
    return found


def test_happy_eyeballs(program):
    if not os.path.exists("/proc/net/if_inet6"):
        raise Skipped("this kernel has no IPv6")
    stage = Stage()
    options = f"--diagnose={RULES}", "-j", here()
    with tempfile.NamedTemporaryFile() as file, program.start(*options, "-o", file.name) as tool:
        wanted = play(stage)
        ended = tool.end()
        replayed = program.run(*options, "-r", file.name)
    check_good_end(ended)
    check_equal("its replay", replayed.output, ended.output)
    totals = [line for line in map(json.loads, ended.lines) if line["event"] == "total"]
    found = {(line["rule"], line["raddr"], line["port"]) for line in totals}
    check_equal("not found", wanted - found, set())
    check_equal("found without a reason", {one for one in found if one[2] not in stage.late} - wanted, set())
    for line in totals:
        if line["port"] in stage.late:
            continue
        check_equal("count", (line["count"], line["of"], line["role"]), (MANY, MANY, "client"))
        other = "an IPv4" if line["raddr"] == IPV6.raddr else "an IPv6"
        wanted_text = f" got no answer, and were given up for {other} connection that began " if line["rule"] == "happy-eyeballs" else " to their SYN "
        check(wanted_text in line["text"], line["text"])
