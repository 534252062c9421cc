# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Summaries: what the kernel adds up is what is counted of each change, and so is what a replay says."""

import contextlib
import json
import signal
import socket
import tempfile
import time

import actor
import churn
import own_ports
import traffic
import wait
from causes import Cast
from outcome import Failed, check, check_equal
from place import IPV4
from test_replay import check_replay
from tool import check_good_end

SESSIONS = 400
MODES = "fin", "halfclose", "rst", "serverfin"    # each has a port of its own
ATTEMPTS = 5
FIGURES = ["entered", "now", "timed", "at_least", "unknown"]
NO_KEYS = {"time", "timestamp", "span", "report", "p50_ms", "p90_ms", "p99_ms", "max_ms", "total_ms", "histogram", *FIGURES}
ADDS_UP = "the kernel aggregates transitions"


def rows_of(ended):
    """{keys: row} of the report of the whole run."""
    rows = [json.loads(line) for line in ended.lines]
    return {tuple((key, row[key]) for key in row if key not in NO_KEYS): row for row in rows if row["report"] == "whole"}


class Disturbed(Exception):
    """
    The two may differ: a program was interrupted while it ran, and the kernel kept a change from it, which it tells; or
    the CPU was taken away between the two looking at their clocks, for longer than a test can allow for.
    """


def check_near(what, one, other, count):
    """Each program has its own clock: it runs a little earlier, or later, than the other one's, and may be interrupted."""
    if abs(one - other) > 0.05 * max(one, other) + 0.2 * count + 5:
        raise Disturbed(f"{what} is {one} and {other}")


def check_row(what, one, other):
    check_equal(what, {name: one[name] for name in FIGURES}, {name: other[name] for name in FIGURES})
    for row in one, other:
        check_equal(f"{what}: durations in the histogram", sum(count for _, count in row["histogram"]), row["timed"])
    if one["timed"]:
        for name, count in ("p50_ms", 1), ("total_ms", one["timed"]):
            check_near(f"{what}: {name}", one[name], other[name], count)
        for row in one, other:
            check(row["p50_ms"] <= row["p90_ms"] <= row["p99_ms"] <= row["max_ms"] <= row["total_ms"], f"{what}: {row}")


def check_same(what, one, other):
    one, other = rows_of(one), rows_of(other)
    check(one, f"{what}: no rows")
    for mine, others in (one, other), (other, one):
        alone = [keys for keys in mine if keys not in others]
        check(not alone, f"{what}: {len(alone)} groups only {'in the kernel' if mine is one else 'here'}: {alone[:5]}")
    for keys, row in one.items():
        check_row(f"{what}: {keys}", row, other[keys])


def adds_up(tool):
    return any(ADDS_UP.encode() in line for line in tool.err.lines)


def check_undisturbed(ended):
    for line in ended.errors:
        if line.startswith("tcpstates: lost "):
            raise Disturbed(line)


@contextlib.contextmanager
def both_ways(program, *options):
    """The same traffic, added up by the kernel, and here, for whoever records has to see each change."""
    options = ["--summary", "-j", "--buffer", "32M", *options]
    with program.start(*options) as in_kernel, program.start(*options, "-o", "/dev/null") as here:
        check(adds_up(in_kernel), f"{options}: the kernel does not add up")
        check(not adds_up(here), f"{options}: the kernel adds up what is recorded")
        yield
        # At once: between their ends, a TIME_WAIT of the attempt before may come to its own.
        for tool in in_kernel, here:
            tool.send(signal.SIGINT)
        ended = in_kernel.wait(), here.wait()
    for one in ended:
        check_undisturbed(one)
        check_good_end(one)
    check_same(" ".join(options), *ended)


def many(addresses, port):
    for number, mode in enumerate(MODES):
        for address in addresses:
            with churn.gone(), churn.Churn(address, port + number, 1, SESSIONS, mode) as run:
                run.finish()


def until_undisturbed(test):
    """The same again, for what is wrong is wrong each time."""
    def again(program):
        addresses = churn.addresses()
        reasons = []
        while len(reasons) < ATTEMPTS:
            try:
                return test(program, addresses)
            except Disturbed as reason:
                reasons.append(str(reason))
        raise Failed("in each attempt something differs: " + "; ".join(reasons))
    return again


def added_up_by_kernel(*choices):
    """Many sessions of each kind; some were there before. Options may name the {port} of one mode, and {other} of another."""
    @until_undisturbed
    def test(program, addresses):
        listener = traffic.Listener(IPV4)
        before = traffic.Connection(listener)
        port = own_ports.row(len(MODES))
        with contextlib.ExitStack() as stack:
            for options in choices:
                stack.enter_context(both_ways(program, *[word.format(port=port, other=port + 1) for word in options]))
            many(addresses, port)
            traffic.close(before.client, before.child)
        listener.close()
    return test


test_by_state_and_edge = added_up_by_kernel(["--by", "state"], ["--by", "edge"], ["--by", "state,edge"])
test_by_ports = added_up_by_kernel(["--by", "lport,state"], ["--by", "rport"])
test_by_address = added_up_by_kernel(["--by", "state,raddr/8/16"], ["--by", "laddr/31,raddr,lport,rport,netns,state"])
test_by_owner = added_up_by_kernel(["--by", "edge,comm,pid"])
test_filtered = added_up_by_kernel(["-L", "{port}"], ["-4", "-D", "{port}-{other}", "--by", "state,rport"],
                                   ["--remote", f"{churn.ADDRESS4}/31", "--by", "raddr,edge"])


@until_undisturbed
def test_more_groups_than_room(program, addresses):
    """What the kernel has no room for it sends."""
    with both_ways(program, "--by", "lport,rport,raddr,edge"):
        with churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.new(), 1, 8000, "rst") as run:
            run.finish()


@until_undisturbed
def test_recycled(program, _):
    """A TIME_WAIT that a new session cuts short, and one that its timer ends not yet."""
    with both_ways(program, "--by", "state"), both_ways(program, "--by", "edge"):
        listener = traffic.Listener(IPV4)
        port = own_ports.new()
        for _ in range(3):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                client.bind((IPV4.laddr, port))
                client.connect((IPV4.raddr, listener.port))
                child, _ = listener.socket.accept()
                child.close()
                client.recv(1)
            wait.reached_unaccepted("TIME_WAIT", listener.port, port)
        listener.socket.close()


def test_interval(program):
    """Each interval has a report of its own, and all of them together are the whole run, but for what comes last."""
    with program.start("--summary=0.25", "-j") as tool:
        for _ in range(3):
            with churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.new(), 1, 300, "rst") as run:
                run.finish()
            time.sleep(0.3)
        ended = tool.end()
        check_good_end(ended)
    rows = [json.loads(line) for line in ended.lines]
    entered = {}
    for row in rows:
        sums = entered.setdefault(row["state"], {"interval": 0, "whole": 0})
        sums[row["report"]] += row["entered"]
    check_equal("ESTABLISHED", entered["ESTABLISHED"], {"interval": 1800, "whole": 1800})
    check_equal("spans", {row["span"] for row in rows if row["report"] == "interval"}, {0.25})
    times = sorted({row["timestamp"] for row in rows if row["report"] == "interval"})
    check(len(times) >= 3, f"reports at {times}")
    check(all(abs(time / 0.25 - round(time / 0.25)) < 0.0001 for time in times), f"reports at {times}")


CHOICES = [["--summary"], ["--summary=0.1"], ["--summary=0.2", "-j"], ["--summary=0.3", "-s", "-T"], ["--summary", "--by", "edge,cause"],
           ["--summary=0.5", "--by", "state,comm,raddr/24", "-j"], ["--summary", "--by", "pid,cgroup", "-j", "-4"],
           ["--summary=0.15", "--state", "established,TIME_WAIT", "-t"]]


def test_replay(program):
    """The same bytes, whenever its reports come."""
    listener = traffic.Listener(IPV4)
    before = traffic.Connection(listener)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tools = []
        for number, options in enumerate(CHOICES):
            file = f"{folder}/{number}"
            tools.append((options, file, stack.enter_context(program.start("-o", file, *options))))
        for _ in range(4):
            traffic.active_close(IPV4)
            time.sleep(0.12)
        with churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.new(), 1, 100, "fin") as run:
            run.finish()
        traffic.close(before.client, before.child)
        for options, file, tool in tools:
            live = tool.end()
            check_good_end(live)
            check_replay(program, options, file, live)


def test_now(program):
    """While a session stays, the report says so."""
    with Cast() as cast:
        with program.start("--summary=0.2", "-j", "--by", "state,lport") as tool:
            pair = cast.pair(IPV4).connect()
            until_now(tool, {("ESTABLISHED", pair.port): 1, ("LISTEN", pair.port): 1})
            pair.client.do(actor.close)
            until_now(tool, {("ESTABLISHED", pair.port): 0, ("LISTEN", pair.port): 1, ("CLOSE_WAIT", pair.port): 1})
            check_good_end(tool.end())


def until_now(tool, wanted):
    while wanted:
        row = json.loads(tool.next_line())
        keys = row["state"], row["lport"]
        if keys in wanted and wanted[keys] == row["now"]:
            del wanted[keys]
