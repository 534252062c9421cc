# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the program must print of a recording, worked out a second time: with the format strings of bcc's tcpstates.

The expected outputs in cases/ are held against it, so that none of them is merely what the program happened to print.
"""

import argparse
import csv
import datetime
import io
import json
import pathlib
import re
import socket
import sys

import recording as described

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "live"))

import pick     # noqa: E402

HEADING = ("SKADDR", "C-PID", "C-COMM", "IP", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS")

# bcc's; but %s at the end, for a duration that is not known.
TABLE_HEADING = "%-16s %-5s %-10.10s %s%-15s %-5s %-15s %-5s %-11s -> %-11s %s"
TABLE_ROW = "%-16x %-5d %-10.10s %s%-15s %-5d %-15s %-5d %-11s -> %-11s %s"
WIDE_HEADING = "%-16s %-5s %-16.16s %-2s %-39s %-5s %-39s %-5s %-11s -> %-11s %s"
WIDE_ROW = "%-16x %-5d %-16.16s %-2s %-39s %-5d %-39s %-5d %-11s -> %-11s %s"


def parse(arguments):
    """The options this model knows, and those it does not."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    pick.add_options(options)
    for flag in ("-w", "-s", "-t", "-T", "-j", "--no-header"):
        options.add_argument(flag, action="store_true")
    options.add_argument("-d", type=float)
    options.add_argument("-r")
    return options.parse_known_args(arguments)


def knows(arguments):
    return not parse(arguments)[1]


def seen(change, options):
    """The change as this output has it, None when it has it not: only JSON follows minisocks. Snapshots are in no line."""
    is_half_open = change.minisock == "of" and "SYN_RECV" in (change.oldstate, change.newstate)
    if is_half_open or (change.details and change.details["facts"] & described.FACTS["STANDING"]):
        return None
    if options.j:
        return None if change.minisock == "to" and change.oldstate == change.newstate else change
    if change.minisock == "of":
        return None
    return change._replace(newstate="CLOSE") if change.minisock == "to" else change


def is_shown(change, recording, options):
    line, = objects([change], recording.cgroups)
    return (pick.matches(dict(line), options, recording.cgroups)
            and (options.d is None or change.time_ns <= recording.start_ns + options.d * 10**9))


def name(comm):
    """A comm as bcc decodes it."""
    return comm.split(b"\0")[0].decode("utf-8", "replace")


def without_controls(text):
    return "".join("?" if ord(char) < 0x20 or 0x7f <= ord(char) < 0xa0 else char for char in text)


def milliseconds(change, unknown):
    if change.duration_ns is None or change.known:
        return unknown
    return "%.3f" % (change.duration_ns // 1000 / 1000)


def instant(change):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=change.wall_ns // 1000)


def seconds(change, first):
    """As in bcc, whose kernel program counts microseconds."""
    return (change.time_ns // 1000 - first.time_ns // 1000) / 10**6


def address(text):
    """As the C library writes it."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, text))


def row(change, unknown):
    """The values of HEADING."""
    return (change.skaddr, change.pid, without_controls(name(change.comm)), change.ip,
            address(change.laddr), change.lport, address(change.raddr), change.rport, change.oldstate, change.newstate,
            milliseconds(change, unknown))


def table(changes, options):
    heading, line = (WIDE_HEADING, WIDE_ROW) if options.w else (TABLE_HEADING, TABLE_ROW)
    if not options.no_header:
        words = HEADING if options.w else HEADING[:3] + ("",) + HEADING[4:]
        yield ("%-8s " % "TIME" if options.T else "") + ("%-9s " % "TIME(s)" if options.t else "") + heading % words
    for change in changes:
        values = row(change, "-")
        if not options.w:
            values = values[:3] + ("",) + values[4:]
        yield ((instant(change).strftime("%H:%M:%S ") if options.T else "")
               + ("%-9.6f " % seconds(change, changes[0]) if options.t else "") + line % values)


def comma_separated(changes, options):
    if not options.no_header:
        yield ("TIME",) * options.T + ("TIME(s)",) * options.t + HEADING
    for change in changes:
        skaddr, pid, comm, *rest = row(change, "")
        if comm[:1] in "=+-@" and comm:
            comm = "'" + comm
        yield (((instant(change).strftime("%H:%M:%S"),) if options.T else ())
               + (("%.6f" % seconds(change, changes[0]),) if options.t else ()) + ("%x" % skaddr, pid, comm, *rest))


def reset_reasons():
    text = (described.HEADER.parent / "reset.h").read_text()
    return [None, "other", *re.findall(r'^\tX\([A-Z0-9_]+, "(\w+)"\)', text, re.MULTILINE)]


def thousandths(nanoseconds):
    return "%.3f" % (nanoseconds // 1000 / 1000)


QUEUED = "ESTABLISHED", "CLOSE_WAIT"


def accepted(change, said):
    """Whether a process has, or had, the socket; None: not known."""
    has = lambda name: said["facts"] & described.FACTS[name]
    owner_from = described.OWNER_FROM[said["owner_from"]]
    is_handshake = change.oldstate == "SYN_RECV" and (change.minisock or not has("ACCEPTED") and owner_from != "accept")
    if change.oldstate in ("CLOSE", "LISTEN", "SYN_SENT") or is_handshake or owner_from in ("connect", "kernel") or has("FOUND") or has("SUBFLOW"):
        return None
    if owner_from == "accept" or has("ACCEPTED") or has("ORPHAN"):
        return True
    waits = change.oldstate in QUEUED and change.newstate in (*QUEUED, "CLOSE") and owner_from in ("inherited", None)
    return False if waits else None


def detail_values(change, cgroups):
    """JSON keys and values of what bcc does not show."""
    is_idle = change.details and change.details["facts"] & described.FACTS["IDLE"]
    has_queues = change.details and change.details["facts"] & described.FACTS["QUEUES"]
    said = dict.fromkeys([*described.DETAILS, "cause"], 0)
    said.update(change.details or {})
    found = [("pid", said["pid"] or None), ("comm", name(said["comm"]) if said["comm"] else None),
             ("owner_from", described.OWNER_FROM[said["owner_from"]]), ("accepted", accepted(change, said)), ("uid", said["uid"]), ("netns", said["netns"] or None),
             ("cgroup", cgroups.get(said["cgroup"]) or None), ("cgroup_id", said["cgroup"] or None),
             ("cookie", "%x" % said["cookie"] if said["cookie"] else None), ("tx_bytes", said["tx_bytes"]),
             ("rx_bytes", said["rx_bytes"]), ("rtt_ms", thousandths(said["rtt_us"] * 1000) if said["rtt_us"] else None),
             ("min_rtt_ms", thousandths(said["min_rtt_us"] * 1000) if said["min_rtt_us"] else None),
             ("retrans", said["retrans"]), ("cwnd", said["cwnd"] or None), ("mss", said["mss"] or None),
             ("tx_queue", said["tx_queue"] if has_queues else None), ("rx_queue", said["rx_queue"] if has_queues else None),
             ("idle_ms", said["idle_ms"] if is_idle else None), ("signal", said["signal"] or None),
             ("reset_reason", reset_reasons()[said["reset_reason"]]), ("cause", said["cause"] or None)]
    for known, key in (">=", "ms_at_least"), ("~", "ms_about"):
        found.insert(0, (key, thousandths(change.duration_ns) if change.known == known else None))
    return found if change.details is not None else [pair if pair[0].startswith("ms_") else (pair[0], None) for pair in found]


def objects(changes, cgroups):
    """JSON objects as lists of (key, value), numbers with a fraction as text."""
    for change in changes:
        has_cpu = change.minisock != "of" or change.comm
        yield [("time", instant(change).isoformat(timespec="microseconds") + "Z"),
               ("timestamp", "%.6f" % seconds(change, changes[0])), ("skaddr", "%x" % change.skaddr if change.skaddr else None),
               ("c_pid", change.pid if has_cpu else None), ("c_comm", name(change.comm) if has_cpu else None), ("ip", change.ip), ("laddr", address(change.laddr)),
               ("lport", change.lport), ("raddr", address(change.raddr)), ("rport", change.rport),
               ("oldstate", change.oldstate), ("newstate", change.newstate), ("ms", milliseconds(change, None)),
               *detail_values(change, cgroups)]


def read_json(text):
    return [json.loads(line, parse_float=str, object_pairs_hook=list) for line in text.splitlines()]


def differences(expected, got):
    for number, (wanted, is_there) in enumerate(zip(expected, got), 1):
        if wanted != is_there:
            yield f"line {number} should be {wanted!r}"
            yield f"       but is    {is_there!r}"
    if len(expected) != len(got):
        yield f"{len(got)} lines instead of {len(expected)}"


def complaints(arguments, recording, output):
    """What is wrong with the output, line by line; for options that knows() is true of."""
    options = parse(arguments)[0]
    changes = [change for change in (seen(change, options) for change in recording.transitions) if change]
    changes = [change for change in changes if is_shown(change, recording, options)][:options.n]
    text = output.decode()
    if options.j:
        return list(differences(list(objects(changes, recording.cgroups)), read_json(text)))
    if options.s:
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(comma_separated(changes, options))
        return list(differences(lines.getvalue().split("\n"), text.split("\n")))
    return list(differences([*table(changes, options), ""], text.split("\n")))
