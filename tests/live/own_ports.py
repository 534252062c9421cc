# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The ports of the test that runs. The program sees the whole machine: other tests, what is left of one before until its
retransmissions are over, and what else the machine does. By these ports a test knows which sessions are its own.
"""

import itertools
import random
import re

FIXED = range(10000, 32768)     # below the ephemeral ones
OF_TEST = 64

# Sessions outlive their test, by minutes: no test takes the ports of one before, or of an earlier try of its own, until all have
# been used. The next run begins with others, too.
ROWS = len(FIXED) // OF_TEST
rows = itertools.cycle(range(ROWS))
next(itertools.islice(rows, random.randrange(ROWS), None))

mine = FIXED[:OF_TEST]
left = iter(mine)


def take():
    """Those of the test that is about to run. Its network is its own, so that each can be used."""
    global mine, left
    first = next(rows) * OF_TEST
    mine = FIXED[first:first + OF_TEST]
    left = iter(mine)


def new():
    return next(left)


def row(count):
    """The first of so many, one after the other."""
    return [new() for _ in range(count)][0]


def as_range():
    """As -L and -D take them."""
    return f"{mine[0]}-{mine[-1]}"


def concern(lport, rport):
    """Whether a session of the test has these. Before connect() has chosen its port, or with no peer, one is 0."""
    return lport in mine or rport in mine


def in_text(line):
    """Whether it may be a line of such a session: much cheaper than to take each line of the machine apart."""
    return any(int(number) in mine for number in re.findall(rb"(?<![\w.])\d{5}(?!\w)", line))


def lines_in(text, before):
    """
    Of whole lines, those that have one of them right after these bytes: JSON has 'port":' there, CSV has ','. The rest of
    the machine may have written far more than can be taken apart.
    """
    port = re.compile(rb"%s(?:%s)\b" % (re.escape(before), "|".join(map(str, mine)).encode()))
    starts = {text.rfind(b"\n", 0, match.start()) + 1 for match in port.finditer(text)}
    return [text[start:text.find(b"\n", start)] for start in sorted(starts)]


def event_filter():
    """The same, as the kernel's tracing takes it."""
    within = "({0} >= {1} && {0} <= {2})"
    return " || ".join(within.format(port, mine[0], mine[-1]) for port in ("sport", "dport"))
