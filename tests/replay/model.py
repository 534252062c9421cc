# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the program must print of a recording, worked out a second time: with the format strings of bcc's tcpstates.

The expected outputs in cases/ are held against it, so that none of them is merely what the program happened to print.
"""

import argparse
import csv
import datetime
import io
import json
import socket

HEADING = ("SKADDR", "C-PID", "C-COMM", "IP", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS")

# bcc's; but %s at the end, for a duration that is not known.
TABLE_HEADING = "%-16s %-5s %-10.10s %s%-15s %-5s %-15s %-5s %-11s -> %-11s %s"
TABLE_ROW = "%-16x %-5d %-10.10s %s%-15s %-5d %-15s %-5d %-11s -> %-11s %s"
WIDE_HEADING = "%-16s %-5s %-16.16s %-2s %-39s %-5s %-39s %-5s %-11s -> %-11s %s"
WIDE_ROW = "%-16x %-5d %-16.16s %-2s %-39s %-5d %-39s %-5d %-11s -> %-11s %s"


def parse(arguments):
    """The options this model knows, and those it does not."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("-4", action="store_true", dest="ipv4")
    options.add_argument("-6", action="store_true", dest="ipv6")
    for flag in ("-w", "-s", "-t", "-T", "-j", "--no-header"):
        options.add_argument(flag, action="store_true")
    options.add_argument("-L", type=ports)
    options.add_argument("-D", type=ports)
    options.add_argument("-d", type=float)
    options.add_argument("-n", type=int)
    options.add_argument("-r")
    return options.parse_known_args(arguments)


def knows(arguments):
    return not parse(arguments)[1]


def ports(text):
    """"80,8000-8099" as a list of ranges."""
    ends = [element.split("-") for element in text.split(",")]
    return [range(int(end[0]), int(end[-1]) + 1) for end in ends]


def is_shown(change, recording, options):
    return (not (options.ipv4 and change.ip != 4) and not (options.ipv6 and change.ip != 6)
            and (options.L is None or any(change.lport in wanted for wanted in options.L))
            and (options.D is None or any(change.rport in wanted for wanted in options.D))
            and (options.d is None or change.time_ns <= recording.start_ns + options.d * 10**9))


def name(comm):
    """A comm as bcc decodes it."""
    return comm.split(b"\0")[0].decode("utf-8", "replace")


def without_controls(text):
    return "".join("?" if ord(char) < 0x20 or 0x7f <= ord(char) < 0xa0 else char for char in text)


def milliseconds(change, unknown):
    if change.duration_ns is None:
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


def objects(changes):
    """JSON objects as lists of (key, value), numbers with a fraction as text."""
    for change in changes:
        yield [("time", instant(change).isoformat(timespec="microseconds") + "Z"),
               ("timestamp", "%.6f" % seconds(change, changes[0])), ("skaddr", "%x" % change.skaddr), ("c_pid", change.pid),
               ("c_comm", name(change.comm)), ("ip", change.ip), ("laddr", address(change.laddr)),
               ("lport", change.lport), ("raddr", address(change.raddr)), ("rport", change.rport),
               ("oldstate", change.oldstate), ("newstate", change.newstate), ("ms", milliseconds(change, None))]


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
    changes = [change for change in recording.transitions if is_shown(change, recording, options)][:options.n]
    text = output.decode()
    if options.j:
        return list(differences(list(objects(changes)), read_json(text)))
    if options.s:
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(comma_separated(changes, options))
        return list(differences(lines.getvalue().split("\n"), text.split("\n")))
    return list(differences([*table(changes, options), ""], text.split("\n")))
