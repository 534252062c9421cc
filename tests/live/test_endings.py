# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How the program ends: signals, limits, closed pipes, full devices, missing rights."""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import churn
import observe
import own_ports
import surroundings
import traffic
from outcome import check, check_equal
from place import IPV4
from story import Step
from tool import NO_ACCEPT, PATIENCE, ROOM, check_good_end

NOBODY = 65534
TRIES = 5
DURATION = 2    # seconds
MOMENTS, MOMENT_SECONDS = 4, 0.5


def check_refused(what, ended, *words):
    """Exit status 1 and one message, which has all these words; no word means any message."""
    text = "\n".join(ended.errors)
    check_equal(f"{what}: exit status", ended.status, 1)
    check(text, f"{what}: says nothing")
    for word in words:
        check(word.lower() in text.lower(), f"{what}: the message does not say {word!r}: {text}")
    check("libbpf:" not in text, f"{what}: a dump of libbpf's: {text}")


def ends_well_by(program, number):
    with program.start("-s", "--no-header") as tool:
        wanted = observe.mark()
        ended = tool.end(number)    # at once: what has happened is printed all the same
    check_good_end(ended)
    check([line for line in ended.lines if wanted(line)], f"the last transitions are not printed: {ended.lines}")


def test_sigint(program):
    ends_well_by(program, signal.SIGINT)


def test_sigterm(program):
    ends_well_by(program, signal.SIGTERM)


def seconds_to_end_when_busy(program):
    with (program.start("-s", "--buffer", ROOM) as tool,
          churn.Churn(churn.ADDRESS4, own_ports.row(2), 2, 4000, "rst") as run):
        tool.next_line()
        with Step() as ending:
            check_good_end(tool.end(signal.SIGTERM))
        run.finish()
    return ending.ms() / 1000


def test_sigterm_when_busy(program):
    """It ends soon. It may be the machine if it does not once, but not every time."""
    tries = (seconds_to_end_when_busy(program) for _ in range(TRIES))
    check(any(seconds < 2 for seconds in tries), "takes more than 2 seconds to end")


def test_sigterm_at_any_moment(program):
    """From exec on: by the signal before tracing begins, then as after SIGINT, and soon, also if nobody reads."""
    for stdout in [subprocess.DEVNULL, None] * MOMENTS:
        reader, writer = os.pipe()
        with program.start("-j", ready=False, verbose=False, stdout=stdout or writer) as tool:
            os.close(writer)
            time.sleep(random.random() * MOMENT_SECONDS)    # not to wait for anything: any moment will do
            tool.send(signal.SIGTERM)
            status = tool.process.wait(PATIENCE)
            check(status in (0, -signal.SIGTERM), f"exit status {status}")
            said = tool.process.stderr.read().decode().splitlines()
            check_equal("stderr", [line for line in said if not line.startswith(NO_ACCEPT)], [])
        os.close(reader)


def poke(tool):
    """Makes transitions until the program, started without -v, shows that it is attached."""
    deadline = time.monotonic() + PATIENCE
    while tool.out.next(time.monotonic() + 0.1) is None:
        check(time.monotonic() < deadline, "prints nothing")
        observe.mark()


def check_quiet_end(tool):
    status = tool.process.wait(PATIENCE)
    check_equal("exit status", status, 0)
    check_equal("stderr", tool.process.stderr.read(), b"")


def test_pipe_closed_when_idle(program):
    with program.start("-s", "--no-header", verbose=False) as tool:
        poke(tool)
        tool.process.stdout.close()
        check_quiet_end(tool)


def test_pipe_closed_when_busy(program):
    with program.start("-s", "--no-header", "--buffer", ROOM, verbose=False) as tool:
        poke(tool)
        with churn.Churn(churn.ADDRESS4, own_ports.row(2), 2, 4000, "rst") as run:
            tool.next_line()
            tool.process.stdout.close()
            check_quiet_end(tool)
            run.finish()


def check_count(program, wanted, *options):
    """-n counts lines without the header, and both lines of a passive open; it ends by itself."""
    with program.start(*options, "-n", str(wanted)) as tool:
        traffic.active_close(IPV4)
        traffic.active_close(IPV4)
        ended = tool.wait()
    check_good_end(ended)
    headers = 0 if "-j" in options or "--no-header" in options else 1
    check_equal(f"lines with {' '.join(options)} -n {wanted}", len(ended.lines) - headers, wanted)


def test_count(program):
    for wanted, options in (1, ["-s"]), (4, ["-j"]), (5, []), (12, ["-s", "--no-header"]):
        check_count(program, wanted, *options)


def seconds_of_duration(program):
    """How long it lasts from when it was seen to be attached; None: it may have been over before anything happened."""
    begin = time.monotonic()
    with program.start("-s", "-d", str(DURATION)) as tool, Step() as traced:
        wanted = observe.mark()
        marked = time.monotonic()
        ended = tool.wait()
    check_good_end(ended)
    check(traced.end - begin >= DURATION, f"-d {DURATION} lasts {traced.end - begin:.3f} seconds, with its start")
    if marked - begin > DURATION:
        return None
    check([line for line in ended.lines if wanted(line)], "does not print what happened")
    return traced.ms() / 1000


def test_duration(program):
    """It may be the machine if it lasts long once, but not every time."""
    tries = (seconds_of_duration(program) for _ in range(TRIES))
    check(any(seconds and seconds < DURATION + 1 for seconds in tries), f"-d {DURATION} lasts a second longer")


def test_full_output(program):
    with open("/dev/full", "wb") as full, program.start("-s", stdout=full, ready=False) as tool:
        until_ended(tool)
        check_refused("output to /dev/full", tool.wait())


def until_ended(tool):
    """Makes transitions until the program has had enough."""
    deadline = time.monotonic() + PATIENCE
    while tool.process.poll() is None and time.monotonic() < deadline:
        observe.mark()
        tool.err.read(0.05)


def test_closed_output(program):
    check_refused("closed stdout", program.run("-s", "-d", "5", stdout=None, preexec_fn=lambda: os.close(1)))


def test_recording_to_a_full_device(program):
    with program.start("-q", "-o", "/dev/full", ready=False) as tool:
        until_ended(tool)
        check_refused("recording to /dev/full", tool.wait(), "/dev/full")


def test_recording_to_a_missing_directory(program):
    ended = program.run("-q", "-o", "/nonexistent/recording", "-d", "5")
    check_refused("recording to a missing directory", ended, "/nonexistent/recording", "No such file or directory")


def test_not_root(program):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = pathlib.Path(folder, "tcpstates")
        shutil.copy(program.path, copy)
        copy.chmod(0o755)
        ended = type(program)(str(copy)).run("-s", "-d", "5", user=NOBODY, group=NOBODY, extra_groups=[])
    check_refused("as nobody", ended, "root")
    check_equal("as nobody: stdout", ended.output, b"")
    check_equal("as nobody: messages", len(ended.errors), 1)


def test_kernel_without_type_information(program):
    """As kernels before 5.4 are, and those of others who build without it."""
    surroundings.hide_in_sysfs("/sys/kernel/btf")
    ended = program.run("-s", "-d", "5")
    check_refused("without BTF", ended, "BTF", "CONFIG_DEBUG_INFO_BTF")
    check_equal("without BTF: messages", len(ended.errors), 1)
