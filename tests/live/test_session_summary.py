# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--sessions --summary of real connections: as the lines of --sessions say, and the same live and replayed."""

import contextlib
import json
import tempfile
import time

import churn
import netns
import own_ports
import session_model
import session_summary_model
import traffic
import wait
from outcome import Failed, check, check_equal
from place import IPV4, loopback_places
from test_replay import check_replay
from tool import check_good_end, here

KEYS = [["comm", "role", "port"], ["raddr", "closed_by"], ["cause", "pid"], ["lport", "rport", "netns"]]
CHOICES = [["--summary"], ["--summary=0.1"], ["--summary=0.2", "-j", "--by", "pid,cause,closed_by"], ["--summary=0.3", "-s", "-T", "--minisocks"],
           ["--summary=0.15", "--by", "port,raddr/24", "-4", "-t", "--state", "established"]]
BUFFER = "32M"


def make_traffic(places):
    for place in places:
        traffic.active_close(place)
        traffic.passive_close(place)
    traffic.reset(IPV4)
    traffic.refused(IPV4)
    traffic.close_in_fin_wait2(IPV4)


def objects(lines):
    return [json.loads(line) for line in lines]


def check_intervals(rows):
    """Several, of no more sessions than there were; the last one has no report. Which session is in which: tests/replay."""
    counts = {report: sum(row["sessions"] for row in rows if row["report"] == report) for report in ("interval", "whole")}
    check(0 < counts["interval"] <= counts["whole"], f"sessions: {counts}")
    times = {row["time"] for row in rows if row["report"] == "interval"}
    check(len(times) > 1, f"reports at {times}")
    check_equal("spans", {row["span"] for row in rows if row["report"] == "interval"}, {0.25})


def test_as_sessions_say(program):
    """Each group, worked out from the recording's sessions by plain lists; live, and replayed with other keys."""
    places = loopback_places()
    listener = traffic.Listener(IPV4)
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/file"
        with program.start("--sessions", "--summary=0.25", "-j", "--by", ",".join(KEYS[0]), "-o", file, "--buffer", BUFFER) as tool:
            before = traffic.Connection(listener)
            for _ in range(3):
                make_traffic(places)
                time.sleep(0.1)     # so that there are several intervals
            with churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.new(), 1, 200, "fin") as run:
                run.finish()
            live = tool.end()
            check_good_end(live)
        sessions = objects(program.run("-r", file, here(), "--sessions", "-j", "-F", session_summary_model.FIELDS).lines)
        rows = objects(live.lines)
        others = [objects(program.run("-r", file, here(), "--sessions", "--summary", "-j", "--by", ",".join(keys)).lines) for keys in KEYS]
        del before
    try:
        for keys, shown in zip([KEYS[0], *KEYS], [rows, *others]):
            session_summary_model.check_whole(sessions, shown, keys)
    except session_model.Differs as reason:
        raise Failed(str(reason)) from None
    check_intervals(rows)
    check(len(sessions) > 400, f"only {len(sessions)} sessions")


def test_replay(program):
    """The same bytes, whenever its reports come."""
    places = loopback_places()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tools = []
        for number, options in enumerate(CHOICES):
            file = f"{folder}/{number}"
            options = ["--sessions", *options]
            tools.append((options, file, stack.enter_context(program.start("-o", file, "--buffer", BUFFER, *options))))
        listener = traffic.Listener(IPV4)
        open_at_end = traffic.Connection(listener)
        for _ in range(3):
            make_traffic(places)
            time.sleep(0.12)    # so that reports come meanwhile
        for options, file, tool in tools:
            live = tool.end()
            check_good_end(live)
            check_replay(program, options, file, live)
        del open_at_end


def test_service(program):
    """Both ends of a service are in the rows of its port, whoever closes; failures say for what."""
    listener = traffic.Listener(IPV4)
    with program.start("--sessions", "--summary", "-j", "--by", "port,role,netns", "--buffer", BUFFER) as tool:
        kept = traffic.Connection(listener)
        for number in range(4):
            connection = traffic.Connection(listener)
            if number % 2:
                first, second = connection.client, connection.child
            else:
                first, second = connection.child, connection.client
            first.close()
            wait.reached("CLOSE_WAIT", second)
            traffic.close(second)
        refused = [traffic.refused(IPV4)[0].rport for _ in range(2)]
        ended = tool.end()
    check_good_end(ended)
    rows = {(row["port"], row["role"]): row for row in objects(ended.lines) if row["netns"] == netns.inode()}
    for role in "client", "server":
        row = rows[listener.port, role]
        check_equal(f"{role}: counts", [row[key] for key in ("sessions", "open", "failed", "failed_cause", "closed_local", "closed_peer")],
                    [4, 1, 0, None, 2, 2])
        check_equal(f"{role}: times", (row["handshake_timed"] + row["handshake_at_least"], row["life_timed"]), (4, 4))
    for port in refused:
        row = rows[port, "client"]
        check_equal("refused", (row["failed"], row["failed_cause_count"]), (row["sessions"], row["sessions"]))
        check(row["failed_cause"] in ("refused", "unreachable"), f"failed for {row['failed_cause']}")
        check_equal("the peer refused", (row["closed_peer"], row["handshake_timed"]), (row["sessions"], 0))
    del kept
