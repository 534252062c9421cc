# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What a trace says that begins while sessions come and go: at each start, some sessions change between two steps of the start.
No other trace of the test's sessions runs, unless a test says so: it would ask the kernel for their cookies.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

import actor
import churn
import netns
import own_ports
import traffic
import wait
from causes import Cast
from kernel_record import STATES
from outcome import Failed, check, check_equal
from place import IPV4
from tool import check_good_end, here

MODES = "fin", "serverfin", "halfclose"
SESSIONS = 600              # of each mode
RATE = 100                  # a second
PORTS = 200                 # ephemeral ones: fewer than sessions, so that a new session takes the place of one in TIME_WAIT
IN_TIME_WAIT = 250          # when the trace begins
WHOLE_SECONDS = 50          # shorter than TIME_WAIT, so that none ends by its timer
ATTEMPTS = 4
ORPHANS, GET_FIN, GET_RESET = 30, 20, 5
STARTS = 20
REFUSED = 5                 # connections in each trace, at least
# As in net/ipv4/tcp*.c (5.10 to 7.2), with the minisocks.
FOLLOWERS = {
    "SYN_SENT": {"ESTABLISHED", "SYN_RECV", "CLOSE"}, "SYN_RECV": {"ESTABLISHED", "FIN_WAIT1", "CLOSE_WAIT", "CLOSE"},
    "ESTABLISHED": {"FIN_WAIT1", "CLOSE_WAIT", "CLOSE"}, "FIN_WAIT1": {"FIN_WAIT2", "CLOSING", "CLOSE"},
    "FIN_WAIT2": {"TIME_WAIT", "CLOSE"}, "CLOSING": {"TIME_WAIT", "CLOSE"}, "CLOSE_WAIT": {"LAST_ACK", "CLOSE"},
    "LAST_ACK": {"CLOSE"}, "TIME_WAIT": {"CLOSE"}, "LISTEN": {"CLOSE"},
}


class Disturbed(Exception):
    """The machine was so slow that the test cannot tell anything."""


def until_undisturbed(test):
    def again(program):
        reasons = []
        while len(reasons) < ATTEMPTS:
            try:
                return test(program)
            except Disturbed as reason:
                reasons.append(str(reason))
        raise Failed("in each attempt something disturbs: " + "; ".join(reasons))
    return again


def table():
    """How many sockets and minisocks of this namespace are in each state."""
    counts = collections.Counter()
    for path in filter(pathlib.Path.exists, map(pathlib.Path, ("/proc/net/tcp", "/proc/net/tcp6"))):
        counts.update(STATES[int(row.split()[3], 16)] for row in path.read_text().splitlines()[1:])
    return counts


def whole(lines):
    """{state: row} of the report at the end."""
    rows = map(json.loads, lines)
    return {row["state"]: row for row in rows if row["report"] == "whole"}


def now_of(ended):
    check_good_end(ended)
    return {state: row["now"] for state, row in whole(ended.lines).items() if row["now"]}


class Traffic:
    """`with Traffic() as traffic:` it goes on until traffic.stop(), which waits until only minisocks are left."""

    def __init__(self, sessions=SESSIONS, ports=PORTS, rate=RATE):
        first = 40000 + random.randrange(100) * 200
        netns.sysctl("net.ipv4.ip_local_port_range", f"{first} {first + ports - 1}")
        self.begin = time.monotonic()
        self.stack = contextlib.ExitStack()
        self.sessions, self.rate, self.churns = sessions, rate, []

    def __enter__(self):
        self.before = wait.sockets()
        port = own_ports.row(len(MODES))
        for number, mode in enumerate(MODES):
            run = churn.Churn(churn.ADDRESS4, port + number, 1, self.sessions, mode, rate=self.rate)
            self.churns.append(self.stack.enter_context(run))
        return self

    def __exit__(self, *error):
        self.stack.close()

    def goes_on(self):
        return all(run.process.poll() is None for run in self.churns)

    def until_in_time_wait(self, number):
        wait.until(lambda: table()["TIME_WAIT"] >= number or not self.goes_on(), f"{number} sessions in TIME_WAIT")
        self.check()

    def stop(self):
        for run in self.churns:
            try:
                run.finish(WHOLE_SECONDS)
            except OSError as error:
                raise Disturbed(f"no free port: {error}") from None
            except subprocess.TimeoutExpired as late:
                raise Disturbed(f"the traffic goes on for more than {late.timeout} seconds") from None
        wait.at_most_sockets(self.before)
        self.check_time()

    def check(self):
        """While it goes on."""
        if not self.goes_on():
            raise Disturbed("the traffic has ended before the trace began")

    def check_time(self):
        seconds = time.monotonic() - self.begin
        if seconds > WHOLE_SECONDS:
            raise Disturbed(f"the traffic took {seconds:.0f} seconds")


@until_undisturbed
def test_now_is_what_the_kernel_has(program):
    """NOW of a summary that the kernel adds up, of sessions from before, and of those that changed during the start."""
    with Cast() as cast:
        pairs = [cast.pair(IPV4).connect() for _ in range(3)]
        pairs[0].client.do(actor.close)
        check_now_is_what_the_kernel_has(program)


def check_now_is_what_the_kernel_has(program):
    with Traffic() as some:
        some.until_in_time_wait(IN_TIME_WAIT)
        with program.start("--summary", "-j") as tool:
            some.check()
            some.stop()
            before = table()
            ended = tool.end()
            after = table()
    if before != after:
        raise Disturbed(f"the kernel has {before}, then {after}")
    check_equal("NOW", now_of(ended), dict(after))


@until_undisturbed
def test_now_is_that_of_a_recording(program):
    """Both begin at other times, and end with the same sessions."""
    with tempfile.TemporaryDirectory() as folder, Traffic() as some:
        file = f"{folder}/recording"
        some.until_in_time_wait(IN_TIME_WAIT)
        with program.start("--summary", "-j") as in_kernel, program.start("--summary", "-j", "-o", file) as recorded:
            some.check()
            some.stop()
            before = table()
            for tool in in_kernel, recorded:
                tool.send(signal.SIGINT)
            ended = [tool.wait() for tool in (in_kernel, recorded)]
            after = table()
        replay = program.run("-r", file, here(), "--summary", "-j")
    if before != after:
        raise Disturbed(f"the kernel has {before}, then {after}")
    for what, one in zip(("in the kernel", "recorded", "replayed"), (*ended, replay)):
        check_equal(f"NOW {what}", now_of(one), dict(after))


def orphans(listener, accepted_closes):
    """Sessions whose owner has closed first: the other ends, in CLOSE_WAIT."""
    others = []
    for _ in range(ORPHANS):
        client = traffic.new_socket(IPV4)
        client.connect((IPV4.raddr, listener.port))
        child, _ = listener.socket.accept()
        first, other = (child, client) if accepted_closes else (client, child)
        first.close()
        others.append(other)
    wait.reached("CLOSE_WAIT", *others)
    wait.until(lambda: states_of(listener.port, "FIN_WAIT2") == ORPHANS, "all are in FIN_WAIT2")
    return others


def end_orphans(port, others):
    """Some get a FIN, some a reset, some nothing."""
    for other in others[:GET_FIN]:
        other.close()
    for other in others[GET_FIN:GET_FIN + GET_RESET]:
        traffic.reset_on_close(other)
        other.close()
    wait.until(lambda: states_of(port, "TIME_WAIT") == GET_FIN, "orphans get their FIN")
    wait.until(lambda: states_of(port, "FIN_WAIT2") == ORPHANS - GET_FIN - GET_RESET, "orphans get their reset")


def states_of(port, state):
    """How many sockets and minisocks of a port are in that state."""
    return sum(port in row[:2] and row[2] == state for row in wait.table())


def summary_of_orphans(program, accepted_closes, *options):
    listener = traffic.Listener(IPV4)
    with Traffic(ports=2000) as some, program.start("--summary", "-j", "--by", "state,rport,lport", *options) as tool:
        others = orphans(listener, accepted_closes)
        traffic.hold()
        end_orphans(listener.port, others)
        ended = tool.end()
        for other in others[GET_FIN + GET_RESET:]:
            other.close()
        some.stop()
        listener.socket.close()
    check_good_end(ended)
    rows = [json.loads(line) for line in ended.lines]
    rows = [row for row in rows if listener.port in (row["lport"], row["rport"])]
    found = {}
    for state in "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT":
        of_state = [row for row in rows if row["state"] == state]
        found[state] = {key: sum(row[key] for row in of_state) for key in ("entered", "now", "timed")}
        found[state]["longest"] = max((row["max_ms"] or 0 for row in of_state), default=0)
    return found


def check_orphans(program, accepted_closes):
    """
    Added up by the kernel, and from a recording. FIN_WAIT2 of those that nothing came for goes on; the others were in it
    for less than the test took.
    """
    netns.sysctl("net.ipv4.tcp_tw_reuse", 0)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/recording"
        for what, options in ("in the kernel", []), ("recorded", ["-o", file]):
            found = summary_of_orphans(program, accepted_closes, *options)
            longest = found["FIN_WAIT2"].pop("longest")
            check(0 < longest < (time.monotonic() - begin) * 1000, f"{what}: FIN_WAIT2 for {longest} ms")
            check_equal(f"{what}: FIN_WAIT2", found["FIN_WAIT2"],
                        {"entered": ORPHANS, "now": ORPHANS - GET_FIN - GET_RESET, "timed": GET_FIN + GET_RESET})
            check_equal(f"{what}: TIME_WAIT", found["TIME_WAIT"], {"entered": GET_FIN, "now": GET_FIN, "timed": 0, "longest": 0})
            check_equal(f"{what}: CLOSE_WAIT", found["CLOSE_WAIT"]["now"], ORPHANS - GET_FIN - GET_RESET)


@until_undisturbed
def test_orphans_of_servers(program):
    """Nothing has asked for the cookie of an accepted session before its minisock is made."""
    check_orphans(program, True)


@until_undisturbed
def test_orphans_of_clients(program):
    check_orphans(program, False)


class Refused:
    """`with Refused() as refused:` a thread connects to a port that nobody listens on, again and again."""

    def __init__(self):
        self.port = own_ports.new()
        self.thread = threading.Thread(target=self.connect)
        self.is_over = False
        self.count = 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.is_over = True
        self.thread.join()

    def connect(self):
        while not self.is_over:
            with socket.socket() as one, contextlib.suppress(ConnectionRefusedError):
                one.connect((churn.ADDRESS4, self.port))
            self.count += 1
            time.sleep(0.001)

    def until_more(self, number):
        wanted = self.count + number
        wait.until(lambda: self.count >= wanted, "connections are refused")


def path_of(row):
    """The states of a row of --sessions; None: a gap. The present state is the last one."""
    path = [step and step["state"] for step in row["path"]]
    return path if path and path[-1] == row["state"] else [*path, row["state"]]


def check_row(row, refused_port):
    path = path_of(row)
    for before, after in zip(path, path[1:]):
        check(None in (before, after) or after in FOLLOWERS[before], f"TCP has no such path: {path} of {row}")
    if row["rport"] == refused_port and row["state"] == "CLOSE":
        check_equal(f"cause of {row}", row["cause"], "refused")


def check_rows(rows, refused_port):
    """Each session has one row. Before 5.12, and if it was found as a minisock, it may have no cookie."""
    check(rows, "no sessions")
    counts = collections.Counter(row["cookie"] for row in rows if row["cookie"])
    twice = [row for row in rows if counts[row["cookie"]] > 1]
    check(not twice, f"{len(twice)} rows of sessions that have another one: {twice[:2]}")
    for row in rows:
        check_row(row, refused_port)


def start_once(program, file, refused):
    """What it recorded, as rows."""
    with program.start("-q", "-o", file) as tool:
        refused.until_more(REFUSED)
        ended = tool.end()
    check_equal("exit status", ended.status, 0)
    replay = program.run("-r", file, here(), "--sessions", "-j")
    check_good_end(replay)
    return [json.loads(line) for line in replay.lines], any("lost" in line for line in ended.errors)


def test_starts(program):
    """Many starts: each row of a session is possible, and a session has one row. STARTS=N makes so many (20)."""
    starts = int(os.environ.get("STARTS", STARTS))
    known = 0
    with tempfile.TemporaryDirectory() as folder, Traffic(sessions=10**6, ports=2000) as some, Refused() as refused:
        for _ in range(starts):
            rows, has_lost = start_once(program, f"{folder}/recording", refused)
            known += sum(row["rport"] == refused.port for row in rows)
            if not has_lost:
                check_rows(rows, refused.port)
        some.check()
    check(known >= starts * REFUSED, f"only {known} refused connections in {starts} starts")
