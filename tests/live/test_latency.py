# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A line comes at once when little happens, and nothing runs when nothing happens."""

import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import time

import observe
import own_ports
import traffic
from marks import alone
from outcome import check
from place import IPV4
from tool import check_good_end

MOST_MS = 10        # later than what another program needs for an answer
TRIES = 10
ROUND = 15


def latency_ms(tool, port):
    """From just before the call that makes a transition to its line's being read."""
    with traffic.new_socket(IPV4, port) as listener:
        traffic.hold()
        begin = time.monotonic()
        listener.listen(1)
        tool.next_line()
        came = (time.monotonic() - begin) * 1000
    tool.next_line()
    return came


@contextlib.contextmanager
def echo():
    """Another program that waits for something to do: how soon it answers is how soon this machine lets any."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        yield process
        process.stdin.close()


def echo_ms(process):
    traffic.hold()
    begin = time.monotonic()
    os.write(process.stdin.fileno(), b"\n")
    os.read(process.stdout.fileno(), 1)
    return (time.monotonic() - begin) * 1000


def lateness_ms(tool, port, process):
    """How much later than an echo its lines come, both as medians of measurements made in turn."""
    pairs = [(latency_ms(tool, port), echo_ms(process)) for _ in range(ROUND)]
    lines, echoes = map(statistics.median, zip(*pairs))
    return lines - echoes


@alone
def test_latency(program):
    """One good round shows what the program can; in the others it may have been the machine."""
    rounds, port = [], own_ports.new()
    with program.start("-s", "--no-header") as tool, echo() as process:
        tool.lines_until(observe.mark())
        while len(rounds) < TRIES and min(rounds, default=MOST_MS + 1) > MOST_MS:
            rounds.append(lateness_ms(tool, port, process))
        check_good_end(tool.end())
    check(min(rounds) <= MOST_MS, f"lines come later than an echo by {rounds} ms (medians)")


def wake_ups(pid):
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M)[1]) for text in texts)


def idle_wake_ups(tool):
    """How often the program wakes up in a second."""
    before = wake_ups(tool.pid)
    time.sleep(1)
    return wake_ups(tool.pid) - before


@alone
def test_idle(program):
    """Nothing happens in the network namespace that it is asked for."""
    with program.start("-s") as tool:
        tool.lines_until(observe.mark())
        counts = []     # what follows the mark may still be going on in the first of these seconds
        while len(counts) < TRIES and min(counts, default=2) > 1:
            counts.append(idle_wake_ups(tool))
        check_good_end(tool.end())
    check(min(counts) <= 1, f"an idle program wakes up {counts} times a second")
