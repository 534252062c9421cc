# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the man page says of memory ("MEMORY")."""

import re

from tree import TREE

MANUAL = TREE / "man/tcpstates.8"


def bounds():
    """{view: (bytes in all, bytes a session)}."""
    rows = re.findall(r"^(\w+) +(\d+) MB(?: and +(\d+) bytes a session.*)?$", MANUAL.read_text(), re.M)
    return {view: (int(whole) << 20, int(each or 0)) for view, whole, each in rows}
