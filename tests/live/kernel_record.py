# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The kernel's own record of TCP state changes: a private tracefs instance, read in its binary form, as only that has
every field.
"""

import bisect
import collections
import itertools
import os
import pathlib
import re
import socket
import struct
import tempfile

import netns
import own_ports
from outcome import Skipped, check, check_equal

STATES = ("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
          "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV")

# The change happened between its two times. One record alone knows only one, and has it twice.
Event = collections.namedtuple("Event", "earliest_ns latest_ns pid skaddr ip laddr lport raddr rport oldstate newstate")

# Virtual machines exist whose kernel runs no BPF program on top of the first process: transitions that interrupt that one
# are in this record, but out of the program's reach.
OUT_OF_REACH = 1

STATE_CHANGE = "sock/inet_sock_set_state"
# What else the program learns from, and the record can tell by the ports.
OTHER_EVENTS = ("tcp/tcp_retransmit_synack", "tcp/tcp_receive_reset", "tcp/tcp_destroy_sock")

# A page of the ring buffer (events/header_page): a u64 time, a long of bytes used with flags in it, then the events.
PAGE_HEADER = struct.Struct("=QQ")
PAGE_USED = 0x3FFFFFFF
# An event's header (events/header_event): type or length in 5 bits, time since the event before in 27.
PADDING, TIME_EXTEND, TIME_STAMP = 29, 30, 31


class KernelRecord:
    """
    Records the test's own sessions from `with` on to stop() or the end of the block; then has .events, in order of time.
    """

    numbers = itertools.count()

    def __init__(self, megabytes_per_cpu=8):
        self.megabytes = megabytes_per_cpu
        self.events = None

    def __enter__(self):
        self.mounted = tempfile.mkdtemp(prefix="tcpstates-tracefs-")
        netns.mount("tracefs", self.mounted, "tracefs")
        self.instance = pathlib.Path(self.mounted, "instances", f"tcpstates-live-{os.getpid()}-{next(self.numbers)}")
        self.instance.mkdir()
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *error):
        try:
            if self.events is None and error[0] is None:
                self.stop()
        finally:
            self.remove()

    def start(self):
        event = self.instance / "events" / STATE_CHANGE
        if not event.exists():
            raise Skipped("this kernel has no tracepoint inet_sock_set_state")
        (self.instance / "buffer_size_kb").write_text(str(self.megabytes * 1024))
        (self.instance / "trace_clock").write_text("mono")
        self.layout = Layout((event / "format").read_text())
        self.enable(event, f"protocol == 6 && {self.wanted()}")

    def enable(self, event, wanted):
        (event / "filter").write_text(wanted)
        (event / "enable").write_text("1")

    def wanted(self):
        return f"({own_ports.event_filter()})"

    def cpus(self):
        return sorted((self.instance / "per_cpu").iterdir())

    def stop(self):
        (self.instance / "events" / STATE_CHANGE / "enable").write_text("0")
        for cpu in self.cpus():
            check_nothing_lost(cpu)
        seen = [event for cpu in self.cpus() for page in pages(cpu) for event in self.layout.events(page)]
        process = {thread: process_of(thread) for thread in {event.pid for event in seen}}
        # A change to the state a socket is in already is no transition.
        changes = [event._replace(pid=process[event.pid]) for event in seen if event.oldstate != event.newstate]
        self.events = sorted(changes, key=lambda event: event.earliest_ns)

    def remove(self):
        self.instance.rmdir()
        netns.checked(netns.libc.umount(os.fsencode(self.mounted)))
        os.rmdir(self.mounted)


class UnreachedRecord(KernelRecord):
    """Only counts, and only what is out of the program's reach: what happens on top of a thread of that process."""

    def __init__(self):
        super().__init__(1)

    def start(self):
        super().start()
        for event in (self.instance / "events" / name for name in OTHER_EVENTS):
            if event.exists():
                self.enable(event, self.wanted())

    def wanted(self):
        """Its threads may be others when a later test begins."""
        threads = " || ".join(f"common_pid == {path.name}" for path in pathlib.Path(f"/proc/{OUT_OF_REACH}/task").iterdir())
        return f"{super().wanted()} && ({threads})"

    def count(self):
        stats = [stats_of(cpu) for cpu in self.cpus()]
        return sum(some["entries"] + some["overrun"] for some in stats)


def enclosed(before, after):
    """
    The events of a record started before the program and one started after it. The kernel calls those that want to
    know of a change in the order in which they came (tracepoint_probe_register()), so the program looks at its clock
    between the two records' looks, whatever takes the CPU away meanwhile.
    """
    earlier = {}
    for event in before.events:
        earlier.setdefault(event.skaddr, []).append(event)
    return [with_earliest(event, earlier.get(event.skaddr, [])) for event in after.events]


def with_earliest(event, earlier):
    """The change was recorded as the last one of its socket until then."""
    number = bisect.bisect_right(earlier, event.latest_ns, key=lambda one: one.earliest_ns)
    check(number > 0, f"only one of the kernel's two records has {event}")
    same = earlier[number - 1]
    check_equal("the kernel's two records", (same.oldstate, same.newstate), (event.oldstate, event.newstate))
    return event._replace(earliest_ns=same.earliest_ns)


def out_of_reach(events):
    """Those of the record that the program cannot have seen."""
    return [event for event in events if event.pid == OUT_OF_REACH]


def process_of(thread):
    """The tracepoint notes threads. One that has ended is taken for a process."""
    try:
        return int(re.search(r"^Tgid:\s*(\d+)", pathlib.Path(f"/proc/{thread}/status").read_text(), re.M)[1])
    except (FileNotFoundError, ProcessLookupError):
        return thread


def stats_of(cpu):
    found = re.findall(r"^(.*): (\d+)$", (cpu / "stats").read_text(), re.M)
    return {name: int(number) for name, number in found}


def check_nothing_lost(cpu):
    stats = stats_of(cpu)
    for kind in "overrun", "commit overrun", "dropped events":
        check(stats[kind] == 0, f"the kernel's record itself is incomplete: {cpu.name}: {kind} {stats[kind]}")


def pages(cpu):
    sub_buffer = cpu.parent.parent / "buffer_subbuf_size_kb"
    size = int(sub_buffer.read_text()) * 1024 if sub_buffer.exists() else os.sysconf("SC_PAGE_SIZE")
    pipe = os.open(cpu / "trace_pipe_raw", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while page := os.read(pipe, size):
            yield page
    except BlockingIOError:
        return
    finally:
        os.close(pipe)


class Layout:
    """Where the fields of the event are, from its `format` file."""

    def __init__(self, text):
        self.id = int(re.search(r"^ID: (\d+)", text, re.M)[1])
        found = re.findall(r"field:.*?(\w+)(?:\[\d+\])?;\toffset:(\d+);\tsize:(\d+);", text)
        self.place = {name: slice(int(offset), int(offset) + int(size)) for name, offset, size in found}

    def number(self, event, name):
        return int.from_bytes(event[self.place[name]], "little")

    def text(self, event, name):
        return event[self.place[name]].split(b"\0")[0].decode(errors="replace")

    def events(self, page):
        for time_ns, event in split(page):
            if self.number(event, "common_type") == self.id:
                yield self.decode(time_ns, event)

    def decode(self, time_ns, event):
        number = lambda name: self.number(event, name)
        six = number("family") == socket.AF_INET6
        address = lambda name: text_of_address(event[self.place[name + "_v6" if six else name]])
        return Event(time_ns, time_ns, number("common_pid"), f"{number('skaddr'):x}", 6 if six else 4,
                     address("saddr"), number("sport"), address("daddr"), number("dport"),
                     STATES[number("oldstate")], STATES[number("newstate")])


def text_of_address(number):
    return socket.inet_ntop(socket.AF_INET if len(number) == 4 else socket.AF_INET6, number)


def split(page):
    """The events of one page of the ring buffer, each with its time."""
    time_ns, used = PAGE_HEADER.unpack_from(page)
    position = PAGE_HEADER.size
    end = position + (used & PAGE_USED)
    while position < end:
        header, first = struct.unpack_from("=II", page + b"\0\0\0\0", position)
        kind, delta = header & 31, header >> 5
        position += 4
        time_ns += delta
        if kind == TIME_EXTEND:
            time_ns += first << 27
            position += 4
        elif kind == TIME_STAMP:
            time_ns = (first << 27) + delta
            position += 4
        elif kind == PADDING:
            if not delta:
                return
            position += first
        elif kind == 0:
            yield time_ns, page[position + 4:position + first]
            position += first
        else:
            yield time_ns, page[position:position + kind * 4]
            position += kind * 4
