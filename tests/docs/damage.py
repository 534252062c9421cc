# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings that are damaged, each in one way that the man page describes, and one that tells of losses."""

import struct

HEADER_SIZE = 184
ENTRY = struct.Struct("=HHI")       # kind, size, checksum
VERSION = struct.Struct("=H")
VERSION_AT, BYTE_ORDER_AT, HOST_AT = 12, 8, 32
LOSSES, END = 3, 4                  # kinds of entries


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


def checksum(kind, payload):
    total = (kind << 16 | len(payload)) ^ 0xcbf29ce484222325
    for word, in struct.iter_unpack("=Q", payload):
        total ^= word
        total = (total << 29 | total >> 35) * 0x9e3779b97f4a7c15 % (1 << 64)
    return (total ^ total >> 32) % (1 << 32)


def entry(kind, *numbers):
    payload = struct.pack(f"={len(numbers)}Q", *numbers)
    return ENTRY.pack(kind, len(payload), checksum(kind, payload)) + payload


def lossy(recording, transitions, durations):
    """A recording without transitions, for so many were lost, and so many durations."""
    return recording[:HEADER_SIZE] + entry(LOSSES, transitions, durations) + entry(END, transitions, durations, 0)
