# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Each run of the program is audited as it ends (tool.py), whatever the test looks at: the test's own sessions in the recording
that it made, as the program itself replays it, and in the JSON lines that it printed.
"""

import json
import os
import stat
import subprocess
import time

import own_ports
import state_machine
from outcome import Failed, check

# An option that chooses transitions, not sessions, leaves gaps. The owner of a session may change.
LEAVES_GAPS = {"-p", "--pid", "-c", "--comm", "-u", "--uid", "--from", "--to", "--state", "--min-ms", "--cause"}
VIEWS = {"--sessions", "--summary", "--stuck", "--resets", "--ports", "--diagnose", "--check"}
SHOWN = 5               # of the complaints
OWNER_SLACK_NS = 10**9  # the wall clock, in which lines say when, may be set meanwhile

processes = None        # of the test that runs
with_gaps = set()       # recordings that were made with such an option


def watch(record):
    """Owners of the test's sessions are held against this record of its processes, from here on."""
    global processes
    processes = record
    record.watch()


def begin_run(command):
    """A run of this command begins; what it records is replayed by others later."""
    run = Run(command)
    if not run.is_whole:
        with_gaps.update(run.arguments("-o", "--record"))


class Run:
    """What a run was told to do, by its command."""

    def __init__(self, command):
        words = list(map(str, command))
        names = list(map(os.path.basename, words))
        start = names.index("tcpstates") if "tcpstates" in names else len(words)
        self.path, self.options = "".join(words[start:start + 1]), words[start + 1:]
        self.names = {option.split("=")[0] for option in self.options if option.startswith("-")}
        self.is_whole = not self.names & LEAVES_GAPS and not with_gaps.intersection(self.arguments("-r", "--replay"))

    def arguments(self, *names):
        return [argument for option, argument in zip(self.options, self.options[1:]) if option in names]

    def recording(self):
        """Where it is, if it is a file."""
        return next(filter(is_file, self.arguments("-o", "--record")), None)

    def prints_transitions(self):
        return "-j" in self.names and not self.names & VIEWS


def is_file(path):
    return os.path.exists(path) and stat.S_ISREG(os.stat(path).st_mode) and os.path.getsize(path) > 0


def is_told(errors):
    """Whether stderr tells of a loss."""
    return any("lost" in line or "missed" in line for line in errors)


def check_run(command, lines, errors):
    """command: of a run that has ended; lines: what it printed, as far as it was read; errors: the lines of stderr."""
    run = Run(command)
    if run.recording():
        check_recording(run.path, run.recording(), run.is_whole and not is_told(errors))
    if run.prints_transitions():
        text = b"".join(line + b"\n" for line in lines)
        check_lines(f"what {' '.join(map(str, command))} printed", text, run.is_whole and not is_told(errors))


def check_recording(path, recording, is_whole):
    """By its replay, with all that it holds."""
    replay = subprocess.run([path, "-r", recording, "-j", "-t", "--half-open"], capture_output=True, check=False)
    errors = replay.stderr.decode(errors="replace").splitlines()
    check(replay.returncode == 0, f"audit: the replay of {recording}: exit status {replay.returncode}, {errors}")
    check_lines(f"the recording {recording}", replay.stdout, is_whole and not is_told(errors))


def check_lines(what, text, is_whole):
    """Of the whole machine's lines, those of the test's own sessions."""
    lines = list(map(json.loads, own_ports.lines_in(text, b'port":')))
    lines = [line for line in lines if state_machine.NEEDED <= line.keys() and own_ports.concern(line["lport"], line["rport"])]
    found = state_machine.complaints(lines, is_whole, time.monotonic() * 1000) + complaints_of_owners(lines)
    if found:
        raise Failed(f"audit of {what}: {len(found)} complaints: " + "; ".join(found[:SHOWN]))


def complaints_of_owners(lines):
    """An owner lived at some time since its session began: whoever acted on it may have ended since."""
    if not processes or processes.watched != os.getpid():
        return []
    processes.update()
    if not processes.is_complete:
        return []
    begun, found = {}, []
    for line in lines:
        if not {"pid", "comm", "time"} <= line.keys():
            continue
        now = monotonic_ns(line)
        if line["oldstate"] in ("CLOSE", "LISTEN"):
            begun[line["cookie"]] = now
        if line["pid"]:
            since = begun.get(line["cookie"], 0) - OWNER_SLACK_NS
            why = processes.complaint(line["pid"], line["comm"], since, now + OWNER_SLACK_NS)
            found += [f"{state_machine.about(line)}: the owner is {line['pid']} {line['comm']}, but {why}"] if why else []
    return found


def monotonic_ns(line):
    return state_machine.wall_ms(line) * 10**6 - time.clock_gettime_ns(time.CLOCK_REALTIME) + time.monotonic_ns()
