# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a recording's replay says of owners, figures and causes is byte for byte what was printed live."""

import contextlib
import signal
import tempfile

import actor
import observe
import own_ports
from causes import Cast, collect
from delayed_link import DelayedLink
from outcome import check
from place import SLOW
from test_cause import closed, destroyed, exited, half_closed, killed, late_data, linger_0, refused, unread
from test_replay import check_replay
from tool import check_good_end


def choices():
    """Options; some of the ports that come next among them."""
    port = own_ports.new()
    return [
        ["-j"], ["-x"], ["-s", "-x"], ["--minisocks"], ["-s", "--minisocks"], ["-w", "--minisocks"], ["-x", "-t", "-T"],
        ["-s"], ["-w"], ["-j", "-4", "-L", own_ports.as_range()], ["-x", "-D", f"{port}-{port + 10}"], ["-n", "5", "-x"],
        ["-s", "--no-header", "-F", "cookie,netns,cgroup_id,uid,owner_from,reset_reason,signal,ms_about,ms_at_least,cause"],
        ["-F", "newstate,pid,comm,rtt_ms,min_rtt_ms,cwnd,mss,idle_ms,lasted"],
    ]


def make_sessions(cast, leader):
    sessions = []
    for scenario in (closed, destroyed, exited, half_closed(2), killed(signal.SIGKILL), late_data,
                     linger_0(lambda client: client.do(actor.close)), refused,
                     unread(lambda client: client.do(actor.close))):
        sessions += scenario(cast)
    pair = cast.pair(SLOW).connect()
    traffic_on(pair)
    sessions += pair.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked", "CLOSE_WAIT:peer_fin")
    collect(leader, cast, sessions)


def traffic_on(pair):
    pair.client.do(actor.send, 5000)
    pair.server.do(actor.receive, 5000)
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)


def test_same_bytes(program):
    with tempfile.TemporaryDirectory() as folder, DelayedLink(0.01), contextlib.ExitStack() as stack:
        tools = []
        for number, options in enumerate(choices()):
            file = f"{folder}/{number}"
            tools.append((options, file, stack.enter_context(program.start("-o", file, *options))))
        leader, cast = stack.enter_context(program.start("-j")), stack.enter_context(Cast())
        make_sessions(cast, leader)
        for options, file, tool in tools:
            live = tool.wait() if "-n" in options else tool.end()
            check_good_end(live)
            check_replay(program, options, file, live)


def test_one_recording_for_all(program):
    """A recording made by a run that printed something else, or nothing, replays as what any other run printed."""
    views = [options for options in choices() if "-n" not in options]
    with tempfile.TemporaryDirectory() as folder, DelayedLink(0.01), contextlib.ExitStack() as stack:
        file = f"{folder}/recording"
        recorder = stack.enter_context(program.start("-q", "-o", file))
        leader, cast = stack.enter_context(program.start("-j")), stack.enter_context(Cast())
        make_sessions(cast, leader)
        leader.lines_until(observe.mark())
        check_good_end(recorder.end())
        for options in views:
            replay = program.run("-r", file, *options)
            check_good_end(replay)
            check(len(replay.lines) > 3, f"{' '.join(options)}: only {len(replay.lines)} lines")
            again = f"{folder}/again"
            check_good_end(program.run("-r", file, "-q", "-o", again))
            check(program.run("-r", again, *options).output == replay.output,
                  f"{' '.join(options)}: a copy of the recording says something else")
