# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""docs/recording.md: a reader written from it reads every recording in the tree as the program does."""

import datetime
import ipaddress
import json
import re
import tempfile

import tool
from outcome import check, check_equal
from recording_reader import Damaged, Reader, lines

FILES = sorted([*(tool.TREE / "examples").glob("*.tcps"), *(tool.TREE / "tests/replay").glob("version-*.tcps")])
ON_REQUEST = "isn_local", "isn_remote", "segs_out", "icmp_type", "icmp_code"


def printed(path):
    """What the program prints of it, with the fields that only --fields has."""
    objects = []
    for options in [], ["-F", ",".join(ON_REQUEST)]:
        ended = tool.run("-r", str(path), "-j", *options)
        check_equal(f"{path}: status", ended.status, 0)
        objects.append([json.loads(line) for line in ended.output.splitlines()])
    return [one | other for one, other in zip(*objects, strict=True)]


def as_read(line):
    """A line of the program in the form that the reader has."""
    instant = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
    line["time"] = round((instant - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) / datetime.timedelta(microseconds=1))
    for name in ("laddr", "raddr") if line["ip"] == 6 else ():
        line[name] = ipaddress.IPv6Address(line[name]).packed
    return line


def test_rejected_changes():
    """As the man page says: beside a view, a recording has what the filters reject, beside lines it has not."""
    owner = "-c", "curl"
    everything, chosen = (len(tool.replay("-j", *options).splitlines()) for options in ([], owner))
    check(0 < chosen < everything, f"{chosen} of {everything} changes are of {owner[1]}")
    with tempfile.TemporaryDirectory() as folder:
        for view, wanted in ([], chosen), (["--sessions"], everything), (["--stuck"], everything), (["--summary"], everything):
            path = f"{folder}/recording"
            tool.replay(*owner, *view, "-o", path)
            check_equal(f"{view}: recorded", len(tool.run("-r", path, "-j").output.splitlines()), wanted)


def test_other_namespaces():
    """A session never leaves its network namespace: of another one, no recording has anything."""
    recording, namespaces = str(tool.TREE / "tests/replay/version-4.tcps"), ["-s", "--no-header", "-F", "netns"]
    # A small number is a process.
    known = {inode for inode in tool.run("-r", recording, *namespaces).output.split() if int(inode) > 1 << 22}
    check(len(known) > 1, f"only {known} in {recording}")
    with tempfile.TemporaryDirectory() as folder:
        for view in [], ["--sessions"], ["--stuck"], ["--summary"]:
            for inode in known:
                path = f"{folder}/recording"
                tool.run("-r", recording, "--netns", inode, *view, "-o", path)
                found = {line for line in tool.run("-r", path, *namespaces).output.split() if line}
                check_equal(f"{view}: namespaces", found, {inode})


def test_reader():
    versions = set()
    for path in FILES:
        reader = Reader(path.read_bytes())
        versions.add(reader.version)
        check(reader.is_complete, f"{path}: no end mark")
        found = [line | {"time": line["time"] // 1000} for line in lines(reader)]
        wanted = [as_read(line) for line in printed(path)]
        check(wanted, f"{path}: nothing is printed")
        check_equal(f"{path}: lines", len(found), len(wanted))
        for number, (line, other) in enumerate(zip(found, wanted), 1):
            other = {key: other[key] for key in line}
            check(line == other, f"{path}: line {number}: {dict(line.items() - other.items()) if line != other else ''} read, "
                                 f"{dict(other.items() - line.items())} printed")
    check_equal("versions", versions, {1, 2, 3, 4})


def test_damage():
    """The checksums of the page are those of the files: whatever byte is changed, the reader notices."""
    for path in FILES:
        data = path.read_bytes()
        for at in range(0, min(len(data), 2000), 37):
            damaged = bytearray(data)
            damaged[at] ^= 1
            try:
                is_complete = Reader(bytes(damaged)).is_complete
            except Damaged:
                continue
            check(not is_complete, f"{path}: byte {at} may be any")


def test_members_of_resets():
    """Likewise of counts of resets."""
    page = (tool.TREE / "docs/recording.md").read_text().split("## Resets\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ?(\w*) \|", page, re.MULTILINE)
    source = tool.source("trace/reset_count.h")
    key = source.split("struct reset_key {\n")[1].split("\n};")[0]
    rest = source.split("struct reset_count {\n")[1].split("\n};")[0].split("\n", 1)[1]
    sizes = {"__u64": ("u64", 8), "__u32": ("u32", 4), "__u16": ("u16", 2), "__u8": ("u8", 1)}
    offset, wanted = 0, []
    for kind, name, number in re.findall(r"^\t(__u\d+) (\w+)(?:\[(\d+)\])?;", key + "\n" + rest, re.MULTILINE):
        size = sizes[kind][1] * int(number or 1)
        is_reserved = name == "padding"
        wanted.append((str(offset), f"{size} bytes" if number or is_reserved else sizes[kind][0], "" if is_reserved else name))
        offset += size
    check_equal("docs/recording.md: members of resets", rows, wanted)


def test_members_of_listeners():
    """Likewise of reports on listeners."""
    page = (tool.TREE / "docs/recording.md").read_text().split("## Listeners\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ?(\w*) \|", page, re.MULTILINE)
    record = tool.source("trace/listener.h").split("struct listener {\n")[1].split("\n};")[0]
    sizes = {"__u64": ("u64", 8), "__u32": ("u32", 4), "__u16": ("u16", 2), "__u8": ("u8", 1), "char": ("", 1)}
    names = {"TRANSITION_COMM_SIZE": 16}
    offset, wanted = 0, []
    for kind, name, number in re.findall(r"^\t(\w+) (\w+)(?:\[(\w+)\])?;", record, re.MULTILINE):
        size = sizes[kind][1] * (names.get(number) or int(number or 1))
        is_reserved = name == "padding"
        wanted.append((str(offset), f"{size} bytes" if number or is_reserved else sizes[kind][0], "" if is_reserved else name))
        offset += size
    check_equal("docs/recording.md: members of reports on listeners", rows, wanted)


def test_members_of_ports():
    """Likewise of local ports."""
    page = (tool.TREE / "docs/recording.md").read_text().split("## Local ports\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| ?(\w*) \|", page, re.MULTILINE)
    members = tool.source("trace/port_space.h").split("struct port_space {\n")[1].split("\n};")[0]
    sizes = {"__u64": ("u64", 8), "__u32": ("u32", 4), "__u16": ("u16", 2), "__u8": ("u8", 1)}
    offset, wanted = 0, []
    for kind, name, number in re.findall(r"^\t(__u\d+) (\w+)(?:\[(\d+)\])?;", members, re.MULTILINE):
        size = sizes[kind][1] * int(number or 1)
        wanted.append((str(offset), f"{size} bytes" if number else sizes[kind][0], "" if name == "padding" else name))
        offset += size
    check_equal("docs/recording.md: members of local ports", rows, wanted)


def test_members():
    """The page has every member of the record, at its place."""
    page = (tool.TREE / "docs/recording.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| [^|]+ \| (\w+) \|", page.split("## Transition\n")[1].split("\nStates: ")[0], re.MULTILINE))
    record = tool.source("trace/transition.h").split("struct transition {\n")[1].split("\n};")[0]
    sizes = {"__u64": 8, "__u32": 4, "__u16": 2, "__u8": 1, "char": 1}
    names = {"TRANSITION_COMM_SIZE": 16}
    offset, count = 0, 0
    for row in record.splitlines():
        words = row.split("/*")[0].strip().rstrip(";").split()
        if len(words) != 2 or words[0] not in sizes:
            continue
        name, _, number = words[1].rstrip("]").partition("[")
        if name not in ("padding", "reserved"):
            check_equal(f"docs/recording.md: member at offset {offset}", rows.get(str(offset)), name)
            count += 1
        offset += sizes[words[0]] * (names.get(number) or int(number or 1))
    check(count > 40, f"only {count} members found")
    check(f"(up to version 3 also snapshots) | {offset} |" in page, f"docs/recording.md does not have the size {offset}")
