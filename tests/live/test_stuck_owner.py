# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whom --stuck names: the process that has the socket open at that moment, or a guess that is marked."""

import contextlib
import os
import signal
import socket

import actor
import netns
import own_ports
import traffic
from outcome import check, check_equal
from place import IPV4
from test_stuck import Watch
from tool import check_good_end, here

PR_SET_PDEATHSIG = 1
LIMITS = "CLOSE_WAIT:0.3,ESTABLISHED:0.3"


# ---- what the processes do

def fork_one(name, then):
    """A child that does something and stays until it is killed, at the latest when its parent ends. Its process id."""
    pid = os.fork()
    if pid:
        return pid
    actor.set_name(name)
    netns.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    then()
    while True:
        signal.pause()


def fork_worker(stage, name):
    """It accepts one session and greets."""
    def serve():
        stage.one, _ = stage.listener.accept()
        stage.one.send(b"x")

    return fork_one(name, serve)


def accept_and_greet(stage):
    actor.accept(stage)
    stage.one.send(b"x")


def fork_heir(stage, name):
    """It has the session, too."""
    return fork_one(name, lambda: None)


def fork_lasting_heir(stage, name):
    """The same, but it outlives its parent."""
    return fork_one(name, lambda: netns.libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0))


def set_aside(stage):
    """The session is only in a message that nobody has received."""
    stage.pair = socket.socketpair(socket.AF_UNIX)
    socket.send_fds(stage.pair[0], [b"x"], [stage.one.fileno()])
    stage.one.close()


@contextlib.contextmanager
def listening(name):
    """A process that listens, and the port."""
    port = own_ports.new()
    master = actor.Actor(name)
    try:
        master.do(actor.listen, IPV4, port)
        yield master, port
    finally:
        master.end()


def connected(port):
    one = traffic.new_socket(IPV4)
    one.connect((IPV4.raddr, port))
    return one


def left_by_client(port):
    """A client that has been greeted closes."""
    client = connected(port)
    check_equal("greeting", client.recv(1), b"x")
    client.close()


# ---- what is shown

def shown(line):
    return line["owner_from"], line["pid"], line["comm"]


def owner_texts(watch):
    """The column of the table, as the replay prints it: for stuck and still lines."""
    replay = watch.program.run("-r", watch.file, here(), watch.options[0], "-F", "event,owner", "--no-header")
    check_good_end(replay)
    lines = [line.split(None, 1) for line in replay.output.decode().splitlines()]
    return {line[1].strip() for line in lines if line[0] in ("stuck", "still")}


def test_worker(program):
    """A worker accepts from the listener of its master."""
    with listening("master") as (master, port), Watch(program, limits=LIMITS) as watch:
        pid = master.do(fork_worker, "worker")
        left_by_client(port)
        line = watch.next("stuck", "CLOSE_WAIT", port)
        check_equal("owner", shown(line), ("holder", pid, "worker"))
        check_equal("accepted", line["accepted"], True)
        watch.end()
        check("worker" in owner_texts(watch), f"unmarked: {owner_texts(watch)}")


def test_not_accepted(program):
    """Nobody has accepted it: the owner is that of the listener, and marked so, also in the count."""
    with listening("master") as (master, port), Watch(program, limits="CLOSE_WAIT:0.3") as watch:
        connected(port).close()
        line = watch.next("stuck", "CLOSE_WAIT", port)
        check_equal("owner", shown(line), ("inherited", master.pid, "master"))
        check("before the listener's owner accepted it" in line["hint"], line["hint"])
        check_equal("accepted", line["accepted"], False)
        (count,) = [line for line in watch.end() if line["lport"] == port]
        check_equal("accepted, of the count", count["accepted"], False)
        check_equal("marked", owner_texts(watch), {"!master"})


def test_fork_per_connection(program):
    """The process that accepts forks another for the session, and closes its own descriptor."""
    with listening("sshd") as (master, port), Watch(program, limits=LIMITS) as watch:
        client = connected(port)
        master.do(accept_and_greet)
        pid = master.do(fork_heir, "sshd-session")
        master.do(actor.close)
        check_equal("greeting", client.recv(1), b"x")
        client.close()
        line = watch.next("stuck", "CLOSE_WAIT", port)
        check_equal("owner", shown(line), ("holder", pid, "sshd-session"))
        watch.end()


def test_owner_is_dead(program):
    """It has passed the session on and ended."""
    with listening("parent") as (master, port), Watch(program, limits=LIMITS) as watch:
        client = connected(port)
        master.do(accept_and_greet)
        pid = master.do(fork_lasting_heir, "heir")
        try:
            master.leave()
            check_equal("greeting", client.recv(1), b"x")
            client.close()
            line = watch.next("stuck", "CLOSE_WAIT", port)
            check_equal("owner", shown(line), ("holder", pid, "heir"))
            watch.end()
        finally:
            os.kill(pid, signal.SIGKILL)


def test_shared(program):
    """Two processes have it open: the owner known so far is named, and the line says that it is not the only one."""
    with listening("parent") as (master, port), Watch(program, limits=LIMITS) as watch:
        client = connected(port)
        master.do(accept_and_greet)
        master.do(fork_heir, "child")
        check_equal("greeting", client.recv(1), b"x")
        client.close()
        line = watch.next("stuck", "CLOSE_WAIT", port)
        check_equal("owner", shown(line), ("shared", master.pid, "parent"))
        watch.end()


def test_nobody_has_it(program):
    """The only descriptor is in a message that nobody has received: the owner known so far is a guess."""
    with listening("sender") as (master, port), Watch(program, limits="CLOSE_WAIT:0.3") as watch:
        client = connected(port)
        master.do(accept_and_greet)
        master.do(set_aside)
        check_equal("greeting", client.recv(1), b"x")
        client.close()
        line = watch.next("stuck", "CLOSE_WAIT", port)
        check(line["owner_from"] in ("inherited", "accept"), f"owner_from {line['owner_from']}")
        check_equal("owner", (line["pid"], line["comm"]), (master.pid, "sender"))
        watch.end()
        check_equal("marked", owner_texts(watch), {"~sender"})


def test_owner_after_a_reset(program):
    """The owner that a scan found stays when a packet ends the session."""
    with listening("master") as (master, port), Watch(program, limits=LIMITS) as watch:
        pid = master.do(fork_worker, "worker")
        client = connected(port)
        check_equal("greeting", client.recv(1), b"x")
        stuck = watch.next("stuck", "ESTABLISHED", port)
        check_equal("owner", shown(stuck), ("holder", pid, "worker"))
        traffic.reset_on_close(client)
        client.close()
        left = watch.next("left", "ESTABLISHED", port)
        check_equal("cause", left["cause"], "reset_received")
        check_equal("owner", shown(left), ("holder", pid, "worker"))
        watch.end()
