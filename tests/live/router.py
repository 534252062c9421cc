# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A router in a network namespace of its own that answers packets to some networks with ICMP errors. It does so in the
call that sends the packet, as a firewall of the same or a near host does: the socket is still locked.
"""

import subprocess

import netns
from outcome import Skipped

UNREACHABLE, PROHIBITED, UNREACHABLE6 = "10.85.2.1", "10.85.3.1", "fd85:2::1"
NEAR, FAR, NEAR6, FAR6 = "10.85.1.1", "10.85.1.2", "fd85:1::1", "fd85:1::2"


def ip(*words):
    said = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if said.returncode:
        raise Skipped(f"ip {' '.join(words)}: {said.stderr.strip()}")


def leave_network(stage):
    netns.private_network()


def set_up_far_end(stage):
    netns.bring_up("far")
    ip("addr", "add", f"{FAR}/24", "dev", "far")
    netns.sysctl("net.ipv4.ip_forward", 1)
    netns.sysctl("net.ipv4.icmp_ratelimit", 0)
    ip("route", "add", "unreachable", f"{UNREACHABLE}/32")
    ip("route", "add", "prohibit", f"{PROHIBITED}/32")


def set_up_far_end6(stage):
    ip("addr", "add", f"{FAR6}/64", "dev", "far", "nodad")
    netns.sysctl("net.ipv6.conf.all.forwarding", 1)
    netns.sysctl("net.ipv6.icmp.ratelimit", 0)
    ip("route", "add", "unreachable", f"{UNREACHABLE6}/128")


def start(actor):
    """The actor becomes the router, until it ends."""
    actor.do(leave_network)
    ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(actor.pid))
    netns.bring_up("near")
    ip("addr", "add", f"{NEAR}/24", "dev", "near")
    actor.do(set_up_far_end)
    ip("route", "add", "10.85.2.0/23", "via", FAR)


def start6(actor):
    """IPv6, too."""
    ip("addr", "add", f"{NEAR6}/64", "dev", "near", "nodad")
    actor.do(set_up_far_end6)
    ip("route", "add", "fd85:2::/64", "via", FAR6)
