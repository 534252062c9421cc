# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Whose a session is. Where the kernel runs the program that sees accept(), that is the process that accepted it; elsewhere
the listener's, until another one acts on it.
"""

import os
import pathlib
import select
import socket
import threading

import observe
import traffic
import wait
from lines import from_json
from netns import libc
from outcome import check, check_equal
from place import IPV4
from tool import check_good_end

PR_SET_NAME = 15


def in_child(do):
    """A process that does it and ends."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
        finally:
            os._exit(0)
    return pid


def await_input(one):
    """Without a call that locks the socket: a packet that comes during one is dealt with by who has called."""
    poll = select.poll()
    poll.register(one, select.POLLIN)
    check(poll.poll(wait.PATIENCE * 1000), "nothing comes")


class Greeting:
    """By which a server lets the client know that the session has its owner."""

    def __init__(self):
        self.here, self.there = os.pipe()

    def say(self):
        os.write(self.there, b"x")

    def hear(self):
        await_input(self.here)
        os.read(self.here, 1)


def serve(one, greeting):
    """Closes when the client has."""
    greeting.say()
    await_input(one)
    one.close()


def visit(listener, greeting):
    """A client that closes first, when the session has its owner: its peer goes to CLOSE_WAIT by that, not by a call."""
    with traffic.new_socket(IPV4) as client:
        client.connect((IPV4.raddr, listener.port))
        greeting.hear()
        client.shutdown(socket.SHUT_WR)
        check_equal("what the server sends", client.recv(1), b"")


def comm_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def is_end_of_child(listener):
    here = b'"lport":%d,' % listener.port
    before = b'"oldstate":"LAST_ACK"', b'"oldstate":"CLOSE_WAIT"'
    return lambda line: here in line and b'"newstate":"CLOSE"' in line and any(state in line for state in before)


def lines_of(program, scenario):
    """The accepted session's lines, by new state; whether accept() is seen; and what the scenario returns."""
    with program.start("-j") as tool:
        listener = traffic.Listener(IPV4)
        answer = scenario(listener)
        listener.close()
        lines = from_json(tool.lines_until(is_end_of_child(listener)) + tool.lines_until(observe.mark()))
        seen = tool.sees_accept()
        check_good_end(tool.end())
    own = {line["newstate"]: line for line in lines if line["lport"] == listener.port and line["rport"]}
    return own, seen, answer


def check_owner(line, pid, owner_from):
    check_equal(f"owner at {line['oldstate']}>{line['newstate']}", (line["pid"], line["owner_from"]), (pid, owner_from))
    check_equal("its name", line["comm"], comm_of(os.getpid()))


def check_owners(own, seen, acceptor, closer):
    """The listener is this process'."""
    check_owner(own["ESTABLISHED"], os.getpid(), "inherited")
    check_owner(own["CLOSE_WAIT"], *((acceptor, "accept") if seen else (os.getpid(), "inherited")))
    known = acceptor == closer and seen
    check_owner(own["LAST_ACK"], closer, "accept" if known else "use")
    check_owner(own["CLOSE"], closer, "accept" if known else "use")


def accept_here(listener):
    greeting = Greeting()

    def server():
        serve(listener.socket.accept()[0], greeting)
    thread = threading.Thread(target=server)
    thread.start()
    visit(listener, greeting)
    thread.join()


def test_accept(program):
    own, seen, _ = lines_of(program, accept_here)
    check_owners(own, seen, os.getpid(), os.getpid())


def pre_fork(listener):
    """A worker accepts what its parent listens for."""
    greeting = Greeting()
    worker = in_child(lambda: serve(listener.socket.accept()[0], greeting))
    visit(listener, greeting)
    os.waitpid(worker, 0)
    return worker


def test_pre_fork(program):
    own, seen, worker = lines_of(program, pre_fork)
    check_owners(own, seen, worker, worker)


def passed_on(listener):
    """One process accepts and hands the session to another one: SCM_RIGHTS."""
    here, there = socket.socketpair()
    greeting = Greeting()

    def accept_and_send():
        with listener.socket.accept()[0] as one:
            socket.send_fds(here, [b"y"], [one.fileno()])
        here.send(b"z")    # has closed its own: the other one's is the last

    def receive_and_serve():
        listener.socket.close()
        one = socket.socket(fileno=socket.recv_fds(there, 1, 1)[1][0])
        there.recv(1)
        serve(one, greeting)

    acceptor, user = in_child(accept_and_send), in_child(receive_and_serve)
    visit(listener, greeting)
    for process in acceptor, user:
        os.waitpid(process, 0)
    return acceptor, user


def test_passed_on(program):
    own, seen, (acceptor, user) = lines_of(program, passed_on)
    check_owners(own, seen, acceptor, user)


def accept_in_thread(listener):
    """It has a name of its own, which is not the process'."""
    said, greeting = [], Greeting()

    def server():
        libc.prctl(PR_SET_NAME, b"a-thread", 0, 0, 0)
        said.append(comm_of("thread-self"))
        serve(listener.socket.accept()[0], greeting)

    thread = threading.Thread(target=server)
    thread.start()
    visit(listener, greeting)
    thread.join()
    check_equal("name of the thread", said, ["a-thread"])


def test_thread(program):
    own, seen, _ = lines_of(program, accept_in_thread)
    check_owners(own, seen, os.getpid(), os.getpid())


def test_unaccepted(program):
    """Nobody has it yet."""
    def connect_only(listener):
        with traffic.new_socket(IPV4) as client:
            client.connect((IPV4.raddr, listener.port))
            port = traffic.port_of(client)
        wait.reached_unaccepted("CLOSE_WAIT", listener.port, port)
    own, _, _ = lines_of(program, connect_only)
    check("CLOSE_WAIT" in own, f"only {list(own)}")
    check_owner(own["CLOSE_WAIT"], os.getpid(), "inherited")
