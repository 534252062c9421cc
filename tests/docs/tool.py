# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program under test ($TCPSTATES, else asan/tcpstates in the build directory), and the tables in its source."""

import collections
import os
import pathlib
import re
import subprocess

from outcome import check
from tree import BUILD, TREE

PATH = pathlib.Path(os.environ.get("TCPSTATES") or BUILD / "asan/tcpstates").absolute()
EXAMPLE = TREE / "examples/transitions.tcps"
EXAMPLES = {"--resets": TREE / "examples/resets.tcps",      # of views that need another one
            "--listeners": TREE / "examples/listeners.tcps",
            "--ports": TREE / "examples/ports.tcps"}
SECONDS = 60        # a program that traces instead of complaining must not hold up the tests

Ended = collections.namedtuple("Ended", "status output errors")
# is_optional: the argument, which is given as --NAME=ARGUMENT.
Option = collections.namedtuple("Option", "letter name argument is_optional")
Field = collections.namedtuple("Field", "key heading")

# An option as --help and the man page have it.
OPTION = r"(?:(-.), |    )?(--[a-z0-9-]+)(?: ([A-Z]+)|\[=([^\]]+)\])?"

STRING = r'"((?:[^"\\]|\\.)*)"'


def run(*arguments, cwd=TREE):
    try:
        done = subprocess.run([PATH, *arguments], stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Ended(None, "", f"still running after {SECONDS} seconds")
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def replay(*arguments):
    """What it prints of the recording in the tree."""
    example = next((EXAMPLES[word] for word in arguments if word in EXAMPLES), EXAMPLE)
    check(example.exists(), f"{example} is missing")
    ended = run("-r", str(example), *arguments)
    check((ended.status, ended.errors) == (0, ""), f"{' '.join(arguments)}: status {ended.status}, {ended.errors}")
    return ended.output


def output_of(*arguments):
    ended = run(*arguments)
    check((ended.status, ended.errors) == (0, ""), f"{' '.join(arguments)}: status {ended.status}, {ended.errors}")
    return ended.output


def source(name):
    return (TREE / "src" / name).read_text()


def joined(literals):
    """The text of C string literals that stand side by side."""
    return "".join(re.findall(STRING, literals)).replace('\\"', '"')


def table_rows():
    """The rows of the option table, as (title of the group, option, its help or None)."""
    table = source("cli/option_rows.c").split(" rows[] = {\n")[1].split("\n};")[0]
    title = None
    for row in re.split(r"\n*^\t(?={|GROUP)|\n\n", table, flags=re.MULTILINE):
        if row.startswith("GROUP"):
            title = joined(row)
        elif row:
            yield (title, *option_row(row))


def option_row(row):
    parts = re.match(rf"{{(?:'(.)'|0), {STRING}, (?:NULL|{STRING}),\s*(?:NULL|((?:{STRING}\s*)+))", row)
    check(parts, f"tests/docs cannot read this row of the option table: {row}")
    letter, name, argument, text = parts.group(1, 2, 3, 4)
    return Option(letter and "-" + letter, "--" + name, argument, ".is_optional = true" in row), text and joined(text)


def option_of(match):
    """Of a match that begins with OPTION."""
    return Option(match[1], match[2], match[3] or match[4], match[4] is not None)


def given(option, name, argument):
    """The words of an option with its argument."""
    return [f"{name}={argument}"] if option.is_optional else [name, argument]


def help_rows():
    """The same of --help."""
    title = None
    for line in output_of("--help").split("\n\nCauses ")[0].splitlines():
        row = re.match(rf"  {OPTION} +(.*)", line)
        if row:
            yield title, option_of(row), row[5]
        elif line and not line.startswith(" "):
            title = line


def options():
    """What --help lists, by long name."""
    return {option.name: option for _, option, _ in help_rows()}


def help_causes():
    """The names that --help lists."""
    return re.findall(r"\w+", re.search(r"\nCauses \([^)]*\):([^.]*?)\n\n", output_of("--help"))[1])


def table_causes():
    """{name: help} of the table in the source."""
    table = source("trace/cause.c").split(" rows[CAUSE_COUNT] = {\n")[1].split("\n};")[0]
    rows = re.findall(rf"\[CAUSE_\w+\] = {{{STRING},\s*((?:{STRING}\s*)+)}}", table)
    return {row[0]: joined(row[1]) for row in rows}


def fields(*view):
    """Those that --fields help lists; of a view, with its option."""
    return [Field(*line.split()[:2]) for line in output_of(*view, "--fields", "help").splitlines()]


def table_fields(name):
    """The rows of a field table in the source, those that several tables share among them."""
    shared = source("field/transition_fields.h") + source("view/report_fields.h")
    table = source(name).split(" fields[] = {\n")[1].split("\n};")[0]
    table = re.sub(r"^\t(TRANSITION_ROWS?_\w+|REPORT_ROWS)(?:\(\w+\))?", lambda macro: shared_rows(shared, macro[1]), table, flags=re.MULTILINE)
    return [Field(*row[:2]) for row in re.findall(rf"^\t{{{STRING}, {STRING},", table, re.MULTILINE)]


def shared_rows(text, macro):
    return re.split(rf"#define {macro}(?:\(\w+\))? \\\n", text)[1].split("\n\n")[0]
