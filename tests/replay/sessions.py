# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--sessions held against what its lines say (session_model.py), over real traffic, described sessions and random ones."""

import datetime
import json
import os
import pathlib
import random
import sys

from program import Failed, expect
from recording import DETAILS, FACTS, KNOWN, MINISOCK_FLAGS, Recording, Transition

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "live"))

import pick             # noqa: E402
import session_model            # noqa: E402
import session_summary_model    # noqa: E402


def run(program, *arguments):
    ended = program.run(*arguments)
    if ended.status:
        raise Failed(f"{arguments}: status {ended.status}, {ended.stderr}")
    return pick.from_json(ended.stdout)


def check_recording(program, name, least):
    lines = run(program, "-r", name, "-j", "--half-open")
    for options in [], ["--minisocks"]:
        shown = run(program, "-r", name, "--sessions", "-j", "--half-open", *options)
        try:
            ended, rest = session_model.check_sessions(lines, shown, bool(options))
        except session_model.Differs as reason:
            raise Failed(f"{options}: {reason}") from None
        expect(f"{name}: shown, but in no line", [], [one for one in rest.values() if len(one["path"]) != 2])
        if ended < least:
            raise Failed(f"{name}: only {ended} sessions ended")


# Ways through the states, with what tells the cause of each.
CLIENT = [("CLOSE", "SYN_SENT", "IN_CALL"), ("SYN_SENT", "ESTABLISHED", "")]
SERVER = [("LISTEN", "SYN_RECV", ""), ("SYN_RECV", "ESTABLISHED", "")]
CLOSES = [("ESTABLISHED", "FIN_WAIT1", "IN_CALL+LAST_FD+IDLE"), ("FIN_WAIT1", "FIN_WAIT2", "ORPHAN"),
          ("FIN_WAIT2", "FIN_WAIT2", "ORPHAN+MINISOCK_SOUGHT"), ("FIN_WAIT2", "TIME_WAIT", ""), ("TIME_WAIT", "CLOSE", "TIMER")]
IS_CLOSED = [("ESTABLISHED", "CLOSE_WAIT", "PEER_FIN+IDLE"), ("CLOSE_WAIT", "LAST_ACK", "IN_CALL+EXITING"), ("LAST_ACK", "CLOSE", "ORPHAN")]
BOTH_CLOSE = [("ESTABLISHED", "FIN_WAIT1", "IN_CALL"), ("FIN_WAIT1", "CLOSING", "PEER_FIN"),
              ("CLOSING", "TIME_WAIT", "PEER_FIN+MINISOCK_SOUGHT"), ("TIME_WAIT", "CLOSE", "RECYCLED")]
LATE_DATA = CLOSES[:3] + [("FIN_WAIT2", "CLOSE", "ORPHAN+RESET_SENT")]
ASSASSINATED = BOTH_CLOSE[:3] + [("TIME_WAIT", "CLOSE", "ORPHAN+RESET_RECEIVED")]
DESTROYED = CLOSES[:4] + [("TIME_WAIT", "CLOSE", "ORPHAN+DESTROYED")]
ENDS = [CLOSES, IS_CLOSED, BOTH_CLOSE, LATE_DATA, ASSASSINATED, DESTROYED, [("ESTABLISHED", "CLOSE", "IN_CALL+LINGER_0")],
        [("ESTABLISHED", "CLOSE_WAIT", "PEER_FIN"), ("CLOSE_WAIT", "CLOSE", "reset")], [("ESTABLISHED", "CLOSE", "reset")]]
WAYS = [begin + end for begin in (CLIENT, SERVER) for end in ENDS] + [[CLIENT[0], ("SYN_SENT", "CLOSE", "refused")]]


class Walker:
    """A session on its way."""

    def __init__(self, choice, number, skaddr, time_ns, ways):
        self.choice, self.skaddr, self.cookie = choice, skaddr, 0x1000 + number
        self.way = choice.choice(ways)
        self.at = 0
        self.minisock = ""
        self.entered_ns = time_ns
        self.rport = choice.randrange(1, 65536)
        self.owner = {"comm": choice.choice([b"nginx", b"=cmd,\"x\"\n\xff"]), "pid": choice.randrange(1, 9)}
        self.tx_bytes = self.segments = 0
        self.tells_segments = choice.random() < 0.8

    def is_over(self):
        return self.at == len(self.way)

    def has_socket(self):
        return self.minisock == ""

    def change(self, time_ns):
        oldstate, newstate, facts = self.way[self.at]
        self.at += 1
        details = dict.fromkeys(DETAILS, 0)
        self.tx_bytes += self.choice.randrange(1000) if oldstate != newstate else 0
        self.segments += self.choice.randrange(1, 9)
        details.update(self.owner, uid=33, netns=7, cookie=self.cookie, tx_bytes=self.tx_bytes, idle_ms=self.choice.randrange(100), shutdown=3,
                       rx_bytes=self.tx_bytes // 2, retrans=self.segments // 6, segs_out=self.segments, known=KNOWN["segs_out"] * self.tells_segments,
                       signal=9 if "EXITING" in facts else 0, err={"reset": 104, "refused": 111}.get(facts, 0),
                       facts=sum(FACTS[name] for name in facts.replace("reset", "RESET_RECEIVED").replace("refused", "RESET_RECEIVED").split("+") if name))
        if self.minisock:
            self.minisock = "of"
        elif newstate == "TIME_WAIT" or oldstate == newstate:
            self.minisock = "to"
        known = self.choice.choice(["", "", "", "~", ">="]) if self.minisock != "to" else ""
        duration_ns = None if self.choice.random() < 0.1 and known == "" and self.minisock == "" else time_ns - self.entered_ns
        if oldstate in ("CLOSE", "LISTEN"):
            duration_ns = None
        if oldstate != newstate:
            self.entered_ns = time_ns
        return Transition(time_ns, self.skaddr, 1, b"", 4, "10.0.0.1", 80, "10.0.0.2", self.rport, oldstate, newstate, duration_ns,
                          time_ns, known, details, self.minisock)


assert set(MINISOCK_FLAGS) == {"", "to", "of"}


def random_recording(path, seed, loss):
    """Many sessions at few addresses; or each at its own, and of their changes, which all are lines, some are lost."""
    ways = [way for way in WAYS if not loss or not any(change[0] == change[1] for change in way)]
    choice = random.Random(seed)
    recording = Recording(os.devnull)
    recording.take_start("1000", "2024-06-01T12:00:00", "web1", "6.12.0")
    walkers, time_ns, number = [], 1000 * 10**9, 0
    for _ in range(3000):
        time_ns += choice.randrange(1, 10**7)
        free = sorted(set(range(20)) - {one.skaddr for one in walkers if one.has_socket()})
        if free and len(walkers) < 40 and choice.random() < 0.3:
            number += 1
            walkers.append(Walker(choice, number, 1000 + number if loss else choice.choice(free), time_ns, ways))
        if not walkers:
            continue
        walker = choice.choice(walkers)
        change = walker.change(time_ns)
        if choice.random() >= loss:
            recording.add_transition(change)
        if walker.is_over():
            walkers.remove(walker)
    recording.take_end()
    path.write_bytes(recording.data)


def random_sessions(seed, loss):
    def test(program):
        name = f"sessions-random-{seed}-{loss}.tcps"
        random_recording(program.folder / name, seed, loss)
        check_recording(program, name, 100)
    return test


def filters_choose_sessions(program):
    """A session is shown, whole, when one of its lines is; otherwise it is not."""
    choice = random.Random(3)
    name = "sessions-filtered.tcps"
    random_recording(program.folder / name, 9, 0)
    for option in [], ["--minisocks"]:
        filters_choose(program, choice, name, option)


def filters_choose(program, choice, name, option):
    """Without --minisocks the end of TIME_WAIT comes too late to choose a session."""
    lines = run(program, "-r", name, "-j")
    everything = run(program, "-r", name, "--sessions", "-j", *option)
    keys = [key for key in everything[0] if key != "timestamp"]
    without_timestamps = [{key: one[key] for key in keys} for one in everything]
    found = 0
    for _ in range(30):
        options = pick.random_options(choice, lines)
        wanted = pick.parse(options)
        ended = program.run("-r", name, "--sessions", "-j", *option, *options)
        if ended.status == 2:
            continue
        passed = {line["cookie"] for line in lines
                  if pick.matches(line, wanted, {}) and (option or line["oldstate"] != "TIME_WAIT")}
        shown = pick.from_json(ended.stdout)
        expect(f"{options}: sessions", [one["cookie"] for one in everything if one["cookie"] in passed],
               [one["cookie"] for one in shown])
        expect(f"{options}: are whole", True, all({key: one[key] for key in keys} in without_timestamps for one in shown))
        found += len(shown) > 0
    if found < 8:
        raise Failed(f"only {found} sets show anything")


KEYS = [["comm", "role", "port"], ["raddr"], ["cause", "closed_by"], ["pid", "netns", "cgroup", "laddr", "lport", "rport"]]


def objects(program, *arguments):
    ended = program.run(*arguments, "-j")
    if ended.status:
        raise Failed(f"{arguments}: status {ended.status}, {ended.stderr}")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def check_summary(program, name, *options):
    """Of what --sessions shows, whatever the keys; in which interval, as far as what is told is in order."""
    view = ["-r", name, "--sessions", *options]
    sessions = objects(program, *view, "-F", session_summary_model.FIELDS)
    for keys in KEYS:
        rows = objects(program, *view, "--summary", "--by", ",".join(keys))
        try:
            session_summary_model.check_whole(sessions, rows, keys)
        except session_model.Differs as reason:
            raise Failed(f"{options}: {reason}") from None
    return sessions


def summary_of(name, least):
    def test(program):
        for options in [], ["--minisocks"], ["--half-open"], ["--cause", "refused,reset_received"], ["-c", "nginx*"]:
            count = len(check_summary(program, name, *options))
            if not options and count < least:
                raise Failed(f"{name}: only {count} sessions")
    return test


START = datetime.datetime(2024, 6, 1, 12, tzinfo=datetime.timezone.utc)     # of the random recordings


def summary_of_random(seed, loss):
    def test(program):
        name = f"summary-random-{seed}-{loss}.tcps"
        random_recording(program.folder / name, seed, loss)
        sessions = check_summary(program, name)
        check_summary(program, name, "--minisocks", "--min-ms", "30")
        for keys in KEYS:
            rows = objects(program, "-r", name, "--sessions", "--summary=0.75", "--by", ",".join(keys))
            try:
                session_summary_model.check_whole(sessions, rows, keys)
                reports = session_summary_model.check_intervals(sessions, rows, keys, START, 0.75)
            except session_model.Differs as reason:
                raise Failed(f"{keys}: {reason}") from None
            if reports < 5:
                raise Failed(f"only {reports} reports")
        if not any(session_summary_model.has_failed(session) for session in sessions):
            raise Failed("no session has failed")
    return test


TESTS = {
    "example": lambda program: check_recording(program, "transitions.tcps", 5),
    "described": lambda program: check_recording(program, "sessions.tcps", 9),
    "details": lambda program: check_recording(program, "details.tcps", 4),
    "accepted": lambda program: check_recording(program, "accepted.tcps", 7),
    **{f"random_{seed}": random_sessions(seed, 0) for seed in range(1, 4)},
    **{f"random_lossy_{seed}": random_sessions(seed, 0.1) for seed in range(1, 4)},
    "filters_choose_sessions": filters_choose_sessions,
    "summary_example": summary_of("transitions.tcps", 5),
    "summary_described": summary_of("sessions.tcps", 9),
    "summary_details": summary_of("details.tcps", 4),
    "summary_first_version": summary_of("version-1.tcps", 1),
    **{f"summary_random_{seed}": summary_of_random(seed, 0) for seed in range(11, 14)},
    **{f"summary_random_lossy_{seed}": summary_of_random(seed, 0.1) for seed in range(11, 14)},
}
