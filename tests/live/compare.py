# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program's lines held against the kernel's own record of the same time."""

import os

from outcome import check, check_equal

TOLERANCE_MS = 0.050
# The program and the recorder look at the clock one after the other; an interrupt between them, rare as it is,
# makes two durations of that socket differ. So one duration in so many may be further off, but not far off.
ONE_IN = 10_000
FAR_OFF_MS = 20


def by_socket(items, key):
    sockets = {}
    for item in items:
        sockets.setdefault(key(item), []).append(item)
    return sockets


def change(line):
    return line["oldstate"], line["newstate"]


def ends(line):
    return line["ip"], line["laddr"], line["lport"], line["raddr"], line["rport"]


def ends_of_event(event):
    return event.ip, event.laddr, event.lport, event.raddr, event.rport


def check_same(lines, events, processes=()):
    """
    Nothing missing, nothing invented, order kept within each socket; ends, process and durations right. Of the
    processes named it is known that they have one thread.
    """
    known = {os.getpid(), *processes}
    shown = by_socket(lines, lambda line: line["skaddr"])
    recorded = by_socket(events, lambda event: event.skaddr)
    check_equal("number of transitions", len(lines), len(events))
    check_equal("socket addresses", set(shown), set(recorded))
    connects = connect_times(events)
    strange = []
    for skaddr, events_of in recorded.items():
        strange += check_socket(f"socket {skaddr}", shown[skaddr], events_of, known, connects)
    allowed = 2 + len(events) // ONE_IN
    check(len(strange) <= allowed, f"{len(strange)} of {len(events)} durations are off, as {strange[:3]}")


def connect_times(events):
    """For each event that ends SYN_RECV: when the client at the other end called connect(), if it is here too."""
    begun, by_ports, answer = {}, {}, {}
    for event in events:
        if event.newstate == "SYN_SENT":
            begun[event.skaddr] = event.time_ns
        elif event.oldstate == "SYN_SENT":
            by_ports[event.lport, event.rport] = begun.get(event.skaddr)
        elif event.oldstate == "SYN_RECV":
            answer[event] = by_ports.get((event.rport, event.lport))
    return answer


def check_socket(what, lines, events, known, connects):
    """The answer: remarks on durations that are off."""
    check_equal(what, list(map(change, lines)), [(event.oldstate, event.newstate) for event in events])
    strange = []
    for line, event, before in zip(lines, events, [None] + events):
        where = f"{what} {event.oldstate}>{event.newstate}"
        check_process(where, line["c_pid"], event.pid, known)
        strange += check_line(where, line, event, before, connects.get(event))
    return strange


def check_process(what, shown, recorded, known):
    """The record notes threads; what runs no more, and is not known, cannot be asked which process it belonged to."""
    if shown in known or recorded in known or os.path.exists(f"/proc/{recorded}"):
        check_equal(f"{what}: process", shown, recorded)


def check_line(what, line, event, before, connected_ns=None):
    # Kernels up to 6.12 report LISTEN>SYN_RECV before they know the peer.
    if event.newstate != "SYN_RECV" or event.rport:
        check_equal(f"{what}: ends", ends(line), ends_of_event(event))
    if event.oldstate == "SYN_RECV" and before and before.oldstate == "LISTEN":
        return check_handshake(what, line["ms"], event, before, connected_ns)
    return check_duration(what, line["ms"], event, before)


def check_handshake(what, ms, event, before, connected_ns):
    """A child's SYN_RECV begins after its client's connect() and before the kernel reports it."""
    least = (event.time_ns - before.time_ns) / 1e6
    most = (event.time_ns - connected_ns) / 1e6 if connected_ns else None
    remark = f"{what}: {ms} ms, in truth from {least} to {most}"
    check(ms is None or most is None or ms <= most + TOLERANCE_MS, remark)
    check(ms is None or ms >= least - FAR_OFF_MS, remark)
    return [remark] if ms is not None and ms < least - TOLERANCE_MS else []


def check_duration(what, ms, event, before):
    passed = (event.time_ns - before.time_ns) / 1e6 if before else None
    if event.oldstate == "LISTEN" and event.newstate == "SYN_RECV":
        check(ms is None, f"{what}: a new child shows {ms} ms in LISTEN")
    elif event.oldstate == "CLOSE":
        right = ms is None or 0 <= ms <= (passed or ms) + TOLERANCE_MS
        check(right, f"{what}: {ms} ms, last seen {passed} ms before")
    elif passed is None:
        check(ms is None or ms >= 0, f"{what}: {ms} ms, never seen before")
    else:
        remark = f"{what}: {ms} ms, the kernel's record says {passed}"
        check(ms is not None and abs(ms - passed) <= FAR_OFF_MS, remark)
        return [remark] if abs(ms - passed) > TOLERANCE_MS else []
    return []
