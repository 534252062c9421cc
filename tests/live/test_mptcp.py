# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Subflows of MPTCP are the kernel's own TCP sockets: whose they are, and why they are closed, follows from the connection
that a process has. The kernel's thread that opens and closes them says neither.
"""

import os
import signal
import socket

import actor
import mptcp
import observe
import own_ports
import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4
from tool import check_good_end

FIRST, SECOND = "127.0.0.1", "127.0.0.2"      # the client's addresses


def listen(stage, port):
    stage.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, mptcp.IPPROTO_MPTCP)
    stage.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    stage.listener.bind((FIRST, port))
    stage.listener.listen(8)


def prepare(stage):
    stage.one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, mptcp.IPPROTO_MPTCP)
    stage.one.settimeout(actor.PATIENCE)


def remove_addresses(stage):
    mptcp.PathManager().remove_all()


def joined(port):
    """The client's additional subflow is established, at both ends."""
    return sum(row[2] == "ESTABLISHED" and port in row[:2] for row in wait.table()) == 4


class Pair:
    """An MPTCP connection with two subflows between two processes."""

    def __init__(self, port):
        self.port = port
        self.server, self.client = actor.Actor("mptcp server"), actor.Actor("mptcp client")

    def __enter__(self):
        self.server.do(listen, self.port)
        self.client.do(prepare)
        self.client.do(actor.connect, IPV4, self.port)
        self.server.do(actor.accept)
        # An additional subflow needs a connection on which data has been acknowledged.
        self.client.do(actor.send)
        self.server.do(actor.receive)
        self.server.do(actor.send)
        self.client.do(actor.receive)
        wait.until(lambda: joined(self.port), "an additional subflow is established")
        return self

    def __exit__(self, *error):
        self.client.end()
        self.server.end()


def subflows_of(lines, port):
    """The client's lines of each subflow, by local address; and the server's, by the same."""
    mine = [line for line in lines if line["rport"] == port]
    theirs = [line for line in lines if line["lport"] == port and line["rport"]]
    return ({address: [line for line in mine if line["laddr"] == address] for address in (FIRST, SECOND)},
            {address: [line for line in theirs if line["raddr"] == address] for address in (FIRST, SECOND)})


def closes(lines):
    """How the subflow was closed by its own end."""
    return [(line["cause"], line["signal"]) for line in lines
            if line["newstate"] in ("FIN_WAIT1", "LAST_ACK") or
            line["newstate"] == "CLOSE" and line["oldstate"] in ("ESTABLISHED", "CLOSE_WAIT")]


def gone(port):
    """No subflow is left, other than in TIME_WAIT."""
    return not [row for row in wait.table() if port in row[:2] and row[2] not in ("TIME_WAIT", "LISTEN")]


def traced(program, close):
    """What close(pair) makes of a connection: the lines of the client's and of the server's subflows; the pids."""
    manager = mptcp.PathManager()
    manager.allow(2)
    manager.add(SECOND)
    port = own_ports.new()
    with program.start("-j") as tool, Pair(port) as pair:
        pids = pair.client.pid, pair.server.pid
        close(pair)
        wait.until(lambda: gone(port), "the subflows are closed")
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    client, server = subflows_of(lines, port)
    for address in FIRST, SECOND:
        check_owner(f"client's subflow from {address}", client[address], pids[0], "mptcp client")
        check_owner(f"server's subflow to {address}", server[address], pids[1], "mptcp server")
    check_equal("accepted", {line["accepted"] for some in (client, server) for address in some for line in some[address]}, {None})
    check_equal("SYN_RECV of the additional subflow", server[SECOND][1]["ms"], None)
    return client, server, lines


def check_owner(what, lines, pid, comm):
    check(lines, f"{what}: no lines")
    check_equal(what, {(line["pid"], line["comm"]) for line in lines}, {(pid, comm)})


def check_closed(program, close, by_client, by_server):
    """Both subflows are closed for the same reason: (cause, signal) of each close by that end."""
    client, server, _ = traced(program, close)
    for address in FIRST, SECOND:
        check_equal(f"closed by the client, from {address}", closes(client[address]), by_client)
        check_equal(f"closed by the server, to {address}", closes(server[address]), by_server)


def end_server(pair):
    pair.server.do(actor.read_end)
    pair.server.do(actor.close)


def close_client(pair):
    pair.client.do(actor.close)
    end_server(pair)


def test_close(program):
    check_closed(program, close_client, [("close", None)], [("close", None)])


def shut_client(pair):
    pair.client.do(actor.shutdown)
    end_server(pair)
    pair.client.do(actor.read_end)
    pair.client.do(actor.close)


def test_shutdown(program):
    check_closed(program, shut_client, [("shutdown", None)], [("close", None)])


def kill_client(pair):
    pair.client.die(signal.SIGKILL)
    end_server(pair)


def test_signal(program):
    check_closed(program, kill_client, [("signal", signal.SIGKILL)], [("close", None)])


def leave_client(pair):
    pair.client.leave()
    end_server(pair)


def test_exit(program):
    check_closed(program, leave_client, [("exit", None)], [("close", None)])


def close_unread(pair):
    pair.server.do(actor.send)
    pair.client.do(actor.await_event)
    pair.client.do(actor.close)


def check_reset(program, close, cause):
    """
    The client resets both subflows, one after the other. The server may be faster: its kernel thread resets the second
    one as soon as it has received the reset of the first (mptcp_check_fastclose()).
    """
    client, server, _ = traced(program, close)
    by_client, received, by_thread = [(cause, None)], [("reset_received", None)], [(None, None)]
    check_equal("the first", (closes(client[FIRST]), closes(server[FIRST])), (by_client, received))
    second = closes(client[SECOND]), closes(server[SECOND])
    check(second in ((by_client, received), (received, by_thread)), f"the second: {second}")


def test_unread(program):
    """The client closes with unread data, and resets all subflows."""
    check_reset(program, close_unread, "reset_unread")


def disconnect_client(pair):
    pair.client.do(actor.disconnect)


def test_disconnect(program):
    check_reset(program, disconnect_client, "disconnect")


def remove_and_close(pair):
    remover = actor.Actor("mptcp remover")
    remover.do(remove_addresses)
    remover.end()
    wait.until(lambda: sum(row[2] == "ESTABLISHED" and pair.port in row[:2] for row in wait.table()) == 2,
               "the additional subflow is closed")
    close_client(pair)


def test_removed_address(program):
    """A third process has the kernel close one subflow: it neither has nor closes the connection."""
    client, server, _ = traced(program, remove_and_close)
    check_equal("the one that was removed", closes(client[SECOND]) + closes(server[SECOND]), [(None, None)] * 2)
    check_equal("the other one", closes(client[FIRST]) + closes(server[FIRST]), [("close", None)] * 2)


def test_listener(program):
    """It is the process' own, and so is its end."""
    mptcp.PathManager()
    port = own_ports.new()
    with program.start("-j") as tool:
        server = actor.Actor("mptcp server")
        server.do(listen, port)
        server.do(actor.close_listener)
        pid = server.pid
        server.end()
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    own = [(line["newstate"], line["pid"], line["cause"]) for line in lines if line["lport"] == port]
    check_equal("listener", own, [("LISTEN", pid, None), ("CLOSE", pid, "close")])


def test_older(program):
    """A connection that is older than the trace is found with its owner, and so are its subflows."""
    manager = mptcp.PathManager()
    manager.allow(2)
    manager.add(SECOND)
    port = own_ports.new()
    with Pair(port) as pair:
        pids = {pair.client.pid, pair.server.pid}
        with program.start("--sessions", "-j") as tool:
            rows = [row for row in from_json(tool.end().lines) if port in (row["lport"], row["rport"])]
    check_equal("sessions", len(rows), 4)
    check_equal("owners", {row["pid"] for row in rows}, pids)
    check_equal("accepted", {row["accepted"] for row in rows}, {None})


def test_plain_beside(program):
    """The near miss: without MPTCP, the process that acts on a socket is its owner and closes it."""
    listener = traffic.Listener(IPV4)
    with program.start("-j") as tool:
        connection = traffic.Connection(listener)
        traffic.close(connection.client)
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    (first,) = [line for line in lines if line["rport"] == listener.port and line["newstate"] == "FIN_WAIT1"]
    check_equal("closed by", (first["pid"], first["cause"]), (os.getpid(), "close"))


def listen_plainly(stage, port):
    actor.listen(stage, IPV4, port)


def prepare_plainly(stage):
    actor.prepare(stage, IPV4, 0)


def check_one_sided(program, listen_at, prepare_one):
    """Only one end has MPTCP: the connection falls back to TCP, and is its processes' still."""
    mptcp.PathManager()
    port = own_ports.new()
    server, client = actor.Actor("mptcp server"), actor.Actor("mptcp client")
    pids = server.pid, client.pid
    with program.start("-j") as tool:
        server.do(listen_at, port)
        client.do(prepare_one)
        client.do(actor.connect, IPV4, port)
        server.do(actor.accept)
        actor.talk_and_close(server, client)
        wait.until(lambda: gone(port), "the connection is closed")
        server.end()
        client.end()
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    check_owner("server", [line for line in lines if line["lport"] == port], pids[0], "mptcp server")
    check_owner("client", [line for line in lines if line["rport"] == port], pids[1], "mptcp client")
    check_equal("closes", closes([line for line in lines if line["rport"]]), [("close", None)] * 2)
    check(not [line for line in lines if line["owner_from"] == "kernel"], f"the kernel's: {lines}")


def test_client_without(program):
    check_one_sided(program, listen, prepare_plainly)


def test_server_without(program):
    check_one_sided(program, listen_plainly, prepare)
