# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What must be true of the lines of any trace, whatever the test does: TCP's state machine, time, and that one cookie is one
socket. The lines are JSON objects in the order in which the program prints them.
"""

import datetime

from outcome import short

# Every transition in net/ipv4/tcp*.c (5.10 to 7.2), with the minisocks. The program has a table of its own.
FOLLOWERS = {
    "CLOSE": {"LISTEN", "SYN_SENT"},
    "LISTEN": {"SYN_RECV", "CLOSE"},
    "SYN_SENT": {"ESTABLISHED", "SYN_RECV", "CLOSE"},
    "SYN_RECV": {"ESTABLISHED", "FIN_WAIT1", "CLOSE_WAIT", "CLOSE"},
    "ESTABLISHED": {"FIN_WAIT1", "CLOSE_WAIT", "CLOSE"},
    "FIN_WAIT1": {"FIN_WAIT2", "CLOSING", "CLOSE"},
    "FIN_WAIT2": {"TIME_WAIT", "CLOSE"},
    "CLOSING": {"TIME_WAIT", "CLOSE"},
    "CLOSE_WAIT": {"LAST_ACK", "CLOSE"},
    "LAST_ACK": {"CLOSE"},
    "TIME_WAIT": {"CLOSE"},
}

DURATIONS = "ms", "ms_about", "ms_at_least"
COUNTERS = "tx_bytes", "rx_bytes", "retrans"
IDENTITY = "skaddr", "ip", "netns"
ENDS = "laddr", "lport", "raddr", "rport"
UNSPECIFIED = {0, "0.0.0.0", "::", "::ffff:0.0.0.0"}

# Times and durations are cut off to microseconds, each for itself.
ROUNDING_MS = 0.0021

# Without these, a line does not say enough.
NEEDED = {"skaddr", "cookie", "oldstate", "newstate", *ENDS}


def time_ms(line):
    """On a clock that all lines of a trace have in common; None if the line does not say."""
    if "timestamp" in line:
        return line["timestamp"] * 1000
    return wall_ms(line)


def wall_ms(line):
    """Since 1970."""
    if "time" not in line:
        return None
    since = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")) - EPOCH
    return since // datetime.timedelta(microseconds=1) / 1000


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def begins_another(before, line):
    """Whether it is of another socket than the line before, which has no cookie either: a listener's child is new."""
    return not line["cookie"] and before["newstate"] == "CLOSE" and line["oldstate"] == "LISTEN" and line["newstate"] != "CLOSE"


def by_socket(lines):
    """
    The lines of each socket, in their order. Before Linux 5.12 there are sockets without a cookie; their addresses are
    used again, even while a time-wait socket is known by the address of the socket that it replaced, and even for the
    same ports.
    """
    sockets, now = [], {}
    for line in lines:
        key = line["cookie"] or (line["skaddr"], *(line[end] for end in ENDS))
        if key not in now or begins_another(now[key][-1], line):
            now[key] = []
            sockets.append(now[key])
        now[key].append(line)
    return sockets


def complaints(lines, is_whole, longest_ms):
    """
    What cannot be true, as texts. is_whole: no line was lost or filtered out, so that each session is shown without a gap
    from its first line on. longest_ms: no state can have lasted longer than the machine.
    """
    found = [complaint for line in lines for complaint in complaints_of_line(line, longest_ms)]
    for some in by_socket(lines):
        for before, line in zip(some, some[1:]):
            found += complaints_of_pair(before, line, is_whole)
    return found


def about(line):
    who = f"{line['laddr']}:{line['lport']} > {line['raddr']}:{line['rport']}, cookie {line['cookie']}"
    return f"{line['oldstate']}>{line['newstate']} of {who}"


def complaints_of_line(line, longest_ms):
    if line["newstate"] not in FOLLOWERS.get(line["oldstate"], ()):
        yield f"{about(line)}: TCP has no such transition"
    known = [key for key in DURATIONS if line.get(key) is not None]
    if len(known) > 1:
        yield f"{about(line)}: the duration is {' and '.join(known)}"
    for key in known:
        if not 0 <= line[key] <= longest_ms:
            yield f"{about(line)}: {key} {line[key]} is no duration on this machine"


def complaints_of_pair(before, line, is_whole):
    """line is the next one of the same socket that is shown."""
    is_reopened = line["oldstate"] == "CLOSE"
    if is_whole and line["oldstate"] != before["newstate"]:
        yield f"{about(line)}: comes after {before['oldstate']}>{before['newstate']}"
    if before["newstate"] == "CLOSE" and not is_reopened:
        yield f"{about(line)}: goes on after its end"
    yield from complaints_of_time(before, line, is_whole)
    yield from complaints_of_identity(before, line, is_reopened)
    for key in COUNTERS:
        was, now = before.get(key), line.get(key)
        if not is_reopened and was is not None and now is not None and now < was:
            yield f"{about(line)}: {key} falls from {was} to {now}"


def complaints_of_time(before, line, is_whole):
    if time_ms(line) is None or time_ms(before) is None:
        return
    passed = time_ms(line) - time_ms(before)
    if passed < -ROUNDING_MS:
        yield f"{about(line)}: {-passed:.3f} ms before {before['oldstate']}>{before['newstate']}"
        return
    for key in DURATIONS:
        if line.get(key) is not None and line[key] > passed + ROUNDING_MS:
            yield f"{about(line)}: {key} {line[key]}, but {before['newstate']} began only {passed:.3f} ms before"
    if is_whole and line.get("ms") is not None and line["ms"] < passed - ROUNDING_MS:
        yield f"{about(line)}: ms {line['ms']}, but {before['newstate']} began {passed:.3f} ms before"


def complaints_of_identity(before, line, is_reopened):
    """One cookie is one socket; what it is connected with changes only when it is connected again."""
    for key in IDENTITY:
        if line.get(key) != before.get(key):
            yield f"{about(line)}: {key} is {short(line.get(key))}, and was {short(before.get(key))} in the line before"
    for key in ENDS:
        was, now = before[key], line[key]
        if not is_reopened and was != now and was not in UNSPECIFIED:
            yield f"{about(line)}: {key} was {was} in the line before"
