# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Time is linear in the input, also when its keys are made to collide: ten times the input takes about ten times the
instructions, counted by callgrind, in every view and format.

The addresses of sockets, ids of cgroups and cookies are chosen so that a multiplication by the number that hash functions
often use, and by many others, gives products that differ in few bits.
"""

import concurrent.futures
import os
import re
import subprocess
import tempfile

from recording import Recording, DETAILS, Transition

FEW, FACTOR = 300, 10
GROWTH_MAX = 12         # sorting takes n log n
USUAL_MULTIPLIER = 0x9e3779b97f4a7c15
INVERSE = pow(USUAL_MULTIPLIER, -1, 2**64)

VIEWS = ["", "-x", "-s", "-j", "--csv --fields time,cgroup", "-q -o /dev/null", "--sessions", "--sessions -j", "--stuck",
         "--stuck=ESTABLISHED:0.001 -s", "--diagnose", "--summary", "--summary --by cgroup,state", "--summary --by raddr,comm,pid",
         "--summary=1 -s", "--sessions --summary",
         "--sessions --summary=1 --by raddr,comm,pid,cgroup", "--cgroup /x", "--minisocks", "--resets", "--listeners", "--ports", "--ports=1 -s"]

# How the number of a session becomes one that collides with those of others.
WAYS = (
    lambda i: (i + 1) * INVERSE % 2**64,                                # products that begin alike
    lambda i: ((i + 1) << 40 | (i + 1) << 8) * INVERSE % 2**64,         # products whose halves are alike
    lambda i: (i + 1) << 44,                                            # products that end alike
)


def story(recording, number, i):
    """One session: it opens, closes, and a time-wait socket goes on for it."""
    begin_ns = 10**12 + i * 100_000
    details = dict.fromkeys(DETAILS, 0) | {"comm": b"c%d" % i, "pid": i + 1, "cgroup": number, "cookie": number}
    ends = {"laddr": "10.0.0.1", "lport": 80, "raddr": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "rport": 4000}
    for step, (old, new, minisock) in enumerate((("CLOSE", "SYN_SENT", ""), ("SYN_SENT", "ESTABLISHED", ""),
                                                 ("ESTABLISHED", "FIN_WAIT1", ""), ("FIN_WAIT1", "TIME_WAIT", "to"),
                                                 ("TIME_WAIT", "CLOSE", "of"))):
        if i % 2 and step >= 2:
            return
        recording.add_transition(Transition(
            time_ns=begin_ns + step * 10_000, skaddr=number, pid=1, comm=b"c", ip=4, oldstate=old, newstate=new,
            duration_ns=2_000_000, wall_ns=0, details=details, minisock=minisock, **ends))


def make_recording(count):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as text:
        text.write("start 1000 2024-06-01T12:00:00 host 6.1.0 resets listeners ports\n")
        text.flush()
        recording = Recording(text.name)
    recording.data = bytearray(recording.data)
    recording.take_ports("1000", "0", "1024", "65535", "0", "0")
    for i in range(count):
        number = WAYS[i % len(WAYS)](i)
        recording.take_cgroup(str(number), f"/a/{i}/b")
        story(recording, number, i)
        recording.take_resets("1", "1000", "1000", "10.0.0.1", "80", f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", "4000", "no_socket", "none")
        recording.take_listener("1000", "found", str(number), "laddr=10.0.0.1", "lport=80", f"drops={i & 7}")
    recording.take_end()
    return recording.data


def instructions(tool, path, options):
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", tool, "-r", path, *options]
    run = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def growth(tool, paths, options):
    nothing, few, many = (instructions(tool, path, options) for path in paths)
    return (many - nothing) / (few - nothing)


def check(tool, folder):
    """Prints TAP; whether all is well."""
    is_good, paths = True, []
    for count in (0, FEW, FEW * FACTOR):
        paths.append(folder / f"linear-{count}.tcps")
        paths[-1].write_bytes(make_recording(count))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
        growths = executor.map(lambda view: growth(tool, paths, view.split()), VIEWS)
        for view, times in zip(VIEWS, growths):
            is_good &= times <= GROWTH_MAX
            print(f"{'ok' if times <= GROWTH_MAX else 'not ok'} perf.linear[{view or 'table'}] "
                  f"# {FACTOR} times the input takes {times:.1f} times the instructions", flush=True)
    return is_good
