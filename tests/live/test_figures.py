# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Bytes, round-trip times, retransmissions, window, segment size and idle time, against what the ends know of them."""

import socket
import struct
import time

import actor
import traffic
from causes import check_causes
from delayed_link import ACK, SYN, DelayedLink
from outcome import check, check_equal
from place import SLOW
from story import JIFFY_MS, Step

LINGER_0 = socket.SOL_SOCKET, socket.SO_LINGER, traffic.LINGER_0
HOLD = 0.1
MEGABYTE = 1_000_000
CLOSED = "FIN_WAIT1:close FIN_WAIT2:fin_acked"
HALF_CLOSED = "FIN_WAIT1:shutdown FIN_WAIT2:fin_acked TIME_WAIT:peer_fin"
CLOSED_BY_PEER = "CLOSE_WAIT:peer_fin LAST_ACK:close! CLOSE:fin_acked"
RESET, RESET_BY_PEER = "CLOSE:reset_linger", "CLOSE:reset_received"
OPENING = "LISTEN", "CLOSE", "SYN_SENT", "SYN_RECV"


def of_end(lines, pair):
    """The lines from when the session is over, of the client and of the child."""
    ends = (pair.client_port, pair.port), (pair.port, pair.client_port)
    return [[line for line in lines[end] if line["oldstate"] not in OPENING] for end in ends]


def check_value(what, lines, key, wanted):
    check_equal(f"{key} of the {what}", [line[key] for line in lines], [wanted] * len(lines))


# ---- bytes


def exchange(pair, sent, answered):
    """The one end writes while the other reads."""
    for one, other, size in (pair.client, pair.server, sent), (pair.server, pair.client, answered):
        one.begin(actor.send, size)
        other.do(actor.receive, size)
        one.finish()


def half_close(pair, answered):
    """The answer comes after the client's FIN."""
    pair.client.do(actor.half_close)
    pair.server.begin(actor.send, answered)
    pair.client.do(actor.receive, answered)
    pair.server.finish()
    pair.server.do(actor.close)


def close(pair):
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    pair.server.do(actor.close)


def reset(pair):
    pair.client.do(actor.set_option, *LINGER_0)
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)


def bytes_with(sent, answered, end, pairs):
    """With end half_close, half_close() answers."""
    def scenario(cast):
        pair = cast.pair().connect()
        if end is half_close:
            exchange(pair, sent, 0)
            half_close(pair, answered)
        else:
            exchange(pair, sent, answered)
            end(pair)
        pairs.append((pair, sent, answered, end))
        paths = {close: (CLOSED, CLOSED_BY_PEER), half_close: (HALF_CLOSED, CLOSED_BY_PEER.replace("!", "?")),
                 reset: (RESET, RESET_BY_PEER)}
        return pair.sessions(*paths[end])
    return scenario


def test_bytes(program):
    """Payload to the byte, neither SYN nor FIN among it; with a half-close, from the last line on."""
    pairs = []
    sizes = (0, 0), (1, 0), (0, 1), (1, 2), (MEGABYTE, 3), (3, MEGABYTE)
    ends = close, half_close, reset
    lines = check_causes(program, *[bytes_with(*size, end, pairs) for size in sizes for end in ends])
    for pair, sent, answered, end in pairs:
        client, child = of_end(lines, pair)
        for what, some, tx, rx in ("client", client, sent, answered), ("child", child, answered, sent):
            some = some[-1:] if end is half_close else some
            check_value(what, some, "tx_bytes", tx)
            check_value(what, some, "rx_bytes", rx)


# ---- sent again


def retransmits(stage):
    return struct.unpack_from("=I", actor.info(stage), 100)[0]


def await_retransmission(stage):
    actor.await_info(stage, lambda got: struct.unpack_from("=I", got, 100)[0] > 0)


def listener_hears_again(stage):
    stage.listener.setsockopt(socket.SOL_SOCKET, actor.SO_DETACH_FILTER, 0)


def syn_again(counts):
    def scenario(cast):
        pair = cast.pair()
        pair.server.do(actor.listener_hears_nothing)
        pair.prepare()
        pair.client.do(actor.connect_later, pair.place, pair.port)
        pair.client.do(await_retransmission)
        pair.server.do(listener_hears_again)
        pair.server.do(actor.accept)
        counts[pair] = pair.client.do(retransmits), pair.server.do(retransmits), 0
        reset(pair)
        return pair.sessions(RESET, RESET_BY_PEER + "?")
    return scenario


def data_again(counts):
    def scenario(cast):
        pair = cast.pair().connect()
        pair.server.do(actor.hear_nothing)
        pair.client.do(actor.send, 5000)
        pair.client.do(await_retransmission)
        pair.server.do(actor.hear_again)
        pair.server.do(actor.receive, 5000)
        pair.client.do(actor.await_acked)
        counts[pair] = pair.client.do(retransmits), pair.server.do(retransmits), 5000
        reset(pair)
        return pair.sessions(RESET, RESET_BY_PEER)
    return scenario


def test_retransmissions(program):
    """Of SYN and of data; what is sent again is not counted again."""
    counts = {}
    lines = check_causes(program, syn_again(counts), data_again(counts))
    for pair, (of_client, of_child, sent) in counts.items():
        client, child = of_end(lines, pair)
        check(of_client > 0, "nothing was sent again: the test does not test")
        check_value("client", client, "retrans", of_client)
        check_value("child", child, "retrans", of_child)
        check_value("client", client, "tx_bytes", sent)
        check_value("child", child, "rx_bytes", sent)


def test_syn_ack_again(program):
    """The first ones are lost on the link."""
    counts = {}

    def scenario(cast):
        pair = cast.pair(SLOW)
        lost = iter(range(2))
        link.delivers = lambda flags: not (flags & SYN and flags & ACK and next(lost, None) is not None)
        pair.connect()
        counts[pair] = pair.client.do(retransmits), pair.server.do(retransmits), 0
        reset(pair)
        return pair.sessions(RESET, RESET_BY_PEER)

    with DelayedLink(0.01) as link:
        lines = check_causes(program, scenario)
    for pair, (of_client, of_child, _) in counts.items():
        client, child = of_end(lines, pair)
        check(of_child > 0, "no SYN-ACK was sent again: the test does not test")
        check_value("client", client, "retrans", of_client)
        check_value("child", child, "retrans", of_child)


# ---- times


def test_round_trip_time(program):
    """No less than the link's, no more than the time that connect() took."""
    delay, took = 0.02, {}

    def scenario(cast):
        pair = cast.pair(SLOW)
        pair.prepare()
        with Step() as connecting:
            pair.client.do(actor.connect, pair.place, pair.port)
        pair.server.do(actor.accept)
        took[pair] = (connecting.end - connecting.begin) * 1000
        reset(pair)
        return pair.sessions(RESET, RESET_BY_PEER)

    with DelayedLink(delay):
        lines = check_causes(program, scenario)
    for pair, most in took.items():
        client, child = lines[pair.client_port, pair.port], lines[pair.port, pair.client_port]
        check_equal("round-trip time before the first", client[0]["rtt_ms"], None)
        for line in client[1:]:
            for key in "rtt_ms", "min_rtt_ms":
                check(2000 * delay <= line[key] <= most, f"client's {key} {line[key]}, connect() took {most} ms")
        for line in child[1:]:
            check(line["rtt_ms"] >= 2000 * delay, f"child's rtt_ms {line['rtt_ms']}")


# Jiffies and the coarse clock go on one after the other, and neither is a whole number of milliseconds.
SLACK_MS = JIFFY_MS + 1


def check_idle(what, lines, at_least, at_most):
    for line in lines:
        shown = line["idle_ms"]
        check(at_least - SLACK_MS <= shown <= at_most + SLACK_MS,
              f"idle_ms of the {what}: {shown}, measured {at_least} to {at_most} ms")


def test_idle(program):
    """Since data went either way; of a session without data, since it was established. The kernel counts jiffies."""
    steps = {}

    def scenario(with_data):
        def play(cast):
            pair = cast.pair()
            pair.prepare()
            with Step() as last:
                pair.connect_prepared()
            time.sleep(HOLD)
            if with_data:
                with Step() as last:
                    exchange(pair, 1, 0)
                time.sleep(HOLD)
            with Step() as end:
                reset(pair)
            steps[pair] = ((end.begin_in_jiffies - last.end_in_jiffies) * 1000,
                           (end.end_in_jiffies - last.begin_in_jiffies) * 1000)
            return pair.sessions(RESET, RESET_BY_PEER)
        return play

    lines = check_causes(program, scenario(False), scenario(True))
    for pair, bounds in steps.items():
        for what, some in zip(("client", "child"), of_end(lines, pair)):
            check_idle(what, some, *bounds)


# ---- against TCP_INFO


def test_as_tcp_info_says(program):
    """Of an end that is at rest, just before it is reset."""
    told = {}

    def scenario(cast):
        pair = cast.pair().connect()
        exchange(pair, MEGABYTE, MEGABYTE)
        for one in pair.client, pair.server:
            one.do(actor.await_acked)
        told[pair] = pair.client.do(actor.info), pair.server.do(actor.info)
        reset(pair)
        return pair.sessions(RESET, RESET_BY_PEER)

    lines = check_causes(program, scenario)
    for pair, infos in told.items():
        for what, some, got in zip(("client", "child"), of_end(lines, pair), infos):
            word = lambda place: struct.unpack_from("=I", got, place)[0]
            check_value(what, some, "mss", word(16))
            check_value(what, some, "cwnd", word(80))
            check_value(what, some, "rtt_ms", word(68) / 1000)
            check_value(what, some, "min_rtt_ms", word(148) / 1000)
            check_value(what, some, "retrans", word(100))
