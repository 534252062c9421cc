# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The option table, --help, the man page and the program itself know the same options."""

import itertools
import re
import string
import tempfile

import page
import tool
from outcome import check, check_equal, check_same_items

HELP_COLUMNS = 90
HIDDEN = "Not listed by --help"
GOOD = {"PORTS": "8080", "NETS": "10.0.0.0/8,::1", "PIDS": "1,2", "NAMES": "nginx,php*", "USERS": "root,33", "NS": "4026531840",
        "CGROUPS": "/", "STATES": "LISTEN,close", "MS": "0.5", "CAUSES": "close,exit", "SECONDS": "1", "N": "3",
        "LIST": "ms,newstate", "FILE": "{folder}/file", "SIZE": "1M", "KEYS": "state,raddr/24",
        "LIMITS": "CLOSE_WAIT:0.5,syn-sent:9", "RULES": "refused,pool-churn"}
BAD = {"PORTS": "http", "NETS": "10.0.0.0/33", "PIDS": "0", "NAMES": "", "USERS": "", "NS": "", "CGROUPS": "web", "STATES": "OPEN",
       "MS": "0", "CAUSES": "unknown", "SECONDS": "soon", "N": "few", "LIST": "nothing", "FILE": "", "SIZE": "big",
       "KEYS": "colour", "LIMITS": "LISTEN:1", "RULES": "colour"}


def page_options():
    """[(title of the group, option, text)]"""
    return [(title, tool.option_of(match), text)
            for title, lines in page.subsections("OPTIONS").items() for match, text in page.paragraphs(lines, tool.OPTION)]


def test_table_and_help():
    listed = [row for row in tool.table_rows() if row[2] is not None]
    check(len(listed) > 10, f"only {len(listed)} rows found in the option table")
    check_same_items("--help and the option table", list(tool.help_rows()), listed)


def test_table_and_page():
    table = [(title if text else HIDDEN, option) for title, option, text in tool.table_rows()]
    table.sort(key=lambda row: row[0] == HIDDEN)
    check_same_items("man page and option table", [row[:2] for row in page_options()], table)


def test_everything_is_described():
    for _, option, text in page_options():
        check(len(text) > 5, f"the man page says nothing about {option.name}")


def test_defaults():
    """A default that --help tells is in the man page too."""
    texts = {option.name: text for _, option, text in page_options()}
    defaults = [(option, re.search(r"default (\w+)", text)[0]) for _, option, text in tool.help_rows() if "default" in text]
    check(defaults, "--help tells no default")
    for option, default in defaults:
        check(default in texts[option.name], f"{option.name}: the man page does not say {default!r}")


def test_help_width():
    long = [line for line in tool.output_of("--help").splitlines() if len(line) > HELP_COLUMNS]
    check(not long, f"--help has lines of more than {HELP_COLUMNS} columns: {long}")


def test_help_groups():
    """--help has the same headings as the table even for a group without options."""
    titles = list(dict.fromkeys(title for title, _, text in tool.table_rows() if text))
    text = tool.output_of("--help").splitlines()
    check_equal("headings", [line for line in text if line in titles], titles)


def test_program_takes_them():
    """By letter and by name; of letters, no others."""
    letters = set()
    for _, option, _ in tool.table_rows():
        for name in filter(None, (option.letter, option.name)):
            words = tool.given(option, name, GOOD[option.argument].format(folder="/nonexistent")) if option.argument else [name]
            ended = tool.run(*words, "--version")
            check_equal(f"tcpstates {' '.join(words)} --version", (ended.status, ended.errors), (0, ""))
            if option.is_optional:
                check_equal(f"tcpstates {name} --version", tool.run(name, "--version").status, 0)
        letters.add((option.letter or "--")[1:])
    for letter in set(string.ascii_letters + string.digits + "?@_+") - letters:
        check_equal(f"-{letter}: status", tool.run("-" + letter, "--version").status, 2)


def outcomes(option, name, folder):
    """What an option makes of a recording that is there and of one that is not, its argument good or bad."""
    arguments = [[name], [name]]
    if option.argument:
        arguments = [tool.given(option, name, GOOD[option.argument].format(folder=folder)),
                     tool.given(option, name, BAD[option.argument])]
    recordings = [str(tool.EXAMPLE), f"{folder}/missing"]
    if option.name == "--journal":      # not into the journal of this machine
        recordings = recordings[1:]
    return [tool.run(*argument, *more, "-r", recording)
            for argument, more, recording in itertools.product(arguments, ([], ["-q"]), recordings)]


def test_letter_and_name_agree():
    with tempfile.TemporaryDirectory() as folder:
        for option in tool.options().values():
            if option.letter:
                found = outcomes(option, option.letter, folder)
                check_equal(f"{option.letter} and {option.name}", found, outcomes(option, option.name, folder))


def test_ebpf():
    check("SEC(" in tool.output_of("--ebpf"), "--ebpf prints no kernel program")
