# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What does not fit is counted: lines printed + transitions reported lost = those in the kernel's record, exactly."""

import contextlib
import os
import re
import signal
import socket
import time

import churn
import observe
import own_ports
import traffic
from kernel_record import KernelRecord, out_of_reach
from lines import from_json, lost_in_all
from outcome import check, check_equal
from place import IPV4
from tool import PATIENCE, check_good_end

TRIES = 20
FIRST, FIT = 4, 5    # of test_reset_without_room


class OutOfReach(Exception):
    """Some transitions were out of the program's reach, so that an exact count is not possible."""


def counted(program, disturb):
    """Traces a churn that `disturb(tool)` makes the program miss in part. Returns its end and the kernel's count."""
    with KernelRecord() as record, program.start("-s", "--no-header", "--buffer", "4096") as tool:
        with disturb(tool), churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.row(2), 2, 2000, "rst") as run:
            run.finish()
        ended = tool.end()
        record.stop()
    if out_of_reach(record.events):
        raise OutOfReach()
    check_equal("transitions in the kernel's record", len(record.events), run.transitions)
    return ended, run.transitions


def check_exact(program, disturb):
    for _ in range(TRIES):
        with contextlib.suppress(OutOfReach):
            return check_count(*counted(program, disturb))
    check(False, "each time some transitions were out of the program's reach")


def check_count(ended, produced):
    lost = lost_in_all(ended.errors)
    check_equal("exit status", ended.status, 0)
    check(lost > 0, f"nothing lost of {produced}: the test does not test")
    check_equal(f"{len(ended.lines)} lines + {lost} lost", len(ended.lines) + lost, produced)
    check_messages(ended.errors, lost)


def check_messages(errors, total):
    """The messages as it happens add up to the last one."""
    new = [int(re.search(r"\d+", line)[0]) for line in errors if "lost" in line and "in all" not in line]
    check(sum(new) in (0, total) or sum(new) < total, f"messages of {new} lost, and {total} in all")
    check_equal("messages on the total", len([line for line in errors if "in all" in line]), 1)


@contextlib.contextmanager
def stopped(tool):
    """The program itself does not run."""
    tool.send(signal.SIGSTOP)
    yield
    tool.send(signal.SIGCONT)


@contextlib.contextmanager
def unread(tool):
    """Nobody reads its output: the pipe fills and the program waits. Tool.end() reads it then."""
    yield


def test_program_stopped(program):
    check_exact(program, stopped)


def test_pipe_not_read(program):
    check_exact(program, unread)


def without_room(program, count):
    """
    Lost transitions and missed details of FIRST listeners that end, and of so many connections that are reset after that,
    while nobody reads.
    """
    before = [traffic.Listener(IPV4) for _ in range(FIRST)]
    listener = traffic.Listener(IPV4)
    connections = [traffic.Connection(listener) for _ in range(count)]
    for one in connections:
        one.client.send(b"x")
        one.child.recv(1, socket.MSG_PEEK)
    with program.start("-j", "--buffer", "4096", "--netns", str(os.stat("/proc/self/ns/net").st_ino)) as tool:
        tool.send(signal.SIGSTOP)
        os.waitpid(tool.pid, os.WUNTRACED)
        for one in before:
            one.close()
        for one in connections:
            traffic.close(one.child, one.client)
        tool.send(signal.SIGCONT)
        ended = tool.end()
    listener.close()
    check_equal("exit status", ended.status, 0)
    ends = [line for line in from_json(ended.lines) if line["oldstate"] == "ESTABLISHED"]
    lost = lost_in_all(ended.errors)
    check_equal(f"{len(ends)} ends + {lost} lost", len(ends) + lost, 2 * count)
    return lost, sum(int(re.search(r"\d+", line)[0]) for line in ended.errors if "details in all" in line)


def test_reset_without_room(program):
    """
    Counted apart, where its end is not lost. An end takes 248 bytes, a reset 24, and up to 4,095 bytes find room: those of
    FIRST listeners, of two ends and a reset of FIT connections, and of two ends more. Mostly the reset is the last that is
    told of a connection: the peer's end comes before it.
    """
    check_equal(f"lost and missed of {FIT} connections", without_room(program, FIT), (0, 0))
    for _ in range(TRIES):
        found = without_room(program, FIT + 1)
        check(found in ((0, 1), (1, 0)), f"lost and missed of {FIT + 1} connections: {found}")
        if found == (0, 1):
            return
    check(False, "the reset is never the last")


def test_no_loss_no_message(program):
    with program.start("-s", "--no-header") as tool:
        lines = tool.lines_until(observe.mark())
        ended = tool.end()
    check(len(lines) >= 2, "no lines")
    check(not [line for line in ended.errors if "lost" in line or "missed" in line], f"says {ended.errors}")


def test_reported_as_it_happens(program):
    """While the program runs on, a message comes within about a second, and at most one in a second."""
    with program.start("-s", "--buffer", "4096") as tool:
        with stopped(tool), churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.new(), 1, 500, "rst") as run:
            run.finish()
        message = wait_for_loss(tool)
        ended = tool.end()
    check_equal("first message and total", int(re.search(r"\d+", message)[0]), lost_in_all(ended.errors))


def wait_for_loss(tool):
    deadline = time.monotonic() + PATIENCE
    while line := tool.err.next(deadline):
        if b"lost" in line:
            return line.decode()
    tool.fail("says nothing about loss")


def test_niceness(program):
    """It is not to wait behind others, unless it was told to."""
    for started, wanted in (0, -10), (5, 5), (-3, -3):
        with program.start("-q", "-o", "/dev/null", preexec_fn=lambda niceness=started: os.nice(niceness)) as tool:
            check_equal(f"started with {started}", os.getpriority(os.PRIO_PROCESS, tool.pid), wanted)
            check_good_end(tool.end())
