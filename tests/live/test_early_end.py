# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Minisocks that end before their timer expires: by a reset, by late data, by a process, with their network namespace. If
the kernel reports it, the end is exact and its cause is known. If not, a check finds it gone within seconds, and the
cause is not known, because nothing shows it. Others, to which nothing happens, stay.
"""

import contextlib
import errno
import json
import os
import re
import socket
import tempfile
import time

import actor
import netns
import observe
import own_ports
import traffic
import wait
from lines import from_json
from outcome import Skipped, check, check_equal
from place import IPV4, loopback_places
from raw_tcp import Wire
from test_minisock import close_in_time_wait, moment, sees_ends
from tool import check_good_end

FOUND_MS = 8000     # how late a check may find an end: the longest interval, and a busy machine
DURATIONS = "ms", "ms_about", "ms_at_least"


def kernel_is_at_least(*version):
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= version


class Ended:
    """A minisock, and when the test ended it: between .before and .after (wall time)."""

    def __init__(self, lport, rport, state):
        self.lport, self.rport, self.state = lport, rport, state
        self.before = self.after = None

    def end(self, how):
        self.before = time.time()
        how(self)
        wait.until(lambda: (self.lport, self.rport) not in wait.ends(), f"the minisock from {self.lport} ends")
        self.after = time.time()

    def is_in(self, line):
        return (line["lport"], line["rport"]) == (self.lport, self.rport)


def orphan(place):
    """In FIN_WAIT2, and the peer's socket in CLOSE_WAIT."""
    session, child = close_in_time_wait(place)
    wait.reached_unaccepted("FIN_WAIT2", *session.key[:2])
    return Ended(*session.key[:2], "FIN_WAIT2"), child


def time_wait(place):
    one, child = orphan(place)
    child.close()
    wait.reached_unaccepted("TIME_WAIT", one.lport, one.rport)
    one.state = "TIME_WAIT"
    return one


def enter_time_wait(tool, ones):
    """Until the trace shows them there: it sees within a moment that an orphan's FIN has come."""
    missing = set(ones)
    while missing:
        line, = from_json([tool.next_line()])
        if line["newstate"] == "TIME_WAIT":
            missing -= {one for one in missing if one.is_in(line)}


def ends_in(tool, sessions):
    """The last line of each session; fails if one of the others ends, too."""
    lines, missing = [], set(sessions)
    while missing:
        line, = from_json([tool.next_line()])
        if line["newstate"] == "CLOSE" and line["oldstate"] in ("FIN_WAIT2", "TIME_WAIT"):
            lines.append(line)
            missing -= {one for one in missing if one.is_in(line)}
    lines += [line for line in from_json(tool.lines_until(observe.mark())) if line["newstate"] == "CLOSE"]
    return {one: [line for line in lines if one.is_in(line)] for one in sessions}, lines


def check_exact(one, line, duration="ms"):
    known = [key for key in DURATIONS if line[key] is not None]
    check_equal("durations", known, [duration])
    check(one.before <= moment(line) <= one.after, f"the end is at {moment(line)}, not in {one.before} to {one.after}")


def check_found(one, line):
    """Found gone: about when, or only when it was last there."""
    known = [key for key in DURATIONS if line[key] is not None]
    if known == ["ms_at_least"]:
        check(moment(line) <= one.after, f"was there at {moment(line)}, but is gone at {one.after}")
        return
    check_equal("durations", known, ["ms_about"])
    off = (moment(line) - one.after) * 1000
    check(one.before <= moment(line) and off <= FOUND_MS, f"found gone {off} ms after {one.after}")


def check_end(one, lines, cause, duration="ms"):
    """cause: None where the kernel does not report it. duration: how much is known of it otherwise."""
    check_equal(f"ends of {one.lport}", len(lines), 1)
    line = lines[0]
    check_equal("end", (line["oldstate"], line["cause"]), (one.state, cause))
    if cause:
        check_exact(one, line, duration)
    else:
        check_found(one, line)
    return line


def check_untouched(ones, lines):
    for one in ones:
        check_equal(f"ends of {one.lport}, to which nothing happens", [line for line in lines if one.is_in(line)], [])


@contextlib.contextmanager
def recorded(program):
    """A trace, and a function that ends it and returns the rows of its sessions, by their ports."""
    with tempfile.NamedTemporaryFile() as file, program.start("-j", "-o", file.name) as tool:
        def end():
            check_good_end(tool.end())
            ended = program.run("-r", file.name, "--sessions", "--minisocks", "-j")
            check_good_end(ended)
            return {(row["lport"], row["rport"]): row for row in map(json.loads, ended.lines)}
        yield tool, end


# ---- the peer does it


def late_data(child):
    def end(one):
        child.send(b"late")
        traffic.wait.until(lambda: child.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EPIPE, "a reset arrives")
    return end


def check_late_data(program, place):
    with recorded(program) as (tool, end):
        one, child = orphan(place)
        other, other_child = orphan(place)
        one.end(late_data(child))
        found, lines = ends_in(tool, [one])
        child.close()
        wait.until(lambda: (one.rport, one.lport) not in wait.ends(), "the peer's socket is gone")
        is_reported = tool.traces("tcp_timewait_state_process") or kernel_is_at_least(6, 10)
        rows = end()
    other_child.close()
    line = check_end(one, found[one], "reset_late_data" if is_reported else None)
    check_untouched([other], lines)
    if kernel_is_at_least(6, 12):
        check_equal("reason", line["reset_reason"], "tcp_timewait_socket")
    sent, received = rows[one.lport, one.rport], rows[one.rport, one.lport]
    check_equal("the end that closed first", (sent["end_cause"], sent["closed_by"]),
                ("reset_late_data" if is_reported else None, "local"))
    check_equal("its peer", (received["end_cause"], received["closed_by"]), ("reset_received", "peer"))


def test_late_data(program):
    """An orphan in FIN_WAIT2 answers data with a reset: its end, and its peer's, show the same reset."""
    for place in loopback_places():
        check_late_data(program, place)


def test_reset_of_orphan(program):
    with program.start("-j") as tool:
        one, child = orphan(IPV4)
        other, other_child = orphan(IPV4)
        traffic.reset_on_close(child)
        one.end(lambda _: child.close())
        found, lines = ends_in(tool, [one])
        is_reported = sees_ends(tool)
        check_good_end(tool.end())
    other_child.close()
    check_end(one, found[one], "reset_received" if is_reported else None)
    check_untouched([other], lines)


def test_reset_of_time_wait(program):
    """The session had closed before: that is its cause, and the reset only the cause of its end."""
    with Wire() as wire, recorded(program) as (tool, end):
        one, other = time_wait(IPV4), time_wait(IPV4)
        enter_time_wait(tool, [one, other])
        one.end(lambda _: wire.reset(IPV4, one.lport, one.rport))
        found, lines = ends_in(tool, [one])
        is_reported = sees_ends(tool)
        rows = end()
    cause = "reset_received" if is_reported else None
    check_end(one, found[one], cause)
    check_untouched([other], lines)
    row = rows[one.lport, one.rport]
    check_equal("session", (row["cause"], row["end_cause"], row["closed_by"]), ("close", cause, "local"))


# ---- a process does it


def destroy(one):
    try:
        actor.destroy(None, IPV4, one.lport, one.rport)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise Skipped("this kernel does not destroy minisocks (before 6.2)") from None
        raise


def test_destroyed(program):
    with program.start("-j") as tool:
        half_closed, child = orphan(IPV4)
        ones, other = [time_wait(IPV4), half_closed], time_wait(IPV4)
        enter_time_wait(tool, [ones[0], other])
        for one in ones:
            one.end(destroy)
        found, lines = ends_in(tool, ones)
        is_reported = sees_ends(tool)
        check_good_end(tool.end())
    child.close()
    for one in ones:
        check_end(one, found[one], "destroyed" if is_reported else None)
    check_untouched([other], lines)


def close_first(listener, port):
    """A port that may be bound again."""
    connection = traffic.Connection(listener, port)
    connection.client.close()
    wait.reached("CLOSE_WAIT", connection.child)
    connection.child.close()
    wait.reached_unaccepted("TIME_WAIT", port, listener.port)
    return Ended(port, listener.port, "TIME_WAIT")


def test_recycled_by_connect(program):
    """connect() may use the ports of TIME_WAIT after a second: tcp_twsk_unique()."""
    netns.sysctl("net.ipv4.tcp_tw_reuse", 1)
    with program.start("-j") as tool:
        listener = traffic.Listener(IPV4)
        ones = [close_first(listener, own_ports.new()) for _ in range(2)]
        one, other = ones
        enter_time_wait(tool, ones)
        with traffic.new_socket(IPV4, one.lport) as client:
            one.before = time.time()
            wait.until(lambda: not client.connect_ex((IPV4.raddr, one.rport)), "the ports can be used again")
            one.after = time.time()
            found, lines = ends_in(tool, [one])
        is_reported = sees_ends(tool)
        check_good_end(tool.end())
    listener.socket.close()
    line, = found[one]
    check_equal("end", (line["oldstate"], line["cause"]), ("TIME_WAIT", "recycled"))
    (check_exact if is_reported else check_found)(one, line)
    check_untouched([other], lines)


@contextlib.contextmanager
def namespace(count):
    """With so many in TIME_WAIT: (inode, ends, function that destroys it)."""
    ready, say_ready = os.pipe()
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            netns.private_network()
            ends = [time_wait(IPV4) for _ in range(count)]
            os.write(say_ready, json.dumps([netns.inode(), [(one.lport, one.rport) for one in ends]]).encode())
            os.read(told, 1)
            status = 0
        finally:
            os._exit(status)

    def leave():
        os.write(tell, b"x")
        os.waitpid(pid, 0)
    try:
        inode, ends = json.loads(os.read(ready, 1 << 12))
        yield inode, ends, leave
    finally:
        for end in ready, say_ready, told, tell:
            os.close(end)


def test_namespace_gone(program):
    """The namespace is there when the trace begins, and its minisocks are older than the trace."""
    with namespace(2) as (inode, ends, leave), program.start("-j", "--netns", str(inode)) as tool:
        before = time.time()
        leave()
        lines = []
        while len(lines) < len(ends):
            lines += [line for line in from_json([tool.next_line()]) if [line["lport"], line["rport"]] in ends]
        is_reported = sees_ends(tool)
        check_good_end(tool.end())
    check_equal("ends", sorted((line["lport"], line["rport"]) for line in lines), sorted(map(tuple, ends)))
    for line in lines:
        check_equal("end", (line["oldstate"], line["newstate"], line["cause"]),
                    ("TIME_WAIT", "CLOSE", "destroyed" if is_reported else None))
        known = [key for key in DURATIONS if line[key] is not None]
        check(known != ["ms"] or is_reported, f"{line['ms']} ms of TIME_WAIT, which nobody can know")
        check(known == ["ms_at_least"] or before <= moment(line), f"ends at {moment(line)}, before {before}")


# ---- older than the trace, and in summaries


def now_of(ended):
    return {row["state"]: row["now"] for row in map(json.loads, ended.lines) if row["now"]}


def test_older_than_trace(program):
    """They are found again by 4-tuple and namespace: they have no cookie, unless something has asked for it."""
    with Wire() as wire:
        ones, others = [time_wait(IPV4) for _ in range(3)], [time_wait(IPV4) for _ in range(2)]
        with program.start("-j") as tool, program.start("--summary", "--by", "state", "-j") as summary:
            for one in ones:
                one.end(lambda one: wire.reset(IPV4, one.lport, one.rport))
            found, lines = ends_in(tool, ones)
            is_reported = sees_ends(tool)
            check_good_end(tool.end())
            ended = summary.end()
            check_good_end(ended)
    for one in ones:
        # When it began is known by its timer, to a jiffy.
        check_end(one, found[one], "reset_received" if is_reported else None, "ms_about")
    check_untouched(others, lines)
    check_equal("sessions now", now_of(ended), {"TIME_WAIT": len(others)})


def test_summary_of_orphans(program):
    """The kernel adds up, and hands over those that continue as minisocks: some get a FIN, some a reset, some nothing."""
    with program.start("--summary", "--by", "state", "-j") as tool:
        orphans = [orphan(IPV4) for _ in range(15)]
        for one, child in orphans[:10]:
            child.close()
            wait.reached_unaccepted("TIME_WAIT", one.lport, one.rport)
        for one, child in orphans[10:12]:
            traffic.reset_on_close(child)
            one.end(lambda _: child.close())
        ended = tool.end()
        check_good_end(ended)
        now = now_of(ended)
    in_kernel = [state for lport, rport, state in wait.table() if (lport, rport) in {(one.lport, one.rport) for one, _ in orphans}]
    check_equal("sessions now", {state: now.get(state) for state in ("TIME_WAIT", "FIN_WAIT2")},
                {state: in_kernel.count(state) for state in ("TIME_WAIT", "FIN_WAIT2")})
    check_equal("in the kernel's table", (in_kernel.count("TIME_WAIT"), in_kernel.count("FIN_WAIT2")), (10, 3))


def test_never_before(program):
    """Whatever is inferred, the times of a session never run backwards."""
    with program.start("-j") as tool:
        ends = set()
        for _ in range(40):
            one, child = orphan(IPV4)
            child.close()
            ends.add((one.lport, one.rport))
        times, missing = {}, set(ends)
        while missing:
            line, = from_json([tool.next_line()])
            key = line["lport"], line["rport"]
            if key not in ends:
                continue
            check(times.get(key, 0) <= line["timestamp"], f"{key} gets into {line['newstate']} before {line['oldstate']}")
            times[key] = line["timestamp"]
            if line["newstate"] == "TIME_WAIT":
                missing.discard(key)
        check_good_end(tool.end())
