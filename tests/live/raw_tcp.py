# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP segments over IPv4 that a test sends itself, made from those that it has seen."""

import select
import socket
import struct

RST = 0x04


class Wire:
    """Sees the segments that this network namespace receives, and sends some. `with` closes it."""

    def __enter__(self):
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.acknowledged = {}  # {(source port, destination port): the last acknowledgement number}
        return self

    def __exit__(self, *error):
        self.raw.close()

    def look(self):
        """Takes what has come so far."""
        while select.select([self.raw], [], [], 0)[0]:
            packet = self.raw.recv(1 << 16)
            segment = packet[(packet[0] & 15) * 4:]
            ports, number = struct.unpack_from("!HH", segment), struct.unpack_from("!I", segment, 8)[0]
            self.acknowledged[ports] = number

    def reset(self, place, lport, rport):
        """To the end at lport, as its peer: with the number that it expects next, which TIME_WAIT needs."""
        self.look()
        number = self.acknowledged[lport, rport]
        header = struct.pack("!HHIIBBHHH", rport, lport, number, 0, 5 << 4, RST, 0, 0, 0)
        checksum = checksum_of(addresses(place) + struct.pack("!HH", socket.IPPROTO_TCP, len(header)) + header)
        self.raw.sendto(header[:16] + struct.pack("!H", checksum) + header[18:], (place.laddr, 0))


def addresses(place):
    return socket.inet_aton(place.raddr) + socket.inet_aton(place.laddr)


def checksum_of(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
