# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--sessions, of those that are open at the end: figures as of the end, or not known; and TIME_WAIT, which goes on."""

import signal
import socket
import tempfile
import time

import own_ports
import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4, IPV6
from tool import check_good_end, here

FIGURES = "tx_bytes", "rx_bytes", "rtt_ms", "min_rtt_ms", "retrans", "cwnd", "mss"
SENT, ANSWERED = 70001, 1234567
CHUNK = 32768
SLACK_MS = 20       # the kernel's clock of the last data ticks in up to 10 ms


def send(one, other, size):
    for left in range(size, 0, -CHUNK):
        part = min(left, CHUNK)
        one.sendall(b"x" * part)
        while part:
            part -= len(other.recv(part))


def exchange(connection):
    """When the last data went, before and after."""
    send(connection.client, connection.child, SENT)
    before = time.monotonic()
    send(connection.child, connection.client, ANSWERED)
    return before, time.monotonic()


def of_ports(lines, connection):
    """The client's line and the child's."""
    lport, rport = connection.client_life.lport, connection.client_life.rport
    found = {(line["lport"], line["rport"]): line for line in from_json(lines)}
    return found.get((lport, rport)), found.get((rport, lport))


def check_figures(what, lines, connection):
    client, child = of_ports(lines, connection)
    for role, line, sent, received in ("client", client, SENT, ANSWERED), ("server", child, ANSWERED, SENT):
        check_equal(f"{what}: {role}", (line["status"], line["state"], line["tx_bytes"], line["rx_bytes"], line["retrans"]),
                    ("open", "ESTABLISHED", sent, received, 0))
        check(line["cwnd"] and line["mss"] and line["rtt_ms"], f"{what}: figures are not known: {line}")
    return client, child


def check_unknown(what, lines, connection):
    for line in of_ports(lines, connection):
        check_equal(f"{what}: {line['status']}, figures", {line[key] for key in (*FIGURES, "idle_ms")}, {None})


def test_figures(program):
    """Those of the end, whatever ends it: of sessions older than the trace and newer, in another namespace than the trace's."""
    listener = traffic.Listener(IPV4)
    older = traffic.Connection(listener)
    for number in signal.SIGINT, signal.SIGTERM:
        with program.start("--sessions", "-j") as tool:
            newer = traffic.Connection(traffic.Listener(IPV6))
            if number == signal.SIGINT:
                exchange(older)
            began, finished = exchange(newer)
            asked = time.monotonic()
            ended = tool.end(number)
            end = time.monotonic()
        check_good_end(ended)
        check_figures("older", ended.lines, older)
        for line in check_figures("newer", ended.lines, newer):
            least, most = (asked - finished) * 1000 - SLACK_MS, (end - began) * 1000 + SLACK_MS
            check(least <= line["idle_ms"] <= most, f"idle for {line['idle_ms']} ms, not {least} to {most}")


def test_end_by_duration(program):
    with program.start("--sessions", "-j", "-d", "3") as tool:
        connection = traffic.Connection(traffic.Listener(IPV4))
        exchange(connection)
        ended = tool.wait()
    check_good_end(ended)
    check_figures("-d", ended.lines, connection)


def test_filters(program):
    """The scan finds what a filter of the kernel, and one of states, choose; who only stays is not chosen by --from."""
    first, second = (traffic.Connection(traffic.Listener(IPV4)) for _ in range(2))
    port = str(first.client_life.rport)
    with program.start("--sessions", "-j", "-L", port) as by_port, \
            program.start("--sessions", "-j", "--from", "established") as by_old, \
            program.start("--sessions", "-j", "--state", "established") as by_state:
        newer = traffic.Connection(traffic.Listener(IPV4))
        for one in first, second, newer:
            exchange(one)
        ended = [tool.end() for tool in (by_port, by_old, by_state)]
    for one in ended:
        check_good_end(one)
    client, child = of_ports(ended[0].lines, first)
    check_equal("with -L", (client, child["tx_bytes"], of_ports(ended[0].lines, second)), (None, ANSWERED, (None, None)))
    check_figures("with --state", ended[2].lines, first)
    check_figures("with --state", ended[2].lines, newer)
    check_equal("with --from", of_ports(ended[1].lines, newer), (None, None))


def test_recordings(program):
    """Any recording has the scan; one whose recorder was killed has not, and then nothing is invented."""
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = f"{folder}/whole", f"{folder}/cut"
        with program.start("-q", "-o", whole) as tool, program.start("-o", cut) as killed, \
                program.start("--summary", "-j", "-o", f"{folder}/summary") as summary:
            connection = traffic.Connection(traffic.Listener(IPV4))
            killed.lines_until(lambda line: str(connection.client_life.lport).encode() in line and b"SYN_RECV    -> ESTABLISHED" in line)
            exchange(connection)
            killed.end(signal.SIGKILL)
            check_good_end(tool.end())
            said = summary.end()
        check_good_end(said)
        replay = program.run("-r", whole, here(), "--sessions", "-j")
        check_equal("status and errors", (replay.status, replay.errors), (0, []))
        check_figures("recorded", replay.lines, connection)
        of_killed = program.run("-r", cut, here(), "--sessions", "-j")
        check(of_killed.errors and "no end mark" in of_killed.errors[0], f"said of a cut recording: {of_killed.errors}")
        check_unknown("killed", of_killed.lines, connection)
        table = program.run("-r", f"{folder}/summary", here(), "--summary", "-j")
        check_equal("summary, replayed", table.lines, said.lines)
        established, = [line for line in from_json(said.lines) if line["state"] == "ESTABLISHED"]
        check_equal("NOW, which a scan does not count again", established["now"], 2)


def test_count(program):
    """-n ends it at a line, and what is recorded ends there as well: no session begins by the scan."""
    listener = traffic.Listener(IPV4)
    with tempfile.TemporaryDirectory() as folder:
        with program.start("-o", f"{folder}/file", "-s", "--no-header", "-n", "4") as tool:
            first = traffic.Connection(listener)
            traffic.Connection(listener)
            check_good_end(tool.wait())
        shown = from_json(program.run("-r", f"{folder}/file", here(), "--sessions", "-j").lines)
    check(shown, "nothing is recorded")
    check_equal("seen in part", [line for line in shown if line["partial"]], [])
    check(first.client_life.lport in {line["lport"] for line in shown}, f"not recorded: {shown}")


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


def test_port_of_connecting(program):
    """Of a session in SYN_SENT the port comes with the scan, where connect() is not seen to choose it; else it is null, not 0."""
    with socket.socket() as full, traffic.new_socket(IPV4) as client:
        full.bind((IPV4.laddr, own_ports.new()))
        full.listen(0)
        others = [traffic.new_socket(IPV4) for _ in range(2)]
        for one in others:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        wait.until(lambda: len([row for row in wait.table() if row[1] == full.getsockname()[1] and row[2] == "ESTABLISHED"]),
                   "the accept queue is full")
        with program.start("--sessions", "-j") as tool:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
            ended = tool.end()
        lport = client.getsockname()[1]
        for one in others:
            one.close()
    check_good_end(ended)
    line, = [line for line in from_json(ended.lines) if line["role"] == "client" and not line["partial"]]
    check_equal("of one that connects", (line["status"], line["state"], line["lport"], line["tx_bytes"]), ("open", "SYN_SENT", lport, 0))
