# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The pages about the design name what there is."""

import re

import tool
from outcome import check, check_equal

DOCS = tool.TREE / "docs"
PAGES = [DOCS / "design.md", DOCS / "kernel.md"]


def hooks():
    """{program: (type, file)} of the kernel programs."""
    found = {}
    for path in sorted((tool.TREE / "src/bpf").iterdir()):
        for section, name in re.findall(r'^SEC\("((?:tp_btf|fentry|fexit|iter|cgroup|raw_tp)[^"]*)"\)\nint (?:BPF_PROG\()?(\w+)',
                                        path.read_text(), re.MULTILINE):
            found[name] = (section if section.startswith("iter") else section.split("/")[0], path.name)
    return found


def test_hooks():
    """The table of hooks has each program of the kernel side, and no other."""
    page = (DOCS / "kernel.md").read_text().split("## Hooks")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([\w/]+) \| `([\w.]+)` \| \S", page, re.MULTILINE)
    check(len(hooks()) > 15, f"only {len(hooks())} programs found in src/bpf")
    check_equal("hooks", {name: (kind, file) for name, kind, file in rows}, hooks())


def test_files():
    """Each file that they name exists; [ch] stands for two, NAME for any."""
    for page in PAGES:
        names = re.findall(r"`((?:[a-z_]+/)+[\w.{},\[\]]*\w[\w.\[\]]*)`", page.read_text())
        check(len(names) > 10, f"only {len(names)} files found in {page.name}")
        for name in names:
            if "NAME" in name or "{" in name:
                continue
            for one in [name.replace("[ch]", end) for end in "ch"] if "[ch]" in name else [name]:
                check((tool.TREE / one).exists() or (tool.TREE / "src" / one).exists() or (tool.TREE / "src/bpf" / one).exists(),
                      f"{page.name}: there is no {one}")
