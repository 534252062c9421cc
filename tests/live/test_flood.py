# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A flood of SYNs, each from another address: every one is followed, and memory grows by no more than that takes."""

import contextlib
import ipaddress
import json
import os
import pathlib
import re
import socket
import struct
import tempfile

import netns
import traffic
import wait
from delayed_link import HERE, SYN, open_tun
from outcome import check
from place import SLOW
from tool import check_good_end

SYNS = 30_000
EACH = 1280             # bytes that a half-open session may take, in any view: as the man page has it
VIEWS = [["--stuck=SYN_RECV:0.1"], ["--sessions"], ["--summary"], []]


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def syn(source, port):
    """A packet to HERE, as if from there."""
    ends = source.packed + socket.inet_aton(HERE)
    tcp = [40000, port, 1000, 0, 5 << 4, SYN, 65535, 0, 0]
    layout = "!HHIIBBHHH"
    tcp[7] = checksum(ends + struct.pack("!HH", socket.IPPROTO_TCP, 20) + struct.pack(layout, *tcp))
    head = [0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0]
    head[7] = checksum(struct.pack("!BBHHHBBH", *head) + ends)
    return struct.pack("!BBHHHBBH", *head) + ends + struct.pack(layout, *tcp)


def half_open():
    """How many request sockets this network namespace has."""
    return sum(state == "SYN_RECV" for _, _, state in rows())


def rows():
    for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state = row.split()[:4]
        yield local, remote, {"03": "SYN_RECV"}.get(state)


def memory(tool):
    """The most that it has had so far, in bytes."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{tool.pid}/status").read_text())[1]) * 1024


def open_link():
    tun = open_tun("flood")
    netns.bring_up("flood")
    netns.add_address4("flood", HERE, "255.0.0.0")
    return tun


def flood(tun, port):
    """SYNS of them; those that the kernel drops, as it may when it is busy, come again as from a real host."""
    first = ipaddress.IPv4Address("10.100.0.1")
    packets = [syn(first + number, port) for number in range(SYNS)]

    def all_arrived():
        for packet in packets:
            os.write(tun, packet)
        return half_open() >= SYNS

    wait.until(all_arrived, f"{SYNS} half-open sessions")


def lines_of(file):
    """Those that are whole: the program may be writing one."""
    return os.pread(file.fileno(), 1 << 30, 0).split(b"\n")[:-1]


def peers(lines, wanted):
    return {json.loads(line)["raddr"] for line in lines if wanted in line}


def test_syns(program):
    for name, value in (("net.ipv4.tcp_syncookies", 0), ("net.core.somaxconn", 2 * SYNS),
                        ("net.ipv4.tcp_max_syn_backlog", 4 * SYNS), ("net.ipv4.tcp_synack_retries", 3)):
        netns.sysctl(name, value)
    tun = open_link()
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in VIEWS]
        tools = [stack.enter_context(program.start(*options, "-j", "--half-open", stdout=file))
                 for options, file in zip(VIEWS, files)]
        before = [memory(tool) for tool in tools]
        listener = traffic.Listener(SLOW, backlog=2 * SYNS)
        flood(tun, listener.port)
        wait.until(lambda: len(peers(lines_of(files[0]), b'"event":"stuck"')) == SYNS, "--stuck shows each")
        grown = [memory(tool) - size for tool, size in zip(tools, before)]
        # Each ends by its timer, 15 seconds after its SYN; a listener's end does not make it sooner.
        wait.until(lambda: len(peers(lines_of(files[1]), b'"closed_by"')) == SYNS, "--sessions shows each")
        wait.until(lambda: len(peers(lines_of(files[3]), b'"newstate":"CLOSE"')) == SYNS, "each is seen to end")
        for tool in tools:
            check_good_end(tool.end())
        listener.close()
        summary = [json.loads(line) for line in lines_of(files[2])]
    os.close(tun)
    for options, size in zip(VIEWS, grown):
        check(size <= SYNS * EACH, f"{options}: {SYNS} half-open sessions take {size} bytes")
    [row] = [row for row in summary if row["state"] == "SYN_RECV"]
    check(row["entered"] >= SYNS and row["now"] == 0, f"summary: {row}")
