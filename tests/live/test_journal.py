# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""-Y writes to the systemd journal: held against a real journald in the mount namespace of the test."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import netns
import observe
import traffic
from lines import AS_BCC, from_json, from_lines
from outcome import Failed, check, check_equal
from place import IPV4, IPV6, with_ipv6
from tool import PATIENCE, check_good_end

JOURNALD = "/lib/systemd/systemd-journald"
SOCKET = pathlib.Path("/run/systemd/journal/socket")
CONFIGURATION = """[Journal]
Storage=volatile
RateLimitIntervalSec=0
RateLimitBurst=0
ReadKMsg=no
Audit=no
"""


def empty_run():
    for folder in "/run", "/var/log":
        netns.mount("tmpfs", folder, "tmpfs")


def give_machine_id():
    """journald wants one; a machine without it gets a copy of /etc that has it, in this namespace only."""
    if os.path.exists("/etc/machine-id") and os.path.getsize("/etc/machine-id") > 30:
        return
    shutil.copytree("/etc", "/run/etc", symlinks=True)
    pathlib.Path("/run/etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    netns.mount("/run/etc", "/etc", flags=netns.MS_BIND)


@contextlib.contextmanager
def journald():
    empty_run()
    give_machine_id()
    folder = pathlib.Path("/run/systemd/journald.conf.d")
    folder.mkdir(parents=True)
    (folder / "live-test.conf").write_text(CONFIGURATION)
    check(os.path.exists(JOURNALD), f"the test needs {JOURNALD}")
    nothing = subprocess.DEVNULL
    process = subprocess.Popen([JOURNALD], stdin=nothing, stdout=nothing, stderr=nothing)
    try:
        wait_for_socket(process)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_socket(process):
    deadline = time.monotonic() + PATIENCE
    while not SOCKET.exists():
        if time.monotonic() > deadline or process.poll() is not None:
            raise Failed("journald does not start")
        time.sleep(0.01)


def entries(process):
    """What the journal holds from the program, in order. journald writes all it was sent before it ends."""
    process.send_signal(signal.SIGTERM)
    process.wait(PATIENCE)
    folder = "--directory=/run/log/journal"
    command = ["journalctl", "--output=json", "--no-pager", "--all", folder, "SYSLOG_IDENTIFIER=tcpstates"]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return from_json(said.splitlines())


def message(line):
    local, remote = f"{line['laddr']} {line['lport']}", f"{line['raddr']} {line['rport']}"
    return f"{line['c_comm']} {local} → {remote} {line['oldstate']} → {line['newstate']}"


def wanted_fields(line):
    """bcc's fields for a transition that is printed so."""
    kind = "IPV4" if line["ip"] == 4 else "IPV6"
    fields = {
        "SYSLOG_IDENTIFIER": "tcpstates",
        "PRIORITY": "5",
        "OBJECT_PID": str(line["c_pid"]),
        f"OBJECT_{kind}_SOURCE_ADDRESS": line["laddr"],
        "OBJECT_TCP_SOURCE_PORT": str(line["lport"]),
        f"OBJECT_{kind}_DESTINATION_ADDRESS": line["raddr"],
        "OBJECT_TCP_DESTINATION_PORT": str(line["rport"]),
        "OBJECT_TCP_OLD_STATE": line["oldstate"],
        "OBJECT_TCP_NEW_STATE": line["newstate"],
        "MESSAGE": message(line),
    }
    if line["ms"] is not None:
        fields["OBJECT_TCP_SPAN_TIME"] = str(round(line["ms"] * 1000))
    return fields


# Only these are the program's own; journald adds others about the process, OBJECT_EXE and so on.
OWN = ("OBJECT_IPV", "OBJECT_TCP")


def check_entry(entry, line):
    wanted = wanted_fields(line)
    check_equal("fields", {name: entry.get(name) for name in wanted}, wanted)
    strange = [name for name in entry if name.startswith(OWN) and name not in wanted]
    check(not strange, f"fields {strange} in {entry}")
    comm = entry.get("OBJECT_COMM", [])
    check(line["c_comm"] in ([comm] if isinstance(comm, str) else comm), f"OBJECT_COMM {comm}, not {line['c_comm']}")


def test_fields(program):
    with journald() as process, program.start("-Y", *AS_BCC) as tool:
        for place in with_ipv6(IPV4, [IPV6]):
            traffic.active_close(place)
        tool_lines = tool.lines_until(observe.mark())
        ended = tool.end()
        check_good_end(ended)
        found = entries(process)
    lines = from_lines(ended.lines)
    check(len(tool_lines) > 10, "lines are printed as well")
    check_equal("entries of the journal", len(found), len(lines))
    check({line["ms"] is None for line in lines} == {True, False}, "known and unknown durations are both needed here")
    for entry, line in zip(found, lines):
        check_entry(entry, line)


def test_no_journal(program):
    empty_run()
    ended = program.run("-Y", "-d", "5")
    check_equal("exit status", ended.status, 1)
    check("journal" in "\n".join(ended.errors).lower(), f"the message does not name the journal: {ended.errors}")
