# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Other work for the machine: busy processes, TCP connections, and other tracers that attach and detach over and over. All of
it ends with the process that started it.
"""

import contextlib
import ctypes
import itertools
import mmap
import os
import random
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import netns

BUSY = 4                        # processes
RATE = 2000                     # connections a second, of all that connect
CONNECTING = 2                  # processes, one in each network namespace
CONNECTING_NICENESS = -5
TIME_WAIT_EACH = 10             # every so many connections one ends with a FIN: 60 s of TIME_WAIT must not use up the ports
START_SECONDS = 60              # for the load to get going
ATTACH_SECONDS = 60             # for a tracer to show its first change
ADDRESS = "127.0.0.1"
TRACEFS = "/sys/kernel/tracing"
PR_SET_PDEATHSIG = 1

TRACEPOINT = "tracepoint:sock:inet_sock_set_state"
RAW = "rawtracepoint:inet_sock_set_state"
TRACERS = {
    "bpftrace": [["bpftrace", "-q", "-e", TRACEPOINT + ' { printf("%d\\n", args->newstate); @[tid] = count(); }'],
                 ["bpftrace", "-q", "-e", RAW + ' { printf("%d\\n", tid); @since[arg0] = nsecs; }']],
    "libbpf-tools": [["tcpstates-libbpf"], ["/usr/sbin/tcpstates"]],
    "bcc": [["tcpstates-bpfcc"]],
}


class Counters:
    """Numbers that the processes of the load share, by name."""

    def __init__(self, names):
        self.places = {name: number * 8 for number, name in enumerate(names)}
        self.memory = mmap.mmap(-1, max(1, len(self.places)) * 8)

    def add(self, name):
        place = self.places[name]
        struct.pack_into("=Q", self.memory, place, self.get(name) + 1)

    def get(self, name):
        return struct.unpack_from("=Q", self.memory, self.places[name])[0]

    def sum(self, names):
        return sum(map(self.get, names))


def end_with_parent():
    """The kernel ends this process when the one that started it is gone, however that ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def busy():
    while True:
        pass


def connections(count, is_apart):
    """
    Makes them at the wanted rate, by the clock; more than a second that others have delayed is not made up for. It is less
    nice than who keeps the CPUs busy, or it would not get there.
    """
    with contextlib.suppress(PermissionError):
        os.nice(CONNECTING_NICENESS)
    if is_apart:
        netns.private_network()
    pause = CONNECTING / RATE
    with socket.create_server((ADDRESS, 0), backlog=16) as listener:
        at = time.monotonic()
        for number in itertools.count():
            with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as child:
                first = random.choice([client, child])
                if number % TIME_WAIT_EACH:
                    first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("=ii", 1, 0))
                first.close()
            count()
            at = max(at + pause, time.monotonic() - 1)
            time.sleep(max(0, at - time.monotonic()))


def has_tracepoint():
    return os.path.exists(f"{TRACEFS}/events/sock/inet_sock_set_state")


def trace_over_and_over(commands, count):
    """Attaches one after the other, each until it has shown a change or two."""
    if not has_tracepoint():
        netns.private_mounts()
        netns.mount("tracefs", TRACEFS, "tracefs")
    with contextlib.suppress(OSError, ValueError):      # bpftrace wants it, on kernels that charge maps to it
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for command in itertools.cycle(commands):
        path = shutil.which(command[0])
        if path and trace([path, *command[1:]]):
            count()
        else:
            time.sleep(1 / len(commands))


def trace(words):
    """Whether it was attached: it has shown a state change. Headers of tables have no digits."""
    stdbuf = ["stdbuf", "-oL"] if shutil.which("stdbuf") else []
    process = subprocess.Popen([*stdbuf, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, preexec_fn=end_with_parent)
    try:
        if not shows_change(process.stdout, time.monotonic() + ATTACH_SECONDS):
            return False
        time.sleep(random.random())
        process.send_signal(random.choice([signal.SIGINT, signal.SIGKILL]))
        return True
    finally:
        drain(process)


def shows_change(stream, deadline):
    while select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
        said = os.read(stream.fileno(), 1 << 16)
        if not said:
            return False
        if any(letter in b"0123456789" for letter in said):
            return True
    return False


def drain(process):
    """Reads on until it has ended, and ends it when it does not."""
    deadline = time.monotonic() + 5
    while select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
        if not os.read(process.stdout.fileno(), 1 << 16):
            break
    process.kill()
    process.wait()
    process.stdout.close()


class Load:
    """`with Load(seconds) as load:` the machine is busy, for so long at most."""

    connecting = [f"connections {number}" for number in range(CONNECTING)]

    def __init__(self, seconds, busy=BUSY):
        self.seconds = seconds
        self.busy = busy
        self.counters = Counters([*self.connecting, *TRACERS])
        self.processes = []

    def __enter__(self):
        try:
            for _ in range(self.busy):
                self.start(busy)
            for number, name in enumerate(self.connecting):
                self.start(connections, self.counter(name), number > 0)
            for name, commands in TRACERS.items():
                self.start(trace_over_and_over, commands, self.counter(name))
            self.begin = time.monotonic()
            self.wait_until_up()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *error):
        self.took = time.monotonic() - self.begin
        self.is_whole = all(os.waitpid(process, os.WNOHANG) == (0, 0) for process in self.processes)
        self.end()

    def counter(self, name):
        return lambda: self.counters.add(name)

    def start(self, work, *arguments):
        process = os.fork()
        if process:
            self.processes.append(process)
            return
        end_with_parent()
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGALRM:
            signal.signal(number, signal.SIG_DFL)
        signal.alarm(self.seconds)
        try:
            work(*arguments)
        finally:
            sys.excepthook(*sys.exc_info())
            os._exit(1)

    def end(self):
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)

    def wait_until_up(self):
        """The connections flow, and the first tracer of those that are here shows them."""
        deadline = time.monotonic() + START_SECONDS
        has_tracer = any(shutil.which(words[0]) for commands in TRACERS.values() for words in commands)
        while time.monotonic() < deadline:
            if all(map(self.counters.get, self.connecting)) and (not has_tracer or self.attached()):
                return
            time.sleep(0.05)

    def rate(self):
        return self.counters.sum(self.connecting) / self.took

    def attached(self):
        """How often other tracers were."""
        return self.counters.sum(TRACERS)

    def describe(self):
        tracers = [f"{name} {self.counters.get(name)} times" for name in TRACERS if self.counters.get(name)]
        return (f"{self.busy} busy processes, {self.rate():.0f} connections a second, "
                f"tracers attached: {', '.join(tracers) or 'none'}; {self.took:.0f} s")

    def lacks(self):
        """What was less than promised, or None."""
        if not self.is_whole:
            return f"a process of the load ended before the command did (after {self.seconds} seconds all do)"
        if self.rate() < RATE / 2:      # what else runs gets its share of the CPUs, too
            return f"fewer than {RATE // 2} connections a second"
        if not self.attached():
            return "no other tracer could be attached; install bpftrace or libbpf-tools"
        return None
