# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Sessions whose handshake is never finished: each, where the kernel runs the programs that see them; elsewhere those that
are half-open for a second, which are looked at until they are gone.
"""

import os
import pathlib
import tempfile

import lines
import netns
import observe
import traffic
from delayed_link import ACK, SYN, DelayedLink
from outcome import check, check_equal
from place import SLOW, slow_places
from story import Step
from tool import check_good_end

DELAY = 0.02
ROUND_TRIP_MS = 2 * DELAY * 1000


def all_but(wanted):
    return lambda flags: flags & wanted != wanted


def knock(place, listener):
    """
    A client that connects and gives up at once: no SYN comes again, and a SYN-ACK is answered by a reset. While it has not
    given up yet, it hears none.
    """
    client = traffic.new_socket(place)
    traffic.drop_all_received(client)
    client.setblocking(False)
    client.connect_ex((place.raddr, listener.port))
    client.close()


def dropped(line):
    return b'"oldstate":"SYN_RECV","newstate":"CLOSE"' in line


def check_pair(pair, listener, most_ms, least_ms, retrans):
    """LISTEN>SYN_RECV, earlier, and SYN_RECV>CLOSE."""
    check_equal("path", [(line["oldstate"], line["newstate"]) for line in pair],
                [("LISTEN", "SYN_RECV"), ("SYN_RECV", "CLOSE")])
    check_equal("local port", {line["lport"] for line in pair}, {listener.port})
    check_equal("owner", {(line["pid"], line["owner_from"]) for line in pair}, {(os.getpid(), "inherited")})
    check_equal("causes", [line["cause"] for line in pair], [None, "half_open"])
    check_equal("what a request socket has not", {line[key] for line in pair for key in ("cwnd", "mss", "rtt_ms", "cgroup")}, {None})
    check_equal("sent again", pair[1]["retrans"], retrans)
    ms = pair[1]["ms"] or pair[1]["ms_about"]
    check(least_ms <= ms <= most_ms, f"SYN_RECV lasts {ms} ms, not {least_ms} to {most_ms}")
    earlier_ms = (pair[1]["timestamp"] - pair[0]["timestamp"]) * 1000
    check(abs(earlier_ms - ms) < 0.01, f"LISTEN>SYN_RECV is {earlier_ms} ms earlier, SYN_RECV lasts {ms} ms")


def check_half_open(program, place, delivers, is_long, *wanted):
    with DelayedLink(DELAY) as link, program.start("-j", "--half-open") as tool:
        link.delivers = delivers
        listener = traffic.Listener(place)
        is_shown = tool.traces("tcp_v4_reqsk_destructor") or is_long and not tool.is_fallback()
        if is_shown:
            with Step() as whole:
                knock(place, listener)
                shown = lines.from_json(tool.lines_until(dropped))
            children = [line for line in shown if line["lport"] == listener.port and line["rport"]]
            check_pair(children, listener, whole.ms(), *wanted)
        listener.close()
        ended = tool.end()
    check_good_end(ended)
    denied = [line for line in ended.errors if "sessions are not shown: " in line]
    check(not (is_shown and denied), f"what is shown is said not to be: {denied}")


def test_unanswered(program):
    """The SYN-ACK is lost, and is sent once more: after a second; after two more the kernel gives up."""
    netns.sysctl("net.ipv4.tcp_synack_retries", 1)
    for place in slow_places():
        check_half_open(program, place, all_but(SYN | ACK), True, 2900, 1)


def test_reset(program):
    """The SYN-ACK is answered by a reset."""
    for place in slow_places():
        check_half_open(program, place, lambda flags: True, False, ROUND_TRIP_MS, 0)


def run_both(program, recording, *options):
    """A session that is finished, and one that is not; by what the tool shows of it."""
    with DelayedLink(DELAY), program.start("-j", "-o", recording, *options) as tool:
        listener = traffic.Listener(SLOW)
        connection = traffic.Connection(listener)
        knock(SLOW, listener)
        # Behind all packets of the one that knocks.
        traffic.Connection(listener)
        traffic.reset_on_close(connection.client)
        traffic.close(connection.client)
        shown = lines.from_json(tool.lines_until(observe.mark()))
        seen = tool.traces("tcp_v4_reqsk_destructor")
        check_good_end(tool.end())
    return seen, shown


def requests_of(shown):
    return [line["newstate"] for line in shown if line["oldstate"] == "SYN_RECV" and line["newstate"] == "CLOSE"]


def births_of(shown):
    return [line for line in shown if line["newstate"] == "SYN_RECV"]


def test_finished_and_replayed(program):
    """Those that are finished are shown once; a recording shows what its options ask for."""
    with tempfile.TemporaryDirectory() as folder:
        recording = str(pathlib.Path(folder, "recording"))
        seen, shown = run_both(program, recording, "--half-open")
        with_them = lines.from_json(program.run("-r", recording, "-j", "--half-open").lines)
        without = lines.from_json(program.run("-r", recording, "-j").lines)
    check_equal("half-open", len(requests_of(shown)), 1 if seen else 0)
    check_equal("children and requests", len(births_of(shown)), 3 if seen else 2)
    check_equal("replayed", with_them[:len(shown)], shown)
    check_equal("replayed without", requests_of(without), [])
    check_equal("replayed without: children", len(births_of(without)), 2)


def test_off(program):
    with tempfile.TemporaryDirectory() as folder:
        _, shown = run_both(program, str(pathlib.Path(folder, "recording")))
    check_equal("half-open", requests_of(shown), [])


def cookie_messages(ended):
    return [line for line in ended.errors if "SYN cookies" in line]


def test_cookies(program):
    """
    The kernel stores nothing of a SYN that it answers with a cookie: such SYNs are counted, less those whose cookie
    came back. Nothing is said where all came back, or in another namespace.
    """
    netns.sysctl("net.ipv4.tcp_syncookies", 2)
    other = str(os.stat(f"/proc/{os.getppid()}/ns/net").st_ino)
    with DelayedLink(DELAY), program.start("-j", "--half-open") as tool, \
            program.start("-j", "--half-open", "--netns", other) as elsewhere, \
            program.start("-j", "--half-open") as all_back:
        listener = traffic.Listener(SLOW)
        traffic.Connection(listener)
        check_equal("all came back", cookie_messages(all_back.end()), [])
        for _ in range(3):
            knock(SLOW, listener)
        # Behind all packets of those that knock.
        traffic.Connection(listener)
        shown = lines.from_json(tool.lines_until(observe.mark()))
        ended = tool.end()
        check_good_end(ended)
        check_equal("another namespace", cookie_messages(elsewhere.end()), [])
    check_equal("half-open", requests_of(shown), [])
    check_equal("messages", cookie_messages(ended), [
        "tcpstates: --half-open: the kernel answered 5 SYNs with SYN cookies, of which 2 came back; it stores nothing "
        "for the others, so they are not shown"])


def test_no_cookies(program):
    """The near miss: sessions that are never finished, without cookies."""
    with DelayedLink(DELAY), program.start("-j", "--half-open") as tool:
        listener = traffic.Listener(SLOW)
        knock(SLOW, listener)
        traffic.Connection(listener)
        check_equal("messages", cookie_messages(tool.end()), [])
