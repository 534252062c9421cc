# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A filter names a thing by a number or a path that the kernel uses again: it selects that thing, not the next one."""

import contextlib
import json
import os
import pathlib
import tempfile

import netns
import own_ports
import traffic
from actor import Actor
from marks import alone
from outcome import Skipped, check, check_equal
from place import IPV4
from test_owner import cgroup2, enter_cgroup, remove_cgroup
from tool import check_good_end

NETWORKS = 24
TRIES = 10
COOKIES = "-s", "--no-header", "-F", "cookie"
ROUNDS = 100        # until the number is used again
SO_COOKIE = 57
LAST_PID = pathlib.Path("/proc/sys/kernel/ns_last_pid")


def listen_once(stage, port):
    """Makes two transitions; the cookie of the socket that made them."""
    with traffic.new_socket(IPV4, port) as one:
        one.listen(1)
        return f"{int.from_bytes(one.getsockopt(1, SO_COOKIE, 8), 'little'):x}"


def own_network(stage):
    netns.private_network()
    return netns.inode()


@contextlib.contextmanager
def actor(name="used-again"):
    with held(Actor(name)) as one:
        yield one


@contextlib.contextmanager
def held(one):
    try:
        yield one
    finally:
        one.end()


def cookies_shown(tool):
    """Of the sessions that it printed until its end, in order: of JSON, or of lines that are nothing else."""
    ended = tool.end()
    check_good_end(ended)
    is_json = ended.output.startswith(b"{")
    return list(dict.fromkeys(json.loads(line)["cookie"] if is_json else line.decode() for line in ended.lines))


def check_only(what, shown, cookies, others):
    """others: of the sessions of what came later."""
    check(others, f"{what}: nothing came later")
    check_equal(f"{what}: sessions of others that are shown", sorted(set(shown) & set(others)), [])
    check_equal(f"{what}: sessions of its own that are shown", sorted(set(shown) & set(cookies)), sorted(cookies))


def session_in_new_network(port):
    """In a network namespace that is gone afterwards: (its number, the cookie)."""
    with actor() as one:
        return one.do(own_network), one.do(listen_once, port)


def later_networks(named, port):
    """
    Network namespaces until each set of numbers has one that is used again: the cookies of their sessions. None: the kernel
    gave them to others; from the same numbers come those of files in /proc.
    """
    others, left = [], list(named)
    for _ in range(ROUNDS):
        number, cookie = session_in_new_network(port)
        others.append(cookie)
        left = [numbers for numbers in left if number not in numbers]
        if not left:
            return others
    return None


def is_checked_on_networks(program, count, names_of, *options):
    """
    names_of: of the actors, each in a network namespace of its own. Every other one has had no session when it is gone.
    False: none of their numbers was used again.
    """
    port = own_ports.new()
    with contextlib.ExitStack() as stack:
        actors = [stack.enter_context(actor()) for _ in range(count)]
        numbers = [one.do(own_network) for one in actors]
        names = ",".join(names_of(one, number) for one, number in zip(actors, numbers))
        with program.start("--netns", names, *options) as tool:
            cookies = [one.do(listen_once, port) for one in actors[::2]]
            for one in actors:
                one.end()
            others = later_networks(filter(None, [numbers[::2], numbers[1::2]]), port)
            shown = cookies_shown(tool)
    if others:
        check_only(f"--netns {names} {options}", shown, cookies, others)
    return bool(others)


def check_networks(program, *what):
    if not any(is_checked_on_networks(program, *what) for _ in range(TRIES)):
        raise Skipped(f"the kernel used no number of a network namespace again, {TRIES} times")


def by_number(one, number):
    return str(number)


def test_networks(program):
    """By number, a process in it, and its file."""
    for names_of in by_number, lambda one, number: str(one.pid), lambda one, number: f"/proc/{one.pid}/ns/net":
        check_networks(program, NETWORKS, names_of, "-j")


def test_one_network(program):
    """The kernel applies the filter."""
    for options in ["-j"], COOKIES:
        check_networks(program, 1, by_number, *options)


def run_as(pid):
    """An actor with that process number, if the kernel gives it to the next one; None if not."""
    LAST_PID.write_text(str(pid - 1))
    one = Actor("used-again")
    if one.pid == pid:
        return one
    one.end()
    return None


def later_process(pid):
    for _ in range(ROUNDS):
        if one := run_as(pid):
            return one
    raise Skipped(f"the kernel did not use the number {pid} again in {ROUNDS} tries")


def check_pid(program, *options):
    port = own_ports.new()
    with actor() as one:
        pid = one.pid
        with program.start("-p", str(pid), *options) as tool:
            cookies = [one.do(listen_once, port)]
            one.end()
            with held(later_process(pid)) as later:
                others = [later.do(listen_once, port)]
            shown = cookies_shown(tool)
    check_only(f"-p {pid} {options}", shown, cookies, others)


@alone
def test_process(program):
    """Where the kernel applies the filter, and where user space does, which also follows TIME_WAIT."""
    if not os.access(LAST_PID, os.W_OK):
        raise Skipped("this kernel has no kernel.ns_last_pid")
    for options in COOKIES, ["-j"], ["-j", "--half-open"]:
        check_pid(program, *options)


def of_process_to_come(program):
    """The sessions that are shown, and that of the process which got the number."""
    with actor() as one:
        pid = one.pid
    with program.start("-j", "-p", str(pid)) as tool:
        with held(later_process(pid)) as later:
            cookie = later.do(listen_once, own_ports.new())
        return cookies_shown(tool), [cookie]


@alone
def test_process_to_come(program):
    """A number that no process has when the trace begins is the first one's that gets it: it may be another one of the machine."""
    if not os.access(LAST_PID, os.W_OK):
        raise Skipped("this kernel has no kernel.ns_last_pid")
    tries = [of_process_to_come(program)]
    while tries[-1][0] != tries[-1][1]:
        check(len(tries) < TRIES, f"sessions shown, and wanted: {tries}")
        tries.append(of_process_to_come(program))


def session_in(folder, port):
    with actor() as one:
        one.do(enter_cgroup, str(folder))
        return one.do(listen_once, port)


@contextlib.contextmanager
def cgroups():
    """A cgroup with one below it."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="tcpstates-", dir=cgroup2()))
    try:
        below = top / "below"
        below.mkdir()
        yield top, below
    finally:
        for folder in top / "below", top:
            if folder.exists():
                remove_cgroup(folder)


def make_again(top, below):
    for folder in below, top:
        remove_cgroup(folder)
    for folder in top, below:
        folder.mkdir()


def check_cgroup(program, is_by_path):
    """A path goes on to mean what is there: a service that is started again has its cgroup made again."""
    port = own_ports.new()
    with cgroups() as (top, below):
        name = str(top) if is_by_path else str(top.stat().st_ino)
        with program.start("-j", "--cgroup", name) as tool:
            cookies = [session_in(top, port), session_in(below, port)]
            # Of a cgroup that is gone before the program reads its session, nobody knows where it was.
            tool.lines_until(lambda line: json.loads(line)["cookie"] == cookies[-1])
            make_again(top, below)
            others = [session_in(top, port), session_in(below, port)]
            shown = cookies_shown(tool)
    if is_by_path:
        check_equal(f"--cgroup {name}: sessions shown", sorted(shown), sorted(cookies + others))
    else:
        check_only(f"--cgroup {name}", shown, cookies, others)


def test_cgroup(program):
    """Its path is used again by another one, whose number is another."""
    check_cgroup(program, is_by_path=False)
    check_cgroup(program, is_by_path=True)
