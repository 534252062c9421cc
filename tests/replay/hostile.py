# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings made to crash the program, keep it busy or fill the disk: their checksums are valid, their contents are not.

Each one must end soon in every view and format, by an error with the offset or with output, and not by a signal.
"""

import os
import resource

from program import Failed, expect
from recording import FACTS, STATES, Recording

CPU_SECONDS = 10        # with the sanitizers, on a machine that does other things; the program alone takes milliseconds
OUTPUT_MAX = 1 << 20
LATE = 2**60            # no monotonic time is as late
STATES.update({"NONE": 0, "HUGE": 200})
VIEWS = ["", "-x", "-s -t -T", "-j", "-w --minisocks", "-q -o /dev/null", "--sessions", "--sessions -j", "--sessions -w --minisocks", "--stuck", "--stuck -j",
         "--stuck=connected:0.000001", "--summary", "--summary=0.001 -j", "--summary=1 -s", "-d 1"]


def entry(kind, number):
    return lambda recording: recording.add_entry(kind, recording.pack("Q", number % 2**64))


def changed(**members):
    """Adds the last transition again, with other members."""
    return lambda recording: recording.add_transition(recording.transitions[-1]._replace(**members))


# What changes a recording of an open session, and the message; None: it is replayed to its end.
CASES = {
    "tick at the end of time": (entry("tick", -1), "impossible: the time of a tick"),
    "tick just too late": (entry("tick", LATE), "impossible: the time of a tick"),
    "last tick": (entry("tick", LATE - 1), None),
    "transition at the end of time": (changed(time_ns=2**64 - 1), "impossible: the time of a transition"),
    "snapshot at the end of time": (changed(time_ns=2**64 - 1, details={"facts": FACTS["STANDING"]}), "impossible: the time of a transition"),
    "last transition": (changed(time_ns=LATE - 1), None),
    "longest duration": (changed(duration_ns=2**64 - 1, known=">="), None),
    "wall clock far ahead": (entry("clock", 2**63 - 1), "impossible: the wall clock"),
    "wall clock far behind": (entry("clock", -2**63), "impossible: the wall clock"),
    "last wall clock": (entry("clock", 2**63 - 1 - LATE), None),
    "first wall clock": (entry("clock", LATE - 2**63 + 1), None),
    "no state": (changed(newstate="NONE"), "impossible: a transition has TCP state 0"),
    "state above all": (changed(oldstate="HUGE"), "impossible: a transition has TCP state 200"),
    "no address family": (changed(ip=5), "a transition has address family 5"),
}


def make(folder, change):
    text = folder / "hostile.txt"
    text.write_text("start 1000 2024-06-01T12:00:00 host 6.1.0\n"
                    "at 1001 ffff888004400000 77 a 10.0.0.1 40001 10.0.0.2 80 CLOSE SYN_SENT -\n"
                    "at 1002 ffff888004400000 77 a 10.0.0.1 40001 10.0.0.2 80 SYN_SENT ESTABLISHED 1000\n"
                    "at 1003 ffff888004400000 77 a 10.0.0.1 40001 10.0.0.2 80 ESTABLISHED CLOSE_WAIT 1000\n")
    recording = Recording(text)
    change(recording)
    recording.add_transition(recording.transitions[0]._replace(skaddr=64, time_ns=10**15))
    recording.take_end()
    return bytes(recording.data)


def limited():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_MAX, OUTPUT_MAX))


def check_view(program, name, message, options):
    ended = program.run("-r", name, *options.split(), preexec_fn=limited)
    if ended.status not in (0, 1):
        raise Failed(f"{options or 'table'}: ended with {ended.status}: {ended.stderr!r}")
    if len(ended.stdout) > OUTPUT_MAX:
        raise Failed(f"{options or 'table'}: {len(ended.stdout)} bytes of output")
    expect(f"{options or 'table'}: whether it failed", message is not None, ended.status == 1)
    if message and (message not in ended.stderr.decode() or f"{name}: offset " not in ended.stderr.decode()):
        raise Failed(f"{options or 'table'}: {message} is not in {ended.stderr!r}")


def check_case(program, name):
    change, message = CASES[name]
    path = program.folder / f"hostile-{name.replace(' ', '-')}.tcps"
    path.write_bytes(make(program.folder, change))
    for options in VIEWS:
        check_view(program, path.name, message, options)
    os.unlink(path)


TESTS = {name: lambda program, name=name: check_case(program, name) for name in CASES}
