# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two more hosts, in network namespaces of their own: a client, and a router between it and the test."""

import os
import subprocess

import netns
import router
from actor import Actor
from outcome import Failed

HERE, GATE = "10.86.1.1", "10.86.1.2"               # the test, the router on its side
CLIENT_GATE, CLIENT = "10.86.2.1", "10.86.2.2"      # the router on the client's side, the client


def ip(*words):
    said = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if said.returncode:
        raise Failed(f"ip {' '.join(words)}: {said.stderr.strip()}")


def link(name, address, peer_name, pid):
    """To another host, which then has the peer."""
    ip("link", "add", name, "type", "veth", "peer", "name", peer_name, "netns", str(pid))
    take(None, name, address)


def take(stage, name, address):
    ip("addr", "add", f"{address}/24", "dev", name)
    netns.bring_up(name)


def route(stage, *words):
    ip("route", "add", *words)


def forward(stage, client_pid):
    take(stage, "here", GATE)
    link("client", CLIENT_GATE, "gate", client_pid)
    netns.sysctl("net.ipv4.ip_forward", 1)


def sysctl(stage, name, value):
    netns.sysctl(name, value)


def network_of(host):
    """The inode number of its network namespace."""
    return os.stat(f"/proc/{host.pid}/ns/net").st_ino


def start(stage):
    """(router, client), which end with the stage."""
    gate, client = Actor("router"), Actor("client")
    for host in gate, client:
        stage.callback(host.end)
        host.do(router.leave_network)
    link("gate", HERE, "here", gate.pid)
    gate.do(forward, client.pid)
    client.do(take, "gate", CLIENT)
    client.do(route, "default", "via", CLIENT_GATE)
    ip("route", "add", "10.86.2.0/24", "via", GATE)
    return gate, client


def forgetful(stage, gate, seconds):
    """The router hides the client behind its own address, and forgets a connection that is idle for so long."""
    gate.do(sysctl, "net.netfilter.nf_conntrack_tcp_timeout_established", seconds)
    gate.do(sysctl, "net.netfilter.nf_conntrack_tcp_loose", 0)
    rules = """
        table ip nat {
            chain out { type nat hook postrouting priority 100; oifname "here" masquerade; }
            chain in { type filter hook input priority 0; ct state invalid drop; }
            chain through { type filter hook forward priority 0; ct state invalid drop; }
        }"""
    stage.run("nft", "-f", stage.write("nat.nft", rules), host=gate.pid)
