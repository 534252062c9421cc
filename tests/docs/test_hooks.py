# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The table of hooks in docs/kernel.md: each program of src/bpf, its type and its file."""

import re

import tool
from outcome import check, check_same_items

SOURCE = tool.TREE / "src/bpf"
ROW = r"^\| (\w+) \| ([a-z_/]+) \| `([\w.]+)` \| \S"
PROGRAM = r'^SEC\("([a-z_]+)((?:/\w+)?)"\)\s+int (?:BPF_PROG\()?(\w+)'


def documented():
    text = (tool.TREE / "docs/kernel.md").read_text().split("## Hooks\n")[1].split("\n## ")[0]
    return re.findall(ROW, text, re.MULTILINE)


def programs():
    """A program is named for what it is attached to, so only iterators need the whole of the section's name."""
    return [(name, kind + target if kind == "iter" else kind, path.name)
            for path in SOURCE.iterdir()
            for kind, target, name in re.findall(PROGRAM, path.read_text(), re.MULTILINE)]


def test_table():
    found = programs()
    sections = sum(len(re.findall(r'^SEC\("(?!license)', path.read_text(), re.MULTILINE)) for path in SOURCE.iterdir())
    check(sections == len(found) > 0, f"{sections} programs have a section, {len(found)} were recognised")
    check_same_items("programs in docs/kernel.md and in src/bpf", sorted(documented()), sorted(found))
