# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The messages that the man page quotes are those of the program, and none is missing there."""

import pathlib
import re
import shlex
import shutil
import tempfile

import damage
import page
import tool
from outcome import check, check_equal, check_same_items

PREFIX = "tcpstates: "


def quoted(title):
    return [entry for entry in page.entries(title) if entry.startswith(PREFIX)]


def usage_errors():
    """[(arguments, message)] of the man page."""
    lines = page.entries("DIAGNOSTICS")
    check(lines and all(line.startswith("$ tcpstates ") for line in lines[::2]), f"not command and message in turn: {lines}")
    return [(shlex.split(command)[2:], message) for command, message in zip(lines[::2], lines[1::2], strict=True)]


def test_usage_errors():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(tool.EXAMPLE, pathlib.Path(folder, "today.tcps"))
        pathlib.Path(folder, "nets.txt").write_text("10.0.0.0/8\n10.1.0.0/40\n")
        for arguments, message in usage_errors():
            check_equal(f"tcpstates {' '.join(arguments)}", tool.run(*arguments, cwd=folder), tool.Ended(2, "", message + "\n"))


def pattern(call):
    """What a log_error() call can print, as a regular expression."""
    text = re.sub(r"%(?:[a-z]+|%)", "\0", tool.joined(call))
    return PREFIX + ".+".join(map(re.escape, text.split("\0")))


def test_all_usage_errors():
    """Each message of the option parser has an example."""
    calls = re.findall(rf"log_error\(\s*((?:{tool.STRING}\s*)+)", tool.source("cli/options.c") + tool.source("cli/summary_keys.c"))
    check(len(calls) > 5, f"only {len(calls)} messages found in src/cli/options.c")
    messages = [message for _, message in usage_errors()]
    for call in calls:
        check(any(re.fullmatch(pattern(call[0]), message) for message in messages), f"no example of this message: {call[0]}")


def general(message, file="FILE"):
    """As the man page writes it, and N for every number."""
    return re.sub(r"\d+", "N", message.replace(file, "FILE"))


def replay_of(content):
    """Status, and the messages in general."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        ended = tool.run("-r", file.name, "-s")
        return ended.status, general(ended.errors, file.name).splitlines()


def test_damaged_recordings():
    """Each message is in the man page, no others are there, and so are the exit statuses: 0 after the first one only."""
    wanted, found = list(map(general, quoted("RECORDINGS"))), set()
    contents = damage.damaged(tool.EXAMPLE.read_bytes())
    contents["an impossible time"] = damage.impossible((tool.TREE / "tests/replay/version-4.tcps").read_bytes())
    for what, content in contents.items():
        status, messages = replay_of(content)
        check_equal(f"{what}: status", status, 0 if messages == wanted[:1] else 1)
        found.update(messages)
    check_same_items("messages on damaged recordings, and in the man page", sorted(found), sorted(wanted))


def test_losses():
    status, messages = replay_of(damage.lossy((tool.TREE / "tests/replay/version-4.tcps").read_bytes(), 3, 2, 4))
    check_equal("status", status, 0)
    # The advice is for a live trace; a replay cannot follow it.
    advice = "; try a larger --buffer, a filter or less output"
    wanted = quoted("LOSS")
    check_equal("messages with advice", sum(advice in message for message in wanted), 2)
    check_equal("messages of a replay", messages, [message.replace(advice, "") for message in wanted])


def test_quoted_only_where_checked():
    lines = [line for line in page.PATH.read_text().splitlines() if line.startswith(PREFIX)]
    checked = [line for title in ("DIAGNOSTICS", "RECORDINGS", "LOSS") for line in quoted(title)]
    check_equal("messages in the man page", len(lines), len(checked))
