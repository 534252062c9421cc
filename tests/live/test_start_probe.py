# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A trace tries at its start whether it sees: what it does for that is in no output, and when it does not arrive it says so."""

import json
import os
import socket
import tempfile

import observe
import surroundings
from outcome import check, check_equal
from tool import Program, check_good_end

BLIND = "may be blind"
HERE = "/proc/self/ns/net"


def listen_once():
    with socket.create_server(("127.0.0.1", 0)):
        pass


def said(ended):
    return [line for line in ended.errors if BLIND in line]


def of_one_listener(program, *options):
    """What a trace of this network namespace prints, in which just one listener of ours comes and goes."""
    with program.start("--netns", HERE, *options, apart=False) as tool:
        listen_once()
        ended = tool.end()
    check_good_end(ended)
    check_equal(f"{options}: messages", said(ended), [])
    return ended.output.decode().splitlines()


def test_not_in_lines(program):
    """A listener is what it tries with: of another process, both changes are shown; of itself, none."""
    for options in (["-s"], ["-j"], ["-s", "-x"], ["-s", "-L", "1024-65535"]):
        lines = of_one_listener(program, *options, "--no-header", "-F", "oldstate,newstate")
        changes = [list(json.loads(line).values()) if "-j" in options else line.split(",") for line in lines]
        check_equal(f"{options}", changes, [["CLOSE", "LISTEN"], ["LISTEN", "CLOSE"]])


def test_not_in_summaries(program):
    """Added up in the kernel, or in user space."""
    for more in ([], ["--by", "state,cause"]):
        rows = [json.loads(line) for line in of_one_listener(program, "--summary", "-j", *more)]
        entered = {}
        for row in rows:
            entered[row["state"]] = entered.get(row["state"], 0) + row["entered"]
        check_equal(f"{more}: entered", {name: count for name, count in entered.items() if count}, {"LISTEN": 1, "CLOSE": 1})


def test_not_in_recordings(program):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "file")
        of_one_listener(program, "-q", "-o", name)
        ended = program.run("-r", name, "-j")
    states = [(line["oldstate"], line["newstate"]) for line in map(json.loads, ended.output.decode().splitlines())]
    check_equal("recorded", states, [("CLOSE", "LISTEN"), ("LISTEN", "CLOSE")])


def test_not_counted(program):
    """-n counts what is shown."""
    with program.start("-s", "--no-header", "--netns", HERE, "-n", "2", apart=False) as tool:
        listen_once()
        ended = tool.wait()
    check_good_end(ended)
    check_equal("lines", len(ended.lines), 2)


def test_filters_do_not_blind(program):
    """What rejects its socket does not keep it from being seen."""
    for options in (["-6"], ["-L", "1"], ["-D", "1"], ["--local", "192.0.2.1"], ["--remote", "192.0.2.0/24"],
                    ["--to", "syn-sent"], ["-p", "1"], ["--summary"], ["--stuck"], ["--half-open"], ["-x"]):
        ended = program.run(*options, "-d", "0.05")
        check_equal(f"{options}: exit status", ended.status, 0)
        check_equal(f"{options}: messages", said(ended), [])


def test_namespace_does_not_blind(program):
    """It tries in its own one, whichever is asked for."""
    ended = Program(program.path, "unshare", "--net").run("--netns", f"/proc/{os.getpid()}/ns/net", "-d", "0.05")
    check_equal("status and messages", (ended.status, ended.errors), (0, []))


def test_loopback_is_down(program):
    """Nobody has brought it up in a network namespace that is new."""
    ended = Program(program.path, "unshare", "--net").run("-d", "0.05")
    check_equal("status and messages", (ended.status, ended.errors), (0, []))


def test_blind(program):
    """A change that does not happen is as good as one that nobody sees. The trace goes on."""
    for options in ([], ["-x"]):
        with program.start("-s", *options, preexec_fn=surroundings.no_listening, apart=False) as tool:
            wanted = observe.mark()
            ended = tool.end()
        check_equal(f"{options}: status", ended.status, 0)
        check_equal(f"{options}: messages", len(said(ended)), 1)
        check("--check" in said(ended)[0], f"does not say what to try: {said(ended)}")
        check([line for line in ended.lines if wanted(line)], "does not trace nevertheless")


def test_many_at_once(program):
    """Each has its own."""
    with program.start("-s", "-x", apart=False), program.start("-s", apart=False), program.start("--summary", apart=False) as last:
        ended = last.end()
    check_equal("messages", said(ended), [])
