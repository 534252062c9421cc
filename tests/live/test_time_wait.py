# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TIME_WAIT where it is asked for, and CLOSE at the same place where lines are to be bcc's."""

import collections
import contextlib
import json
import os
import pathlib
import tempfile
import time

import actor
import churn
import netns
import own_ports
import wait
from causes import Cast, collect
from delayed_link import FIN, DelayedLink
from kernel_record import KernelRecord, out_of_reach
from marks import alone
from outcome import Failed, check, check_equal
from place import IPV4, SLOW
from tool import check_good_end

SESSIONS = 10_000
PAIRS = 2
QUIET = 0.1     # seconds without a line, in which it is worth asking how many there should be
FULL_VIEWS = [["-j"], ["-x"], ["--minisocks"], ["-s", "-x"], ["-s", "--minisocks"], ["-w", "--minisocks"]]
SOCKET_VIEWS = [[], ["-w"], ["-s"]]


def path_in_table(output, lport, rport):
    """From a table, whatever its columns: the arrow is between the states, and in front of them are the ends."""
    path = []
    for words in (line.split() for line in output.decode(errors="replace").splitlines()):
        if "->" in words and (arrow := words.index("->")) and words[arrow - 2].isdigit():
            if (int(words[arrow - 4]), int(words[arrow - 2])) == (lport, rport):
                path.append((words[arrow - 1], words[arrow + 1]))
    return path


def path_in_csv(output, lport, rport):
    heading, *rows = (line.split(",") for line in output.decode(errors="replace").splitlines() or [""])
    lines = [dict(zip(heading, row)) for row in rows]
    return [(line["OLDSTATE"], line["NEWSTATE"]) for line in lines
            if (line["LPORT"], line["RPORT"]) == (str(lport), str(rport))]


def path_in_json(output, lport, rport):
    lines = [json.loads(line) for line in output.splitlines()]
    return [(line["oldstate"], line["newstate"]) for line in lines if (line["lport"], line["rport"]) == (lport, rport)]


def path_in(options, file, lport, rport):
    """Of whole lines, so far."""
    parse = path_in_json if "-j" in options else path_in_csv if "-s" in options else path_in_table
    output = os.pread(file.fileno(), 1 << 20, 0)
    path = parse(output[:output.rfind(b"\n") + 1], lport, rport)
    return " ".join([path[0][0]] + [new for _, new in path]) if path else ""


def check_views(program, scenario, full, sockets):
    """The client's path, traced in all views at the same time."""
    with Cast() as cast, contextlib.ExitStack() as stack:
        tools = []
        for options in FULL_VIEWS + SOCKET_VIEWS:
            file = stack.enter_context(tempfile.TemporaryFile())
            tools.append((options, file, stack.enter_context(program.start(*options, stdout=file))))
        leader = stack.enter_context(program.start("-j"))
        pair, sessions = scenario(cast)
        collect(leader, cast, sessions)
        for options, file, tool in tools:
            wanted = full if options in FULL_VIEWS else sockets
            shown = lambda: path_in(options, file, pair.client_port, pair.port)
            # Each looks at a minisock for itself, and does not when it ends.
            with contextlib.suppress(Failed):
                wait.until(lambda: shown() == wanted, "the whole path is shown")
            check_good_end(tool.end())
            check_equal(" ".join(options) or "no option", shown(), wanted)


OPENS = "CLOSE SYN_SENT ESTABLISHED "


def half_closed(cast):
    pair = cast.pair(IPV4).connect()
    pair.client.do(actor.half_close)
    pair.server.do(actor.close)
    pair.client.do(actor.await_event)
    return pair, pair.sessions("FIN_WAIT1 FIN_WAIT2 CLOSE", "CLOSE_WAIT LAST_ACK CLOSE")


def test_from_fin_wait2(program):
    check_views(program, half_closed, OPENS + "FIN_WAIT1 FIN_WAIT2 TIME_WAIT", OPENS + "FIN_WAIT1 FIN_WAIT2 CLOSE")


def closed_by_both(cast):
    pair = cast.pair(SLOW).connect()
    cast.link.hold(FIN)
    for one in pair.client, pair.server:
        one.do(actor.shutdown)
    cast.link.let_go()
    return pair, pair.sessions("FIN_WAIT1 CLOSING CLOSE", "FIN_WAIT1 CLOSING CLOSE")


def test_from_closing(program):
    with DelayedLink(0.02) as link:
        check_views(program, lambda cast: setattr(cast, "link", link) or closed_by_both(cast),
                    OPENS + "FIN_WAIT1 CLOSING TIME_WAIT", OPENS + "FIN_WAIT1 CLOSING CLOSE")


def orphaned(cast):
    """The server goes on in CLOSE_WAIT: the client's minisock waits for its FIN, in FIN_WAIT2."""
    pair = cast.pair(IPV4).connect()
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    return pair, pair.sessions("FIN_WAIT1 FIN_WAIT2", "CLOSE_WAIT")


def test_orphan(program):
    check_views(program, orphaned, OPENS + "FIN_WAIT1 FIN_WAIT2", OPENS + "FIN_WAIT1 FIN_WAIT2 CLOSE")


def orphaned_and_ended(cast):
    """The server closes later: the minisock goes on in TIME_WAIT, which bcc's tcpstates cannot see."""
    pair, _ = orphaned(cast)
    pair.server.do(actor.close)
    return pair, pair.sessions("FIN_WAIT1 FIN_WAIT2 TIME_WAIT", "CLOSE_WAIT LAST_ACK CLOSE")


def test_orphan_to_the_end(program):
    check_views(program, orphaned_and_ended, OPENS + "FIN_WAIT1 FIN_WAIT2 TIME_WAIT",
                OPENS + "FIN_WAIT1 FIN_WAIT2 CLOSE")


def test_too_many(program):
    """Two may be in TIME_WAIT; a third goes to CLOSE in every view."""
    netns.sysctl("net.ipv4.tcp_max_tw_buckets", 2)

    def scenario(cast):
        for _ in range(2):
            half_closed(cast)
        return half_closed(cast)
    path = OPENS + "FIN_WAIT1 FIN_WAIT2 CLOSE"
    check_views(program, scenario, path, path)


# ---- many


def resets_sent():
    """In this network namespace, so far."""
    names, numbers = [line.split() for line in pathlib.Path("/proc/net/snmp").read_text().splitlines() if "Tcp:" in line]
    return int(numbers[names.index("OutRsts")])


def many(mode):
    """
    Each of many sessions shows FIN_WAIT2 -> TIME_WAIT once, by the end that closed first. A packet that finds neither
    the socket nor the minisock that takes its place at that moment (up to 6.18) is answered by a reset: it ends
    TIME_WAIT, so that the ends are used again at once, or keeps the peer's FIN away for ever.
    """
    @alone
    def test(program):
        netns.sysctl("net.ipv4.tcp_max_tw_buckets", 100_000)
        netns.sysctl("net.ipv4.tcp_tw_reuse", 0)    # on loopback, a port would be used again after a second
        fields = "-F", "laddr,lport,raddr,rport,cookie,oldstate,newstate,cause"
        # To a file: a program that cannot write stops reading, and for so long looks at no minisock.
        with (tempfile.TemporaryFile() as file, KernelRecord(64) as record,
              program.start("-j", *fields, "--buffer", "64M", stdout=file) as tool):
            with churn.Churn(churn.ADDRESS4, own_ports.row(PAIRS), PAIRS, SESSIONS, mode) as run:
                run.finish()
            record.stop()
            lost = sum(event.oldstate == "FIN_WAIT2" for event in out_of_reach(record.events))
            ends = Ends(file)
            ends.take_all(tool, PAIRS * SESSIONS - lost)
            check_good_end(tool.end())
            ends.take_new()
    return test


class Ends:
    """How sessions leave FIN_WAIT2."""

    def __init__(self, file):
        self.file = file
        self.offset = 0
        self.waiting = set()                        # cookies of those that enter TIME_WAIT
        self.others = collections.Counter()         # by state and cause

    def take_new(self):
        """Lines since the last call; whether there are any."""
        *lines, rest = os.pread(self.file.fileno(), 1 << 30, self.offset).split(b"\n")
        for text in lines:
            self.offset += len(text) + 1
            self.take(text)
        return bool(lines)

    def take_all(self, tool, wanted):
        """Until there are as many as there should be, but for those that a reset has ended."""
        deadline = time.monotonic() + wait.PATIENCE
        while len(self.waiting) < wanted - resets_sent():
            if self.take_new():
                deadline = time.monotonic() + wait.PATIENCE
            elif time.monotonic() > deadline:
                tool.err.read(0)
                raise Failed(f"of {wanted} sessions {len(self.waiting)} enter TIME_WAIT, {resets_sent()} are reset, "
                             f"others: {dict(self.others)}; on stderr: {tool.err.lines}")
            else:
                time.sleep(QUIET)

    def take(self, text):
        line = json.loads(text) if b'"oldstate":"FIN_WAIT2"' in text else None
        if not line or not churn.is_ours(line):
            return
        if line["newstate"] != "TIME_WAIT":
            self.others[line["newstate"], line["cause"]] += 1
            return
        check(line["cookie"] not in self.waiting, f"{line['cookie']} enters TIME_WAIT twice")
        check_equal(f"{line['cookie']}: cause", line["cause"], "peer_fin")
        self.waiting.add(line["cookie"])


test_many_half_closed = many("halfclose")
test_many_orphans = many("fin")
