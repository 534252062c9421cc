# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--sessions: a line for each session of real connections, the same live and replayed, and as other tools and lines say."""

import contextlib
import os
import subprocess
import tempfile
import time

import libbpf_tools
import netns
import own_ports
import session_model
import traffic
import wait
from lines import from_json
from outcome import Failed, Skipped, check, check_equal
from place import IPV4, loopback_places
from test_replay import first_difference
from tool import Pipe, check_good_end, here

FORMATS = [[], ["-w"], ["-s"], ["-j"], ["-T", "-t", "-F", "end,rport,path"], ["-j", "--minisocks"], ["-s", "--state", "established"]]
TRACEFS = "/sys/kernel/tracing"
KB = 1024
PAYLOADS = [(0, 0), (1, 100001), (70000, 3), (1234567, 7654321)]    # what the client sends, and the server
CHUNK = 32768
BUFFER = "128M"     # of what others do on this machine meanwhile, too
OFF_MS = 5      # the two tools are told of a change one after the other
OFF_BYTES = 2   # tcplife counts SYN and FIN as payload,
OFF_KB = 0.006  # and rounds


def own(lines):
    return [line for line in lines if line["netns"] == netns.inode()]


def states(line):
    return [step and step["state"] for step in line["path"]]


def half(lines, lport):
    """The sessions of which one end has the port, the other end's line second."""
    ours = [line for line in lines if lport in (line["lport"], line["rport"])]
    return sorted(ours, key=lambda line: line["role"] or "")


def stay_open(place):
    listener = traffic.Listener(place)
    return listener, traffic.Connection(listener)


def check_orderly(client, server, closer):
    """The one that closes first has ended where TIME_WAIT began."""
    first, second = (client, server) if closer == "client" else (server, client)
    opening = {"client": "SYN_SENT", "server": "SYN_RECV"}
    check_equal("roles", (client["role"], server["role"]), ("client", "server"))
    check_equal("who is first", (first["closed_by"], second["closed_by"]), ("local", "peer"))
    check_equal("causes", (first["cause"], second["cause"]), ("close", "peer_fin"))
    check_equal("path of the first", states(first), [opening[first["role"]], "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"])
    check_equal("path of the second", states(second), [opening[second["role"]], "ESTABLISHED", "CLOSE_WAIT", "LAST_ACK"])
    check_equal("status", (first["status"], first["state"], second["status"]), ("ended", "TIME_WAIT", "ended"))
    check_equal("ends", (first["end_cause"], second["end_cause"]), ("peer_fin", "fin_acked"))
    for line in first, second:
        check_equal("partial", line["partial"], False)
        check_equal("pid", line["pid"], os.getpid())
        check(abs(sum(step["ms"] or step["ms_about"] or 0 for step in line["path"] if step["state"] != "TIME_WAIT")
                  - (line["life_ms"] or line["life_ms_about"] or line["life_ms_at_least"])) < 0.1, f"life is not its states: {line}")


def test_kinds(program):
    """Who opened, who closed, why, and the path: as the test did it."""
    older_listener, older = stay_open(IPV4)
    with program.start("--sessions", "-j", "--buffer", BUFFER) as tool:
        closed = traffic.active_close(IPV4)[0].lport
        is_closed = traffic.passive_close(IPV4)[0].lport
        reset = traffic.reset(IPV4)[0].lport
        refused = traffic.refused(IPV4)[0].rport
        orphan = traffic.close_in_fin_wait2(IPV4)[0].lport
        _, connection = stay_open(IPV4)
        traffic.close(older.client)
        wait.reached("CLOSE_WAIT", older.child)
        ended = tool.end()
    check_good_end(ended)
    lines = own(from_json(ended.lines))
    check_orderly(*half(lines, closed), "client")
    check_orderly(*half(lines, is_closed), "server")
    check_resets(lines, reset, refused)
    client, server = half(lines, orphan)
    check_equal("an orphan", (states(client)[-2:], client["cause"], client["closed_by"]),
                (["FIN_WAIT2", "TIME_WAIT"], "shutdown", "local"))
    fin_wait2 = client["path"][-2]
    check((fin_wait2["ms"] or fin_wait2["ms_about"]) > 50, f"FIN_WAIT2 began before the minisock: {fin_wait2}")
    check_equal("its peer", (server["cause"], server["closed_by"]), ("peer_fin", "peer"))
    for line in half(lines, traffic.port_of(connection.client)):
        check_equal("one that goes on", (line["status"], line["state"], line["cause"], line["ms"]), ("open", "ESTABLISHED", None, None))
        check(line["ms_at_least"] > 0, f"it goes on for some time: {line}")
    check_older(lines, traffic.port_of(older.child), older.client_life.lport)
    del older_listener


def check_resets(lines, reset, refused):
    client, server = half(lines, reset)
    check_equal("a reset", sorted([(client["cause"], client["closed_by"]), (server["cause"], server["closed_by"])]),
                [("reset_linger", "local"), ("reset_received", "peer")])
    check_equal("status", (client["status"], server["status"]), ("ended", "ended"))
    line, = half(lines, refused)
    check_equal("refused", (line["role"], line["closed_by"], states(line), line["handshake_ms"]), ("client", "peer", ["SYN_SENT"], None))
    check(line["cause"] in ("refused", "unreachable"), f"cause {line['cause']}")


def check_older(lines, lport, rport):
    """Seen only in part: that is said, and neither is its beginning."""
    for line in half(lines, rport):
        check_equal("partial", (line["partial"], line["role"], line["time"], line["ms"]), (True, None, None, None))
        check_equal("path", states(line)[:2], [None, "ESTABLISHED"])
        check_equal("closed by", line["closed_by"], "peer" if line["lport"] == lport else "local")


def make_traffic():
    for place in loopback_places():
        traffic.active_close(place)
        traffic.passive_close(place)
    traffic.reset(IPV4)
    traffic.refused(IPV4)
    traffic.reconnect(IPV4)
    traffic.close_in_fin_wait2(IPV4)


def test_same_bytes(program):
    """Live and replayed, also of those that are open at the end: how long they are is the recording's last word."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tools = []
        for number, options in enumerate(FORMATS):
            file = f"{folder}/{number}"
            tools.append((options, file, stack.enter_context(program.start("--sessions", "-o", file, "--buffer", BUFFER, *options))))
        older = stay_open(IPV4)
        make_traffic()
        for options, file, tool in tools:
            live = tool.end()
            check_good_end(live)
            check(len(live.lines) > 10, f"{options}: only {len(live.lines)} lines")
            replay = program.run("-r", file, here(), "--sessions", *options)
            check_equal(f"{options}: stderr of the replay", replay.errors, [])
            check(replay.output == live.output, f"{options}: {first_difference(live.lines, replay.lines)}")
        del older


def test_as_lines_say(program):
    """The same recording's lines, put together by cookie, make the same sessions."""
    with tempfile.TemporaryDirectory() as folder:
        with program.start("-q", "-o", f"{folder}/file") as tool:
            make_traffic()
            check_good_end(tool.end())
        lines = from_json(program.run("-r", f"{folder}/file", "-j").lines)
        shown = [from_json(program.run("-r", f"{folder}/file", "--sessions", "-j", *options).lines)
                 for options in ([], ["--minisocks"])]
    if any(line["cookie"] is None for line in own(lines)):
        raise Skipped("accepted connections have no cookie before 5.12, by which lines are put together")
    for minisocks, sessions in enumerate(shown):
        try:
            ended, _ = session_model.check_sessions(own(lines), own(sessions), bool(minisocks))
        except session_model.Differs as reason:
            raise Failed(str(reason)) from None
        check(ended > (5 if minisocks else 10), f"only {ended} sessions ended")


def exchange(place, port, sent, received):
    """The server closes first; FIN_WAIT2 is short, and no time of an orphan's."""
    listener = traffic.Listener(place, port)
    connection = traffic.Connection(listener)
    for one, other, size in (connection.client, connection.child, sent), (connection.child, connection.client, received):
        for left in range(size, 0, -CHUNK):
            one.sendall(b"x" * min(left, CHUNK))
            expected = min(left, CHUNK)
            while expected:
                expected -= len(other.recv(expected))
    traffic.hold()
    connection.child.close()
    wait.reached("CLOSE_WAIT", connection.client)
    traffic.close(connection.client)
    traffic.close(listener.socket)


def make_tracefs_seen():
    """Where libbpf looks for tracepoints. Not every machine has it mounted; the mounts here are the test's own."""
    if not os.path.exists(f"{TRACEFS}/events"):
        netns.mount("tracefs", TRACEFS, "tracefs")


class Tcplife:
    """libbpf-tools' tcplife, of the ends that a filter chooses."""

    def __init__(self, path, option, ports):
        make_tracefs_seen()
        command = ["stdbuf", "-oL", path, option, ",".join(map(str, ports))]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pipe = Pipe(self.process.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def lives(self):
        """{(lport, rport): (sent, received in KB, ms)} of its rows."""
        found = {}
        self.pipe.read(0.05)
        for line in self.pipe.lines:
            words = line.decode(errors="replace").split()
            if len(words) >= 9 and words[-4].isdigit():
                found[int(words[-6]), int(words[-4])] = tuple(map(float, words[-3:]))
        return found


def wait_for_lives(tools, ports, what):
    deadline = time.monotonic() + wait.PATIENCE
    while any(not any(port in ends for ends in tool.lives()) for tool in tools for port in ports):
        check(time.monotonic() < deadline, f"tcplife shows only {[tool.lives() for tool in tools]}, not {what}")


def test_as_tcplife_says(program):
    """Bytes, and the time from ESTABLISHED to the end of the socket, which is what tcplife calls a session's life."""
    tcplife = libbpf_tools.path_of("tcplife")
    check(tcplife, "tcplife is missing (Debian package libbpf-tools; scripts/deps install test)")
    planned = [(place, own_ports.new(), *sizes) for place in loopback_places()[:2] for sizes in PAYLOADS]
    first = own_ports.new()
    ports = [port for _, port, _, _ in planned]
    with Tcplife(tcplife, "-L", [first, *ports]) as servers, Tcplife(tcplife, "-D", [first, *ports]) as clients, \
            program.start("--sessions", "-j", "--buffer", BUFFER) as tool:
        deadline = time.monotonic() + wait.PATIENCE
        while not (servers.lives() and clients.lives()):
            check(time.monotonic() < deadline, "tcplife shows nothing")
            exchange(IPV4, first, 1, 1)
        for plan in planned:
            exchange(*plan)
        wait_for_lives([servers, clients], ports, f"all of {ports}")
        lives = {**servers.lives(), **clients.lives()}
        ended = tool.end()
    check_good_end(ended)
    compared = 0
    for line in own(from_json(ended.lines)):
        if line["lport"] not in ports and line["rport"] not in ports:
            continue
        sent, received, ms = lives[line["lport"], line["rport"]]
        for what, kilobytes, size in ("sent", sent, line["tx_bytes"]), ("received", received, line["rx_bytes"]):
            check(abs(kilobytes * KB - size) <= OFF_BYTES + OFF_KB * KB, f"{what}: tcplife says {kilobytes} KB, the line {size}: {line}")
        since = sum(step["ms"] or 0 for step in line["path"] if step["state"] not in ("SYN_SENT", "SYN_RECV", "TIME_WAIT"))
        check(abs(since - ms) <= OFF_MS, f"tcplife says {ms} ms, the line {since}: {line}")
        compared += 1
    check_equal("sessions compared", compared, 2 * len(ports))
