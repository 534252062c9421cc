# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Finds the tests of a folder, runs them (jobs.py) and prints TAP."""

import errno
import importlib
import os
import socket
import sys
import time

import jobs


def found_tests(folder):
    """All tests of a folder as {"file.function": function}, from test_file.py's test_function."""
    modules = [importlib.import_module(path.stem) for path in sorted(folder.glob("test_*.py"))]
    return {f"{module.__name__[5:]}.{name[5:]}": test
            for module in modules for name, test in vars(module).items() if name.startswith("test_")}


def chosen(tests, names):
    wrong = [name for name in names if not any(is_meant(name, test) for test in tests)]
    if wrong:
        sys.exit(f"no test named {wrong[0]!r}; there are: {' '.join(tests)}")
    meant = {test: any(is_meant(name, test) for name in names) for test in tests}
    return {test: function for test, function in tests.items() if meant[test] or not names}


def is_meant(name, test):
    return name in (test, test.split(".")[0])


def wait_for_others():
    """
    Another run of these tests on this kernel makes the same connections. An abstract socket is the lock, as it is
    seen from every root directory; the answer holds it.
    """
    lock = socket.socket(socket.AF_UNIX)
    while True:
        try:
            lock.bind("\0tcpstates-live-tests")
            return lock
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            time.sleep(0.2)


def report(said):
    if isinstance(said, jobs.Note):
        print(f"# {said.text}", flush=True)
        return
    if said.ok:
        print(f"ok {said.name}{' # ' + said.comment if said.comment else ''}", flush=True)
        return
    print(f"not ok {said.name}")
    for line in said.comment.splitlines():
        print(f"# {line}", flush=True)


def run(tests, arguments, left_out=()):
    """Prints TAP; how many failed. left_out: {test: why} of those that are skipped."""
    print(f"1..{len(tests)}", flush=True)
    left, failures = [], 0
    for name, test in tests.items():
        if name in left_out:
            report(jobs.Outcome(name, True, f"SKIP {left_out[name]}", 0))
        else:
            left.append(jobs.Job(name, test))
    for said in jobs.run(left, os.path.abspath(arguments.tool), arguments.jobs):
        report(said)
        if isinstance(said, jobs.Outcome):
            failures += not said.ok
            if arguments.times:
                print(f"# {said.name}: {said.seconds:.2f} s", flush=True)
    return failures
