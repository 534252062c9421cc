# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The commands in the man page, README.md and docs/examples.md can be typed: those that read the recording in the tree print something."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import page
import tool
from outcome import check

PAGES = [tool.TREE / "README.md", tool.TREE / "docs/examples.md"]
COMMAND = re.compile(r"^(?:\$ )?(?:sudo )?(?:build/)?(tcpstates\b.*)")
ON_THE_WAY = re.compile(r"(?:^|\| *|@\S+ )(?:sudo )?(?:build/)?(tcpstates\b[^|;>]*)")


def markdown():
    return "".join(path.read_text() for path in PAGES)


def markdown_commands():
    """In blocks and in `...`."""
    text = markdown()
    fence = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    lines = [line for block in fence.findall(text) for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", fence.sub("", text))
    return [match[1] for match in map(COMMAND.match, lines) if match]


def reads_example(command):
    return re.search(r"(-\w*r|--replay)[ =]?examples/", command)


def run(command):
    """In a shell where tcpstates is the program under test."""
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(tool.PATH, pathlib.Path(folder, "tcpstates"))
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tool.TREE, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=tool.SECONDS)


def check_runs(commands):
    for command in commands:
        done = run(command)
        check(done.returncode == 0 and not done.stderr, f"{command}: status {done.returncode}, {done.stderr}")
        check(done.stdout, f"{command}: prints nothing")


def check_options(commands):
    """With --version, options are looked at and nothing is traced."""
    for command in commands:
        for part in ON_THE_WAY.findall(command):
            ended = tool.run(*shlex.split(part, comments=True)[1:], "--version")
            check((ended.status, ended.errors) == (0, ""), f"{command}: status {ended.status}, {ended.errors}")


def test_man_page():
    commands = page.entries("EXAMPLES")
    check(len([command for command in commands if "tcpstates" in command]) >= 10, f"only these examples found: {commands}")
    check_options(commands)


def test_man_page_replays():
    commands = list(filter(reads_example, page.entries("EXAMPLES")))
    check(len(commands) >= 3, f"only these examples read the recording: {commands}")
    check_runs(commands)


if PAGES[0].exists():
    def test_markdown():
        check_options(markdown_commands())

    def test_markdown_replays():
        commands = list(filter(reads_example, markdown_commands()))
        check(commands, "no command that reads the recording is shown")
        check_runs(commands)

    def test_markdown_output():
        """What is shown as traced is what the recording begins with."""
        shown = re.findall(r"^```\n\$ sudo tcpstates(.*)\n((?:.*\n)+?)```", markdown(), re.MULTILINE)
        check(len(shown) >= 3, f"only {len(shown)} outputs found")
        for options, output in shown:
            check(tool.replay(*shlex.split(options)).startswith(output), f"tcpstates{options}: the recording begins otherwise")
