# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs tests: each in a process of its own, which takes its namespaces and its children with it when it ends; several at once."""

import collections
import contextlib
import os
import select
import signal
import time
import traceback

import audit
import marks
import netns
import own_ports
from kernel_record import UnreachedRecord
from outcome import Failed, Skipped
from processes import Processes
from tool import Program

SECONDS = 600    # that a test may take
TRIES = 4        # of one that fails while events of its own are out of the program's reach

# ok, comment: what it has to say, as TAP would; note: what is to be said before that.
Outcome = collections.namedtuple("Outcome", "name ok comment seconds")
Note = collections.namedtuple("Note", "text")


def outcome(test, tool):
    try:
        netns.private_mounts()
        netns.private_network()
        test(Program(tool))
    except Skipped as reason:
        return True, f"SKIP {reason}"
    except Failed as reason:
        return False, str(reason)
    except BaseException:
        return False, traceback.format_exc()
    return True, ""


def interrupted(number, frame):
    raise Failed(f"takes longer than {SECONDS} seconds")


def say_outcome(test, tool, writer, processes):
    os.setsid()
    audit.watch(processes)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, interrupted)
    signal.alarm(SECONDS)
    ok, comment = outcome(test, tool)
    os.write(writer, f"{int(ok)}{comment}"[:60000].encode(errors="replace"))


class Attempt:
    """
    A test that runs; with the kernel's records of its processes, and of the transitions of its sessions that the program
    cannot see.
    """

    def __init__(self, job, tool):
        own_ports.take()
        self.unreached = UnreachedRecord()
        self.processes = Processes()
        self.unreached.__enter__()
        self.processes.__enter__()
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                say_outcome(job.test, tool, writer, self.processes)
            finally:
                os._exit(0)
        os.close(writer)
        self.answer = os.fdopen(reader, "rb", buffering=0)
        self.said = b""

    def fileno(self):
        return self.answer.fileno()

    def has_ended(self):
        """Reads what it says; at the end of that it has nothing more to do."""
        said = self.answer.read(1 << 16)
        self.said += said
        return not said

    def finish(self):
        """ok, comment, and how many transitions were out of reach."""
        self.answer.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        count = self.unreached.count()
        self.unreached.remove()
        self.processes.remove()
        said = self.said.decode(errors="replace") or "0the test's process died"
        return said[0] == "1", said[1:], count

    def interrupt(self):
        os.kill(self.pid, signal.SIGALRM)       # lets it clean up
        while not self.has_ended():
            pass
        self.finish()


class Job:
    """A test, with the tries that it takes."""

    def __init__(self, name, test):
        self.name, self.test = name, test
        self.tries_left = TRIES
        self.begin = None
        self.attempt = None

    def start(self, tool):
        self.begin = self.begin or time.monotonic()
        self.tries_left -= 1
        self.attempt = Attempt(self, tool)

    def finish(self):
        """
        What it has to say, of a run in which the program could see everything; a Note: it is to be started once more.
        Virtual machines exist whose kernel runs no program for a timer or a packet that interrupts the first process: a line
        is missing then. Whether that happened to the test's own sessions, the kernel's own record tells; a failure
        without it is the program's.
        """
        ok, comment, count = self.attempt.finish()
        if not ok and count and self.tries_left:
            return Note(f"{self.name}: {count} events were out of the program's reach; once more")
        return Outcome(self.name, ok, comment, time.monotonic() - self.begin)


def run_some(waiting, tool, most):
    """Runs at most so many at once, and yields what comes of each, as they end."""
    running = []
    try:
        while waiting or running:
            while waiting and len(running) < most:
                running.append(waiting.popleft())
                running[-1].start(tool)
            ready = select.select([job.attempt for job in running], [], [])[0]
            for job in [job for job in running if job.attempt in ready and job.attempt.has_ended()]:
                said = job.finish()
                yield said
                if isinstance(said, Note):
                    job.start(tool)
                else:
                    running.remove(job)
    except BaseException:
        for job in running:
            job.attempt.interrupt()
        raise


def run(jobs, tool, most):
    """First those that may run beside others; then the others, one by one."""
    beside = [job for job in jobs if not marks.is_alone(job.test)]
    alone = [job for job in jobs if marks.is_alone(job.test)]
    beside.sort(key=lambda job: not marks.is_first(job.test))
    yield from run_some(collections.deque(beside), tool, most)
    yield from run_some(collections.deque(alone), tool, 1)
