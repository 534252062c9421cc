# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Sockets of the kernel's own, which have no file: they have no process as owner, and no call of a process as cause, though a
process had the kernel make and close them.
"""

import contextlib

import actor
import nvme_target
import observe
import own_ports
import smc
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4
from test_stuck import Watch
from tool import check_good_end

OF_KERNEL = "kernel", None
LATER_CAUSES = {None, "kernel", "peer_fin", "fin_acked", "timer"}   # of a change that no process has made
IDLE = "idle: nothing to send and nothing to read"


@contextlib.contextmanager
def client_of(port):
    """A process that has connected to the target."""
    client = actor.Actor("nvme client")
    try:
        client.do(actor.prepare, IPV4, 0)
        client.do(actor.connect, IPV4, port)
        yield client
    finally:
        client.end()


def shown(line):
    return line["owner_from"], line["pid"]


def split(lines, port):
    """Those of the kernel's listener, of the connections that it has accepted, of the clients."""
    return ([line for line in lines if line["lport"] == port and not line["rport"]],
            [line for line in lines if line["lport"] == port and line["rport"]],
            [line for line in lines if line["rport"] == port])


def check_of_kernel(what, lines, states):
    check_equal(f"{what}: states", [line["newstate"] for line in lines][:len(states)], states)
    check_equal(f"{what}: owners", {shown(line) for line in lines}, {OF_KERNEL})
    check(not [line for line in lines if line["comm"]], f"{what}: names of processes: {[line['comm'] for line in lines]}")
    causes = {line["cause"] for line in lines}
    check(causes <= LATER_CAUSES, f"{what}: causes {causes}")
    check_equal(f"{what}: signals", {line["signal"] for line in lines}, {None})


def closes(lines):
    """By their own end."""
    return [line for line in lines if line["newstate"] in ("FIN_WAIT1", "LAST_ACK") or
            line["newstate"] == "CLOSE" and line["oldstate"] in ("LISTEN", "ESTABLISHED", "CLOSE_WAIT")]


def is_open(port):
    return any(row[0] == port and row[2] == "ESTABLISHED" for row in wait.table())


def serve_beside(setter, port):
    """The process that has set up the target has a listener and a connection of its own, too."""
    setter.do(actor.listen, IPV4, port)
    with client_of(port):
        setter.do(actor.accept)
        setter.do(actor.close)
        setter.do(actor.close_listener)


def check_beside(lines, port, pid):
    listener, child, _ = split(lines, port)
    check_equal("the process' own listener", [(shown(line), line["cause"]) for line in listener],
                [(("listen", pid), None), (("listen", pid), "close")])
    check_equal("owner of its connection", {line["pid"] for line in child}, {pid})
    check_equal("how it closes that", [line["cause"] for line in closes(child)], ["close"])


def test_closed_by_thread(program):
    """The kernel closes a connection whose client talks rubbish. What the processes have themselves stays theirs."""
    nvme_target.need()
    port, beside = own_ports.new(), own_ports.new()
    with program.start("-j") as tool, nvme_target.setter(port) as setter:
        setter_pid = setter.pid
        with client_of(port) as client:
            client_pid = client.pid
            client.do(nvme_target.send_rubbish)
            client.do(actor.read_end)
            client.do(actor.close)
        serve_beside(setter, beside)
        setter.do(nvme_target.withdraw, port)
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    listener, child, theirs = split(lines, port)
    check_of_kernel("listener", listener, ["LISTEN", "CLOSE"])
    check_equal("the listener is closed in a call of", listener[1]["c_pid"], setter_pid)
    check_equal("cause of that", listener[1]["cause"], "kernel")
    check_of_kernel("connection", child, ["SYN_RECV", "ESTABLISHED", "FIN_WAIT1"])
    check_equal("why the connection is closed", [line["cause"] for line in closes(child)], ["kernel"])
    check_equal("client", {line["pid"] for line in theirs}, {client_pid})
    check_equal("how the client closes", [line["cause"] for line in closes(theirs)], ["close"])
    check_beside(lines, beside, setter_pid)


def test_closed_in_call(program):
    """A process withdraws the target: the kernel closes the connections in that call, or lets them be."""
    nvme_target.need()
    port = own_ports.new()
    with program.start("-j") as tool, nvme_target.setter(port) as setter:
        with client_of(port) as client:
            wait.until(lambda: is_open(port), "the target has a connection")
            setter.do(nvme_target.withdraw, port)
            is_left = is_open(port)
            if not is_left:
                client.do(actor.read_end)
            client.do(actor.close)
        wait.until(lambda: not [row for row in wait.table() if port in row[:2] and row[2] != "TIME_WAIT"],
                   "the connection is closed")
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    listener, child, _ = split(lines, port)
    check_of_kernel("listener", listener, ["LISTEN", "CLOSE"])
    check_of_kernel("connection", child, ["SYN_RECV", "ESTABLISHED", "CLOSE_WAIT" if is_left else "FIN_WAIT1"])
    check_equal("why the connection is closed", [line["cause"] for line in closes(child)], ["kernel"])


def test_older(program):
    """The listener and the connection are older than the trace, which no process is found to have open."""
    nvme_target.need()
    port = own_ports.new()
    with nvme_target.setter(port) as setter, client_of(port) as client:
        client_pid = client.pid
        with program.start("-j") as tool, program.start("--sessions", "-j") as sessions:
            rows = from_json(sessions.end().lines)
            client.do(actor.close)
            wait.until(lambda: not is_open(port), "the connection is closed")
            setter.do(nvme_target.withdraw, port)
            lines = from_json(tool.lines_until(observe.mark()))
            check_good_end(tool.end())
    listener, child, _ = split(lines, port)
    check_of_kernel("listener", listener, ["CLOSE"])
    check_equal("why the listener is closed", listener[0]["cause"], "kernel")
    check_equal("connection: states", [line["newstate"] for line in child][:1], ["CLOSE_WAIT"])
    # Where it has a file, as from 6.7 on, nothing tells the kernel's from a process'.
    check({shown(line) for line in child} <= {OF_KERNEL, (None, None)}, f"owners of the connection: {child}")
    (row,) = [row for row in rows if row["lport"] == port]
    check_equal("owner of the session", (row["pid"], row["comm"]), (None, None))
    (row,) = [row for row in rows if row["rport"] == port]
    check_equal("owner of the client's session", row["pid"], client_pid)


def test_stuck(program):
    """Nobody is blamed for a connection that the kernel keeps."""
    nvme_target.need()
    port = own_ports.new()
    with Watch(program, limits="ESTABLISHED:1.5") as watch, nvme_target.setter(port), client_of(port) as client:
        here, there = both(watch, port)
        check_equal("the target's end", (shown(here), here["comm"], here["hint"]), (OF_KERNEL, None, IDLE))
        check_equal("the client's end", (there["pid"], there["hint"]), (client.pid, IDLE))
        watch.end()


def listen_plainly(stage, port):
    actor.listen(stage, IPV4, port)


def connect_plainly(stage, port):
    actor.prepare(stage, IPV4, 0)
    actor.connect(stage, IPV4, port)


def whose(lines):
    return {(line["pid"], line["comm"]) for line in lines}


def check_smc(program, listen, accept, connect):
    """The near miss: a process has the socket of SMC, and by it the kernel's TCP socket below."""
    smc.need()
    port = own_ports.new()
    server, client = actor.Actor("smc server"), actor.Actor("smc client")
    with program.start("-j") as tool:
        server.do(listen, port)
        client.do(connect, port)
        server.do(accept)
        actor.talk_and_close(server, client)
        wait.until(lambda: not [row for row in wait.table() if port in row[:2] and row[2] != "TIME_WAIT"],
                   "the connection is closed")
        pids = server.pid, client.pid
        server.end()
        client.end()
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    listener, child, theirs = split(lines, port)
    check(listener and child and theirs, f"lines: {lines}")
    check_equal("the server's", whose(listener + child), {(pids[0], "smc server")})
    check_equal("the client's", whose(theirs), {(pids[1], "smc client")})
    check(not [line for line in lines if "kernel" in (line["owner_from"], line["cause"])], f"the kernel's: {lines}")


def test_smc_client(program):
    check_smc(program, listen_plainly, actor.accept, smc.connect)


def test_smc_server(program):
    check_smc(program, smc.listen, smc.accept, connect_plainly)


def test_smc_both(program):
    check_smc(program, smc.listen, smc.accept, smc.connect)


def both(watch, port):
    """The lines of the target's end and of the client's, in whatever order they come."""
    ends = {}
    while len(ends) < 2:
        line = watch.next("stuck", "ESTABLISHED", is_wanted=lambda line: port in (line["lport"], line["rport"]))
        ends[line["lport"] == port] = line
    return ends[True], ends[False]
