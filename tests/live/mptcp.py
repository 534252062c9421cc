# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The addresses from which MPTCP opens additional subflows, set by generic netlink (linux/mptcp.h)."""

import os
import socket
import struct

import netns
from outcome import Skipped

IPPROTO_MPTCP = 262
NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR, NESTED = 1, 4, 2, 0x8000
PM_CMD_ADD_ADDR, PM_CMD_FLUSH_ADDRS, PM_CMD_SET_LIMITS = 1, 4, 5
PM_ATTR_ADDR, PM_ATTR_SUBFLOWS = 1, 3
ADDR_FAMILY, ADDR_ADDR4, ADDR_FLAGS = 1, 3, 6
FLAG_SUBFLOW = 2


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def number(kind, value):
    return attribute(kind, struct.pack("=I", value))


def answers(link, kind, command, payload):
    """Of one request: the messages that are no acknowledgement."""
    body = struct.pack("=BBH", command, 1, 0) + payload
    link.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    found = []
    while True:
        data = link.recv(1 << 16)
        while data:
            size, answer = struct.unpack_from("=IH", data)
            if answer == NLMSG_ERROR:
                error = -struct.unpack_from("=i", data, 16)[0]
                if error:
                    raise OSError(error, os.strerror(error))
                return found
            found.append(data[20:size])
            data = data[size + -size % 4:]


def attributes(data):
    while data:
        size, kind = struct.unpack_from("=HH", data)
        yield kind, data[4:size]
        data = data[size + -size % 4:]


class PathManager:
    """The kernel's, of this network namespace."""

    def __init__(self):
        netns.sysctl("net.mptcp.enabled", 1)
        self.link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        try:
            (family,) = answers(self.link, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
                                attribute(CTRL_ATTR_FAMILY_NAME, b"mptcp_pm\0"))
        except OSError as error:
            raise Skipped(f"this kernel has no path manager of MPTCP ({error})") from error
        self.family = struct.unpack("=H", dict(attributes(family))[CTRL_ATTR_FAMILY_ID])[0]

    def allow(self, subflows):
        """Additional subflows of a connection, at both of its ends."""
        answers(self.link, self.family, PM_CMD_SET_LIMITS, number(PM_ATTR_SUBFLOWS, subflows))

    def add(self, address):
        """New connections open a subflow from it."""
        value = attribute(ADDR_FAMILY, struct.pack("=H", socket.AF_INET))
        value += attribute(ADDR_ADDR4, socket.inet_aton(address)) + number(ADDR_FLAGS, FLAG_SUBFLOW)
        answers(self.link, self.family, PM_CMD_ADD_ADDR, attribute(PM_ATTR_ADDR | NESTED, value))

    def remove_all(self):
        """The process that calls closes the subflows from them."""
        answers(self.link, self.family, PM_CMD_FLUSH_ADDRS, b"")
