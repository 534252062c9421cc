# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The live path under the address and undefined behaviour sanitizers: it starts, traces, scans and ends."""

import signal

import observe
import traffic
from outcome import check
from place import IPV4
from tool import Program, check_good_end
from tree import BUILD

SANITIZED = BUILD / "asan/tcpstates"


def check_run(*options):
    with Program(SANITIZED).start(*options) as tool:
        traffic.active_close(IPV4)
        observe.mark()
        ended = tool.end(signal.SIGTERM)
    said = "\n".join(ended.errors)
    check("Sanitizer" not in said and "runtime error" not in said, f"{options}: {said}")
    check_good_end(ended)
    check(ended.output, f"{options}: prints nothing")


def test_lines(program):
    check_run("-s")


def test_details(program):
    check_run("-j", "--half-open")


def test_sessions(program):
    check_run("--sessions", "-j")


def test_summary(program):
    check_run("--summary", "--by", "comm,state")


def test_summary_of_sessions(program):
    check_run("--sessions", "--summary=0.1", "--by", "comm,role,port,cause,closed_by")


def test_summary_in_the_kernel(program):
    check_run("--summary=1")


def test_stuck(program):
    check_run("--stuck=ESTABLISHED:0.001,TIME_WAIT:0.001", "-j")
