# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the man page says of --diagnose: rules and severities, fields, columns."""

import json
import re

import page
import tool
from outcome import check, check_equal, check_same_items

JSON_TYPES = {"string": str, "number": (int, float), "boolean": bool, "null": type(None)}


def page_fields():
    found = page.paragraphs(page.section("FIELDS OF A FINDING"), r"([a-z_]+) \((\S+)\)")
    return [(tool.Field(*match.group(1, 2)), text) for match, text in found]


def fields():
    return [tool.Field(*line.split()[:2]) for line in tool.output_of("--diagnose", "--fields", "help").splitlines()]


def test_rules():
    rows = re.findall(r'^\t{"([a-z-]+)", SEVERITY_(\w+),', tool.source("view/rule.c"), re.M)
    check(len(rows) > 20, f"only {len(rows)} rules found in src/view/rule.c")
    found = page.paragraphs(page.section("DIAGNOSIS"), r"([a-z-]+) \((error|warning|note)\)")
    check_equal("rules in the man page and in src/view/rule.c", [match.group(1, 2) for match, _ in found],
                [(name, severity.lower()) for name, severity in rows])


def test_fields():
    check_same_items("fields in the man page and in --diagnose --fields help", [field for field, _ in page_fields()], fields())


def test_json():
    """Its keys, and values of a type that the man page names."""
    objects = [json.loads(line) for line in tool.replay("--diagnose", "-j").splitlines()]
    check(objects, "no lines")
    for line in objects:
        check_equal("JSON keys", list(line), [field.key for field in fields()])
        for field, text in page_fields():
            said = re.search(r"JSON: (\w+)(?: or (\w+))?\.", text)
            check(said, f"the man page does not tell the JSON type of {field.key}")
            wanted = tuple(JSON_TYPES[name] for name in said.groups() if name)
            check(any(isinstance(line[field.key], kind) for kind in wanted), f"{field.key} is {line[field.key]!r}, not {said[0]}")


def test_default_columns():
    lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks("DIAGNOSIS")]
    check_equal("lists of fields", len(lists), 2)
    check_equal("CSV", tool.replay("--diagnose", "-s"), tool.replay("--diagnose", "-s", "-F", lists[1]))
    hints = ("         hint: ", "         see:  ")
    rows = [line for line in tool.replay("--diagnose").splitlines() if not line.startswith(hints)]
    check_equal("table", rows, tool.replay("--diagnose", "-F", lists[0]).splitlines())


def test_readme():
    """What README shows is what it says."""
    page_text = (tool.TREE / "README.md").read_text()
    command, output = re.search(r"^\$ tcpstates (-r examples/incident.*)\n((?:.*\n)+?)```", page_text, re.M).groups()
    options, lines = re.fullmatch(r"(.*) \| tail -n (\d+)", command).groups()
    ended = tool.run(*options.split(), cwd=tool.TREE)
    check_equal("status and messages", (ended.status, ended.errors), (0, ""))
    check_equal("lines", "".join(ended.output.splitlines(True)[-int(lines):]), output)
