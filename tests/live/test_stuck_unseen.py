# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What --stuck knows of sessions whose changes it has not seen: those before the trace, and those that were lost."""

import json
import signal
import time

import churn
import own_ports
import traffic
import wait
from marks import alone
from outcome import check, check_equal
from place import IPV4
from test_replay import first_difference
from test_stuck import Watch
from tool import here

AGE = 2.5           # seconds that sessions are in their states before the trace
MARGIN = 1.0        # that the program leaves for a FIN that an ACK overtook on the way
JIFFIES = 0.03      # the kernel's times have a resolution of up to 10 ms


class Watched(Watch):
    """A trace that may lose records: its messages say so. The size of the buffer is nothing for a replay."""

    def end(self):
        live = self.tool.end()
        check_equal("exit status", live.status, 0)
        check(any("lost" in line for line in live.errors), f"nothing was lost: {live.errors}")
        replay = self.program.run("-r", self.file, here(), *self.options[:2])
        check(replay.output == live.output, first_difference(live.lines, replay.lines))


def test_age_before_the_trace(program):
    """The kernel's own times are a lower bound, shown at once."""
    listener = traffic.Listener(IPV4)
    held, leak = traffic.Connection(listener), traffic.Connection(listener)
    begun = time.monotonic()
    held.client.shutdown(traffic.socket.SHUT_WR)
    leak.client.close()
    wait.reached("FIN_WAIT2", held.client)
    wait.reached("CLOSE_WAIT", held.child, leak.child)
    reached = time.monotonic()
    wait.until(lambda: time.monotonic() > reached + AGE, "they are old enough")
    with Watch(program, limits=f"FIN_WAIT2:{AGE / 2},CLOSE_WAIT:{AGE / 4}") as watch:
        lines = {}
        while len(lines) < 3:
            line = json.loads(watch.tool.next_line())
            if line["event"] == "stuck" and line["lport"] in (listener.port, held.client_life.lport):
                lines[line["lport"], line["rport"]] = line
        end = time.monotonic()
        of_held = lines.pop((held.client_life.lport, listener.port))["ms_at_least"] / 1000
        check(AGE - JIFFIES <= of_held <= end - begun, f"FIN_WAIT2 for {of_held} s")
        for line in lines.values():
            age = line["ms_at_least"] / 1000
            check(AGE - MARGIN - JIFFIES <= age <= end - begun, f"CLOSE_WAIT for {age} s")
        watch.end()


@alone
def test_end_lost(program):
    """The record of an end is lost: the session is not told of again, except as lost. One that stays is."""
    listener = traffic.Listener(IPV4)
    with Watched(program, "--buffer", "4096", limits="ESTABLISHED:0.5") as watch:
        stays, ends = traffic.Connection(listener), traffic.Connection(listener)
        ports = {one.client_life.lport for one in (stays, ends)}
        while ports:
            ports.discard(watch.next("stuck", "ESTABLISHED", rport=listener.port)["lport"])
        watch.tool.send(signal.SIGSTOP)
        with churn.gone(), churn.Churn(churn.ADDRESS4, own_ports.row(2), 2, 200, "rst") as run:
            run.finish()
        traffic.reset_on_close(ends.client)
        ends.client.close()
        wait.reached("CLOSE", ends.child)
        watch.tool.send(signal.SIGCONT)
        lost = watch.next("lost", "ESTABLISHED", ends.client_life.lport, listener.port)
        check_equal("state after", lost["newstate"], None)
        check(lost["ms"] is None and lost["ms_at_least"] >= 500, f"in ESTABLISHED for {lost}")
        for _ in range(2):
            line = watch.next("still", "ESTABLISHED", is_wanted=lambda line: listener.port in (line["lport"], line["rport"]))
            ours = {line["lport"], line["rport"]} - {listener.port}
            check_equal("the one that stays", ours, {stays.client_life.lport})
        watch.end()
