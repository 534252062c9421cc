# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A process may call itself anything; a transition is one line of all formats nevertheless."""

import contextlib
import csv
import ctypes
import json

import own_ports
import traffic
from lines import CSV_HEADER
from netns import libc
from outcome import check, check_equal
from place import IPV4
from tool import check_good_end

PR_SET_NAME = 15
NAMES = [b"a,b,c", b'say "hi"', b'"', b"'", b"back\\slash", b"<b>&", b" spaces ", b" ", b"=1+2", b"-1", b"@x",
         b"two\nlines", b"cr\rlf\r\n", b"tab\there", b"\x01\x02\x7f", b"\x1b[31mred\x1b[0m", b"\x9b31m",
         b"\xff\xfe\x80", b"cut \xe2\x82", "grün €".encode()]


def make_transitions():
    """Each name opens and closes a listener: two transitions, made by a process of that name."""
    for name in NAMES:
        libc.prctl(PR_SET_NAME, ctypes.c_char_p(name))
        traffic.Listener(IPV4).close()
    libc.prctl(PR_SET_NAME, b"tests")


def lines_of(program, *choices):
    """What traces with these options print of the same transitions."""
    with contextlib.ExitStack() as stack:
        tools = [stack.enter_context(program.start("-L", own_ports.as_range(), *options)) for options in choices]
        make_transitions()
        ends = [tool.end() for tool in tools]
    for ended in ends:
        check_good_end(ended)
    return [ended.output for ended in ends]


def check_no_control(what, output):
    text = output.decode()      # must be valid UTF-8
    bad = [character for character in text if character != "\n" and not character.isprintable()]
    check(not bad, f"{what}: control characters {bad!r}")


def check_table(what, output, header):
    rows = output.splitlines()
    check_equal(f"{what}: lines", len(rows), 2 * len(NAMES) + header)
    check_no_control(what, output)
    for row in rows[header:]:
        check(b"LISTEN" in row and b" -> " in row and b"127.0.0.1" in row, f"{what}: broken row {row!r}")


def check_csv(output):
    header, *rows = csv.reader(output.decode(errors="surrogateescape").splitlines(keepends=True))
    check_equal("CSV header", ",".join(header), CSV_HEADER)
    check_equal("CSV: lines", output.count(b"\n"), 2 * len(NAMES) + 1)
    check_equal("CSV: rows", len(rows), 2 * len(NAMES))
    for row in rows:
        check_equal(f"CSV: columns of {row}", len(row), len(header))
    check_plain_names("CSV", [row[2] for row in rows])


def check_json(output):
    lines = output.decode().splitlines()
    check_equal("JSON: lines", len(lines), 2 * len(NAMES))
    check_plain_names("JSON", [json.loads(line)["c_comm"] for line in lines])


def check_plain_names(what, shown):
    """Names of printable ASCII come through as they are, at two transitions each."""
    for name, pair in zip(NAMES, zip(shown[::2], shown[1::2])):
        if name.isascii() and name.decode().isprintable() and not name.startswith((b"=", b"-", b"@")):
            check_equal(f"{what}: name", pair, (name.decode(), name.decode()))


def test_process_names(program):
    table, wide, timed, comma, lines = lines_of(program, [], ["-w"], ["--no-header", "-T", "-t"], ["-s"], ["-j"])
    check_table("table", table, 1)
    check_table("wide table", wide, 1)
    check_table("table with times", timed, 0)
    check_csv(comma)
    check_json(lines)
