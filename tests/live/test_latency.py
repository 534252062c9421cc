# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A line comes at once when little happens, and nothing runs when nothing happens."""

import pathlib
import re
import statistics
import time

import observe
import traffic
from kernel_record import KernelRecord
from outcome import check
from place import IPV4
from tool import check_good_end

MOST_MS = 10
TRIES = 5


def latency_ms(tool):
    """From just before the call that makes a transition to its line's being read."""
    with traffic.new_socket(IPV4, next(traffic.ports)) as listener:
        traffic.hold()
        begin = time.monotonic()
        listener.listen(1)
        tool.next_line()
        came = (time.monotonic() - begin) * 1000
    tool.next_line()
    return came


def test_latency(program):
    with program.start("-s", "--no-header") as tool:
        tool.lines_until(observe.mark())
        all_ms = [latency_ms(tool) for _ in range(15)]
        check_good_end(tool.end())
    median = statistics.median(all_ms)
    check(median <= MOST_MS, f"lines come after {median:.1f} ms (median), {max(all_ms):.1f} ms (longest)")


def wake_ups(pid):
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M)[1]) for text in texts)


def idle_wake_ups(tool):
    """How often the program wakes up in a second; None if there were transitions in it."""
    with KernelRecord() as record:
        before = wake_ups(tool.pid)
        time.sleep(1)
        count = wake_ups(tool.pid) - before
    return None if record.events else count


def test_idle(program):
    with program.start("-s") as tool:
        tool.lines_until(observe.mark())
        time.sleep(0.3)     # what follows a burst may still be going on
        counts = (idle_wake_ups(tool) for _ in range(TRIES))
        count = next((count for count in counts if count is not None), None)
        check_good_end(tool.end())
    check(count is not None, "this machine makes connections all the time")
    check(count <= 1, f"an idle program wakes up {count} times a second")
