# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What does not fit is counted: lines printed + transitions reported lost = those in the kernel's record, exactly."""

import contextlib
import os
import re
import signal
import time

import churn
import observe
from kernel_record import OUT_OF_REACH, KernelRecord
from lines import lost_in_all
from outcome import check, check_equal
from tool import PATIENCE, check_good_end

TRIES = 20


class Foreign(Exception):
    """Not only the churn's transitions happened, or some out of reach, so that an exact count is not possible."""


def counted(program, disturb):
    """Traces a churn that `disturb(tool)` makes the program miss in part. Returns its end and the kernel's count."""
    with KernelRecord() as record, program.start("-s", "--no-header", "--buffer", "4096") as tool:
        with disturb(tool), churn.gone(), churn.Churn(churn.ADDRESS4, 1100, 2, 2000, "rst") as run:
            run.finish()
        ended = tool.end()
        record.stop()
    reached = [event for event in record.events if event.pid != OUT_OF_REACH]
    if not len(reached) == len(record.events) == run.transitions:
        raise Foreign()
    return ended, run.transitions


def check_exact(program, disturb):
    for _ in range(TRIES):
        with contextlib.suppress(Foreign):
            return check_count(*counted(program, disturb))
    check(False, "this machine makes too many other connections to count these")


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


def test_no_loss_no_message(program):
    with program.start("-s", "--no-header") as tool:
        lines = tool.lines_until(observe.mark())
        ended = tool.end()
    check(len(lines) >= 2, "no lines")
    check(not [line for line in ended.errors if "lost" in line], f"says {ended.errors}")


def test_reported_as_it_happens(program):
    """While the program runs on, a message comes within about a second, and at most one in a second."""
    with program.start("-s", "--buffer", "4096") as tool:
        with stopped(tool), churn.gone(), churn.Churn(churn.ADDRESS4, 1100, 1, 500, "rst") as run:
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
