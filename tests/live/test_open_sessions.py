# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--sessions of a session whose TIME_WAIT goes on."""

import time

import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4
from tool import check_good_end

FIGURES = "tx_bytes", "rx_bytes", "rtt_ms", "min_rtt_ms", "retrans", "cwnd", "mss"


def leave_in_time_wait(listener):
    """The client's end of a session that is over: in TIME_WAIT."""
    connection = traffic.Connection(listener)
    connection.client.close()
    wait.reached("CLOSE_WAIT", connection.child)
    connection.child.close()
    wait.reached_unaccepted("TIME_WAIT", connection.client_life.lport, listener.port)
    return connection


def is_of(connection):
    end = f'"lport":{connection.client_life.lport},'.encode()
    return lambda line: end in line


def test_time_wait(program):
    """A line when TIME_WAIT begins, without it; older ones, and its time, only with --minisocks."""
    listener = traffic.Listener(IPV4)
    older = leave_in_time_wait(listener)
    with program.start("--sessions", "-j") as tool, program.start("--sessions", "-j", "--minisocks") as full:
        begin = time.monotonic()
        newer = leave_in_time_wait(listener)
        line, = from_json(tool.lines_until(is_of(newer))[-1:])
        took = (time.monotonic() - begin) * 1000
        ended, whole = tool.end(), full.end()
    check_good_end(ended)
    check_good_end(whole)
    check_equal("of one", (line["status"], line["state"], line["partial"], line["cause"], line["end_cause"]),
                ("ended", "TIME_WAIT", False, "close", "peer_fin"))
    check_equal("states", [step["state"] for step in line["path"]], ["SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"])
    check_equal("TIME_WAIT goes on", [line[key] for key in ("time_wait_ms", "time_wait_ms_about", "time_wait_ms_at_least")], [None] * 3)
    life = line["life_ms"] or line["life_ms_about"]
    check(0 < life < took and life == (line["ms"] or line["ms_about"]) and line["end"], f"its life: {line}")
    shown = from_json(ended.lines)
    check_equal("once", [one["status"] for one in shown if one["lport"] == newer.client_life.lport], ["ended"])
    check_equal("the older one", [one for one in shown if one["lport"] == older.client_life.lport], [])
    waiting = {one["lport"]: one for one in from_json(whole.lines) if one["state"] == "TIME_WAIT"}
    check_equal("with --minisocks", sorted(waiting), sorted(one.client_life.lport for one in (older, newer)))
    for one in waiting.values():
        check_equal("status", (one["status"], one["end"]), ("open", None))
        check(one["time_wait_ms_at_least"] > 0, f"TIME_WAIT so far: {one}")
    found = waiting[older.client_life.lport]
    check_equal("of the older one", {found[key] for key in (*FIGURES, "skaddr", "comm", "pid", "uid")}, {None})
