# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program under test: started, waited for, read with deadlines, ended."""

import collections
import os
import select
import signal
import subprocess
import time

import audit
import netns
from outcome import Failed, check
from wait import PATIENCE

READY = "tcpstates: ready"
ROOM = "64M"
# Said at the start where the kernel has no fentry.
NO_ACCEPT = "tcpstates: accept() is not seen without fentry: "


class Ended(collections.namedtuple("Ended", "status output errors")):
    """What is left of a run: exit status, all of stdout as bytes, the lines of stderr."""

    @property
    def lines(self):
        return self.output.splitlines()

    @property
    def complaints(self):
        """What it says of its own accord, but for what this kernel lacks."""
        return [line for line in self.errors if not line.startswith(NO_ACCEPT)]


class Pipe:
    """The reading end of a pipe, by lines."""

    def __init__(self, stream):
        self.stream = stream
        self.rest = b""
        self.lines = []
        self.taken = 0

    def read(self, timeout):
        """Reads what is there, waiting for it at most so long; False at the end of the stream."""
        if not select.select([self.stream], [], [], max(0, timeout))[0]:
            return True
        data = os.read(self.stream.fileno(), 1 << 20)
        *complete, self.rest = (self.rest + data).split(b"\n")
        self.lines += complete
        return bool(data)

    def everything(self):
        return b"".join(line + b"\n" for line in self.lines) + self.rest

    def next(self, deadline):
        """The next line, or None when there is none until the deadline."""
        while self.taken == len(self.lines):
            if time.monotonic() > deadline or not self.read(deadline - time.monotonic()):
                return None
        self.taken += 1
        return self.lines[self.taken - 1]


class Tool:
    """
    One run of the program. `with` waits until it is attached (-v tells), and kills it in the end if need be. What it printed
    and recorded until it ended by itself is audited (audit.py).
    """

    def __init__(self, path, *options, verbose=True, ready=True, **how):
        self.command = [path, *options] + (["-v"] if verbose else [])
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.PIPE)
        audit.begin_run(self.command)
        self.wants_ready = verbose and ready
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, **how)
        self.pid = self.process.pid
        self.out = Pipe(self.process.stdout) if self.process.stdout else None
        self.err = Pipe(self.process.stderr)

    def __enter__(self):
        if self.wants_ready:
            self.wait_ready()
        return self

    def __exit__(self, *error):
        status = self.process.poll()
        self.process.kill()
        self.process.wait()
        for stream in self.process.stdout, self.process.stderr:
            if stream:
                stream.close()
        if status == 0 and error[0] is None:
            audit.check_run(self.command, self.out.lines if self.out else [], [line.decode(errors="replace") for line in self.err.lines])

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE
        while (line := self.err.next(deadline)) is not None:
            if line.decode().startswith(READY):
                return
        self.fail("is not ready")

    def fail(self, what):
        errors = b"\n".join(self.err.lines).decode(errors="replace")
        raise Failed(f"{' '.join(self.command)} {what}; its stderr: {errors or 'empty'}")

    def traces(self, function):
        """Whether it is attached to this function of the kernel's: when it cannot be, -v says so before it is ready."""
        return not any(function.encode() in line for line in self.err.lines)

    def is_fallback(self):
        """Whether it is the build for kernels before 5.12, which has no cookies, and nothing of requests."""
        return any(b"using the program for kernels before 5.12" in line for line in self.err.lines)

    def sees_accept(self):
        """Elsewhere a session is its listener's until another process acts on it."""
        return self.traces("security_sock_graft")

    def next_line(self, patience=PATIENCE):
        line = self.out.next(time.monotonic() + patience)
        if line is None:
            self.fail("prints no further line")
        return line

    def lines_until(self, wanted):
        """Its lines up to and including the first that is wanted."""
        lines = [self.next_line()]
        while not wanted(lines[-1]):
            lines.append(self.next_line())
        return lines

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGINT):
        """Ends it by a signal, and collects all it has printed."""
        self.send(number)
        return self.wait()

    def wait(self, patience=PATIENCE):
        """Waits until it ends by itself, reading what it prints meanwhile."""
        open_pipes = [pipe for pipe in (self.out, self.err) if pipe]
        deadline = time.monotonic() + patience
        while open_pipes:
            left = deadline - time.monotonic()
            if left < 0:
                self.fail("does not end")
            select.select([pipe.stream for pipe in open_pipes], [], [], left)
            open_pipes = [pipe for pipe in open_pipes if pipe.read(0)]
        status = self.process.wait(max(0.1, deadline - time.monotonic()))
        output = self.out.everything() if self.out else b""
        return Ended(status, output, self.err.everything().decode(errors="replace").splitlines())


def check_good_end(ended):
    """Status 0, the last line complete, and nothing on stderr but what -v says."""
    check(ended.status == 0, f"exit status {ended.status}, {ended.errors}")
    check(not ended.output or ended.output.endswith(b"\n"), f"the last line is cut: {ended.output[-80:]!r}")
    strange = [line for line in ended.errors if not line.startswith("tcpstates: ")]
    check(not strange, f"on stderr: {strange}")
    check(not [line for line in ended.errors if "lost" in line], f"loss: {ended.errors}")


def here():
    """The option by which a trace, and what replays it, has this test's sessions only."""
    return f"--netns={netns.inode()}"


def alone_in_network(then):
    """For a child, which then does what else it is to do."""
    def prepare():
        netns.unshare(netns.CLONE_NEWNET)
        if then:
            then()
    return prepare


class Program:
    """The file under test, as the tests get it."""

    def __init__(self, path, *words):
        """words: of a command that runs it."""
        self.path = path
        self.words = words

    def start(self, *options, everywhere=False, apart=True, **how):
        """
        It traces the test's network namespace, unless the options name another one; everywhere: all of the machine, with
        room for what others do while the test does not read. apart: it runs in a namespace of its own, so that the socket
        by which it tries at its start whether it sees is no traffic of the test, which other traces have.
        """
        if everywhere and "--buffer" not in options:
            options = "--buffer", ROOM, *options
        if not everywhere and not {"-r", "--netns"} & set(options):
            options = here(), *options
        if apart:
            how["preexec_fn"] = alone_in_network(how.get("preexec_fn"))
        return self.tool(*options, **how)

    def run(self, *options, patience=PATIENCE, **how):
        """Runs it to its end, without -v."""
        with self.tool(*options, verbose=False, **how) as tool:
            return tool.wait(patience)

    def tool(self, *options, **how):
        command = [*self.words, self.path, *options]
        return Tool(command[0], *command[1:], **how)
