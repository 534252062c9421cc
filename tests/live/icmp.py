# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A router's ICMP messages about packets on the loopback interface."""

import select
import socket
import struct

import wait
from outcome import check

ETH_P_IP = 0x0800
HOST_UNREACHABLE = 1
PORT_UNREACHABLE = 3
DATA_OFFSET, FLAGS = 12, 13
SYN = 0x02


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


class Router:
    """`with Router(port) as router:` sees packets to that port, and answers them."""

    def __init__(self, port):
        self.port = port
        self.seen = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.seen.bind(("lo", ETH_P_IP))
        self.seen.settimeout(wait.PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.seen.close()

    def is_meant(self, packet, with_data):
        tcp = packet[(packet[0] & 15) * 4:]
        if packet[9] != socket.IPPROTO_TCP or struct.unpack("!H", tcp[2:4])[0] != self.port:
            return False
        return bool(tcp[FLAGS] & SYN) != with_data and len(tcp) > (tcp[DATA_OFFSET] >> 4) * 4 * with_data

    def complain(self, code, with_data=False):
        """About a SYN, or about a segment with data."""
        while not self.is_meant(packet := self.seen.recv(1 << 16), with_data):
            pass
        answer(packet, code)

    def complain_until(self, told, code):
        """
        About each SYN, until there is something to read from `told`. The kernel ignores what comes while a call has the
        socket locked (tcp_v4_err()), as connect() has for a moment.
        """
        while told not in (ready := select.select([told, self.seen], [], [], wait.PATIENCE)[0]):
            check(ready, f"nothing happens for {wait.PATIENCE} seconds")
            if self.is_meant(packet := self.seen.recv(1 << 16), False):
                answer(packet, code)


def answer(packet, code):
    quote = packet[:(packet[0] & 15) * 4 + 8]
    message = struct.pack("!BBHI", 3, code, checksum(struct.pack("!BBHI", 3, code, 0, 0) + quote), 0) + quote
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as out:
        out.sendto(message, ("127.0.0.1", 0))
