# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Pairs of processes with a connection, the sessions they should have had, with owners and causes, and the check.

A path is written as "ESTABLISHED FIN_WAIT1:close FIN_WAIT2:fin_acked": each state with the cause of entering it. A "!"
marks what a process did to a socket that it had not made: from there on it is known to use it. A "?" marks where it may
be known to: the kernel lets a packet wait that comes during a system call on the socket, and deals with it when that
ends.

Where the kernel tells of accept(), a session that is accepted is its acceptor's from ESTABLISHED on.
"""

import json
import re
import select

import actor
import netns
import observe
import own_ports
import wait
from actor import Actor
from outcome import Failed, check, check_equal
from place import IPV4
from story import path_of
from tool import check_good_end

OPENS = "CLOSE SYN_SENT ESTABLISHED "
IS_ACCEPTED = "LISTEN SYN_RECV ESTABLISHED "
LISTENS = "CLOSE LISTEN "

# Sessions that go on without a socket: what becomes of them later is not these tests' matter.
MINISOCK_STATES = ("FIN_WAIT2", "TIME_WAIT")


class Session:
    """
    Whose it is, and its path; user: the process that acts on it where the path has a "!"; acceptor: the one that accepts
    it, right after the handshake.
    """

    def __init__(self, ends, path, owner, owner_from, user=None, acceptor=None, signal=None, killer=None):
        self.ends, self.path = ends, path.split()
        self.owner = owner.pid, owner.comm
        self.user = (user.pid, user.comm) if user else self.owner
        self.acceptor = (acceptor.pid, acceptor.comm) if acceptor else None
        self.owner_from, self.signal, self.killer = owner_from, signal, killer

    def lines(self, sees_accept):
        """As they should be: (change, cause, signal, pid, comm, ways in which the owner may be known)."""
        owner, owner_from, wanted = self.owner, (self.owner_from,), []
        for before, after in zip(self.path, self.path[1:]):
            state, cause, act = re.fullmatch(r"(\w+)(?::(\w+))?([!?]?)", after).groups()
            if before == "ESTABLISHED" and self.acceptor and sees_accept:
                owner, owner_from = self.acceptor, ("accept",)
            # The acceptor is known to have it already.
            if act and (owner_from != ("accept",) or owner[0] != self.user[0]):
                owner, owner_from = self.user, ("use",) if act == "!" else (*owner_from, "use")
            signal = self.signal if cause == "signal" else None
            change = f"{before.split(':')[0]}>{state}"
            wanted.append((change, cause, signal, *owner, owner_from))
        return wanted

    def goes_on(self):
        return self.path[-1].startswith(MINISOCK_STATES)

    def check(self, lines, sees_accept):
        wanted = self.lines(sees_accept)
        shown = [(f"{line['oldstate']}>{line['newstate']}", line["cause"], line["signal"], line["pid"], line["comm"],
                  line["owner_from"]) for line in lines]
        if self.goes_on():
            shown = shown[:len(wanted)]
        what = " ".join(self.path)
        check_equal(f"{what}: path", path_of(lines[:len(wanted)]), " ".join(line[0] for line in wanted))
        for got, expected in zip(shown, wanted):
            check(got[:-1] == expected[:-1] and got[-1] in expected[-1], f"{what}: got {got}, wanted {expected}")
        check_equal(f"{what}: lines after these", lines[len(wanted):] * (not self.goes_on()), [])
        for line in lines:
            if line["cause"] == "destroyed":
                check_equal(f"{what}: destroyed by", line["c_pid"], self.killer)


class Cast:
    """All actors of a test; `with` ends them."""

    def __init__(self):
        self.actors = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for one in self.actors:
            one.end()

    def actor(self, name):
        self.actors.append(Actor(name))
        return self.actors[-1]

    def finish(self, tool):
        """What they have begun. The lines are read meanwhile: other sessions of the machine make lines, too."""
        for one in self.actors:
            while one.is_busy and not select.select([one.control], [], [], 0)[0]:
                tool.out.read(0.02)
            if one.is_busy:
                one.finish()

    def pair(self, place=IPV4):
        return Pair(self, place)


class Pair:
    """A server process that listens and a client process that has a bound socket."""

    def __init__(self, cast, place):
        self.cast, self.place = cast, place
        self.port, self.client_port = own_ports.new(), own_ports.new()
        self.server = cast.actor(f"server-{self.port}")
        self.client = cast.actor(f"client-{self.port}")
        self.pids = {self.server: self.server.pid, self.client: self.client.pid}
        self.server.do(actor.listen, place, self.port)
        self.acceptor = Named(self, self.server)

    def prepare(self, *options):
        self.client.do(actor.prepare, self.place, self.client_port, *options)

    def connect(self, *options, accepted=True):
        self.prepare(*options)
        return self.connect_prepared(accepted)

    def connect_prepared(self, accepted=True):
        self.client.do(actor.connect, self.place, self.port)
        if accepted:
            self.server.do(actor.accept)
        else:
            wait.reached_unaccepted("ESTABLISHED", self.port, self.client_port)
            self.acceptor = None
        return self

    def sessions(self, client=None, child=None, listener="", **how):
        """From ESTABLISHED on; None: there is none. For another beginning: whole paths."""
        found = [Session((self.port, 0), LISTENS + listener, Named(self, self.server), "listen", **how)]
        if client is not None:
            found.append(self.client_session(OPENS + client, **how))
        if child is not None:
            found.append(self.child_session(child, **how))
        return found

    def client_session(self, path, **how):
        return Session((self.client_port, self.port), path, Named(self, self.client), "connect", **how)

    def child_session(self, path, **how):
        ends = self.port, self.client_port
        how.setdefault("acceptor", self.acceptor)
        return Session(ends, IS_ACCEPTED + path, Named(self, self.server), "inherited", **how)


class Named:
    """An actor as it was, even when it has ended."""

    def __init__(self, pair, one):
        self.pid, self.comm = pair.pids[one], one.comm


def ends_of(line):
    return line["lport"], line["rport"]


def collect(tool, cast, sessions):
    """Lines by session's ends: at least as many as there should be, and all until a mark that is made then."""
    lines = {session.ends: [] for session in sessions}
    is_here = b'"netns":%d,' % netns.inode()
    missing = {session.ends: len(session.path) - 1 for session in sessions}

    def take(text):
        line = json.loads(text) if is_here in text else None
        if line and ends_of(line) in lines:
            lines[ends_of(line)].append(line)
            missing[ends_of(line)] -= 1

    cast.finish(tool)
    while any(count > 0 for count in missing.values()):
        try:
            take(tool.next_line())
        except Failed as reason:
            lacking = [f"{session.path} after {path_of(lines[session.ends])}" for session in sessions
                       if missing[session.ends] > 0]
            raise Failed(f"{reason}; lines are missing of: {lacking}") from None
    for text in tool.lines_until(observe.mark()):
        take(text)
    return lines


def check_causes(program, *scenarios):
    """All at the same time; each is a function of the cast that returns its sessions. Answers the lines."""
    with Cast() as cast, program.start("-j", everywhere=True) as tool:
        sessions = [session for scenario in scenarios for session in scenario(cast)]
        lines = collect(tool, cast, sessions)
        sees_accept = tool.sees_accept()
        check_good_end(tool.end())
    complaints = []
    for session in sessions:
        try:
            session.check(lines[session.ends], sees_accept)
        except Failed as reason:
            complaints.append(str(reason))
    if complaints:
        raise Failed("\n".join(complaints))
    return lines
