# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Whatever is asked for, in the kernel or behind it: a trace with random options shows of random traffic what pick.py picks
from the lines of a trace without any, and so do the replays of both their recordings.
"""

import collections
import contextlib
import os
import pathlib
import random
import shlex
import tempfile
import time

import actor
import netns
import own_ports
import pick
import traffic
from causes import Cast
from outcome import Failed, check, check_equal
from place import IPV4, loopback_places
from test_owner import cgroup2, enter_cgroup, remove_cgroup
from tool import check_good_end

ROUNDS, AT_ONCE = 9, 8     # traces, each with a set of options
EVERYWHERE = 4             # one of so many sees all of the machine
TRIES = 3                   # of a round with --min-ms
SERVERS = 6                 # one after the other
REPLAYED = 12               # further sets, on the recording of each round
USERS = 0, 33, 1000, 65534
DURATIONS = "0.001", "0.2", "5", "15", "200"
PAUSES = 0, 0, 0.01, 0.02

# What two traces of one change agree on. Each measures times by itself.
SAME = ("skaddr", "cookie", "ip", "laddr", "lport", "raddr", "rport", "oldstate", "newstate", "pid", "comm", "uid", "netns",
        "cgroup", "cgroup_id", "cause")


# ---- traffic


def live_as(stage, folder, uid, is_elsewhere):
    """In that cgroup, as that user; the number of its network namespace."""
    if is_elsewhere:
        netns.private_network()
    if folder:
        enter_cgroup(stage, folder)
    os.setresuid(uid, uid, uid)
    return os.stat("/proc/self/ns/net").st_ino


def serve(stage, how):
    actor.accept(stage)
    actor.receive(stage, 100)
    actor.send(stage, 1000)
    end(stage, how, "server")


def ask(stage, place, port, how, pause):
    stage.one = traffic.new_socket(place)
    actor.connect(stage, place, port)
    actor.send(stage, 100)
    actor.receive(stage, 1000)
    time.sleep(pause)
    end(stage, how, "client")


def end(stage, how, role):
    """Who closes, and how: "client", "server", or either's "reset". The other one reads to the end."""
    who, _, reset = how.partition(" ")
    if who != role:
        actor.await_event(stage)
    if who == role and reset:
        traffic.reset_on_close(stage.one)
    actor.close(stage)


def ask_in_vain(stage, place, port):
    stage.one = traffic.new_socket(place)
    actor.connect_in_vain(stage, place, port)
    actor.close(stage)


def both_by_itself(stage, place, port):
    """A whole session in one process, where no other can come."""
    actor.listen(stage, place, port)
    client = traffic.new_socket(place)
    client.connect((place.raddr, port))
    actor.accept(stage)
    client.close()
    actor.await_event(stage)
    actor.close(stage)
    actor.close_listener(stage)


class Crowd:
    """Processes of several names, users and cgroups, and one in another network namespace."""

    def __init__(self, cast, choice, folders, places):
        self.choice, self.places = choice, places
        self.ports, self.refusing = [own_ports.new() for _ in range(SERVERS)], own_ports.new()
        self.servers = [cast.actor(name) for name in ("web", "web: worker", "db")]
        self.clients = [cast.actor(name) for name in ("curl", "webclient", "psql")]
        self.hermit = cast.actor("hermit")
        self.namespaces = set()
        for number, one in enumerate([*self.servers, *self.clients, self.hermit]):
            folder = str(choice.choice(folders)) if folders else ""
            self.namespaces.add(one.do(live_as, folder, USERS[number % len(USERS)], one is self.hermit))

    def session(self, port):
        server, client = self.choice.choice(self.servers), self.choice.choice(self.clients)
        place, pause = self.choice.choice(self.places), self.choice.choice(PAUSES)
        how = self.choice.choice(["client", "server", "client reset", "server reset"])
        server.do(actor.listen, place, port)
        server.begin(serve, how)
        client.do(ask, place, port, how, pause)
        server.finish()
        server.do(actor.close_listener)

    def make_sessions(self):
        for port in self.ports:
            self.session(port)
        self.choice.choice(self.clients).do(ask_in_vain, self.choice.choice(self.places), self.refusing)
        self.hermit.do(both_by_itself, IPV4, self.ports[0])


# ---- the tests


def cgroups_of(folders, root):
    return {1: "/", **{folder.stat().st_ino: "/" + str(folder.relative_to(root)) for folder in folders}}


def make_cgroups(stack):
    """A folder in which there are others, and one beside it; where the hierarchy is, and the folders."""
    root = cgroup2()
    top = pathlib.Path(tempfile.mkdtemp(prefix="tcpstates-", dir=root))
    stack.callback(remove_cgroup, top)
    folders = [top]
    for name in "a", "a/deep", "ab":
        folders.append(top / name)
        folders[-1].mkdir()
        stack.callback(remove_cgroup, folders[-1])
    return root, folders


def ours(lines, namespaces):
    """
    But for those of minisocks: where a trace has to look at them, it may end before it does. Nobody is on their CPU. Nor
    those of another trace that starts, which tries whether it sees by a socket of its own.
    """
    return [line for line in lines
            if line["netns"] in namespaces and line["c_pid"] is not None and line["c_comm"] != "tcpstates"]


def counted(lines):
    return collections.Counter(tuple(str(line[key]) for key in SAME) for line in lines)


def is_certain(line, options):
    """Whether another trace must see its time on the same side of what is asked for."""
    duration = pick.lasted(line)
    if options.min_ms is None or duration is None:
        return True
    return line["ms_at_least"] is None and abs(duration - options.min_ms) > 0.1 + 0.05 * duration


def check_shown(what, shown, lines, options, paths):
    """What must be shown is, and nothing is that must not be."""
    must = counted(line for line in lines if is_certain(line, options) and pick.matches(line, options, paths))
    may = must + counted(line for line in lines if not is_certain(line, options))
    got = counted(shown)
    missing, strange = must - got, got - may
    check(not missing, f"{what}: missing of {len(lines)} lines: {list(missing)[:3]}")
    check(not strange, f"{what}: should not be shown: {list(strange)[:3]}")
    return sum(got.values())


def with_mount(choice, options, root):
    """A cgroup may be named as the file system has it."""
    return [",".join(f"{root}{part}" if part.startswith("/") and choice.random() < 0.3 else part for part in word.split(","))
            if before == "--cgroup" else word for before, word in zip(["", *options], options)]


def without_mount(options, root):
    return [word.replace(str(root), "") or "/" if before == "--cgroup" else word for before, word in zip(["", *options], options)]


class Trace:
    """
    One run with options, in either view, which records as well. where: namespaces that it is restricted to, unless its
    options do so themselves; None: it sees all of the machine.
    """

    def __init__(self, program, folder, number, form, options, where):
        self.program, self.form, self.options = program, form, options
        self.file, self.shown = f"{folder}/{number}", open(f"{folder}/{number}.lines", "w+b")
        restriction = ["--netns", where] if where and "--netns" not in options else []
        self.arguments = [*pick.FORMATS[form][0], *options, *restriction]
        self.tool = program.start("-o", self.file, *self.arguments, everywhere=True, stdout=self.shown)
        self.what = f"{form}: {shlex.join(options)}"

    def finish(self):
        """Its lines; its own recording has the same."""
        check_good_end(self.tool.end())
        with self.shown:
            self.shown.seek(0)
            live = self.shown.read()
        replay = self.program.run("-r", self.file, *self.arguments)
        check(replay.output == live and not replay.errors, f"{self.what}: its recording's replay differs: {replay.errors}")
        return pick.FORMATS[self.form][1](b"\n".join(filter(own_ports.in_text, live.splitlines())))


def check_replays(program, file, form, lines, options, paths):
    """The same of one recording: to the line."""
    ended = program.run("-r", file, *pick.FORMATS[form][0], *options)
    wanted = [line for line in lines if pick.matches(line, pick.parse(options), paths)]
    if ended.status == 2:
        check(any(reason in ended.errors[0] for reason in pick.REFUSED), f"{shlex.join(options)}: {ended.errors}")
    check_equal(f"replay, {form}: {shlex.join(options)}", pick.FORMATS[form][1](ended.output), wanted)


def is_accepted(program, form, options):
    """Not refused for matching nothing."""
    return program.run(*pick.FORMATS[form][0], *options, "-r", os.devnull).status != 2


def random_set(choice, lines):
    return choice.choice(list(pick.FORMATS)), pick.random_options(choice, lines, DURATIONS)


def chosen(program, choice, lines):
    while True:
        form, options = random_set(choice, lines)
        if is_accepted(program, form, options):
            return form, options


class Round:
    """Some traces of one round of traffic, and one without options."""

    def __init__(self, program, crowd, choice, folder, paths, root):
        self.program, self.crowd, self.choice, self.folder, self.paths, self.root = program, crowd, choice, folder, paths, root

    def trace(self, sets):
        """The recording and its lines in each view; the traces with their sets of options, ended."""
        with contextlib.ExitStack() as stack:
            here = ",".join(map(str, self.crowd.namespaces))
            whole = Trace(self.program, self.folder, "whole", "json", [], here)
            traces = [Trace(self.program, self.folder, number, form, with_mount(self.choice, options, self.root),
                            here if number % EVERYWHERE else None) for number, (form, options) in enumerate(sets)]
            for trace in whole, *traces:        # they get ready beside each other
                stack.enter_context(trace.tool)
            self.crowd.make_sessions()
            shown = [trace.finish() for trace in traces]
            lines = {"json": whole.finish()}
        lines["csv"] = pick.from_csv(self.program.run("-r", whole.file, *pick.FORMATS["csv"][0]).output)
        return whole.file, lines, list(zip(traces, shown))

    def count(self, trace, shown, lines, tries_left):
        """How many lines a trace shows that is right; None: its times may be wrong, and there is another try."""
        options = pick.parse(without_mount(trace.options, self.root))
        try:
            return check_shown(trace.what, ours(shown, self.crowd.namespaces),
                               ours(lines[trace.form], self.crowd.namespaces), options, self.paths)
        except Failed:
            if options.min_ms is None or not tries_left:
                raise
            return None

    def traced(self, sets):
        """
        As trace(), and how many show anything. Traces look at the clock one after the other: for --min-ms one may be wrong
        about what another has seen when the CPU is not run between them. Not every time.
        """
        for tries_left in reversed(range(TRIES)):
            file, lines, traces = self.trace(sets)
            found = [self.count(trace, shown, lines, tries_left) for trace, shown in traces]
            if None not in found:
                return file, lines, sum(count > 0 for count in found)

    def run(self, before):
        """before: what lines were like; the lines of this round."""
        sets = [chosen(self.program, self.choice, before) for _ in range(AT_ONCE)]
        file, lines, found = self.traced(sets)
        paths = {**self.paths, **{line["cgroup_id"]: line["cgroup"] for line in lines["json"]}}
        for _ in range(REPLAYED):
            form, options = random_set(self.choice, lines["json"])
            check_replays(self.program, file, form, lines[form], options, paths)
        return lines["json"], found


def test_random_sets(program):
    seed = int(os.environ.get("TCPSTATES_SEED") or time.time_ns() % 10**6)
    try:
        with contextlib.ExitStack() as stack:
            check_random_sets(program, stack, random.Random(seed))
    except Failed as reason:
        raise Failed(f"with TCPSTATES_SEED={seed}: {reason}") from None


def check_random_sets(program, stack, choice):
    root, folders = make_cgroups(stack)
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    cast = stack.enter_context(Cast())
    crowd = Crowd(cast, choice, folders, loopback_places())
    here = Round(program, crowd, choice, folder, cgroups_of(folders, root), root)
    _, first, _ = here.trace([])
    lines, found = ours(first["json"], crowd.namespaces), 0
    check(len(lines) > 40, f"only {len(lines)} lines of traffic")
    for _ in range(ROUNDS):
        after, some = here.run(lines)
        lines, found = ours(after, crowd.namespaces), found + some
    check(found > ROUNDS * AT_ONCE / 4, f"only {found} of {ROUNDS * AT_ONCE} traces showed anything")
