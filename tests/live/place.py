# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where a test's connections run: an address family and the addresses of both ends."""

import collections
import os
import socket

import delayed_link
import netns

Place = collections.namedtuple("Place", "name family ip laddr raddr")

FULL_WIDTH = "2001:db8:1234:5678:9abc:def0:1234:5678"

IPV4 = Place("ipv4", socket.AF_INET, 4, "127.0.0.1", "127.0.0.1")
IPV6 = Place("ipv6", socket.AF_INET6, 6, "::1", "::1")
MAPPED = Place("mapped", socket.AF_INET6, 6, "::ffff:127.0.0.1", "::ffff:127.0.0.1")
FULL = Place("full", socket.AF_INET6, 6, FULL_WIDTH, FULL_WIDTH)

SLOW = Place("slow", socket.AF_INET, 4, delayed_link.HERE, delayed_link.THERE)
SLOW6 = Place("slow6", socket.AF_INET6, 6, delayed_link.HERE6, delayed_link.THERE6)


def with_ipv6(four, six):
    return [four] + (six if os.path.exists("/proc/net/if_inet6") else [])


def loopback_places():
    places = with_ipv6(IPV4, [IPV6, MAPPED, FULL])
    if FULL in places:
        netns.add_address6("lo", FULL_WIDTH, 128)
    return places


def slow_places():
    return with_ipv6(SLOW, [SLOW6])
