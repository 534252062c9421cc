# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Which lines the options that select ask for, worked out a second time, in the simplest way: from what an unfiltered trace
prints of each (as -j has it). And random sets of such options.
"""

import argparse
import csv
import fnmatch
import io
import ipaddress
import json
import pwd

STATES = ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
          "LISTEN", "CLOSING"]
OTHER_NAMES = {"SYN_RECEIVED": "SYN_RECV", "FIN_WAIT_1": "FIN_WAIT1", "FIN_WAIT_2": "FIN_WAIT2", "CLOSED": "CLOSE",
               "LISTENING": "LISTEN"}
BUCKET = {"SYN_RECV", "TIME_WAIT"}
GROUPS = {"ALL": set(STATES), "CONNECTED": set(STATES) - {"LISTEN", "CLOSE"},
          "SYNCHRONIZED": set(STATES) - {"LISTEN", "CLOSE", "SYN_SENT"}, "BUCKET": BUCKET, "BIG": set(STATES) - BUCKET}
LISTS = "-L", "-D", "--local", "--remote", "-p", "-c", "-u", "--netns", "--cgroup", "--from", "--to", "--state", "--cause"


# What a selection is refused with that can match nothing.
REFUSED = "nothing can match", "add --minisocks"
FIELDS = ("skaddr,c_pid,c_comm,ip,laddr,lport,raddr,rport,oldstate,newstate,ms,ms_about,ms_at_least,pid,comm,uid,netns,"
          "cgroup,cgroup_id,cookie,cause")
NUMBERS = "ip", "lport", "rport", "pid", "netns"


def elements(text):
    """Of a list, files in it read."""
    for element in text.split(","):
        if element.startswith("@"):
            with open(element[1:]) as file:
                for line in file:
                    yield from line.split("#")[0].replace(",", " ").split()
        else:
            yield element


def add_options(parser):
    parser.add_argument("-4", action="store_true", dest="ipv4")
    parser.add_argument("-6", action="store_true", dest="ipv6")
    for name in LISTS:
        parser.add_argument(name, action="append", type=lambda text: list(elements(text)),
                            dest={"--from": "left"}.get(name, name.strip("-")))
    parser.add_argument("--min-ms", type=float)
    parser.add_argument("-n", type=int)


def parse(arguments):
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_options(parser)
    return parser.parse_known_args(arguments)[0]


def as_ipv6(text):
    """The number of an address as IPv6, and how many bits come before those of its family."""
    address = ipaddress.ip_address(text)
    return (int(address) | 0xFFFF << 32, 96) if address.version == 4 else (int(address), 0)


def is_in_net(text, net):
    address, prefix = net.partition("/")[::2]
    number, ahead = as_ipv6(address)
    unheeded = 128 - (ahead + int(prefix) if prefix else 128)
    return as_ipv6(text)[0] >> unheeded == number >> unheeded


def is_port_in(port, wanted):
    first, last = wanted.partition("-")[::2]
    return int(first) <= port <= int(last or first)


def is_in_cgroup(line, wanted, paths):
    """paths: {number: path} of the cgroups that there are."""
    here, number = line["cgroup"], line["cgroup_id"]
    if number is None:
        return False
    if wanted.isdigit():
        if int(wanted) == int(number):
            return True
        wanted = paths.get(int(wanted))
    if not wanted or not here:
        return False
    return here == wanted.rstrip("/") or here.startswith(wanted.rstrip("/") + "/")


def is_user(uid, wanted):
    return uid is not None and int(uid) == (int(wanted) if wanted.isdigit() else pwd.getpwnam(wanted).pw_uid)


def is_state(state, wanted):
    wanted = wanted.upper().replace("-", "_")
    return state in GROUPS.get(wanted, {OTHER_NAMES.get(wanted, wanted)})


def lasted(line):
    """In milliseconds, known well or not; None: not known."""
    return next((float(line[key]) for key in ("ms", "ms_about", "ms_at_least") if line[key] is not None), None)


def matches(line, options, paths):
    """Whether a line is asked for, as far as options of sessions and changes go."""
    def any_of(wanted, holds):
        return wanted is None or any(holds(element) for some in wanted for element in some)

    duration = lasted(line)
    return (not (options.ipv4 and line["ip"] != 4) and not (options.ipv6 and line["ip"] != 6)
            and any_of(options.L, lambda wanted: is_port_in(line["lport"], wanted))
            and any_of(options.D, lambda wanted: is_port_in(line["rport"], wanted))
            and any_of(options.local, lambda wanted: is_in_net(line["laddr"], wanted))
            and any_of(options.remote, lambda wanted: is_in_net(line["raddr"], wanted))
            and any_of(options.p, lambda wanted: line["pid"] == int(wanted))
            and any_of(options.c, lambda wanted: bool(line["comm"]) and fnmatch.fnmatchcase(line["comm"], wanted))
            and any_of(options.u, lambda wanted: is_user(line["uid"], wanted))
            and any_of(options.netns, lambda wanted: line["netns"] == int(wanted))
            and any_of(options.cgroup, lambda wanted: is_in_cgroup(line, wanted, paths))
            and any_of(options.left, lambda wanted: is_state(line["oldstate"], wanted))
            and any_of(options.to, lambda wanted: is_state(line["newstate"], wanted))
            and any_of(options.state, lambda wanted: is_state(line["oldstate"], wanted) or is_state(line["newstate"], wanted))
            and any_of(options.cause, lambda wanted: line["cause"] == wanted.lower())
            and (options.min_ms is None or duration is not None and duration >= options.min_ms))


# ---- lines


def from_json(output):
    lines = [json.loads(line) for line in output.splitlines()]
    for line in lines:
        del line["timestamp"]       # since the first line shown
    return lines


def from_csv(output):
    """As JSON has it."""
    lines = [{key: value or None for key, value in line.items()} for line in csv.DictReader(io.StringIO(output.decode()), FIELDS.split(","))]
    for line in lines:
        line.update({key: int(line[key]) for key in NUMBERS if line[key] is not None})
        line["comm"] = line["comm"] or None
    return lines


FORMATS = {"json": (["-j"], from_json), "csv": (["-s", "--no-header", "-F", FIELDS], from_csv)}


# ---- random options


def spelled(random, state):
    """In any of the ways that are understood."""
    names = [state, *(other for other, name in OTHER_NAMES.items() if name == state)]
    name = random.choice(names)
    return random.choice([name, name.lower(), name.lower().replace("_", "-")])


def random_states(random, key, lines):
    state = random.choice(lines)[key]
    groups = [name for name, states in GROUPS.items() if state in states]
    if random.random() < 0.2:
        return random.choice(groups).lower()
    return ",".join(spelled(random, random.choice(lines)[key]) for _ in range(random.randint(1, 4)))


def random_net(random, address):
    bits = 128 if ":" in address else 32
    return random.choice([address, f"{address}/{random.randint(0, bits)}", f"{address}/{random.randint(bits - 4, bits)}"])


def random_ports(random, port):
    return random.choice([f"{port}", f"{max(0, port - random.randint(0, 50))}-{min(65535, port + random.randint(0, 50))}"])


def random_name(random, name):
    return random.choice([name, name[:random.randint(1, 4)] + "*", "*" + name[-2:], "?" + name[1:]]).replace(",", "?")


def random_cgroup(random, line):
    path = line["cgroup"]
    above = path[:random.choice([at for at, char in enumerate(path) if char == "/"])] or "/"
    return random.choice([path, above, str(line["cgroup_id"])])


KINDS = {
    "-L": lambda random, line: random_ports(random, line["lport"]),
    "-D": lambda random, line: random_ports(random, line["rport"]),
    "--local": lambda random, line: random_net(random, line["laddr"]),
    "--remote": lambda random, line: random_net(random, line["raddr"]),
    "-p": lambda random, line: str(line["pid"]),
    "-c": lambda random, line: random_name(random, line["comm"]),
    "-u": lambda random, line: str(line["uid"]),
    "--netns": lambda random, line: str(line["netns"]),
    "--cgroup": random_cgroup,
    "--cause": lambda random, line: line["cause"],
}
NEEDS = {"-p": "pid", "-c": "comm", "-u": "uid", "--netns": "netns", "--cgroup": "cgroup", "--cause": "cause"}


def is_usual(line, kind):
    """Whether an option can be made from it: names with wildcards or bytes that are no text cannot be typed as they are."""
    value = line[NEEDS[kind]] if kind in NEEDS else True
    return value is not None and not (kind == "-c" and not all(char.isalnum() or char in " -:/." for char in value)) \
        and not (kind == "-u" and int(value) == 4294967295)


def random_option(random, kind, lines, durations):
    if kind in ("-4", "-6"):
        return [kind]
    if kind == "--min-ms":
        return [kind, random.choice(durations)]
    if kind in ("--from", "--to", "--state"):
        return [kind, random_states(random, {"--from": "oldstate", "--to": "newstate"}.get(kind, "newstate"), lines)]
    usual = [line for line in lines if is_usual(line, kind)]
    if not usual:
        return []
    return [kind, ",".join(KINDS[kind](random, random.choice(usual)) for _ in range(random.randint(1, 3)))]


ALL_KINDS = ["-4", "-6", "--min-ms", "--from", "--to", "--state", *KINDS]


def random_options(random, lines, durations=("0.001", "0.05", "1", "20", "1000")):
    """One to four options, made from what there is in the lines."""
    kinds = random.sample(ALL_KINDS, random.randint(1, 4))
    if "-4" in kinds and "-6" in kinds:
        kinds.remove("-6")
    return [word for kind in kinds for word in random_option(random, kind, lines, durations)]
