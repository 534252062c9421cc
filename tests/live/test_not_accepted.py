# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Connections in the accept queue: lines and --sessions tell that no process has accepted them, and of no others."""

import pathlib
import tempfile

import observe
import traffic
import wait
from lines import from_json
from outcome import check, check_equal
from place import IPV4, IPV6
from tool import check_good_end, here

OPENED = [("SYN_RECV", None), ("ESTABLISHED", None)]


def connected(listener):
    client = traffic.new_socket(listener.place)
    client.connect((listener.place.raddr, listener.port))
    return client


def own_ends(client, listener):
    """Of the listener's end."""
    return listener.port, traffic.port_of(client)


class Play:
    """Clients of three listeners: one never accepts, one does, one closes with a connection in its queue."""

    def __init__(self, place):
        self.idle, self.served, self.closing = (traffic.Listener(place) for _ in range(3))
        self.kept = []
        self.lines = {}         # of the listener's end: {(lport, rport): [(new state, accepted)]}
        self.sessions = {}      # likewise: (status, state, accepted)

    def expect(self, ends, lines, session):
        self.lines[ends], self.sessions[ends] = lines, session

    def be_older(self):
        """Before the trace."""
        waiting, accepted = connected(self.idle), traffic.Connection(self.served)
        self.kept += [waiting, accepted]
        self.expect(own_ends(waiting, self.idle), [], ("open", "ESTABLISHED", False))
        self.expect(own_ends(accepted.client, self.served), [], ("open", "ESTABLISHED", True))

    def wait_in_vain(self):
        gives_up, resets, stays, cut_off = *(connected(self.idle) for _ in range(3)), connected(self.closing)
        self.kept += [stays, cut_off]
        ends = own_ends(gives_up, self.idle)
        gives_up.close()
        wait.reached_unaccepted("CLOSE_WAIT", *ends)
        self.expect(ends, OPENED + [("CLOSE_WAIT", False)], ("open", "CLOSE_WAIT", False))
        ends = own_ends(resets, self.idle)
        traffic.reset_on_close(resets)
        resets.close()
        wait.until(lambda: ends not in wait.ends(), "the reset ends the session")
        self.expect(ends, OPENED + [("CLOSE", False)], ("ended", "CLOSE", False))
        self.expect(own_ends(stays, self.idle), OPENED, ("open", "ESTABLISHED", False))
        self.closing.close(unaccepted=1)
        wait.reached("CLOSE", cut_off)
        self.expect(own_ends(cut_off, self.closing), OPENED + [("CLOSE", False)], ("ended", "CLOSE", False))

    def be_served(self):
        """Near misses: accepted before the client closes; only after that; and open."""
        early, stays = traffic.Connection(self.served), traffic.Connection(self.served)
        self.kept.append(stays)
        ends = own_ends(early.client, self.served)
        traffic.close(early.client)
        wait.reached("CLOSE_WAIT", early.child)
        traffic.close(early.child)
        closed = [("LAST_ACK", True), ("CLOSE", True)]
        self.expect(ends, OPENED + [("CLOSE_WAIT", True)] + closed, ("ended", "CLOSE", True))
        late = connected(self.served)
        ends = own_ends(late, self.served)
        late.close()
        wait.reached_unaccepted("CLOSE_WAIT", *ends)
        child, _ = self.served.socket.accept()
        traffic.close(child)
        self.expect(ends, OPENED + [("CLOSE_WAIT", False)] + closed, ("ended", "CLOSE", True))
        self.expect(own_ends(stays.client, self.served), OPENED, ("open", "ESTABLISHED", True))
        first = traffic.Connection(self.served)
        ends = own_ends(first.client, self.served)
        traffic.close(first.child)
        wait.reached("CLOSE_WAIT", first.client)
        traffic.close(first.client)
        self.expect(ends, OPENED + [(state, True) for state in ("FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT")], ("ended", "TIME_WAIT", True))

    def check_lines(self, lines):
        for ends, wanted in self.lines.items():
            own = [(line["newstate"], line["accepted"]) for line in lines if (line["lport"], line["rport"]) == ends]
            check_equal(f"lines of {ends}", own, wanted)
        ports = self.idle.port, self.served.port, self.closing.port
        others = [line for line in lines if line["rport"] in ports or (line["lport"] in ports and not line["rport"])]
        check(others, "no lines of clients and listeners")
        check_equal("of clients and listeners", {line["accepted"] for line in others}, {None})

    def check_sessions(self, rows):
        found = {(row["lport"], row["rport"]): row for row in rows}
        for ends, wanted in self.sessions.items():
            check_equal(f"session {ends}", tuple(found[ends][key] for key in ("status", "state", "accepted")), wanted)
            client = found[ends[::-1]]
            if client["role"] == "client":
                check_equal(f"its client {ends}", client["accepted"], None)


def check_marks(what, rows):
    """The owner has ! before it where no process has accepted the session, and only there."""
    comm = pathlib.Path("/proc/self/comm").read_text().rstrip("\n")
    unaccepted = {row["owner"] for row in rows if row["accepted"] is False}
    check_equal(f"{what}: owners", unaccepted - {"!"}, {f"!{comm}"})
    for row in rows:
        check(row["accepted"] is False or not (row["owner"] or "").startswith("!"), f"{what}: {row}")


def of_place(place):
    def test(program):
        play = Play(place)
        play.be_older()
        with tempfile.TemporaryDirectory() as folder:
            lines, sessions = f"{folder}/lines", f"{folder}/sessions"
            with program.start("-j", "-o", lines) as tool, program.start("--sessions", "-j", "-o", sessions) as view:
                play.wait_in_vain()
                play.be_served()
                tool.lines_until(observe.mark())
                shown, ended = tool.end(), view.end()
            check_good_end(shown)
            check_good_end(ended)
            play.check_lines(from_json(shown.lines))
            play.check_sessions(from_json(ended.lines))
            replayed = program.run("--sessions", "-j", "-r", sessions, here())
            check_equal("replay of --sessions", replayed.output, ended.output)
            for what, file, options in ("lines", lines, []), ("sessions", sessions, ["--sessions"]):
                marked = program.run(*options, "-j", "-F", "owner,accepted,lport,rport", "-r", file, here())
                check_marks(what, from_json(marked.output.splitlines()))
    return test


test_ipv4 = of_place(IPV4)
test_ipv6 = of_place(IPV6)
