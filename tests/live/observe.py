# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs scenarios under the program and the kernel's own record at once, and checks what the program shows."""

import os
import re

import compare
import own_ports
import story
import traffic
from kernel_record import KernelRecord, enclosed
from lines import AS_BCC, from_lines
from outcome import Failed
from place import IPV4
from tool import check_good_end


def mark():
    """
    Makes two transitions that show how far the output has come; the answer knows the second, in any format. The port is
    no process' number: that would be in many lines.
    """
    port = next(port for port in own_ports.left if not os.path.exists(f"/proc/{port}"))
    with traffic.new_socket(IPV4, port) as listener:
        listener.listen(1)
    wanted = re.compile(rb"(?<![\w.])%d(?![\w.])" % port)
    missing = iter(range(1, -1, -1))
    return lambda line: b"LISTEN" in line and bool(wanted.search(line)) and next(missing, None) == 0


def concerns(lives, lport, rport):
    listeners = {port for life in lives for port in (life.lport, life.rport) if port in own_ports.mine}
    return lport in listeners or rport in listeners


def of_lives(lives, lines):
    return [line for line in lines if concerns(lives, line["lport"], line["rport"])]


def own_lines(lines):
    return from_lines(filter(own_ports.in_text, lines))


def collect(tool, lives):
    """The program's lines on these lives: as many as there should be, and more until a mark made after them."""
    lines, missing = [], sum(len(life.changes) for life in lives)
    while missing:
        try:
            new = of_lives(lives, own_lines([tool.next_line()]))
        except Failed as reason:
            raise Failed(f"{reason}; {missing} lines missing after {story.path_of(lines)}") from None
        lines += new
        missing -= len(new)
    return lines + of_lives(lives, own_lines(tool.lines_until(mark())))


def check_scenarios(program, scenario, places):
    """Each scenario's lives are shown, and the kernel's records say the same."""
    with KernelRecord() as before, program.start(*AS_BCC, everywhere=True) as tool, KernelRecord() as after:
        seen = []
        for place in places:
            lives = scenario(place)
            seen.append((place, lives, collect(tool, lives)))
        check_good_end(tool.end())
    recorded = enclosed(before, after)
    for place, lives, lines in seen:
        story.check_lives(lives, lines)
        events = [event for event in recorded if concerns(lives, event.lport, event.rport)]
        compare.check_same(lines, events)
