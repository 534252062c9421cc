# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""At full loopback rate, from many processes, the program shows exactly what the kernel's own records hold."""

import collections
import contextlib
import os
import pathlib
import tempfile

import churn
import compare
import netns
import own_ports
from kernel_record import OUT_OF_REACH, KernelRecord, enclosed
from lines import from_lines
from marks import alone
from outcome import Skipped, check, check_equal
from tool import check_good_end

LEAST = 25_000
MEGABYTES = 32          # a CPU, for a record of everything
BUFFER = "64M"          # everything fits: on a busy machine the program may come to read it only in the end


def churn_everything():
    """IPv4 and IPv6, normal closes and resets, all at once; returns how many transitions and by which processes."""
    with churn.gone(), contextlib.ExitStack() as stack:
        start = lambda *what: stack.enter_context(churn.Churn(*what))
        runs = []
        for address in churn.addresses():
            runs.append(start(address, own_ports.row(3), 3, 2000, "rst"))
            runs.append(start(address, own_ports.row(2), 2, 750, "fin"))
        processes = [process for run in runs for process in run.finish()]
        return sum(run.transitions for run in runs), processes


def check_against(recorded, lines, made, processes):
    events = [event for event in recorded if churn.is_ours(event._asdict())]
    check_equal("transitions in the kernel's records", len(events), made)
    lines, events = without_lost_sockets(lines, events)
    check(len(events) >= LEAST, f"only {len(events)} transitions")
    compare.check_same(lines, events, [pid for _, pid, _ in processes])
    check_connects(lines, processes)


def ours(text):
    """The churn's lines of this CSV."""
    return list(filter(churn.is_ours, from_lines(own_ports.lines_in(text, b","))))


def without_lost_sockets(lines, events):
    lost = {event.skaddr for event in events if event.pid == OUT_OF_REACH}
    return [line for line in lines if line["skaddr"] not in lost], [event for event in events if event.skaddr not in lost]


def check_connects(lines, processes):
    """connect() is made by the client of that port, and by nobody else."""
    clients = {port: pid for role, pid, port in processes if role == "client"}
    for line in lines:
        if line["newstate"] == "SYN_SENT":
            check_equal(f"connect to {line['rport']}: c_pid", line["c_pid"], clients[line["rport"]])
            check_equal("its c_comm", line["c_comm"], churn.COMM)


def traced(program, *options, **how):
    """A trace of the whole churn: the events of the kernel's records, what was made."""
    with (KernelRecord(MEGABYTES) as before, program.start("--buffer", BUFFER, *options, everywhere=True, **how) as tool,
          KernelRecord(MEGABYTES) as after):
        made = churn_everything()
        after.stop()
        before.stop()
        check_good_end(tool.end())
    return enclosed(before, after), made


@alone
def test_csv_to_a_file(program):
    with tempfile.TemporaryFile() as file:
        recorded, made = traced(program, "-s", stdout=file)
        file.seek(0)
        check_against(recorded, ours(file.read()), *made)


@alone
def test_recording(program):
    with tempfile.NamedTemporaryFile() as file:
        recorded, made = traced(program, "-q", "-o", file.name)
        replay = program.run("-r", file.name, "-s")
    check_good_end(replay)
    check_against(recorded, ours(replay.output), *made)


def receive_by_interrupt():
    """
    As from a network card, packets arrive by interrupts, and so in the middle of whatever the CPU is at, also of the
    tracing of another socket's transition. On loopback, receive packet steering does that: it hands packets to other
    CPUs.
    """
    with tempfile.TemporaryDirectory() as folder:
        netns.mount("sysfs", folder, "sysfs")   # shows the devices of this network namespace
        steering = pathlib.Path(folder, "class/net/lo/queues/rx-0/rps_cpus")
        present = steering.exists() and os.cpu_count() > 1
        if present:
            steering.write_text("3")
        netns.checked(netns.libc.umount(os.fsencode(folder)))
    if not present:
        raise Skipped("this kernel has no receive packet steering, or one CPU only")


def counted(rows):
    keys = "skaddr", "lport", "rport", "oldstate", "newstate"
    return collections.Counter(tuple(row[key] for key in keys) for row in rows)


FILTERS = ("-L", "1"), ("-D", "1"), ("--remote", "192.0.2.0/24"), ("--remote", "192.0.2.1,198.51.100.1")


@alone
def test_turned_away_by_interrupt(program):
    """Changes that a filter keeps out are not lost, whether or not the kernel ran the program for them."""
    receive_by_interrupt()
    with contextlib.ExitStack() as stack:
        tools = [stack.enter_context(program.start("-s", "--no-header", *options, everywhere=True)) for options in FILTERS]
        churn_everything()
        for options, tool in zip(FILTERS, tools):
            ended = tool.end()
            check_good_end(ended)
            check_equal(f"lines with {' '.join(options)}", ended.lines, [])


@alone
def test_arriving_by_interrupt(program):
    receive_by_interrupt()
    with tempfile.TemporaryFile() as file:
        recorded, (made, _) = traced(program, "-s", stdout=file)
        file.seek(0)
        shown = counted(ours(file.read()))
    events = [event for event in recorded if churn.is_ours(event._asdict())]
    all_recorded = counted(event._asdict() for event in events)
    within_reach = counted(event._asdict() for event in events if event.pid != OUT_OF_REACH)
    check_equal("transitions in the kernel's record", len(events), made)
    missing, invented = within_reach - shown, shown - all_recorded
    check(not missing, f"{missing.total()} of {made} are missing without a word, as {next(iter(missing), None)}")
    check(not invented, f"{invented.total()} never were, as {next(iter(invented), None)}")
