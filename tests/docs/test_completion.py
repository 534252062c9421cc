# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The completion offers exactly the options, fields, causes, states and keys that there are."""

import pathlib
import re
import tempfile

import shell
import tool
from outcome import check, check_equal, check_same_items

FILE = ["compopt -o default"]       # bash completes a file name
NO_SPACE = ["compopt -o nospace"]   # a comma may follow


def names():
    """Of all options that --help lists, long and short."""
    return sorted(name for option in tool.options().values() for name in (option.letter, option.name) if name)


def keys(*view):
    return [field.key for field in tool.fields(*view)]


def enumerators(header, prefix):
    """Names of an enum's members, without what they begin with."""
    return re.findall(rf"^\t{prefix}(\w+)\b", tool.source(header), re.MULTILINE)


def check_offered(words, told, candidates):
    found = shell.offered(*words)
    what = f"tcpstates {' '.join(words)}<Tab>"
    check_equal(f"{what}: compopt", found[0], told)
    check_same_items(what, sorted(found[1]), sorted(candidates))


def test_options():
    for word in "", "-", "--", "--r", "--no", "-4", "x":
        for before in [], ["-w"], ["-L", "80"], ["--csv", "-n", "5"]:
            check_offered([*before, word], [], [name for name in names() if name.startswith(word)])


def test_fields():
    for before in ["-F"], ["--fields"], ["-wF"], ["--fields", "="]:
        check_offered([*before, ""], NO_SPACE, keys())
        check_offered([*before, "time"], NO_SPACE, ["time", "timestamp"])
        check_offered([*before, "ms,time,l"], NO_SPACE, ["ms,time,laddr", "ms,time,lport", "ms,time,lasted"])
        check_offered([*before, "time,ms,"], NO_SPACE, [f"time,ms,{key}" for key in keys() if key not in ("time", "ms")])
    check_offered(["--fields", "="], NO_SPACE, keys())


def test_fields_of_views():
    for view in "--sessions", "--summary", "--stuck", "--resets", "--listeners", "--ports", "--diagnose", "--check":
        check(set(keys(view)) != set(keys()), f"{view} has fields of its own")
        check_offered([view, "-F", ""], NO_SPACE, keys(view))
    together = "--sessions", "--summary"
    check(set(keys(*together)) - set(keys("--sessions")) - set(keys("--summary")), "both views together have fields of their own")
    check_offered([*together, "-F", ""], NO_SPACE, keys(*together))


def test_states():
    states = [name for name in enumerators("trace/state.h", "STATE_") if name not in ("NEW_SYN_RECV", "END")]    # which is shown as SYN_RECV
    for option in "--from", "--to", "--state":
        check_offered([option, ""], NO_SPACE, states)
        check_offered([option, "close-wait,fin"], NO_SPACE, ["close-wait,FIN_WAIT1", "close-wait,FIN_WAIT2"])


def test_causes():
    text = tool.output_of("--help").split("Causes (column CAUSE of -x):")[1].split("\n\n")[0]
    check_offered(["--cause", ""], NO_SPACE, re.split(r"[,\s]+", text.strip()))
    check_offered(["--cause", "refused,time"], NO_SPACE, ["refused,time_wait_full", "refused,timer"])


def test_keys():
    names = [name.lower() for name in enumerators("trace/grouping.h", "GROUP_BY_") if name != "COUNT"]
    check_offered(["--by", ""], NO_SPACE, names)
    check_offered(["--by", "state,l"], NO_SPACE, ["state,laddr", "state,lport"])


def test_arguments():
    """Files where a file is wanted, nothing where a number is, options where an option is."""
    for option in tool.options().values():
        if option.argument in ("LIST", "STATES", "CAUSES", "KEYS"):
            continue
        wants_word = option.argument and not option.is_optional
        told, candidates = (FILE, []) if option.argument == "FILE" else ([], [] if wants_word else names())
        for name in filter(None, (option.letter, option.name)):
            check_offered([name, ""], told, candidates)
        if option.letter:
            check_offered(["-w" + option.letter[1], ""], told, candidates)
        check_offered([option.name, "="], told if option.argument else [], [])
        check_offered([option.name, "=", ""], told if option.argument else [], [])


def test_attached_argument():
    check_offered(["-rw", "--ver"], [], ["--verbose", "--version"])
    check_offered(["-L80", "--ver"], [], ["--verbose", "--version"])


def test_tab_key():
    """The same by readline itself, file names with spaces too."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "my trace.tcps").touch()
        pathlib.Path(folder, "results").mkdir()
        pathlib.Path(folder, "results/second").touch()
        for line, wanted in {
                "--locp\b\bcalp\t80": ["--localport", "80"],
                "-F oldstate,newst\t": ["-F", "oldstate,newstate"],
                "--fields=oldstate,newst\t,timest\t": ["--fields=oldstate,newstate,timestamp"],
                "-r my\t-w": ["-r", "my trace.tcps", "-w"],
                "--replay res\tsec\t--csv": ["--replay", "results/second", "--csv"],
                "--record=res\tsec\t--quie\t": ["--record=results/second", "--quiet"],
                "-n my\t": ["-n", "my"],
        }.items():
            check_equal(f"arguments after typing {line!r}", shell.typed(f"tcpstates {line}\r", folder), wanted)
