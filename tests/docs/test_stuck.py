# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the man page says of --stuck: limits, hints, fields."""

import json
import re

import page
import tool
from outcome import check, check_equal, check_same_items

JSON_TYPES = {"string": str, "number": (int, float), "boolean": bool, "null": type(None)}
DERIVED = ["age", "note", "owner"]       # for people: JSON has it when it is asked for
EVERYTHING = "--stuck=connected:0.000001"


def page_fields():
    found = page.paragraphs(page.section("FIELDS OF A STUCK SESSION"), r"([a-z_]+) \((\S+)\)")
    return [(tool.Field(*match.group(1, 2)), text) for match, text in found]


def fields():
    return [tool.Field(*line.split()[:2]) for line in tool.output_of("--stuck", "--fields", "help").splitlines()]


def limits_in_source():
    text = tool.source("view/stuck.c")
    table = text.split("default_seconds[STATE_COUNT] = {\n")[1].split("\n};")[0]
    rows = re.findall(r"\[STATE_(\w+)\] = (\d+)", table)
    return rows + [("stalled", re.search(r"STALLED_SECONDS (\d+)", text)[1])]


def test_limits():
    rows = limits_in_source()
    check(len(rows) > 9, f"only {len(rows)} limits found in src/view/stuck.c")
    found = page.paragraphs(page.section("STUCK SESSIONS"), r"([A-Za-z_0-9]+) \((?:(\d+) s|no limit)\)")
    check_same_items("limits in the man page and in src/view/stuck.c", [(match[1], match[2] or "0") for match, _ in found], rows)


def test_hints():
    table = tool.source("view/stuck_hint.c").split("} rows[] = {\n")[1].split("\n};")[0]
    rows = re.findall(rf"{{STATE_(\w+),\s*\w+,\s*{tool.STRING}}}", table)
    check(len(rows) > 20, f"only {len(rows)} hints found in src/view/stuck_hint.c")
    found = page.paragraphs(page.section("STUCK SESSIONS"), r"([A-Z_0-9]+): (.+)")
    check_same_items("hints in the man page and in src/view/stuck_hint.c", [match.group(1, 2) for match, _ in found], rows)


def test_fields():
    check_same_items("fields in the man page and in --stuck --fields help", [field for field, _ in page_fields()], fields())


def test_json():
    """Its keys, and values of a type that the man page names."""
    objects = [json.loads(line) for line in tool.replay(EVERYTHING, "-j").splitlines()]
    check(len(objects) > 10, f"only {len(objects)} lines")
    for line in objects:
        check_equal("JSON keys", list(line), [field.key for field in fields() if field.key not in DERIVED])
        for field, text in page_fields():
            said = re.search(r"JSON: (\w+)(?: or (\w+))?\.", text)
            check(said, f"the man page does not tell the JSON type of {field.key}")
            wanted = tuple(JSON_TYPES[name] for name in said.groups() if name)
            check(field.key in DERIVED or any(isinstance(line[field.key], kind) for kind in wanted),
                  f"{field.key} is {line.get(field.key)!r}, not {said[0]}")


def test_default_columns():
    lists = ["".join(line.strip().rstrip("\\") for line in block) for block in page.blocks("STUCK SESSIONS")]
    check_equal("lists of fields", len(lists), 2)
    for options, keys in zip(([], ["-s"]), lists):
        check_equal(f"{options}", tool.replay(EVERYTHING, *options), tool.replay(EVERYTHING, *options, "-F", keys))


def test_size_of_session():
    """The man page and README say how much memory a session takes; the unit test of it has the number."""
    said = re.search(r"A session takes (\d+) bytes", page.text(page.section("STUCK SESSIONS")))
    bound = re.search(r"#define SESSION_BYTES (\d+)", (tool.TREE / "tests/unit/test_stuck_sink.c").read_text())
    check_equal("bytes of a session", said and said[1], bound and bound[1])


def test_room_while_looking():
    """The man page says how much may wait in memory while all sockets are looked at."""
    said = re.search(r"queued in memory, at most (\d+) MB", page.text(page.section("LOSS")))
    bound = re.search(r"#define RECORD_QUEUE_MAX \(\(size_t\)(\d+) << 20\)", (tool.TREE / "src/source/record_queue.h").read_text())
    check_equal("MB of a record queue", said and said[1], bound and bound[1])


def test_example():
    """What docs/examples.md shows is what that recording holds."""
    options, output = re.search(r"^\$ tcpstates (-r \S+ --stuck.*)\n((?:.*\n)+?)```", (tool.TREE / "docs/examples.md").read_text(), re.M).groups()
    check_equal(f"tcpstates {options}", tool.output_of(*options.split()), output)
