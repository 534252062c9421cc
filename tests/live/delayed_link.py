# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A link with a delay, and with losses and stops on demand: a TUN device whose other end is a thread.

The thread sends every TCP packet back with source and destination address exchanged, which leaves all checksums
right: a connection from HERE to THERE arrives at a listener on HERE and seems to come from THERE.
"""

import fcntl
import heapq
import os
import select
import socket
import struct
import threading
import time

import netns
from outcome import Skipped

HERE, THERE = "10.84.67.1", "10.84.67.2"
HERE6, THERE6 = "fd84:6784::1", "fd84:6784::2"

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


def deliver_all(flags):
    return True


def open_tun(name):
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Skipped(f"this kernel has no TUN device ({error})") from error
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def exchanged(packet):
    """The packet with its addresses exchanged and its TCP flags, or None for anything that is not TCP."""
    if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_TCP:
        tcp = (packet[0] & 15) * 4
        return packet[:12] + packet[16:20] + packet[12:16] + packet[20:], packet[tcp + 13]
    if packet[0] >> 4 == 6 and packet[6] == socket.IPPROTO_TCP:
        return packet[:8] + packet[24:40] + packet[8:24] + packet[40:], packet[40 + 13]
    return None


class DelayedLink:
    def __init__(self, delay):
        self.delay = delay
        self.delivers = deliver_all     # a test may put a function of the TCP flags here
        self.held = None                # TCP flags of packets that go no further now
        self.arrived = []               # (packet, TCP flags)
        self.waiting = []               # heap of (due time, number, packet)
        self.count = 0
        self.tun = open_tun("slow")
        netns.bring_up("slow")
        netns.add_address4("slow", HERE, "255.255.255.0")
        if os.path.exists("/proc/net/if_inet6"):
            netns.add_address6("slow", HERE6, 64)
        self.wake_reader, self.wake_writer = os.pipe()
        self.thread = threading.Thread(target=self.carry, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        os.close(self.wake_writer)
        self.thread.join()
        os.close(self.wake_reader)
        os.close(self.tun)

    def hold(self, flags):
        """From here on, packets that have all these TCP flags stay in the link."""
        self.held = flags

    def let_go(self):
        """They go on, and take the link's delay from here on."""
        self.held = None
        os.write(self.wake_writer, b"w")

    def carry(self):
        while True:
            wait = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready = select.select([self.tun, self.wake_reader], [], [], wait)[0]
            if self.wake_reader in ready and not os.read(self.wake_reader, 1):
                return
            if self.tun in ready:
                self.take(os.read(self.tun, 65536))
            self.send_on()
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                os.write(self.tun, heapq.heappop(self.waiting)[2])

    def take(self, packet):
        answer = exchanged(packet)
        if answer and self.delivers(answer[1]):
            self.arrived.append(answer)

    def send_on(self):
        arrived, self.arrived, held = self.arrived, [], self.held
        for packet, flags in arrived:
            if held is not None and flags & held == held:
                self.arrived.append((packet, flags))
                continue
            self.count += 1
            heapq.heappush(self.waiting, (time.monotonic() + self.delay, self.count, packet))
