# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Instructions a session in the views of sessions, held against a budget.

A budget may be what a view costs beyond another one. --sessions with a filter that no session passes follows all of them and
prints none: what --diagnose and a summary cost beyond that is all that they do with a session that has ended.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess

from recording import DETAILS, FACTS, KNOWN, Recording, Transition

BUDGETS = pathlib.Path(__file__).resolve().parent / "session_budgets"
SHORT, LONG = 1000, 7000    # sessions; findings are printed as they double, fewer and fewer
BEYOND = " beyond "
OWNERS, PEERS = 3, 2        # of the sessions: as many groups
MS = 10**6

CLIENT = [("CLOSE", "SYN_SENT", "IN_CALL"), ("SYN_SENT", "ESTABLISHED", "")]
SERVER = [("LISTEN", "SYN_RECV", ""), ("SYN_RECV", "ESTABLISHED", "")]
CLOSES = [("ESTABLISHED", "FIN_WAIT1", "IN_CALL+LAST_FD+IDLE"), ("FIN_WAIT1", "FIN_WAIT2", "ORPHAN+ALL_ACKED"), ("FIN_WAIT2", "TIME_WAIT", "PEER_FIN")]
IS_CLOSED = [("ESTABLISHED", "CLOSE_WAIT", "PEER_FIN+IDLE"), ("CLOSE_WAIT", "LAST_ACK", "IN_CALL+LAST_FD+PEER_FIN"),
             ("LAST_ACK", "CLOSE", "ORPHAN+ALL_ACKED")]
IS_RESET = [("ESTABLISHED", "CLOSE", "RESET_RECEIVED+IDLE")]
# One in ten is a case of a rule.
WAYS = [CLIENT + CLOSES, SERVER + IS_CLOSED, CLIENT + IS_CLOSED] * 3 + [CLIENT + IS_RESET]


def add_session(recording, i):
    """The i-th session: one after the other, 20 ms each."""
    begin_ns, way = 10**12 + i * 20 * MS, WAYS[i % len(WAYS)]
    lport, rport = (443, 40000 + i % 1000) if way[0] == SERVER[0] else (40000 + i % 1000, 443)
    for step, (oldstate, newstate, facts) in enumerate(way):
        details = dict.fromkeys(DETAILS, 0)
        details.update(comm=b"service-%d" % (i % OWNERS), pid=1 + i % OWNERS, uid=33, netns=7, cookie=1 + i, tx_bytes=100, rx_bytes=2000, idle_ms=3, rtt_us=250,
                       min_rtt_us=200, segs_out=5, known=KNOWN["segs_out"], facts=sum(FACTS[name] for name in facts.split("+") if name),
                       err=104 if "RESET" in facts else 0)
        recording.add_transition(Transition(
            time_ns=begin_ns + step * 3 * MS, skaddr=0xffff888000000000 + i % 100 * 4096, pid=1, comm=b"c", ip=4, laddr="10.0.0.1", lport=lport,
            raddr=f"10.0.1.{i % PEERS}", rport=rport, oldstate=oldstate, newstate=newstate, duration_ns=None if oldstate in ("CLOSE", "LISTEN") else 3 * MS,
            wall_ns=0, details=details, minisock="to" if newstate == "TIME_WAIT" else ""))


def make_recording(path, count):
    recording = Recording(os.devnull)
    recording.take_start("1000", "2024-06-01T12:00:00", "host", "6.12.0")
    recording.data = bytearray(recording.data)
    for i in range(count):
        add_session(recording, i)
    recording.take_end()
    path.write_bytes(recording.data)


def instructions(tool, path, options):
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", tool, "-r", path, *shlex.split(options)]
    run = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def read_budgets():
    """[(instructions, options, or two of them with BEYOND between)]"""
    rows = [line.split(maxsplit=1) for line in BUDGETS.read_text().splitlines() if line and not line.startswith("#")]
    return [(int(number), what) for number, what in rows]


def write_budgets(rows):
    comments = [line for line in BUDGETS.read_text().splitlines() if line.startswith("#")]
    BUDGETS.write_text("\n".join(comments + [f"{budget} {what}" for budget, what in rows]) + "\n")


def measure(tool, folder):
    """{options: instructions a session} of all that the budgets name."""
    paths = folder / "sessions-short.tcps", folder / "sessions-long.tcps"
    for path, count in zip(paths, (SHORT, LONG)):
        make_recording(path, count)
    views = {options for _, what in read_budgets() for options in what.split(BEYOND)}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        counts = {(path, options): executor.submit(instructions, tool, path, options) for options in views for path in paths}
    return {options: (counts[paths[1], options].result() - counts[paths[0], options].result()) / (LONG - SHORT) for options in views}


def check(tool, folder, room=None):
    """Prints TAP; whether all is well. With room, the measured numbers times that become the budgets."""
    costs, is_good, measured = measure(tool, folder), True, []
    for budget, what in read_budgets():
        view, *other = what.split(BEYOND)
        cost = costs[view] - sum(costs[options] for options in other)
        is_good &= cost <= budget
        measured.append((round(cost * (room or 1)), what))
        print(f"{'ok' if cost <= budget else 'not ok'} perf.session[{what}] # {cost:.0f} a session, budget {budget}", flush=True)
    if room:
        write_budgets(measured)
        return True
    return is_good
