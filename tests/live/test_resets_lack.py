# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--resets on a kernel that does not report them, and on one that does."""

import os
import re

from outcome import check, check_equal
from tool import check_good_end

SINCE = 6, 10


def tells_resets():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= SINCE


def test_said_at_the_start(program):
    """Exit status 1 and the reason, before anything is printed; a recording says the same of itself."""
    if tells_resets():
        with program.start("--resets") as tool:
            check_good_end(tool.end())
        return
    ended = program.run("--resets")
    check_equal("status and output", (ended.status, ended.output), (1, b""))
    check(any("this kernel does not report them; Linux 6.10" in line for line in ended.errors), f"it says {ended.errors}")
