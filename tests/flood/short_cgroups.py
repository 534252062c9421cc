# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A host with short-lived containers: 100,000 cgroups, one after the other, each of which makes one connection and is gone.
Live traces must stay within the memory that the man page allows, see each cgroup, and tell what found no room.
"""

import collections
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile

import netns
from memory_page import bounds
from outcome import check, check_equal
from test_flood import memory
from test_owner import cgroup2
from tool import Program, check_good_end, here
from tree import BUILD

COUNT = 100_000
GROUPS = 100_000        # of a summary
SECONDS = 900           # that they may take
PORT = 9                # in a network namespace where nobody listens
MAKER = BUILD / "flood/cgroups"
# The view, as the man page names it; options.
VIEWS = [("lines", ["-q", "-o"]), ("sessions", ["--sessions", "-j"]), ("summary", ["--summary", "--by", "cgroup,state", "-j"])]


@contextlib.contextmanager
def folder_for_cgroups():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tcpstates-", dir=cgroup2()))
    try:
        yield folder
    finally:
        for left in folder.iterdir():
            if left.is_dir():
                left.rmdir()
        folder.rmdir()


def json_lines(file):
    file.seek(0)
    return [json.loads(line) for line in file]


def check_recording(file):
    """As many cgroups as there were, one connect each."""
    replay = subprocess.run([BUILD / "tcpstates", "-r", file.name, "-s", "--fields", "cgroup_id,oldstate,newstate"], capture_output=True,
                            text=True, check=True)
    groups = collections.Counter(row.split(",")[0] for row in replay.stdout.splitlines() if row.endswith("CLOSE,SYN_SENT"))
    check_equal("cgroups that made one connection", list(groups.values()).count(1), COUNT)


def check_sessions(file):
    refused = sum(row["cause"] == "refused" and row["rport"] == PORT for row in json_lines(file))
    check_equal("refused connections", refused, COUNT)


def check_summary(file, said):
    """Two states of each, SYN_SENT and CLOSE: those that found no room are in one row, and are told."""
    rows = json_lines(file)
    check_equal("states entered", sum(row["entered"] for row in rows), 2 * COUNT)
    check(len(rows) <= GROUPS + 1, f"{len(rows)} groups")
    check(any(re.search(rf"more than {GROUPS} groups: \d+ transitions of the rest", line) for line in said), f"does not tell: {said}")


def trace():
    """Returns {view: most bytes}."""
    program = Program(BUILD / "tcpstates")
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.NamedTemporaryFile()) for _ in VIEWS]
        recording, sessions, summary = files
        tools = [stack.enter_context(program.start(*options, *([recording.name] if options[-1] == "-o" else []), stdout=file))
                 for (_, options), file in zip(VIEWS, files)]
        with folder_for_cgroups() as folder:
            subprocess.run([MAKER, str(COUNT), folder, str(PORT)], check=True, timeout=SECONDS)
        used = {view: memory(tool) for (view, _), tool in zip(VIEWS, tools)}
        ended = [tool.end() for tool in tools]
        for one in ended[:2]:
            check_good_end(one)
        check_recording(recording)
        check_sessions(sessions)
        check_summary(summary, ended[2].errors)
    return used


def short_cgroups():
    """In a network namespace of its own. What is said of it; outcome.Failed if it fails."""
    netns.private_network()
    used = trace()
    for view, size in used.items():
        check(size <= bounds()[view][0], f"{view}: {size} bytes, of {bounds()[view][0]} that the man page allows")
    return ", ".join(f"{view} {size / 2**20:.0f} MB" for view, size in used.items()) + f" beside {COUNT} cgroups"
