# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""One contender while it traces: its start, what it costs, its end."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 20       # seconds that a contender may take to get ready
LOST = re.compile(r"lost (\d+)", re.IGNORECASE)
LOST_IN_ALL = re.compile(r"lost (\d+) transitions in all")


def bpf_programs():
    """{id: (name, nanoseconds)} of all programs loaded now."""
    answer = subprocess.run(["bpftool", "prog", "show", "--json"], capture_output=True, check=True).stdout
    return {program["id"]: (program.get("name", ""), program.get("run_time_ns", 0)) for program in json.loads(answer)}


def programs_of(pid):
    """Ids of the programs that a process has open: others may trace at the same time."""
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir()]
    return {int(id) for text in texts for id in re.findall(r"^prog_id:\s*(\d+)", text, re.MULTILINE)}


def probe():
    """Two transitions: a connection that is refused."""
    with socket.socket() as client, contextlib.suppress(ConnectionRefusedError):
        client.connect(("127.0.0.1", 9))


class Trace:
    """`with Trace(contender) as trace:` starts it and waits until it traces."""

    def __init__(self, contender):
        self.contender = contender
        self.output = tempfile.TemporaryFile()
        self.errors = tempfile.TemporaryFile()
        self.process = None
        self.programs = []
        self.start_ns = 0       # from exec until it was seen to be ready
        self.lost = 0

    def __enter__(self):
        if not self.contender.words:
            return self
        begin = time.monotonic_ns()
        self.process = subprocess.Popen(self.contender.words, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.errors)
        try:
            self._wait_until_ready()
            self.start_ns = time.monotonic_ns() - begin
        except BaseException:
            self.__exit__()
            raise
        self.programs = programs_of(self.process.pid)
        return self

    def __exit__(self, *error):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        said = self._said()
        self.lost = sum(map(int, LOST_IN_ALL.findall(said) or LOST.findall(said)))

    def _said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def _has_said_ready(self):
        if self.contender.ready:
            text = os.pread(self.errors.fileno(), 4096, 0) + os.pread(self.output.fileno(), 4096, 0)
            return self.contender.ready.encode() in text
        probe()
        return self.size() > 300    # more than a heading

    def _wait_until_ready(self):
        deadline = time.monotonic() + PATIENCE
        while not self._has_said_ready():
            time.sleep(0.0005)
            if self.process.poll() is not None:
                raise OSError(f"{self.contender.name} ends with status {self.process.returncode}: {self._said()}")
            if time.monotonic() > deadline:
                raise OSError(f"{self.contender.name} does not get ready: {self._said()}")

    def cpu_ns(self):
        """User and system time of all its threads."""
        if not self.process:
            return 0
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
        return total

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))

    def size(self):
        """Bytes that it has printed."""
        return os.fstat(self.output.fileno()).st_size

    def wait_for(self, text):
        """Until it has printed that."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in os.pread(self.output.fileno(), self.size(), 0):
            time.sleep(0.001)
            if time.monotonic() > deadline:
                raise OSError(f"{self.contender.name} does not print {text!r}: {self._said()}")

    def kernel_ns(self):
        """{name: nanoseconds} in its BPF programs, as the kernel's statistics clock has them."""
        total = {}
        for id, (name, ns) in bpf_programs().items():
            if id in self.programs:
                total[name] = total.get(name, 0) + ns
        return total

    def lines(self):
        """How many lines it has printed; after its end."""
        count = 0
        self.output.seek(0)
        while block := self.output.read(1 << 20):
            count += block.count(b"\n")
        return count
