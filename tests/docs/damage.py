# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings that are damaged, each in one way that the man page describes, and one that tells of losses."""

import struct

from recording_reader import crc32c

HEADER_SIZE = 184                   # of a version before 4
HEADER_SIZE_4 = 304
ENTRY = struct.Struct("=HHI")       # kind, size, checksum
HEAD = struct.Struct("=HH")         # the same without its checksum
VERSION = struct.Struct("=H")
VERSION_AT, BYTE_ORDER_AT, HOST_AT = 12, 8, 32
LOSSES, END, TICK = 3, 4, 6         # kinds of entries


def entry_sizes(recording):
    at = HEADER_SIZE
    while at < len(recording):
        size = ENTRY.size + ENTRY.unpack_from(recording, at)[1]
        yield size
        at += size


def flipped(recording, at):
    return recording[:at] + bytes([recording[at] ^ 1]) + recording[at + 1:]


def newer(recording):
    return recording[:VERSION_AT] + VERSION.pack(0xffff) + recording[VERSION_AT + VERSION.size:]


def other_byte_order(recording):
    mark = recording[BYTE_ORDER_AT:VERSION_AT]
    return recording[:BYTE_ORDER_AT] + mark[::-1] + recording[VERSION_AT:]


def damaged(recording):
    """{what was done: recording}; the first one can be replayed to its end."""
    *_, before, last = entry_sizes(recording)
    return {
        "without end mark": recording[:-last],
        "cut in an entry": recording[:-last - 1],
        "cut in the header": recording[:HEADER_SIZE - 1],
        "a bit of an entry changed": flipped(recording, HEADER_SIZE + ENTRY.size),
        "a bit of an entry's kind changed": flipped(recording, HEADER_SIZE + 1),
        "an entry left out": recording[:-last - before] + recording[-last:],
        "something added": recording + b"x",
        "a bit of the header changed": flipped(recording, HOST_AT),
        "byte order changed": other_byte_order(recording),
        "of a newer version": newer(recording),
        "something else": b"SKADDR,C-PID,C-COMM\n",
        "nothing": b"",
    }


def entry(kind, *numbers):
    payload = struct.pack(f"={len(numbers)}Q", *numbers)
    head = HEAD.pack(kind, len(payload))
    return head + struct.pack("=I", crc32c(head + payload)) + payload


def impossible(recording):
    """A recording of version 4 that has nothing but a tick at the end of time."""
    return recording[:HEADER_SIZE_4] + entry(TICK, 2**64 - 1) + entry(END, 0, 0, 0, 0)


def lossy(recording, transitions, durations, details):
    """A recording of version 4 without transitions: so many were lost, and so many durations and details."""
    losses = transitions, durations, details
    return recording[:HEADER_SIZE_4] + entry(LOSSES, *losses) + entry(END, *losses, 0)
