# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What --diagnose says of an incident: who is to blame is in the first two findings, and nobody is blamed without a reason."""

import collections
import json
import tempfile
import time

import netns
from outcome import Failed, check, check_equal
from tool import check_good_end

SECONDS = 15        # of a trace
TRIES = 3           # to play the incident in that time and without a loss, on a machine that is busy
FIRST = 2           # findings that are read first

Culprit = collections.namedtuple("Culprit", "rule comm role port raddr")


def client(rule, comm, port, raddr="127.0.0.1"):
    return Culprit(rule, comm, "client", port, raddr)


def server(rule, comm, port):
    return Culprit(rule, comm, "server", port, None)


def findings(ended):
    """All at the end, in their order."""
    return [line for line in map(json.loads, ended.lines) if line["event"] == "total"]


def culprit_of(finding):
    return Culprit(*(finding[name] for name in Culprit._fields))


def diagnose(program, play, seconds=SECONDS, others=(), owners=()):
    """
    Traces for so long, from before play() is called; what play() leaves open is open at the end. Returns the findings. A
    recording of the same run says the same. others: inode numbers of network namespaces to trace beside the test's; owners:
    the programs whose sessions it must have seen.
    """
    for _ in range(TRIES):
        with tempfile.NamedTemporaryFile() as file:
            options = "--diagnose", "-j", "--netns", ",".join(map(str, (netns.inode(), *others)))
            begin = time.monotonic()
            with program.start(*options, "-d", str(seconds), "-o", file.name) as tool:
                play()
                is_in_time = time.monotonic() - begin < seconds
                ended = tool.wait()
            if not is_in_time or any("lost" in line for line in ended.errors):
                continue
            check_good_end(ended)
            check_equal("its replay", program.run(*options, "-r", file.name).output, ended.output)
            sessions = map(json.loads, program.run("--sessions", "-j", "-r", file.name).lines)
            check_equal("programs without sessions", set(owners) - {session["comm"] for session in sessions}, set())
            return findings(ended)
    raise Failed(f"in {TRIES} tries, this machine could not play it in {seconds} seconds, or events were lost: {ended.errors[-3:]}")


def told(found):
    return "; ".join(f"{line['severity']} {line['rule']}: {line['text']}" for line in found) or "nothing"


def check_found(found, *culprits, also=()):
    """
    One of the culprits is in the first findings, all of them are found, and whoever else is blamed is in also, which need
    not be found.
    """
    first = [culprit_of(line) for line in found[:FIRST]]
    all_of_them = [culprit_of(line) for line in found if line["severity"] != "note"]
    check(culprits[0] in first, f"{culprits[0]} is not in the first {FIRST} findings: {told(found)}")
    check(set(culprits) <= set(all_of_them), f"{set(culprits) - set(all_of_them)} not found: {told(found)}")
    blamed = set(all_of_them) - set(culprits) - set(also)
    check(not blamed, f"{blamed} blamed without a reason: {told(found)}")
