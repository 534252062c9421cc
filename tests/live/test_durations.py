# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is not known is said to be unknown, and a filter never costs a duration."""

import contextlib
import os

import compare
import netns
import observe
import own_ports
import traffic
import wait
from delayed_link import DelayedLink
from kernel_record import KernelRecord, enclosed
from lines import AS_BCC, from_json, from_lines
from outcome import check, check_equal
from place import IPV4, SLOW, loopback_places
from story import JIFFY_MS, Life, Step, at_least_ms, at_most_ms
from tool import check_good_end


def test_sockets_older_than_the_trace(program):
    """The first duration of a socket made before the trace is unknown, the next one is known."""
    listener = traffic.Listener(IPV4)
    connection = traffic.Connection(listener)
    port = own_ports.new()
    idle = traffic.new_socket(IPV4, port)
    with program.start(*AS_BCC, everywhere=True) as tool:
        with Step() as listening:
            idle.listen(1)
        traffic.hold()
        with Step() as first:
            traffic.half_close_client(connection)
        traffic.hold()
        with Step() as second:
            traffic.close(idle, connection.child)
            wait.reached("CLOSE", connection.client)
        lives = [
            continued(Life(IPV4, "CLOSE", None, port, 0), ("LISTEN", listening), ("CLOSE", second)),
            continued(connection.client_life, ("FIN_WAIT1", first), ("FIN_WAIT2", first), ("CLOSE", second)),
            continued(connection.child_life, ("CLOSE_WAIT", first), ("LAST_ACK", second), ("CLOSE", second)),
        ]
        lines = observe.collect(tool, lives)
        check_good_end(tool.end())
    observe.story.check_lives(lives, lines)


TIMES = "-j", "-F", "lport,rport,oldstate,newstate,ms,ms_about,ms_at_least"
CREATION_TIMES = 65536     # there is room for, with a filter on ends: src/bpf/shared.h


def check_about(line, born, used):
    """The kernel counts the age of what was never connected in jiffies, which its clock is at most one off from."""
    low = (used.begin_in_jiffies - born.end_in_jiffies) * 1000 - 1.5 * JIFFY_MS
    high = (used.end_in_jiffies - born.begin_in_jiffies) * 1000 + 1.5 * JIFFY_MS
    check_equal("what is not known", (line["ms"], line["ms_at_least"]), (None, None))
    check(low <= line["ms_about"] <= high, f"about {line['ms_about']} ms, the test measured {low:.3f} to {high:.3f} ms")


def test_unused_socket_older_than_the_trace(program):
    """For how long it has been there, the socket itself tells roughly."""
    port = own_ports.new()
    with Step() as born:
        idle = traffic.new_socket(IPV4, port)
    with program.start(*TIMES, everywhere=True) as tool:
        traffic.hold()
        with Step() as used:
            idle.listen(1)
        *_, line = from_json(tool.lines_until(lambda text: b'"lport":%d,' % port in text))
        check_good_end(tool.end())
    check_equal("it", (line["lport"], line["newstate"]), (port, "LISTEN"))
    check_about(line, born, used)


def test_filtered_after_another_connection(program):
    """A socket whose first connection is none that was asked for connects again: how long it was closed is known."""
    other, asked = traffic.Listener(IPV4), traffic.Listener(IPV4)
    with program.start(*AS_BCC, "-D", str(asked.port), everywhere=True) as tool:
        client = traffic.new_socket(IPV4, own_ports.new())
        traffic.hold()
        client.connect((IPV4.raddr, other.port))
        traffic.hold()
        with Step() as down:
            traffic.disconnect(client)
        traffic.hold()
        with Step() as again:
            client.connect((IPV4.raddr, asked.port))
        traffic.reset_on_close(client)
        client.close()
        lines = from_lines([tool.next_line() for _ in range(3)])
        check_good_end(tool.end())
    check_equal("path", observe.story.path_of(lines), "CLOSE>SYN_SENT SYN_SENT>ESTABLISHED ESTABLISHED>CLOSE")
    low, high = at_least_ms(down, again), at_most_ms(down, again)
    check(low <= lines[0]["ms"] <= high, f"{lines[0]['ms']} ms in CLOSE, the test measured {low:.3f} to {high:.3f} ms")


def test_filtered_after_many_others(program):
    """
    With a filter on ends, there is room for the creation times of so many sockets only. Of one that waits longer, the time is
    known roughly, and not that of the other that has its place.
    """
    listener = traffic.Listener(IPV4)
    with program.start(*TIMES, "-D", str(listener.port), everywhere=True) as tool:
        with Step() as born:
            client = traffic.new_socket(IPV4)
        for _ in range(2 * CREATION_TIMES):
            traffic.new_socket(IPV4).close()
        with Step() as used:
            client.connect((IPV4.raddr, listener.port))
        line, = from_json([tool.next_line()])
        check_good_end(tool.end())
    check_equal("it", (line["rport"], line["newstate"]), (listener.port, "SYN_SENT"))
    check_about(line, born, used)


def continued(life, *changes):
    """The life as a trace sees it that begins only now."""
    seen = Life(life.place, life.state, None, life.lport, life.rport)
    for state, step in changes:
        seen.becomes(state, step)
    return seen


def test_unbound_client_filtered_by_its_port(program):
    """
    At CLOSE to SYN_SENT the local port is not chosen yet, so that a filter on it drops that line; all others show
    true times. A range of one port makes known which it will be.
    """
    port = own_ports.new()
    netns.sysctl("net.ipv4.ip_local_port_range", f"{port} {port}")
    with (DelayedLink(0.02), KernelRecord() as before, program.start(*AS_BCC, "-L", str(port), everywhere=True) as tool,
          KernelRecord() as after):
        connection = traffic.Connection(traffic.Listener(SLOW))
        traffic.reset_on_close(connection.client)
        connection.client.close()
        lines = from_lines([tool.next_line(), tool.next_line()])
        check_good_end(tool.end())
    whole = [event for event in enclosed(before, after) if event.skaddr == lines[0]["skaddr"]]
    path = [(event.newstate, event.lport) for event in whole]
    check_equal("the kernel's record", path, [("SYN_SENT", 0), ("ESTABLISHED", port), ("CLOSE", port)])
    check_equal("lines", observe.story.path_of(lines), "SYN_SENT>ESTABLISHED ESTABLISHED>CLOSE")
    for line, event, last in zip(lines, whole[1:], whole):
        compare.check_line(f"-L {port}: {event.newstate}", line, event, last)


def filters(port):
    """Options, and which lines pass; some of the servers' ports, which begin with this one."""
    return {
        ("-4",): lambda line: line["ip"] == 4,
        ("-6",): lambda line: line["ip"] == 6,
        ("-L", f"{port}"): lambda line: line["lport"] == port,
        ("-L", f"1,{port + 1}-{port + 3}"): lambda line: port + 1 <= line["lport"] <= port + 3,
        ("-D", f"{port},{port + 2}"): lambda line: line["rport"] in (port, port + 2),
        ("-L", own_ports.as_range(), "-D", "32768-60999", "-6"): lambda line: (
            line["ip"] == 6 and line["lport"] in own_ports.mine and 32768 <= line["rport"] <= 60999),
    }


def test_filters(program):
    """Traces with filters, at the same time as one without, show the same lines but for those they should drop."""
    wanted = filters(own_ports.new() + 1)
    with contextlib.ExitStack() as stack:
        before = stack.enter_context(KernelRecord())
        whole = stack.enter_context(program.start(*AS_BCC, everywhere=True))
        parts = {options: stack.enter_context(program.start(*AS_BCC, *options, everywhere=True)) for options in wanted}
        after = stack.enter_context(KernelRecord())
        lives = [life for place in loopback_places() for life in traffic.active_close(place)]
        lines = observe.collect(whole, lives)
        ends = {options: tool.end() for options, tool in parts.items()}
    events = [event for event in enclosed(before, after) if observe.concerns(lives, event.lport, event.rport)]
    compare.check_same(lines, events)
    for options, ended in ends.items():
        check_good_end(ended)
        shown = observe.of_lives(lives, observe.own_lines(ended.lines))
        check_filtered(f"with {' '.join(options)}", shown, lines, wanted[options], events)


def check_filtered(what, shown, lines, is_wanted, events):
    """What is shown, put in the place of the lines that are wanted, is as right as those are."""
    wanted = list(filter(is_wanted, lines))
    check(wanted or not os.path.exists("/proc/net/if_inet6"), f"{what}: nothing passes")
    check_equal(what, list(map(without_times, shown)), list(map(without_times, wanted)))
    left = iter(shown)
    compare.check_same([next(left) if is_wanted(line) else line for line in lines], events)


def without_times(line):
    """Each trace looks at the clock for itself. Whether a duration is known is the same for all."""
    return {**line, "ms": line["ms"] is None, "time": None, "timestamp": None}
