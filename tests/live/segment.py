# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP segments that no socket sends, and the resets that answer them."""

import socket
import struct
import time

import wait
from delayed_link import ACK, RST
from icmp import checksum
from outcome import check

IPV6_CHECKSUM = 7       # linux/in6.h: the kernel fills in the checksum, at this offset
CHECKSUM = 16           # offset in the TCP header
HEADER = "!HHIIBBHHH"


def segment(lport, rport, flags, sequence=1000, acknowledged=2000, data=b""):
    """Without a checksum."""
    return struct.pack(HEADER, lport, rport, sequence, acknowledged if flags & ACK else 0, 5 << 4, flags, 1024, 0, 0) + data


def with_checksum(tcp, source, destination):
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))
    padded = pseudo + tcp + b"\0" * (len(tcp) % 2)
    return tcp[:CHECKSUM] + struct.pack("!H", checksum(padded)) + tcp[CHECKSUM + 2:]


class Wire:
    """Sends segments from a place's address to itself, and sees what is sent there."""

    def __init__(self, place):
        self.place = place
        self.raw = socket.socket(place.family, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.raw.settimeout(wait.PATIENCE)
        if place.ip == 6:
            self.raw.setsockopt(socket.IPPROTO_IPV6, IPV6_CHECKSUM, CHECKSUM)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.raw.close()

    def send(self, tcp):
        if self.place.ip == 4:
            tcp = with_checksum(tcp, self.place.laddr, self.place.raddr)
        self.raw.sendto(tcp, (self.place.raddr, 0))

    def next(self):
        """Source port, destination port and flags of the next segment, whoever sent it."""
        packet = self.raw.recv(1 << 16)
        tcp = packet[(packet[0] & 15) * 4:] if self.place.ip == 4 else packet
        return *struct.unpack("!HH", tcp[:4]), tcp[13]

    def wait_for_reset(self, lport, rport):
        deadline = time.monotonic() + wait.PATIENCE
        while True:
            source, destination, flags = self.next()
            if (source, destination) == (lport, rport) and flags & RST:
                return
            check(time.monotonic() < deadline, f"no reset from port {lport} to {rport}")

    def provoke(self, lport, rport, flags, **how):
        """Sends one to lport, and waits for the reset that answers it."""
        self.send(segment(rport, lport, flags, **how))
        self.wait_for_reset(lport, rport)


def spoofed(source, destination, lport, rport, flags):
    """A whole IPv4 packet, for a socket with IP_HDRINCL; the kernel fills in the rest of its header."""
    tcp = with_checksum(segment(rport, lport, flags), source, destination)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0)
    return header + socket.inet_aton(source) + socket.inet_aton(destination) + tcp
