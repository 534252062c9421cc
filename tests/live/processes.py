# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Which processes a test had, from when to when, and what they were called: by the kernel's own record."""

import os

from kernel_record import KernelRecord, Layout, pages, split, stats_of
from outcome import Skipped

CLONE_THREAD = 0x00010000
EVENTS = "task/task_newtask", "task/task_rename", "sched/sched_process_exit"


class Life:
    """Of one process. begin_ns, end_ns: None if it had begun before the record, or has not ended; names: None if not known."""

    def __init__(self, begin_ns, names):
        self.begin_ns, self.end_ns = begin_ns, None
        self.names = names


class Processes(KernelRecord):
    """
    A record of one process and all that descend from it, from watch() on. The process makes it and reads it; another one,
    which outlives it, holds it by `with`.
    """

    def __init__(self):
        super().__init__(1)
        self.lives = {}
        self.is_complete = True

    def start(self):
        (self.instance / "buffer_size_kb").write_text(str(self.megabytes * 1024))
        (self.instance / "trace_clock").write_text("mono")
        (self.instance / "options/event-fork").write_text("1")
        self.layouts = {}
        for name in EVENTS:
            event = self.instance / "events" / name
            if not event.exists():
                raise Skipped(f"this kernel has no tracepoint {name}")
            layout = Layout((event / "format").read_text())
            self.layouts[layout.id] = name.rpartition("/")[2], layout
            (event / "enable").write_text("1")

    def stop(self):
        """Nothing is wanted of it once the test has ended."""

    def watch(self):
        """From here on, the process that calls this and its descendants."""
        self.watched = os.getpid()
        with open("/proc/self/comm", encoding="utf-8", errors="replace") as comm:
            self.lives[self.watched] = [Life(None, {comm.read().rstrip("\n")})]
        (self.instance / "set_event_pid").write_text(str(self.watched))

    def update(self):
        """Takes what the kernel has recorded meanwhile."""
        events = []
        for cpu in self.cpus():
            stats = stats_of(cpu)
            self.is_complete = self.is_complete and not stats["overrun"] and not stats["dropped events"]
            for page in pages(cpu):
                events += split(page)
        for time_ns, event in sorted(events, key=lambda one: one[0]):
            self.take(time_ns, event)

    def take(self, time_ns, event):
        for name, layout in self.layouts.values():
            if layout.number(event, "common_type") == layout.id:
                getattr(self, name)(time_ns, layout, event)

    def task_newtask(self, time_ns, layout, event):
        if not layout.number(event, "clone_flags") & CLONE_THREAD:
            lives = self.lives.setdefault(layout.number(event, "pid"), [])
            # The record may lose a process whose number is used again at once: its predecessor is freed, and its number
            # with it no longer recorded, only after a grace period (sched_process_free).
            lives.append(Life(time_ns, None if lives else {layout.text(event, "comm")}))

    def task_rename(self, time_ns, layout, event):
        life = self.lives.get(layout.number(event, "pid"), [None])[-1]
        if life and life.names:
            life.names.add(layout.text(event, "newcomm"))

    def sched_process_exit(self, time_ns, layout, event):
        life = self.lives.get(layout.number(event, "pid"), [None])[-1]
        if life:
            life.end_ns = time_ns

    def complaint(self, pid, comm, begin_ns, end_ns):
        """Why no process of that number and name lived at any time between the two; None if one did."""
        lives = self.lives.get(pid)
        if not lives:
            return "there was no such process"
        then = [life for life in lives if (life.begin_ns or 0) <= end_ns and begin_ns <= (life.end_ns or end_ns)]
        if not then:
            return "it did not live then"
        if not all(life.names for life in then):
            return None
        names = set().union(*(life.names for life in then))
        return None if comm in names else f"its name was {' or '.join(sorted(names))}"
