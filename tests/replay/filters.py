# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Random sets of the options that select, held against pick.py: what is asked for of all lines is what is printed."""

import os
import random
import shlex
import shutil
import sys
import time

from program import Failed, expect
from recording import DETAILS, FACTS, OWNER_FROM, Recording, Transition

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))

import pick                         # noqa: E402

SETS = 40           # in each test
EXAMPLE = "transitions.tcps"
MIXED = "mixed.tcps"

# Ways of a session's states, with what tells the cause.
CHANGES = [
    ("CLOSE", "SYN_SENT", "IN_CALL", None), ("SYN_SENT", "ESTABLISHED", "", None), ("CLOSE", "LISTEN", "IN_CALL", None),
    ("LISTEN", "SYN_RECV", "", None), ("SYN_RECV", "ESTABLISHED", "", None),
    ("ESTABLISHED", "FIN_WAIT1", "IN_CALL+LAST_FD", "close"), ("ESTABLISHED", "FIN_WAIT1", "IN_CALL+EXITING", "exit"),
    ("FIN_WAIT1", "FIN_WAIT2", "", "fin_acked"), ("FIN_WAIT1", "CLOSING", "", "peer_fin"),
    ("ESTABLISHED", "CLOSE_WAIT", "", "peer_fin"), ("CLOSE_WAIT", "LAST_ACK", "IN_CALL+LAST_FD", "close"),
    ("LAST_ACK", "CLOSE", "ALL_ACKED", "fin_acked"), ("CLOSING", "CLOSE", "ALL_ACKED", "fin_acked"),
    ("ESTABLISHED", "CLOSE", "KERNEL_THREAD+IN_CALL", "kernel"),
]
ADDRESSES = ["10.1.2.3", "10.1.2.4", "10.200.0.1", "192.0.2.77", "127.0.0.1"]
ADDRESSES6 = ["2001:db8::1", "2001:db8:0:1::1", "::1", "::ffff:10.1.2.3", "fe80::1"]
CGROUPS = {1: "/", 20: "/web", 30: "/web/a", 31: "/web/a/worker", 40: "/web/b", 50: "/webshop", 60: "/db"}
OWNERS = [(101, b"nginx", 33), (102, b"nginx: worker", 33), (103, b"curl", 1000), (4242, b"python3", 0), (0, b"", 4294967295)]


def mixed_change(choice, time_ns):
    oldstate, newstate, facts, cause = choice.choice(CHANGES)
    addresses = choice.choice([ADDRESSES, ADDRESSES6])
    pid, comm, uid = choice.choice(OWNERS)
    details = dict.fromkeys(DETAILS, 0)
    details.update(pid=pid, comm=comm, uid=uid, netns=choice.choice([4026531840, 4026532317]), cause=cause, shutdown=3,
                   cgroup=choice.choice([0, *CGROUPS]), owner_from=OWNER_FROM.index("use" if pid else None),
                   facts=sum(FACTS[name] for name in facts.split("+") if name), cookie=choice.randrange(1, 1 << 32))
    duration_ns = choice.choice([None, choice.randrange(10 ** choice.randint(3, 10)), 1000000, 999999, 20000000])
    return Transition(time_ns, 0xffff888000000000 + choice.randrange(1 << 20), choice.randrange(1000), b"on-cpu",
                      6 if addresses is ADDRESSES6 else 4, choice.choice(addresses), choice.choice([0, 80, 443, 8080, 40000]),
                      choice.choice(addresses), choice.choice([0, 80, 443, 40000, 65535]), oldstate, newstate, duration_ns,
                      time_ns, "" if duration_ns is None else choice.choice(["", "", "~", ">="]),
                      details if choice.random() < 0.95 else None)


def write_recordings(folder, example):
    """A recording with everything in it, and the one of real traffic."""
    choice = random.Random(5)
    recording = Recording(os.devnull)
    recording.take_start("1000", "2024-06-01T12:00:00", "web1", "6.12.0")
    for number, path in CGROUPS.items():
        recording.take_cgroup(number, path)
    for number in range(1500):
        recording.add_transition(mixed_change(choice, 1000 * 10**9 + number * 10**6))
    recording.take_end()
    (folder / MIXED).write_bytes(recording.data)
    shutil.copy(example, folder / EXAMPLE)


def run(program, *arguments):
    ended = program.run(*arguments)
    if ended.status:
        raise Failed(f"{shlex.join(arguments)}: status {ended.status}, {ended.stderr}")
    return ended.stdout


def check_set(program, recording, form, everything, options):
    """-n too: the first ones of what is asked for."""
    paths = CGROUPS if recording == MIXED else {int(line["cgroup_id"]): line["cgroup"] for line in everything if line["cgroup_id"]}
    arguments, read = pick.FORMATS[form]
    wanted = pick.parse(options)
    picked = [line for line in everything if pick.matches(line, wanted, paths)][:wanted.n]
    ended = program.run("-r", recording, *arguments, *options)
    what = f"{recording}, {form}: {shlex.join(options)}"
    if ended.status == 2:
        expect(f"{what}: {ended.stderr}, but it picks", [], picked)
        if not any(reason.encode() in ended.stderr for reason in pick.REFUSED):
            raise Failed(f"{what}: {ended.stderr}")
        return 0
    expect(f"{what}: status and messages", (0, b""), (ended.status, ended.stderr))
    shown = read(ended.stdout)
    if shown != picked:
        first = next((pair for pair in zip(picked, shown) if pair[0] != pair[1]), "the longer one's end")
        raise Failed(f"{what}: {len(picked)} lines are asked for, {len(shown)} shown; they part at {first}")
    return len(picked)


def random_sets(recording, form, seed):
    def test(program):
        choice = random.Random(seed)
        arguments, read = pick.FORMATS[form]
        everything = read(run(program, "-r", recording, *arguments))
        found = 0
        for _ in range(SETS):
            options = pick.random_options(choice, everything)
            if choice.random() < 0.2:
                options += ["-n", str(choice.randint(1, 20))]
            found += check_set(program, recording, form, everything, options) > 0
        if found < SETS / 4:
            raise Failed(f"only {found} of {SETS} sets show anything")
    return test


def every_pair(program):
    """Each kind of option with each other one, both from the same line: so that line is shown."""
    choice = random.Random(1)
    everything = pick.from_json(run(program, "-r", MIXED, "-j"))
    usual = [line for line in everything if all(pick.is_usual(line, kind) for kind in pick.ALL_KINDS) and pick.lasted(line)]
    for number, one in enumerate(pick.ALL_KINDS):
        for other in pick.ALL_KINDS[number + 1:]:
            lines = [choice.choice(usual)]
            kinds = [kind for kind in (one, other) if kind != f"-{10 - lines[0]['ip']}"]
            options = [word for kind in kinds for word in pick.random_option(choice, kind, lines, [str(pick.lasted(lines[0]))])]
            if not check_set(program, MIXED, "json", everything, options):
                raise Failed(f"{shlex.join(options)} shows nothing")


def copy_keeps_what_is_above(program):
    """A recording made from a part of another one still knows what a cgroup of that is below, by number."""
    copy = "copies/above.tcps"
    run(program, "-r", MIXED, "-q", "-o", copy, "--cgroup", "/web/a/worker")
    wanted = run(program, "-r", MIXED, "-j", "--cgroup", "/web/a/worker")
    for number in 1, 20, 30, 31:
        expect(f"of cgroup {number}", wanted, run(program, "-r", copy, "-j", "--cgroup", str(number)))
    for number in 40, 50, 60:
        expect(f"of cgroup {number}", b"", run(program, "-r", copy, "-j", "--cgroup", str(number)))


def many_networks(program):
    """100,000 of them from a file, and of the recording what they hold."""
    nets = program.folder / "networks"
    rows = [f"172.{number >> 16 & 15 | 16}.{number >> 8 & 255}.{number & 255}/32" for number in range(100000)]
    nets.write_text("# blocked\n" + "\n".join(rows) + "\n\n10.1.2.0/30, 2001:db8::/64 # and these\n")
    everything = pick.from_json(run(program, "-r", MIXED, "-j"))
    begin = time.monotonic()
    shown = pick.from_json(run(program, "-r", MIXED, "-j", "--remote", f"@{nets.name}"))
    took = time.monotonic() - begin
    wanted = pick.parse(["--remote", "10.1.2.0/30,2001:db8::/64"])
    expect("lines", [line for line in everything if pick.matches(line, wanted, {})], shown)
    if took > 10:       # a fraction of a second, but for the sanitizer and other tests beside it
        raise Failed(f"took {took:.1f} s")


TESTS = {
    **{f"{form}_{recording.split('.')[0]}_{seed}": random_sets(recording, form, seed)
       for recording in (MIXED, EXAMPLE) for form in pick.FORMATS for seed in range(1, 3)},
    "every_pair": every_pair,
    "copy_keeps_what_is_above": copy_keeps_what_is_above,
    "many_networks": many_networks,
}
