# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every state of TCP and every way between two states, over IPv4, IPv6, IPv4-mapped and full-width IPv6 addresses."""

import functools

import traffic
from delayed_link import DelayedLink
from observe import check_scenarios
from place import IPV4, loopback_places, slow_places


def on_loopback(scenario):
    return lambda program: check_scenarios(program, scenario, loopback_places())


def on_slow_link(scenario):
    def test(program):
        with DelayedLink(0.02) as link:
            check_scenarios(program, functools.partial(scenario, link), slow_places())
    return test


test_active_close = on_loopback(traffic.active_close)
test_passive_close = on_loopback(traffic.passive_close)
test_half_close = on_loopback(traffic.half_close)
test_close_in_fin_wait2 = on_loopback(traffic.close_in_fin_wait2)
test_refused = on_loopback(traffic.refused)
test_reset = on_loopback(traffic.reset)
test_reset_half_closed = on_loopback(traffic.reset_half_closed)
test_reset_unacknowledged = on_loopback(traffic.reset_unacknowledged)
test_abandoned_connect = on_loopback(traffic.abandoned_connect)
test_listen_close_listen = on_loopback(traffic.listen_close_listen)
test_reconnect = on_loopback(traffic.reconnect)
test_backlog = on_loopback(traffic.backlog)
test_self_connect = on_loopback(traffic.self_connect)
test_simultaneous_close = on_slow_link(traffic.simultaneous_close)
test_simultaneous_open = on_slow_link(traffic.simultaneous_open)


def test_timed_out_connect(program):
    check_scenarios(program, traffic.timed_out_connect, [IPV4])
