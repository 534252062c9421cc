# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program as the tests run it: by an ordinary user, in UTC, in a folder that holds the recordings."""

import os
import subprocess
import threading
import typing

SECONDS = 120   # that a run may take
ORDINARY_USER = 65534


class Failed(Exception):
    """The program did something else than it should."""


class Ended(typing.NamedTuple):
    status: int     # of exit; negative: the signal that killed it
    stdout: bytes
    stderr: bytes


def expect(what, expected, got):
    if expected != got:
        raise Failed(f"{what}\nexpected {expected!r}\ngot      {got!r}")


def expect_lines(what, expected, got):
    """As expect(), but shows only the first line that differs."""
    if expected == got:
        return
    expected, got = expected.splitlines(True), got.splitlines(True)
    line = next((at for at, pair in enumerate(zip(expected, got)) if pair[0] != pair[1]), min(len(expected), len(got)))
    expect(f"{what}, line {line + 1}", expected[line:line + 1], got[line:line + 1])
    raise AssertionError("unreachable: they differ")


def feed(pipe, pieces):
    """Writes each piece by itself, until the reader has had enough."""
    try:
        for piece in pieces:
            os.write(pipe, piece)
    except BrokenPipeError:
        pass
    os.close(pipe)


class Program:
    """path is relative to the folder: an ordinary user may not be allowed to look at what is above it."""

    def __init__(self, path, folder):
        self.path = path
        self.folder = folder

    def start(self, *arguments, **descriptors):
        as_user = []
        if os.geteuid() == 0:
            as_user = ["setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"]
        given = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return subprocess.Popen([*as_user, self.path, *arguments], cwd=self.folder, env={**os.environ, "TZ": "UTC"},
                                **{**given, **descriptors})

    def run(self, *arguments, **descriptors):
        return self.wait(self.start(*arguments, **descriptors))

    def run_fed(self, pieces, *arguments):
        """With standard input a pipe in packet mode: each read gets what one write wrote."""
        reader, writer = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
        process = self.start(*arguments, stdin=reader)
        os.close(reader)
        feeder = threading.Thread(target=feed, args=(writer, pieces))
        feeder.start()
        ended = self.wait(process)
        feeder.join()
        return ended

    def wait(self, process):
        try:
            stdout, stderr = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"still runs after {SECONDS} seconds") from None
        return Ended(process.returncode, stdout, stderr)
