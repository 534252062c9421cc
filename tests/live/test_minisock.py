# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A session goes on when its socket has ended: in TIME_WAIT, or in FIN_WAIT2 when nobody owns it. Its end there is known
to be exact, or is marked as inferred, and close to what the kernel's own tables show.
"""

import datetime
import socket
import statistics
import struct
import time

import own_ports
import traffic
import wait
from lines import from_json
from marks import first
from outcome import check, check_equal
from place import IPV4, loopback_places
from tool import check_good_end

EXACT_MS = 1            # how far off an end may be that the kernel tells of
CLOSE_MS = 20           # ... one that is inferred, as a rule
FAR_MS = 2000           # ... on a machine that stands still meanwhile
TCP_LINGER2 = 8
TIME_WAIT_SECONDS = 60
LINGER2_SECONDS = 3     # long enough for the test to see it


class Watched:
    """A session of which the kernel's table tells when it left a state: after .seen, before .gone (wall time)."""

    def __init__(self, lport, rport, state):
        self.key = lport, rport, state
        self.seen = self.gone = None

    def look(self, table, before, after):
        if self.key in table:
            self.seen = before
        elif self.seen and not self.gone:
            self.gone = after

    def off_ms(self, moment):
        """How far a time is from the interval in which the change was."""
        return max(self.seen - moment, moment - self.gone, 0) * 1000


def watch(sessions, patience=wait.PATIENCE):
    """Until all have left their states; they are in them when it begins."""
    deadline = time.monotonic() + patience
    while not all(session.gone for session in sessions):
        check(time.monotonic() < deadline, f"not gone in {patience} seconds")
        before = time.time()
        table = wait.table()
        after = time.time()
        for session in sessions:
            session.look(table, before, after)
        time.sleep(0.001)


def moment(line):
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


def changes(lines, session):
    """The lines of a session's minisock."""
    lport, rport, _ = session.key
    ours = [line for line in lines if (line["lport"], line["rport"]) == (lport, rport)]
    handed_over = [number for number, line in enumerate(ours) if line["newstate"] == "TIME_WAIT"]
    return ours, handed_over


def sees_ends(tool):
    """Whether the kernel tells when they end: elsewhere that is inferred."""
    return tool.traces("tcp_twsk_destructor")


def duration(line, is_exact):
    known = [key for key in ("ms", "ms_about") if line[key] is not None]
    check_equal(f"durations of {line}", known, ["ms" if is_exact else "ms_about"])
    return line[known[0]]


def close_in_time_wait(place, linger2=None):
    """Client and child of a connection that the client has closed first, and so is in TIME_WAIT."""
    listener = traffic.Listener(place)
    connection = traffic.Connection(listener)
    client, child = connection.client, connection.child
    lport = client.getsockname()[1]
    if linger2:
        client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, linger2)
    client.close()
    wait.reached("CLOSE_WAIT", child)
    listener.socket.close()
    return Watched(lport, listener.port, "FIN_WAIT2"), child


def lines_with(tool, wanted):
    return from_json(tool.lines_until(lambda line: wanted(from_json([line])[0])))


def is_end_of(session):
    lport, rport, _ = session.key
    return lambda line: (line["lport"], line["rport"]) == (lport, rport) and line["newstate"] == "CLOSE"


def check_near(what, tries):
    """
    tries: functions that tell how far off times are, in ms, and how far they may be. That may be the machine's fault once,
    where the kernel does not tell, but not every time: a timer of the kernel's, or the look at it, was late.
    """
    told = []
    for one in tries:
        off, most = one()
        told.append(off)
        if off <= most:
            return
    check(False, f"{what} is off by {told} ms")


def check_owner(line, of_socket):
    for key in "pid", "comm", "uid", "netns", "cookie", "skaddr", "cgroup_id":
        check_equal(f"{line['oldstate']}>{line['newstate']}: {key}", line[key], of_socket[key])


def time_wait_ends(program):
    with program.start("-j") as tool:
        sessions = []
        for place in loopback_places() * 2:
            session, child = close_in_time_wait(place)
            child.close()
            wait.reached_unaccepted("TIME_WAIT", *session.key[:2])
            sessions.append(Watched(*session.key[:2], "TIME_WAIT"))
        watch(sessions, TIME_WAIT_SECONDS + 2 * wait.PATIENCE)
        left = {session.key[:2] for session in sessions}
        lines = []
        while left:
            lines += from_json([tool.next_line()])
            if lines[-1]["oldstate"] == "TIME_WAIT":
                left.discard((lines[-1]["lport"], lines[-1]["rport"]))
        is_exact = sees_ends(tool)
        check_good_end(tool.end())
    off = []
    for session in sessions:
        *_, entered, left = [line for line in lines if (line["lport"], line["rport"]) == session.key[:2]]
        check_equal("path", (entered["newstate"], left["oldstate"], left["newstate"], left["cause"]),
                    ("TIME_WAIT", "TIME_WAIT", "CLOSE", "timer"))
        check_owner(left, entered)
        ms = duration(left, is_exact)
        check(TIME_WAIT_SECONDS * 1000 - CLOSE_MS < ms, f"TIME_WAIT lasts {ms} ms")
        check(abs((moment(left) - moment(entered)) * 1000 - ms) < 0.01, "duration and times differ")
        off.append(session.off_ms(moment(left)))
    most_ms = EXACT_MS if is_exact else FAR_MS
    check(max(off) <= most_ms, f"ends are off by {off} ms")
    return statistics.median(off), EXACT_MS if is_exact else CLOSE_MS


@first
def test_time_wait_ends(program):
    """Each after 60 seconds and what the kernel's timer rounds up, when the kernel's table loses it."""
    check_near("the end of TIME_WAIT", [lambda: time_wait_ends(program)] * 2)


def orphan_gets_fin(program):
    with program.start("-j") as tool:
        session, child = close_in_time_wait(IPV4)
        wait.reached_unaccepted("FIN_WAIT2", *session.key[:2])
        begin = time.time()
        session.look(wait.table(), begin, begin)
        traffic.hold()
        before = time.time()
        child.close()
        wait.reached_unaccepted("TIME_WAIT", *session.key[:2])
        after = time.time()
        lines = lines_with(tool, lambda line: line["newstate"] == "TIME_WAIT")
        is_exact = tool.traces("__inet_twsk_schedule")
        check_good_end(tool.end())
    ours = [line for line in lines if (line["lport"], line["rport"]) == session.key[:2]]
    check_equal("path", [line["newstate"] for line in ours][-3:], ["FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"])
    last = ours[-1]
    check_equal("cause", last["cause"], "peer_fin")
    check_owner(last, ours[-2])
    off = max(before - moment(last), moment(last) - after) * 1000
    return off, EXACT_MS if is_exact else CLOSE_MS


def test_orphan_gets_fin(program):
    """An orphan in FIN_WAIT2 shows no line when its socket ends, and TIME_WAIT when the peer's FIN comes."""
    check_near("the beginning of TIME_WAIT", [lambda: orphan_gets_fin(program)] * 5)


def test_orphan_times_out(program):
    """The peer never closes: FIN_WAIT2 ends by TCP_LINGER2, some seconds and what the timer rounds up."""
    with program.start("-j") as tool:
        session, child = close_in_time_wait(IPV4, linger2=LINGER2_SECONDS)
        watch([session])
        lines = lines_with(tool, is_end_of(session))
        is_exact = sees_ends(tool)
        check_good_end(tool.end())
    child.close()
    last = lines[-1]
    check_equal("end", (last["oldstate"], last["newstate"], last["cause"]), ("FIN_WAIT2", "CLOSE", "timer"))
    ms, off = duration(last, is_exact), session.off_ms(moment(last))
    check(LINGER2_SECONDS * 1000 - CLOSE_MS <= ms, f"FIN_WAIT2 lasts {ms} ms")
    check(off <= (EXACT_MS if is_exact else FAR_MS), f"the end is off by {off} ms")


def reuse_ports(one, port):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((IPV4.laddr, port))


def test_recycled(program):
    """A new session between the same ends cuts TIME_WAIT short."""
    with program.start("-j") as tool:
        listener = traffic.Listener(IPV4)
        port = own_ports.new()
        for _ in range(2):
            with socket.socket() as client:
                reuse_ports(client, port)
                client.connect((IPV4.raddr, listener.port))
                child, _ = listener.socket.accept()
                child.close()
                client.recv(1)
            wait.reached_unaccepted("TIME_WAIT", listener.port, port)
        listener.socket.close()
        ends = lambda line: line["newstate"] == "CLOSE" and line["oldstate"] == "LISTEN"
        lines = lines_with(tool, ends)
        is_exact = sees_ends(tool)
        check_good_end(tool.end())
    of_server = [line for line in lines if (line["lport"], line["rport"]) == (listener.port, port)]
    path = [(line["oldstate"], line["newstate"]) for line in of_server]
    begins = [number for number, edge in enumerate(path) if edge == ("LISTEN", "SYN_RECV")]
    check_equal("sessions", len(begins), 2)
    end = of_server[begins[1] - 1]
    check_equal("before the second", (end["oldstate"], end["newstate"], end["cause"]), ("TIME_WAIT", "CLOSE", "recycled"))
    duration(end, is_exact)
    check(moment(end) <= moment(of_server[begins[1]]), "TIME_WAIT ends after the session that ended it began")
    check_owner(end, of_server[begins[1] - 2])
