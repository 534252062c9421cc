# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A recording replayed prints byte for byte what was printed live."""

import contextlib
import pathlib
import signal
import tempfile

import churn
import observe
import own_ports
import traffic
from kernel_record import KernelRecord
from lines import from_csv
from outcome import check, check_equal
from place import IPV4, loopback_places
from tool import PATIENCE, ROOM, check_good_end, here

UNWRITTEN = 1000    # records that may still be on their way to the file when the program is busy


def choices(port):
    """Options; the servers' ports begin with this one."""
    return [
        [], ["-w"], ["-s"], ["-j"], ["-T"], ["-t"], ["-s", "-T", "-t"],
        ["-w", "-t", "-4"], ["-s", "-6"], ["-j", "-L", f"{port}-{port + 2}"], ["-j", "-D", f"{port + 1}"],
        ["-s", "--no-header", "-F", "time,skaddr,oldstate,newstate,ms"], ["-F", "c_comm,timestamp,laddr,rport"],
    ]


def make_traffic():
    for place in loopback_places():
        traffic.active_close(place)
    traffic.reconnect(IPV4)
    traffic.refused(IPV4)


def test_same_bytes(program):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tools = []
        for number, options in enumerate(choices(own_ports.new() + 1)):
            file = f"{folder}/{number}"
            tools.append((options, file, stack.enter_context(program.start("-o", file, *options))))
        make_traffic()
        for options, file, tool in tools:
            live = tool.end()
            check_good_end(live)
            check_replay(program, options, file, live)


def check_replay(program, options, file, live):
    what = " ".join(options) or "no option"
    check(len(live.lines) > 3, f"{what}: only {len(live.lines)} lines")
    replay = program.run("-r", file, here(), *options)
    check_good_end(replay)
    check_equal(f"{what}: stderr of the replay", replay.errors, [])
    check(replay.output == live.output, f"{what}: {first_difference(live.lines, replay.lines)}")


def first_difference(live, replay):
    for number, (one, other) in enumerate(zip(live, replay)):
        if one != other:
            return f"line {number}: live {one!r}, replayed {other!r}"
    return f"{len(live)} lines live, {len(replay)} replayed"


def test_pipe(program):
    """The recording goes through a pipe, and the lines come out of it at once, not only in the end."""
    with program.start("-q", "-o", "-") as recorder:
        with program.start("-r", "-", "-s", verbose=False, stdin=recorder.process.stdout) as reader:
            recorder.out = None
            reader.lines_until(observe.mark())
            check_good_end(recorder.end())
            check_good_end(reader.wait())


def test_same_bytes_through_a_pipe(program):
    """What goes into a pipe as a recording is what goes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        with program.start("-q", "-o", "-") as recorder:
            make_traffic()
            ended = recorder.end()
        check_good_status(ended)
        file = pathlib.Path(folder, "recording")
        file.write_bytes(ended.output)
        from_file = program.run("-r", str(file), "-j")
        with file.open("rb") as stdin:
            from_pipe = program.run("-r", "-", "-j", stdin=stdin)
    check(len(from_file.lines) > 20, f"only {len(from_file.lines)} lines; {from_file.errors}")
    check_equal("replay of the pipe and of the file", from_pipe, from_file)


def check_good_status(ended):
    check(ended.status == 0, f"exit status {ended.status}, {ended.errors}")


def test_killed_recorder(program):
    """A recorder killed while it records leaves a recording of what there was until then."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/recording"
        with KernelRecord() as record, program.start("-s", "-o", file, "--buffer", ROOM) as tool:
            with churn.Churn(churn.ADDRESS4, own_ports.row(2), 2, 4000, "rst") as run:
                printed = [tool.next_line() for _ in range(2000)]
                tool.send(signal.SIGKILL)
                tool.process.wait(PATIENCE)
                run.finish()
        replay = program.run("-r", file, "-s")
    check_killed(replay, len(printed), record)


def check_killed(replay, printed, record):
    check(replay.status in (0, 1), f"exit status {replay.status}, {replay.errors}")
    check(replay.status == 0 or "recording" in replay.errors[0], f"the message does not name the file: {replay.errors}")
    rows = from_csv(line.decode() for line in replay.lines)
    check(len(rows) > printed - UNWRITTEN, f"{printed} lines were printed, the recording holds {len(rows)}")
    events = {}
    for event in record.events:
        events.setdefault(event.skaddr, []).append((event.oldstate, event.newstate, event.lport, event.rport))
    for row in rows:
        truth = events[row["skaddr"]].pop(0)
        shown = row["oldstate"], row["newstate"], row["lport"], row["rport"]
        if truth[1] == "SYN_RECV" and not truth[3]:     # kernels up to 6.12 do not know the peer yet
            shown = *shown[:3], 0
        check_equal(f"socket {row['skaddr']}", shown, truth)
