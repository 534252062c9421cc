# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program's lines held against the kernel's own record of the same time."""

import os

from outcome import check, check_equal

# What is printed is rounded.
TOLERANCE_MS = 0.002


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
    Nothing missing, nothing invented, order kept within each socket; ends, process and durations right. The events
    are those that two records enclose. Of the processes named it is known that they have one thread.
    """
    known = {os.getpid(), *processes}
    shown = by_socket(lines, lambda line: line["skaddr"])
    recorded = by_socket(events, lambda event: event.skaddr)
    check_equal("number of transitions", len(lines), len(events))
    check_equal("socket addresses", set(shown), set(recorded))
    connects = connect_times(events)
    for skaddr, events_of in recorded.items():
        check_socket(f"socket {skaddr}", shown[skaddr], events_of, known, connects)


def connect_times(events):
    """For each event that ends SYN_RECV: that of the connect() at the other end, if it is here too."""
    begun, by_ports, answer = {}, {}, {}
    for event in events:
        if event.newstate == "SYN_SENT":
            begun[event.skaddr] = event
        elif event.oldstate == "SYN_SENT":
            by_ports[event.lport, event.rport] = begun.get(event.skaddr)
        elif event.oldstate == "SYN_RECV":
            answer[event] = by_ports.get((event.rport, event.lport))
    return answer


def check_socket(what, lines, events, known, connects):
    check_equal(what, list(map(change, lines)), [(event.oldstate, event.newstate) for event in events])
    for line, event, before in zip(lines, events, [None] + events):
        where = f"{what} {event.oldstate}>{event.newstate}"
        check_process(where, line["c_pid"], event.pid, known)
        check_line(where, line, event, before, connects.get(event))


def check_process(what, shown, recorded, known):
    """The record notes threads; what runs no more, and is not known, cannot be asked which process it belonged to."""
    if shown in known or recorded in known or os.path.exists(f"/proc/{recorded}"):
        check_equal(f"{what}: process", shown, recorded)


def check_line(what, line, event, before, connect=None):
    # Kernels up to 6.12 report LISTEN>SYN_RECV before they know the peer.
    if event.newstate != "SYN_RECV" or event.rport:
        check_equal(f"{what}: ends", ends(line), ends_of_event(event))
    if event.oldstate == "SYN_RECV" and before and before.oldstate == "LISTEN":
        check_handshake(what, line["ms"], event, before, connect)
    else:
        check_duration(what, line["ms"], event, before)


def least_ms(before, event):
    return (event.earliest_ns - before.latest_ns) / 1e6 - TOLERANCE_MS


def most_ms(before, event):
    return (event.latest_ns - before.earliest_ns) / 1e6 + TOLERANCE_MS


def check_handshake(what, ms, event, before, connect):
    """A child's SYN_RECV begins after its client's connect() and before the kernel reports it."""
    least = least_ms(before, event)
    most = most_ms(connect, event) if connect else None
    right = ms is None or least <= ms and (most is None or ms <= most)
    check(right, f"{what}: {ms} ms, in truth from {least} to {most}")


def check_duration(what, ms, event, before):
    if event.oldstate == "LISTEN" and event.newstate == "SYN_RECV":
        check(ms is None, f"{what}: a new child shows {ms} ms in LISTEN")
    elif before is None:
        check(ms is None or ms >= 0, f"{what}: {ms} ms, never seen before")
    elif event.oldstate == "CLOSE":
        right = ms is None or 0 <= ms <= most_ms(before, event)
        check(right, f"{what}: {ms} ms, last seen at most {most_ms(before, event)} ms before")
    else:
        check_measured(what, ms, event, before)


def check_measured(what, ms, event, before):
    least, most = least_ms(before, event), most_ms(before, event)
    check(ms is not None and least <= ms <= most, f"{what}: {ms} ms, by the kernel's records from {least} to {most}")
