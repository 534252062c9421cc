# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the man page says of --check: its fields, and each row that it may print."""

import json
import re

import page
import tool
from outcome import check, check_equal, check_same_items

JSON_TYPES = {"string": str, "null": type(None)}


def fields():
    return [tool.Field(*line.split()[:2]) for line in tool.output_of("--check", "--fields", "help").splitlines()]


def page_fields():
    return [(tool.Field(*match.group(1, 2)), text) for match, text in page.paragraphs(page.section("CHECK"), r"([a-z]+) \(([A-Z]+)\)")]


def page_rows():
    """Of the page's source: their names are wider than a line."""
    section = page.PATH.read_text().split(".SS Rows of a check\n")[1].split("\n.SH ")[0]
    return [name for names in re.findall(r"^\.TP\n\.B (.*)", section, re.MULTILINE) for name in names.split(", ")]


def source_rows():
    """Named in src/check, or the programs of the kernel objects, but for those that fentry runs: by their functions."""
    rows = set()
    for name in ("check", "environment", "programs", "trial"):
        text = tool.source(f"check/{name}.c")
        rows |= set(re.findall(r'facilities_add\(\s*\w+,\s*"([a-z_0-9]+)"', text))
        rows |= set(re.findall(r'check_each\(\s*f,\s*trial,\s*"([a-z_0-9]+)"', text))
        rows |= set(re.findall(r'{"(cap_[a-z_]+)",', text))
    objects = tool.source("bpf/tcpstates.bpf.c") + tool.source("bpf/iterators.h")
    rows |= set(re.findall(r'SEC\("(?:tp_btf|iter|cgroup|raw_tp)[^"]*"\)\s*int (?:BPF_PROG\()?(\w+)', objects))
    exact = "".join(tool.source(f"bpf/{name}") for name in ("exact.bpf.c", "half_open.h", "minisock_end.h", "accept_queue.h"))
    return rows | set(re.findall(r'SEC\("f(?:entry|exit)/(\w+)"\)', exact))


def test_fields():
    check_same_items("fields in the man page and in --check --fields help", [field for field, _ in page_fields()], fields())


def test_rows():
    rows = source_rows()
    check(len(rows) > 40, f"only {len(rows)} rows found in src/check")
    check_same_items("rows in the man page and in the source", sorted(page_rows()), sorted(rows))


def test_json():
    """Of any machine, with or without rights: rows that the man page has, and values of the types that it names."""
    ended = tool.run("--check", "-j")
    check(ended.status in (0, 1), f"status {ended.status}, {ended.errors}")
    lines = [json.loads(line) for line in ended.output.splitlines()]
    check(lines and lines[-1]["check"] == "verdict", f"the last row is {lines[-1:]}")
    check_equal("rows that the man page lacks", [line["check"] for line in lines if line["check"] not in page_rows()], [])
    for line in lines:
        for field, text in page_fields():
            wanted = tuple(JSON_TYPES[name] for name in re.findall(r"string|null", text.split("JSON:")[1]))
            check(field.key == "note" or isinstance(line[field.key], wanted), f"{field.key} is {line.get(field.key)!r}: {text}")


def test_format():
    """Whatever comes of it, as a table it has the columns that the page names, and as CSV."""
    check_equal("table", tool.run("--check").output.splitlines()[0].split(), ["CHECK", "STATE", "NOTE"])
    check_equal("CSV", tool.run("--check", "-s").output.splitlines()[0], "CHECK,STATE,DETAIL,LACK")
