# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory for what is kept of a session may come and go at any moment: each change is shown once all the same."""

import collections
import contextlib
import ctypes
import os
import pathlib
import re
import signal
import socket
import struct
import time

import wait
from lines import from_json, lost_in_all
from marks import alone
from netns import libc
from outcome import Skipped, check, check_equal

FALLBACK = "TCPSTATES_FALLBACK"
OPTMEM = pathlib.Path("/proc/sys/net/core/optmem_max")
LEAST = 20              # sessions of which a time is known, and as many of which it is not
CHANGES = [("CLOSE", "SYN_SENT"), ("SYN_SENT", "CLOSE")]
SYS_BPF = {"x86_64": 321, "aarch64": 280}.get(os.uname().machine)
MAP_UPDATE, MAP_DELETE, MAP_GET_FD_BY_ID = 2, 3, 14
NO_COOKIE = 1 << 40     # keys from here on are neither cookies nor addresses
ROOM = 4096             # sessions in the table: more than the machine has beside the tests


@contextlib.contextmanager
def meanwhile(turn):
    """Calls turn() over and over in a process of its own."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            while True:
                turn()
        os._exit(1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        check_equal("end of the process that takes the memory away", status, -signal.SIGKILL)


def refused_port():
    """A port on which nobody listens, and nobody else connects from."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder, holder.getsockname()[1]


def refuse(port, count):
    for _ in range(count):
        with socket.socket() as one:
            check_equal("connect", one.connect_ex(("127.0.0.1", port)) != 0, True)


def is_ours(line, port):
    """Without memory for its session, a line does not say of which network it is."""
    return line["rport"] == port and line["netns"] in (os.stat("/proc/self/ns/net").st_ino, None)


def check_once(tool, least):
    """So many refused connections, and until there were enough of which the time in SYN_SENT is known and of which it is not."""
    holder, port = refused_port()
    shown, known = collections.Counter(), collections.Counter()
    made, deadline = 0, time.monotonic() + wait.PATIENCE
    while made < least or min(known[True], known[False]) < LEAST:
        check(time.monotonic() < deadline, f"of {made} sessions, times known and not: {dict(known)}")
        refuse(port, 100)
        made += 100
        while shown[CHANGES[1]] < made:
            [line] = from_json([tool.next_line()])
            if not is_ours(line, port):
                continue
            change = line["oldstate"], line["newstate"]
            shown[change] += 1
            if change == CHANGES[1]:
                known[line["ms"] is not None] += 1
    holder.close()
    ended = tool.end()
    rest = [line for line in from_json(ended.lines[tool.out.taken:]) if is_ours(line, port)]
    check_equal("status", ended.status, 0)
    check_equal("changes shown", [shown[change] for change in CHANGES], [made, made])
    check_equal("lines after the last change", rest, [])
    check_equal("lost", lost_in_all(ended.errors), 0)
    check([line for line in ended.errors if "durations" in line], "says nothing of durations that it missed")


def start(program, room=None):
    environment = {name: value for name, value in os.environ.items() if name != FALLBACK}
    if room:
        environment[FALLBACK] = str(room)
    return program.start("-j", env=environment)


@alone
def test_socket_storage(program):
    """It is charged to each socket (omem_charge(), 6.8), and limited by network namespace."""
    if not OPTMEM.exists():
        raise Skipped("the limit of what a socket may take is this machine's before 6.8, not the namespace's")
    limits = [OPTMEM.read_bytes(), b"1\n"]
    file = os.open(OPTMEM, os.O_WRONLY)

    def turn():
        for limit in limits:
            os.pwrite(file, limit, 0)

    with start(program) as tool, meanwhile(turn):
        check_once(tool, 10_000)


class Table:
    """The table of sessions in the build for old kernels, to add to and delete from."""

    def __init__(self, tool):
        infos = pathlib.Path(f"/proc/{tool.pid}/fdinfo").iterdir()
        found = [re.search(r"^map_id:\s*(\d+)", text, re.M) for text in map(pathlib.Path.read_text, infos)
                 if re.search(rf"^map_type:\s*1$.*^key_size:\s*8$.*^max_entries:\s*{ROOM}$", text, re.M | re.S)]
        check_equal("tables with that much room", len(found), 1)
        self.file = self.call(MAP_GET_FD_BY_ID, struct.pack("=II", int(found[0][1]), 0))
        check(self.file >= 0, f"the table cannot be opened: {os.strerror(ctypes.get_errno())}")
        self.value = ctypes.create_string_buffer(256)

    @staticmethod
    def call(command, attributes):
        return libc.syscall(SYS_BPF, command, attributes, len(attributes))

    def element(self, command, number):
        key = ctypes.c_uint64(NO_COOKIE + number)
        value = ctypes.addressof(self.value) if command == MAP_UPDATE else 0
        return self.call(command, struct.pack("=IxxxxQQQ", self.file, ctypes.addressof(key), value, 0)) == 0

    def fill(self):
        return next(number for number in range(2 * ROOM) if not self.element(MAP_UPDATE, number))


@contextlib.contextmanager
def with_table(program):
    """In the build for kernels before 5.12."""
    if not SYS_BPF:
        raise Skipped("the number of bpf() is not known on this architecture")
    with start(program, ROOM) as tool:
        yield tool, Table(tool)


@alone
def test_table(program):
    with with_table(program) as (tool, table):
        wait.until(lambda: table.fill() > 0, "there is room that others do not take")

        def turn():
            table.element(MAP_DELETE, 0)
            table.element(MAP_UPDATE, 0)

        with meanwhile(turn):
            check_once(tool, 2000)


@alone
def test_last_place(program):
    """
    A session that gets the last place in that table when its socket is created, keeps it as it connects; unless another
    socket of this machine takes it at that moment.
    """
    with with_table(program) as (tool, table):
        holder, port = refused_port()
        deadline, is_known = time.monotonic() + wait.PATIENCE, False
        while not is_known:
            check(time.monotonic() < deadline, "a session in the last place never has its times")
            table.fill()
            table.element(MAP_DELETE, 0)
            refuse(port, 1)
            lines = [next_of(tool, port) for _ in CHANGES]
            check_equal("changes", [(line["oldstate"], line["newstate"]) for line in lines], CHANGES)
            is_known = all(line["ms"] is not None for line in lines)
        holder.close()


def next_of(tool, port):
    while True:
        [line] = from_json([tool.next_line()])
        if is_ours(line, port):
            return line
