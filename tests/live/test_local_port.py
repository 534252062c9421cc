# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The local port that connect() chooses, it chooses after the change to SYN_SENT. The full view has it where the kernel runs
the program that sees it chosen; bcc's has 0.
"""

import pathlib
import tempfile

import lines
import netns
import own_ports
import traffic
import wait
from outcome import check_equal
from place import IPV4
from tool import check_good_end



def connect_unbound(chosen):
    """By connect(): there is no other."""
    netns.sysctl("net.ipv4.ip_local_port_range", f"{chosen} {chosen}")
    listener = traffic.Listener(IPV4)
    connection = traffic.Connection(listener)
    check_equal("chosen port", traffic.port_of(connection.client), chosen)
    traffic.reset_on_close(connection.client)
    traffic.close(connection.client)
    wait.reached("CLOSE", connection.child)
    traffic.close(connection.child)
    listener.close()
    return listener.port


def is_end(port):
    """Either end's end: later than the change to SYN_SENT."""
    ends = b'"lport":%d,' % port, b'"rport":%d,' % port
    return lambda line: b'"oldstate":"ESTABLISHED","newstate":"CLOSE"' in line and any(end in line for end in ends)


def ports_of(shown, port):
    """The local port at each change to SYN_SENT on the way to that one."""
    return [line["lport"] for line in shown if line["newstate"] == "SYN_SENT" and line["rport"] == port]


def replayed(program, *options):
    return program.run("-r", *options).lines


def check_views(program, chosen, *filters):
    """Live, and replayed from a recording made of the same run."""
    with tempfile.TemporaryDirectory() as folder:
        recording = str(pathlib.Path(folder, "recording"))
        with program.start("-j", "-o", recording, *filters) as tool:
            seen = tool.traces("tcp_connect")
            port = connect_unbound(chosen)
            shown = lines.from_json(tool.lines_until(is_end(port)))
            check_good_end(tool.end())
        full = lines.from_json(replayed(program, recording, "-j"))
        sockets = lines.from_csv(line.decode() for line in replayed(program, recording, "-s"))
    return seen, *(ports_of(some, port) for some in (shown, full, sockets))


def test_both_views(program):
    chosen = own_ports.new()
    seen, shown, full, sockets = check_views(program, chosen)
    check_equal("live", shown, [chosen if seen else 0])
    check_equal("replayed", full, shown)
    check_equal("replayed as bcc's", sockets, [0])


def test_filter(program):
    """Shown where it is known that it matches."""
    chosen = own_ports.new()
    seen, shown, full, _ = check_views(program, chosen, "-L", str(chosen))
    check_equal("live", shown, [chosen] if seen else [])
    check_equal("replayed", full, shown)


def test_filter_of_another_port(program):
    with program.start("-j", "-L", str(own_ports.new())) as tool:
        connect_unbound(own_ports.new())
        check_equal("lines", tool.end().output, b"")
