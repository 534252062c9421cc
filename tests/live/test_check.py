# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--check tells what a trace can do here: in each of the places where it may have to run."""

import json
import os

import surroundings
from outcome import check, check_equal
from tool import here

STATES = ("yes", "no", "partly", None)
CHANGES = 12    # of the connection that it makes
NEEDED = ["cap_bpf", "cap_perfmon", "cap_net_admin"]
FENTRY = ["security_sock_graft", "tcp_connect", "tcp_twsk_destructor", "inet_twsk_deschedule_put", "__inet_twsk_schedule"]


def rows_of(ended):
    """{check: row} in their order."""
    rows = [json.loads(line) for line in ended.output.decode().splitlines()]
    names = [row["check"] for row in rows]
    check_equal("names of rows that are there twice", sorted(name for name in set(names) if names.count(name) > 1), [])
    for row in rows:
        check(row["state"] in STATES, f"a row of no state: {row}")
        check(row["detail"], f"a row without a detail: {row}")
    return {row["check"]: row for row in rows}


def state(rows, name):
    check(name in rows, f"no row {name}; there are {' '.join(rows)}")
    return rows[name]["state"]


def check_states(rows, wanted, *names):
    check_equal(f"rows that should be {wanted}", {name: state(rows, name) for name in names}, dict.fromkeys(names, wanted))


def verdict(rows):
    check_equal("the last row", list(rows)[-1], "verdict")
    return rows["verdict"]["detail"]


def working(program, **how):
    """The rows of a check after which tracing will work."""
    ended = program.run("--check", "-j", **how)
    rows = rows_of(ended)
    check_equal(f"exit status, of {verdict(rows)!r}", ended.status, 0)
    check(verdict(rows).startswith("tracing works"), f"says {verdict(rows)!r}")
    check("reason" not in rows, f"a reason for nothing: {rows.get('reason')}")
    check_equal("messages", ended.errors, [])
    check_states(rows, "yes", "kernel_program", "btf", "ring_buffer", "inet_sock_set_state", "unseen_set_state",
                 "trial_connection", "trial_owner", "trial_cause", "trial_bytes", *NEEDED)
    arrived = f"{CHANGES} of {CHANGES} changes of state arrived"
    check(rows["trial_changes"]["detail"].startswith(arrived), f"of its own connection: {rows['trial_changes']}")
    return rows


def refused(program, *words, **how):
    """The rows of a check after which it will not, the reason being the first one, which has these words."""
    ended = program.run("--check", "-j", **how)
    rows = rows_of(ended)
    check_equal(f"exit status, of {verdict(rows)!r}", ended.status, 1)
    check_equal("the first row", list(rows)[0], "reason")
    check_equal("verdict", verdict(rows), f"tracing does not work: {rows['reason']['detail']}")
    check_states(rows, "no", "reason", "verdict")
    for word in words:
        check(word in rows["reason"]["detail"], f"the reason does not say {word!r}: {rows['reason']['detail']}")
    check_equal("messages", ended.errors, [])
    check("trial_connection" not in rows, "makes a connection nevertheless")
    return rows


def starts(program, *options, **how):
    """A trace in the same place."""
    ended = program.run("-x", "-d", "0.1", *options, **how)
    check_equal("a trace there: exit status and messages", (ended.status, ended.complaints), (0, []))


def does_not_start(program, rows, **how):
    """It says the same as the check."""
    ended = program.run("-x", "-d", "0.1", **how)
    check_equal("a trace there", (ended.status, ended.errors), (1, ["tcpstates: " + rows["reason"]["detail"]]))


def lacks(rows):
    """What the verdict says is missing."""
    return verdict(rows).partition(", without: ")[2].split(", ")


def test_this_machine(program):
    """Its rows are what -v says at the start of a trace, and the verdict names what is missing."""
    rows = working(program)
    with program.start("-x") as tool:
        seen = {name: "yes" if tool.traces(name) else "no" for name in FENTRY}
        is_fallback = tool.is_fallback()
    check_equal("fentry programs", {name: state(rows, name) for name in FENTRY}, seen)
    check_equal("socket_storage", state(rows, "socket_storage"), "no" if is_fallback else "yes")
    check(state(rows, "trial_cookie") in (("yes", "partly") if is_fallback else ("yes",)), f"cookies: {rows['trial_cookie']}")
    missing = [name for name, row in rows.items() if row["state"] in ("no", "partly") and row["lack"]]
    check_equal("what the verdict says is missing", [name for name in lacks(rows) if name], missing)
    check_states(rows, "yes", "user_namespace", "pid_namespace", "proc", "cgroup2", "sock_create", "seed_files", "seed_sockets",
                 "trial_duration", "trial_delay")


def test_table(program):
    """What a bug report quotes: the same rows, and without it what is lost."""
    rows = working(program)
    ended = program.run("--check")
    heading, *lines = ended.output.decode().splitlines()
    check_equal("heading", heading.split(), ["CHECK", "STATE", "NOTE"])
    check_equal("rows", [line.split()[0] for line in lines], list(rows))
    check_equal("states", [line.split()[1] for line in lines], [row["state"] or "-" for row in rows.values()])
    for line, row in zip(lines, rows.values()):
        missing = row["state"] in ("no", "partly") and row["lack"]
        check(not missing or line.endswith(f"; without it: {row['lack']}"), f"does not say what is lost: {line}")
        check(missing or "without it" not in line, f"says what is lost where nothing is: {line}")


def test_no_capabilities(program):
    with surroundings.copy_for_all(program) as path:
        nobody = surroundings.as_nobody(path)
        rows = refused(nobody, "root", "CAP_BPF")
        does_not_start(nobody, rows)
    check_states(rows, "no", "kernel_program", "ring_buffer", *NEEDED)
    check_states(rows, "yes", "user_namespace", "btf")


def test_two_capabilities(program):
    """Near what it needs is not enough."""
    with surroundings.copy_for_all(program) as path:
        rows = refused(surroundings.as_nobody(path, "bpf", "net_admin"), "CAP_PERFMON")
    check_states(rows, "yes", "cap_bpf", "cap_net_admin")
    check_states(rows, "no", "cap_perfmon")


def test_needed_capabilities(program):
    with surroundings.copy_for_all(program) as path:
        nobody = surroundings.as_nobody(path, *surroundings.NEEDED.split(","))
        rows = working(nobody, preexec_fn=surroundings.unlimited_memory)
        # Of all namespaces, it would say that it cannot look into those of others.
        starts(nobody, here(), preexec_fn=surroundings.unlimited_memory)
    check_states(rows, "no", "cap_sys_admin", "cap_sys_ptrace", "cgroup_paths")
    check_equal("missing", {"cap_sys_admin", "cgroup_paths"} - set(lacks(rows)), set())
    check("that of the start" in rows["trial_connection"]["detail"],
          f"a network namespace of its own without CAP_SYS_ADMIN: {rows['trial_connection']}")


def test_user_namespace(program):
    """Root of it has all capabilities, of which none counts."""
    inside = surroundings.in_user_namespace(program)
    rows = refused(inside, "user namespace")
    does_not_start(inside, rows)
    check_states(rows, "no", "user_namespace", *NEEDED)


def test_container(program):
    inside = surroundings.in_container(program)
    rows = working(inside)
    starts(inside)
    check_states(rows, "no", "pid_namespace")
    check_states(rows, "yes", "user_namespace", "proc")
    check("pid_namespace" in lacks(rows), f"the verdict does not say that PIDs are the machine's: {verdict(rows)}")


def test_masked_proc(program):
    surroundings.hide("/proc")
    rows = working(program)
    starts(program)
    check_states(rows, "no", "proc", "cgroup2", "sock_create", "network_namespaces")
    check_states(rows, None, "user_namespace", "pid_namespace")
    check("proc" in lacks(rows), f"says {verdict(rows)!r}")


def test_masked_sys(program):
    surroundings.hide("/sys")
    rows = refused(program, "/sys/kernel/btf/vmlinux", "hides")
    does_not_start(program, rows)
    check_states(rows, "no", "btf", "kernel_program")
    check("CONFIG" not in rows["reason"]["detail"], "blames the kernel, which has them")


def test_hidden_types(program):
    surroundings.hide("/sys/kernel/btf")
    rows = refused(program, "/sys/kernel/btf/vmlinux", "hides")
    does_not_start(program, rows)
    check_states(rows, "no", "btf")


def test_no_types(program):
    """As kernels have it that are built without them."""
    surroundings.hide_in_sysfs("/sys/kernel/btf")
    rows = refused(program, "BTF", "CONFIG_DEBUG_INFO_BTF")
    does_not_start(program, rows)
    check_states(rows, "no", "btf")


def test_nothing_left_behind(program):
    """The connection's end in TIME_WAIT, if any, is in a network namespace that is gone with the program."""
    before = sockets_here()
    working(program)
    check_equal("sockets of this network namespace", sockets_here(), before)


def sockets_here():
    with open("/proc/self/net/tcp", encoding="ascii") as table:
        return len(table.readlines())


def test_csv(program):
    ended = program.run("--check", "-s", "-F", "check,state", "--no-header")
    wanted = [f"{name},{row['state'] or ''}" for name, row in working(program).items()]
    check_equal("CSV", ended.output.decode().splitlines(), wanted)


def test_closed_reader(program):
    """A reader that is gone is no failure."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as stream:
        ended = program.run("--check", stdout=stream)
    check_equal("exit status and messages", (ended.status, ended.errors), (0, []))
