# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where little is there: few descriptors, little memory, nothing to write to, nobody who reads. It traces, or says why not."""

import contextlib
import functools
import os
import pathlib
import re
import resource
import select
import signal
import socket
import tempfile

import netns
import observe
import surroundings
import wait
from lines import from_json
from outcome import Skipped, check, check_equal
from tool import check_good_end, here

SOCKET = 512            # bytes that the kernel keeps for each that is there
STANDARD = ["standard input", "standard output", "standard error"]


def check_sees(tool):
    """It shows what happens now."""
    tool.lines_until(observe.mark())


def check_traces(program, *options, **how):
    with program.start("-s", "--no-header", *options, **how) as tool:
        check_sees(tool)
        check_good_end(tool.end())


def limited_files(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_few_descriptors(program):
    """A trace needs some 50, all that the kernel allows 75."""
    for count in 5, 10, 40, 100:
        ended = program.run("-s", "-d", "5", preexec_fn=limited_files(count))
        check_equal(f"status with {count} descriptors", ended.status, 1)
        check_equal("messages", len(ended.errors), 1)
        check(f"may have {count} open files" in ended.errors[0], f"does not say so: {ended.errors}")
        check("ulimit -n 128" in ended.errors[0], f"does not say what to do: {ended.errors}")
    check_traces(program, preexec_fn=limited_files(128))


def test_raises_the_limit(program):
    """Where it may have more than it was given, it takes more."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    check_traces(program, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10, most)))


def memory_group():
    """The folder under which groups are made, and the files that limit memory and count how often it was not enough."""
    for row in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = row.split()
        place = pathlib.Path(place)
        if kind == "cgroup2" and "memory" in (place / "cgroup.subtree_control").read_text().split():
            return place, "memory.max"
        if kind == "cgroup" and "memory" in options.split(","):
            return place, "memory.limit_in_bytes"
    raise Skipped("no cgroup can limit memory here")


@contextlib.contextmanager
def limited_memory(size):
    """For a child: joins a group that may have so many bytes."""
    place, limit = memory_group()
    group = pathlib.Path(tempfile.mkdtemp(prefix="tcpstates-", dir=place))
    try:
        (group / limit).write_text(str(size))
        yield lambda: (group / "cgroup.procs").write_text("0")
    finally:
        wait.until(lambda: not (group / "cgroup.procs").read_text(), "the group is empty")
        group.rmdir()


def sockets_of_all():
    """The machine's TCP sockets: what the kernel keeps for each that it finds at the start is the program's memory, too."""
    rows = re.findall(r"^TCP(?:v6)? +(\d+)", pathlib.Path("/proc/slabinfo").read_text(), re.M)
    return sum(map(int, rows))


def test_little_memory(program):
    """What the man page asks for, most of which the kernel needs to check the programs."""
    for size, options in (20, ["-s", "--buffer", "256K"]), (40, ["-j"]), (40, ["--sessions"]), (40, ["--stuck"]), (40, ["--summary"]):
        with (limited_memory((size << 20) + sockets_of_all() * SOCKET) as join,
              program.start(*options, preexec_fn=join) as tool):
            observe.mark()
            check_good_end(tool.end())


def test_read_only_root(program):
    """Nothing can be created anywhere; nothing needs to be."""
    try:
        netns.mount(None, "/", flags=netns.MS_REMOUNT | netns.MS_BIND | netns.MS_RDONLY)
    except OSError as error:
        raise Skipped(f"the root cannot be made read-only: {error}") from error
    with tempfile.TemporaryFile(dir="/dev/shm") as output:
        with program.start("-s", "--no-header", stdout=output) as tool:
            wanted = observe.mark()
            check_equal("status", tool.end().status, 0)
        output.seek(0)
        check([line for line in output.read().splitlines() if wanted(line)], "shows nothing of what happened")
    ended = program.run("-q", "-o", "/recording.tcps", "-d", "1")
    check_equal("status, with a recording", ended.status, 1)
    check("/recording.tcps: Read-only file system" in "\n".join(ended.errors), f"does not say why: {ended.errors}")


def has_ended(tool):
    """Asked after two transitions, at a port of the kernel's choice."""
    with socket.socket() as listener:
        listener.listen(1)
    return tool.process.poll() is not None


def test_closed_descriptors(program):
    """Of the three standard ones any may be missing: what is opened must not take its place."""
    for closed in [0], [2], [0, 2]:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as folder:
            recording = pathlib.Path(folder, "recording")
            close = lambda numbers=closed: [os.close(number) for number in numbers]
            tool = program.start("-s", "--no-header", "-o", recording, "-n", "2", stdout=output, verbose=False,
                                 preexec_fn=close)
            with tool:
                wait.until(functools.partial(has_ended, tool), "it has its two lines")
            what = " and ".join(STANDARD[number] for number in closed)
            check_equal(f"status without {what}", tool.process.returncode, 0)
            output.seek(0)
            check_equal(f"lines without {what}", output.read().count(b"\n"), 2)
            replayed = program.run("-s", "--no-header", "-r", recording)
            check(replayed.status == 0 and len(replayed.lines) >= 2, f"the recording without {what}: {replayed}")


def test_no_cgroup2(program):
    """Sessions are shown all the same; only paths, and the time of a socket before its first transition, are not."""
    for row in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        if row.split()[2] == "cgroup2":
            netns.unmount(row.split()[1])
    with program.start("-j") as tool:
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
    check(lines and {line["cgroup"] for line in lines} == {None}, f"paths without a hierarchy: {lines}")


def test_no_proc(program):
    """Nothing of what it traces with is in /proc."""
    network = here()
    surroundings.hide("/proc")
    check_traces(program, network, everywhere=True)


def test_fifo_without_a_reader(program):
    """Opening it waits for a reader; a signal ends that."""
    with tempfile.TemporaryDirectory() as folder:
        fifo = pathlib.Path(folder, "fifo")
        os.mkfifo(fifo)
        with program.start("-q", "-o", fifo, ready=False, verbose=False) as tool:
            wait.until(lambda: pathlib.Path(f"/proc/{tool.pid}/wchan").read_text() == "wait_for_partner",
                       "it waits for a reader")
            tool.send(signal.SIGTERM)
            check(tool.wait().status in (0, -signal.SIGTERM), "does not end")


def test_pipe_of_another_user(program):
    """It cannot be reopened to be written to without blocking; a reader that stops does not keep the program from ending."""
    reader, writer = os.pipe()
    with surroundings.copy_for_all(program) as copy, open(reader, "rb"):
        os.fchmod(writer, 0o600)
        tool = surroundings.as_nobody(copy, *surroundings.NEEDED.split(","))
        with tool.start("-j", stdout=writer, verbose=False, ready=False) as tool:
            wait.until(lambda: listened_and_full(writer), "the pipe is full")
            listened_and_full(writer)   # these two find no room
            tool.send(signal.SIGTERM)
            status = tool.process.wait(wait.PATIENCE)
        os.close(writer)
    check(status == 1, f"exit status {status}, though output was not written")


def listened_and_full(pipe):
    """Asked after two transitions."""
    with socket.socket() as listener:
        listener.listen(1)
    return not select.select([], [pipe], [], 0)[1]


def test_full_disk_of_one_output(program):
    """That output ends with an error, the other goes on; the status tells."""
    with program.start("-s", "--no-header", "-o", "/dev/full") as tool:
        complained = False
        while not complained:
            check_sees(tool)
            tool.err.read(0)
            complained = any(b"/dev/full" in line for line in tool.err.lines)
        check_sees(tool)
        ended = tool.end()
    check_equal("status", ended.status, 1)
    check("No space left on device" in "\n".join(ended.errors), f"does not say why: {ended.errors}")
