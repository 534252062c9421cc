# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a test did: its actions with their times, and the life of each socket that they should have caused."""

import os
import time

from outcome import check, check_equal

UNSPECIFIED = {"0.0.0.0", "::"}

# A step ends only after the kernel has made its changes, so the times of steps enclose those of the changes. This much
# is left for rounding, and for reading one clock on two CPUs.
SLACK_MS = 0.05


CLOCK_MONOTONIC_COARSE = 6
JIFFY_MS = time.clock_getres(CLOCK_MONOTONIC_COARSE) * 1000


def in_jiffies():
    """
    The time of a clock that goes on with jiffies (tick_do_update_jiffies64()): both are late while the CPU that counts
    them is not run.
    """
    return time.clock_gettime(CLOCK_MONOTONIC_COARSE)


class Step:
    """
    One action of the test: `with Step() as connected: ...` notes when it began and ended. The kernel's changes that it
    causes are to be waited for in it.
    """

    def __enter__(self):
        self.begin, self.begin_in_jiffies = time.monotonic(), in_jiffies()
        return self

    def __exit__(self, *error):
        self.end_in_jiffies, self.end = in_jiffies(), time.monotonic()

    def ms(self):
        return (self.end - self.begin) * 1000


def at_least_ms(earlier, later):
    return 0 if earlier is later else (later.begin - earlier.end) * 1000 - SLACK_MS


def at_most_ms(earlier, later):
    return (later.end - earlier.begin) * 1000 + SLACK_MS


class Change:
    def __init__(self, oldstate, newstate, since, step, pid, known):
        self.oldstate, self.newstate = oldstate, newstate
        self.since, self.step = since, step     # the steps in which the old state began and ended
        self.pid = pid                          # who made it, if it was made in a process' own context
        self.known = known                      # False: the duration must be unknown; None: it may be

    def __str__(self):
        return f"{self.oldstate}>{self.newstate}"

    def check_duration(self, ms):
        if ms is None or self.known is False:
            check(not self.known, f"{self}: the duration is not shown")
            check(ms is None, f"{self}: shows {ms} ms, which nobody can know")
        elif self.since:
            low, high = at_least_ms(self.since, self.step), at_most_ms(self.since, self.step)
            check(low <= ms <= high, f"{self}: shows {ms} ms, the test measured {low:.3f} to {high:.3f} ms")


class Life:
    """A socket's life: made in step `born` (None: before the trace), then one change after the other."""

    def __init__(self, place, state, born, lport, rport, bound=True):
        self.place, self.lport, self.rport = place, lport, rport
        self.bound = bound          # the local port was chosen before the connection began
        self.state, self.since = state, born
        self.changes = []

    def becomes(self, state, step, ours=False, known=True):
        if self.since is None:
            known = False
        self.changes.append(Change(self.state, state, self.since, step, os.getpid() if ours else None, known))
        self.state, self.since = state, step
        return self

    def path(self):
        return " ".join(str(change) for change in self.changes)

    def check(self, lines):
        for change, line in zip(self.changes, lines, strict=True):
            change.check_duration(line["ms"])
            self.check_ends(change, line)
            if change.pid:
                check_equal(f"{change}: c_pid", line["c_pid"], change.pid)

    def check_ends(self, change, line):
        place = self.place
        listens = "LISTEN" in (change.oldstate, change.newstate) and change.newstate != "SYN_RECV"
        early = change.newstate == "SYN_SENT" and not self.bound
        wanted = {
            "ip": {place.ip},
            "laddr": {place.laddr},
            "lport": {0} if early else {self.lport},
            "raddr": UNSPECIFIED if listens else {place.raddr},
            "rport": {0} if listens else {self.rport},
        }
        for key, values in wanted.items():
            check(line[key] in values, f"{change}: {key} {line[key]}, not {values}")


def by_socket(lines):
    """The lines of each socket address, in order."""
    sockets = {}
    for line in lines:
        sockets.setdefault(line["skaddr"], []).append(line)
    return list(sockets.values())


def path_of(lines):
    return " ".join(f"{line['oldstate']}>{line['newstate']}" for line in lines)


def check_lives(lives, lines):
    """Every life is shown, each by one socket address, and nothing else is. Twins are told apart by their order."""
    shown = sorted(by_socket(lines), key=lambda some: (path_of(some), some[-1]["lport"], some[-1]["rport"]))
    lives = sorted(lives, key=lambda life: (life.path(), life.lport, life.rport))
    check_equal("paths", list(map(path_of, shown)), [life.path() for life in lives])
    for life, some in zip(lives, shown):
        life.check(some)
