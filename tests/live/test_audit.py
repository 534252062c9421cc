# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The audit finds what is wrong, of each kind, and finds nothing wrong where all is right."""

import os
import struct
import tempfile
import time

import audit
import own_ports
import state_machine
import traffic
from actor import Actor
from outcome import Failed, check, check_equal
from place import IPV4

LONGEST_MS = 1000.0
HEADER_SIZE = 304                           # of a recording (docs/recording.md)
ENTRY = struct.Struct("=HHI")
TRANSITION, END_MARK = 1, 4


def line(oldstate, newstate, at_ms, ms=None, **values):
    return {"timestamp": at_ms / 1000, "skaddr": "ffff0001", "cookie": "1001", "ip": 4, "netns": 7, "laddr": "10.0.0.1",
            "lport": 40000, "raddr": "10.0.0.2", "rport": 80, "oldstate": oldstate, "newstate": newstate, "ms": ms,
            "ms_about": None, "ms_at_least": None, "tx_bytes": 0, "rx_bytes": 0, "retrans": 0, **values}


def client():
    """A session, and the next one of the same socket."""
    return [
        line("CLOSE", "SYN_SENT", 10, 900.5, lport=0),
        line("SYN_SENT", "ESTABLISHED", 11, 1.0),
        line("ESTABLISHED", "FIN_WAIT1", 20, 9.0, tx_bytes=5),
        line("FIN_WAIT1", "FIN_WAIT2", 20.5, 0.5, tx_bytes=5),
        line("FIN_WAIT2", "CLOSE", 21, 0.5, tx_bytes=5, rx_bytes=9),
        line("CLOSE", "SYN_SENT", 30, 9.0, lport=40001, raddr="10.0.0.3"),
        line("SYN_SENT", "CLOSE", 31, 1.0, lport=40001, raddr="10.0.0.3"),
    ]


def child(at_ms, cookie):
    """A session of a listener's."""
    return [
        line("LISTEN", "SYN_RECV", at_ms, cookie=cookie),
        line("SYN_RECV", "ESTABLISHED", at_ms + 0.1, 0.1, cookie=cookie),
        line("ESTABLISHED", "CLOSE", at_ms + 2, 1.9, cookie=cookie),
    ]


def found(lines, is_whole=True):
    return state_machine.complaints(lines, is_whole, LONGEST_MS)


def changed(number, **values):
    lines = client()
    lines[number].update(values)
    return lines


def without(number):
    return [some for place, some in enumerate(client()) if place != number]


# What is wrong: the words of the complaint, and the lines.
WRONG = {
    "a transition that TCP has not": ("no such transition", [line("LAST_ACK", "ESTABLISHED", 1)]),
    "a state that there is not": ("no such transition", [line("UNKNOWN", "CLOSE", 1)]),
    "a gap": ("comes after", without(2)),
    "a session that ends twice": (
        "goes on after its end", client()[:5] + [line("TIME_WAIT", "CLOSE", 40, tx_bytes=5, rx_bytes=9)]),
    "time that runs backwards": ("ms before", changed(6, timestamp=0.0299, ms=None)),
    "a duration below zero": ("no duration", changed(0, ms=-0.001)),
    "one older than the machine": ("no duration", changed(0, ms=LONGEST_MS + 1)),
    "one beyond the session": ("began only", changed(3, ms=0.6)),
    "an approximate one beyond it": ("began only", changed(3, ms=None, ms_about=0.6)),
    "a lower bound beyond it": ("began only", changed(3, ms=None, ms_at_least=0.6)),
    "one too short": ("began 9.000 ms before", changed(2, ms=8.9)),
    "two durations": ("ms and ms_about", changed(2, ms_about=9.0)),
    "a cookie of two sockets": ("skaddr", changed(2, skaddr="ffff0002")),
    "of two families": ("ip is", changed(2, ip=6)),
    "of two namespaces": ("netns", changed(2, netns=8)),
    "of two peers": ("raddr was", changed(2, raddr="10.0.0.9")),
    "of two ports": ("lport was", changed(2, lport=40009)),
    "a cookie of two children": ("goes on after its end", child(10, "1001") + child(20, "1001")),
    "a child without a cookie before the other's end": ("comes after", child(10, None)[:2] + child(20, None)),
    "fewer bytes than before": ("tx_bytes falls", changed(3, tx_bytes=4)),
}

# What is no mistake.
RIGHT = {
    "whole sessions": client(),
    "a session older than the trace": [line("FIN_WAIT2", "TIME_WAIT", 20.5), line("TIME_WAIT", "CLOSE", 21, 0.5)],
    "a duration that is not known": changed(2, ms=None),
    "a lower bound": changed(2, ms=None, ms_at_least=1.0),
    "what is cut off to microseconds": changed(3, ms=0.501),
    "figures that are not known": changed(3, tx_bytes=None, rx_bytes=None),
    "addresses used again by sockets without a cookie": [{**some, "cookie": None} for some in client()],
    "ports and addresses used again by children without a cookie": child(10, None) + child(20, None),
}


def test_wrong_lines(program):
    for kind, (words, lines) in WRONG.items():
        said = found(lines)
        check(any(words in one for one in said), f"{kind}: {said}")


def test_right_lines(program):
    for kind, lines in RIGHT.items():
        check_equal(kind, found(lines), [])


def test_loss(program):
    """What was lost leaves a gap; what is shown is still true."""
    check_equal("after a loss", found(without(2), is_whole=False), [])
    check(found(changed(3, timestamp=0.0199, ms=None), is_whole=False), "time runs backwards beside a loss")
    check(found(changed(3, ms=0.6), is_whole=False), "a duration beyond the session beside a loss")


def test_every_state(program):
    """Its table has every state of the program's, which says of each pair whether it can be."""
    for old, followers in state_machine.FOLLOWERS.items():
        for new in state_machine.FOLLOWERS:
            ended = program.run("-r", os.devnull, "--from", old, "--to", new, "--minisocks")
            check_equal(f"{old}>{new}: is no usage error", ended.status != 2, new in followers)


def owned(pid, comm, oldstate="CLOSE"):
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    return [line(oldstate, "LISTEN", 1, pid=pid, comm=comm, time=now)]


def complaints_of_owner(pid, comm):
    return audit.complaints_of_owners(owned(pid, comm))


def test_owners(program):
    """A process that lived, by its name; not one that there never was, nor by a name that it never had."""
    me = os.getpid()
    with open("/proc/self/comm", encoding="ascii") as file:
        name = file.read().strip()
    one = Actor("an-owner")
    try:
        check_equal("this process", complaints_of_owner(me, name), [])
        check_equal("another one", complaints_of_owner(one.pid, "an-owner"), [])
        check_equal("its name before", complaints_of_owner(one.pid, name), [])
        check("its name was" in "".join(complaints_of_owner(one.pid, "nobody")), "a name that it never had")
        check("no such process" in "".join(complaints_of_owner(1, "init")), "a process that is none of the test's")
        pid = one.pid
    finally:
        one.end()
    check_equal("one that has just ended", complaints_of_owner(pid, "an-owner"), [])
    life = audit.processes.lives[pid][-1]
    life.end_ns -= 2 * audit.OWNER_SLACK_NS
    check("did not live then" in "".join(complaints_of_owner(pid, "an-owner")), "one that had ended before the session began")


def entries(recording):
    """[(kind, bytes)]"""
    place, some = HEADER_SIZE, []
    while place < len(recording):
        kind, size, _ = ENTRY.unpack_from(recording, place)
        some.append((kind, recording[place:place + ENTRY.size + size]))
        place += ENTRY.size + size
    return some


def lacking(recording, number):
    """Without one of its transitions, and without its end mark, which knows how many there are."""
    kept, seen = recording[:HEADER_SIZE], 0
    for kind, entry in entries(recording):
        if kind == TRANSITION:
            seen += 1
        if kind != END_MARK and not (kind == TRANSITION and seen == number):
            kept += entry
    return kept


def is_complained(what):
    try:
        what()
    except Failed as why:
        return "comes after" in str(why)
    return False


def test_every_run(program):
    """A recording with a gap is found whatever is made of it: the lines that it prints, and a recording of it."""
    with tempfile.TemporaryDirectory() as folder:
        whole, wrong, copy = (f"{folder}/{name}" for name in ("whole", "wrong", "copy"))
        with program.start("-q", "-o", whole) as tool:
            traffic.reset(IPV4)
            tool.end()
        with open(whole, "rb") as file:
            recording = file.read()
        ports = own_ports.as_range()
        own = [some for some in program.run("-r", whole, "-s", "--no-header").lines if own_ports.in_text(some)]
        number = 1 + next(place for place, some in enumerate(own) if b"SYN_SENT,ESTABLISHED" in some)
        with open(wrong, "wb") as file:
            file.write(lacking(recording, number))
        check(not is_complained(lambda: program.run("-r", whole, "-j")), f"the whole recording of ports {ports}")
        check(is_complained(lambda: program.run("-r", wrong, "-j")), "lines")
        check(is_complained(lambda: program.run("-r", wrong, "-q", "-o", copy)), "a recording")
        check(is_complained(lambda: program.run("-r", wrong, "--sessions", "-o", copy)), "a recording beside a view")
        check(not is_complained(lambda: program.run("-r", wrong, "-j", "--cause", "close")), "what a filter leaves out is no gap")
        check(not is_complained(lambda: program.run("-r", whole, "-q", "-o", copy, "--to", "CLOSE")), "nor in a recording")
        check(not is_complained(lambda: program.run("-r", copy, "-j")), "nor in its replay")
