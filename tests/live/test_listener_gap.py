# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The rule refused tells whose listener had gone: only if no other one was left there (SO_REUSEPORT)."""

import errno
import json
import socket
import struct
import tempfile

import own_ports
import traffic
import wait
from delayed_link import ACK, RST, SYN
from outcome import check, check_equal
from place import IPV4
from segment import Wire, segment
from tool import check_good_end, here

MANY = 6        # a finding needs five
GAP = "closed its listener there"


def listening(port):
    """One of several at that port."""
    one = socket.socket(IPV4.family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((IPV4.laddr, port))
    one.listen(16)
    return one


def be_refused(port):
    """Nobody listens."""
    for _ in range(MANY):
        with traffic.new_socket(IPV4) as client:
            check_equal("connect()", client.connect_ex((IPV4.raddr, port)), errno.ECONNREFUSED)


def number_of_syn(wire, lport, rport):
    while True:
        packet = wire.raw.recv(1 << 16)
        tcp = packet[(packet[0] & 15) * 4:]
        source, destination, number = struct.unpack_from("!HHI", tcp)
        if (source, destination) == (lport, rport) and tcp[13] & SYN:
            return number


def be_rejected(listener):
    """As by a firewall: the listener does not get the SYN, and something else answers it with a reset."""
    port = traffic.port_of(listener)
    traffic.drop_all_received(listener)
    for _ in range(MANY):
        with traffic.new_socket(IPV4) as client, Wire(IPV4) as wire:
            client.setblocking(False)
            check_equal("connect()", client.connect_ex((IPV4.raddr, port)), errno.EINPROGRESS)
            lport = traffic.port_of(client)
            number = number_of_syn(wire, lport, port)
            wire.send(segment(port, lport, RST | ACK, acknowledged=(number + 1) % 2**32))
            wait.reached("CLOSE", client)
            check_equal("its error", client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNREFUSED)


def with_two(is_older):
    def test(program):
        """Of two listeners at each of two ports, both have gone, or one."""
        ports = gone, left = own_ports.new(), own_ports.new()
        listeners = [listening(port) for port in ports * 2] if is_older else []
        with tempfile.NamedTemporaryFile() as file, program.start("--diagnose=refused", "-j", "-o", file.name) as tool:
            listeners = listeners or [listening(port) for port in ports * 2]
            for one in listeners[:3]:
                one.close()
            be_refused(gone)
            be_rejected(listeners[3])
            ended = tool.end()
            replayed = program.run("--diagnose=refused", "-j", "-r", file.name, here())
        listeners[3].close()
        check_good_end(ended)
        check_equal("its replay", replayed.output, ended.output)
        found = {line["port"]: line["text"] for line in map(json.loads, ended.lines) if line["event"] == "total"}
        check_equal("ports", set(found), set(ports))
        check(GAP in found[gone], found[gone])
        check(GAP not in found[left], found[left])
    return test


test_older = with_two(is_older=True)
test_newer = with_two(is_older=False)
