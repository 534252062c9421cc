# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Initial sequence numbers: both ends of a connection have the pair that their SYN and SYN-ACK had on the wire, exchanged,
however the connection came about. Where they cannot be known, they are null.
"""

import json
import os
import socket
import struct

import delayed_link
import netns
import traffic
import wait
from outcome import check, check_equal
from place import IPV4, IPV6, SLOW
from tool import check_good_end

FIELDS = "lport,rport,oldstate,newstate,isn_local,isn_remote,segs_out"
MSG_FASTOPEN, TCP_FASTOPEN = 0x20000000, 23
FASTOPEN_WITHOUT_COOKIE = 0x1 | 0x2 | 0x4 | 0x200
ALL_PROTOCOLS = 3
PACKET_OUTGOING = 4


class Capture:
    """What goes by on the loopback device of this network namespace."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS))
        self.socket.bind(("lo", ALL_PROTOCOLS))
        return self

    def __exit__(self, *error):
        self.socket.close()

    def segments(self):
        """(source port, destination port, sequence number, flags, payload size) of each TCP segment so far, in order."""
        self.socket.setblocking(False)
        while True:
            try:
                packet, address = self.socket.recvfrom(1 << 16)
            except BlockingIOError:
                return
            # Each comes by twice: going out, and coming in.
            if address[2] != PACKET_OUTGOING:
                continue
            size = 4 * (packet[0] & 15) if packet[0] >> 4 == 4 else 40
            source, destination, number, _, offset, flags = struct.unpack_from("!HHIIBB", packet, size)
            yield source, destination, number, flags, len(packet) - size - 4 * (offset >> 4)

    def initial_numbers(self):
        """{(source port, destination port): those of its SYNs, in order}, and the payload sizes of the SYNs."""
        numbers, sizes = {}, set()
        for source, destination, number, flags, size in self.segments():
            if flags & delayed_link.SYN:
                of_end = numbers.setdefault((source, destination), [])
                if number not in of_end:
                    of_end.append(number)
                sizes.add(size)
        return numbers, sizes


def trace(program, play):
    """What play() returns, and the lines meanwhile."""
    here = os.stat("/proc/self/ns/net").st_ino
    with program.start("-j", "-F", FIELDS, f"--netns={here}") as tool:
        played = play()
        ended = tool.end()
        check_good_end(ended)
        return played, [json.loads(line) for line in ended.lines]


def pairs_of(lines):
    """{(lport, rport): the pairs at its changes to ESTABLISHED}; no other line has one."""
    pairs = {}
    for line in lines:
        pair = line["isn_local"], line["isn_remote"]
        if line["newstate"] == "ESTABLISHED":
            pairs.setdefault((line["lport"], line["rport"]), []).append(pair)
        else:
            check_equal(f"numbers of {line}", pair, (None, None))
    return pairs


def check_as_on_wire(program, play, connections):
    """So many connections are made by play(), both ends of which are seen. The payload sizes of their SYNs."""
    with Capture() as capture:
        _, lines = trace(program, play)
        numbers, sizes = capture.initial_numbers()
    pairs = pairs_of(lines)
    for (lport, rport), seen in pairs.items():
        sent = list(zip(numbers[lport, rport], numbers[rport, lport], strict=True))
        check_equal(f"numbers of {lport} to {rport}", seen, sent)
        check_equal("numbers of its peer", pairs[rport, lport], [pair[::-1] for pair in sent])
    check_equal("ends of connections", sum(len(seen) for seen in pairs.values()), 2 * connections)
    return sizes


def end(connection):
    traffic.reset_on_close(connection.client)
    traffic.close(connection.client)
    wait.reached("CLOSE", connection.child)
    traffic.close(connection.child)


def exchange(place):
    def play():
        listener = traffic.Listener(place)
        connections = [traffic.Connection(listener) for _ in range(3)]
        ports = [(traffic.port_of(connection.client), listener.port) for connection in connections]
        for connection in connections:
            connection.client.sendall(b"x" * 100)
            connection.child.recv(100, socket.MSG_WAITALL)
            end(connection)
        listener.close()
        return ports
    return play


def test_handshake(program):
    check_as_on_wire(program, exchange(IPV4), 3)
    check_as_on_wire(program, exchange(IPV6), 3)


def test_syn_cookies(program):
    """Nothing is kept of the SYN: the numbers come with the ACK."""
    netns.sysctl("net.ipv4.tcp_syncookies", "2")
    check_as_on_wire(program, exchange(IPV4), 3)


def test_same_socket_again(program):
    """connect(AF_UNSPEC), and another connection with the same socket."""
    check_as_on_wire(program, lambda: traffic.reconnect(IPV4), 2)


def fast_open():
    """Data in the SYN, which is acknowledged with it."""
    listener = traffic.Listener(IPV4)
    listener.socket.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    with traffic.new_socket(IPV4) as client:
        client.sendto(b"x" * 100, MSG_FASTOPEN, (IPV4.raddr, listener.port))
        child, _ = listener.socket.accept()
        child.recv(100, socket.MSG_WAITALL)
        wait.reached("ESTABLISHED", client, child)
        traffic.reset_on_close(client)
        traffic.close(client)
        wait.reached("CLOSE", child)
        traffic.close(child)
    listener.close()


def test_fast_open(program):
    netns.sysctl("net.ipv4.tcp_fastopen", str(FASTOPEN_WITHOUT_COOKIE))
    sizes = check_as_on_wire(program, fast_open, 1)
    check(100 in sizes, f"no SYN had the data: {sizes}")


def test_simultaneous_open(program):
    """Which end began is not known, so the numbers are not either."""
    with delayed_link.DelayedLink(0.02) as link:
        _, lines = trace(program, lambda: traffic.simultaneous_open(link, SLOW))
    pairs = pairs_of(lines)
    check_equal("numbers of both ends", sorted(pairs.values()), [[(None, None)]] * 2)


def test_segments_sent(program):
    """As the kernel counts them: those of both ends are what went by."""
    with Capture() as capture:
        connections, lines = trace(program, exchange(IPV4))
        seen = list(capture.segments())
    for client, server in connections:
        for lport, rport in (client, server), (server, client):
            sent = sum(segment[:2] == (lport, rport) for segment in seen)
            said = [line["segs_out"] for line in lines if (line["lport"], line["rport"]) == (lport, rport)]
            check(said and said[-1] is not None, f"no figure of {lport} to {rport}")
            # The reset that ends it comes after the change, and the SYN-ACK is its request socket's.
            check(sent - 2 <= said[-1] <= sent, f"{lport} to {rport}: segs_out {said}, {sent} went by")
            check(said == sorted(said), f"{lport} to {rport}: {said} goes back")
