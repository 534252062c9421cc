# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An ICMP error that the program has not read (IP_RECVERR) ends nothing: what comes later does."""

import select
import socket
import struct

import actor
import netns
from causes import check_causes
from icmp import HOST_UNREACHABLE, Router
from outcome import Failed
from traffic import LINGER_0

IP_RECVERR = 11
CLOSE = 7           # of enum tcp_state
CLOSED_BY_PEER = "CLOSE_WAIT:peer_fin LAST_ACK:close! CLOSE:fin_acked"
LINGER = socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0


def await_pending_error(stage):
    """poll() does not take it."""
    poll = select.poll()
    poll.register(stage.one, 0)
    if not poll.poll(actor.PATIENCE * 1000):
        raise Failed("no error comes")


def with_unanswered_data(cast):
    pair = cast.pair().connect((socket.IPPROTO_IP, IP_RECVERR, 1))
    pair.server.do(actor.hear_nothing)
    with Router(pair.port) as router:
        pair.client.do(actor.send)
        router.complain(HOST_UNREACHABLE, with_data=True)
    pair.client.do(await_pending_error)
    return pair


def with_pending_error(cast):
    """All data is acknowledged and read."""
    pair = with_unanswered_data(cast)
    pair.server.do(actor.hear_again)
    pair.server.do(actor.receive)
    pair.client.do(actor.await_acked)
    return pair


def closes_first(cast):
    pair = with_pending_error(cast)
    pair.client.do(actor.shutdown)
    pair.server.do(actor.await_event)
    pair.server.do(actor.close)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked TIME_WAIT:peer_fin", CLOSED_BY_PEER)


def closes_last(cast):
    pair = with_pending_error(cast)
    pair.server.do(actor.half_close)
    pair.client.do(actor.close)
    return pair.sessions("CLOSE_WAIT:peer_fin LAST_ACK:close CLOSE:fin_acked",
                         "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked TIME_WAIT:peer_fin")


def with_unread_data(cast):
    pair = with_pending_error(cast)
    pair.server.do(actor.send)
    pair.client.do(actor.await_info, has_data)
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    return pair.sessions("CLOSE:reset_unread", "CLOSE:reset_received")


def has_data(info):
    """tcpi_bytes_received (linux/tcp.h)."""
    return struct.unpack_from("=Q", info, 128)[0]


def with_linger_0(cast):
    pair = with_pending_error(cast)
    pair.client.do(actor.set_option, *LINGER)
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    return pair.sessions("CLOSE:reset_linger", "CLOSE:reset_received")


def disconnected(cast):
    pair = with_pending_error(cast)
    pair.client.do(actor.disconnect)
    pair.server.do(actor.await_event)
    return pair.sessions("CLOSE:disconnect", "CLOSE:reset_received")


def reset_by_peer(cast):
    """The reset's error takes the place of the other."""
    pair = with_pending_error(cast)
    pair.server.do(actor.set_option, *LINGER)
    pair.server.do(actor.close)
    pair.client.do(actor.await_state, CLOSE)
    return pair.sessions("CLOSE:reset_received", "CLOSE:reset_linger!")


def unanswered(cast):
    pair = with_unanswered_data(cast)
    pair.client.begin(actor.await_state, CLOSE)
    return pair.sessions("CLOSE:retrans_timeout", "")


def test_close(program):
    check_causes(program, closes_first, closes_last)


def test_abort(program):
    netns.sysctl("net.ipv4.tcp_retries2", 3)
    check_causes(program, with_unread_data, with_linger_0, disconnected, reset_by_peer, unanswered)


def time_waits(cast):
    pair = with_pending_error(cast)
    pair.client.do(actor.shutdown)
    pair.server.do(actor.await_event)
    pair.server.do(actor.close)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked CLOSE:time_wait_full", CLOSED_BY_PEER)


def test_time_wait_full(program):
    netns.sysctl("net.ipv4.tcp_max_tw_buckets", 0)
    check_causes(program, time_waits)
