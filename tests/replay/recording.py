# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings for tests: read from a description that people can read, written as the program writes them (src/trace/recording_write.c).

A description is a text of one statement a line; words are quoted as in a shell, # begins a comment:

    start TIME WALL HOST KERNEL [resets] [listeners] [ports]
                                    the header; tracing began at the monotonic TIME, in seconds, when it was WALL (UTC);
                                    resets, listeners, ports: there may be some
    listener TIME EVENT COOKIE [MEMBER=VALUE...]
                                    a report on the listener with that cookie: EVENT is found, began, ended or accepted;
                                    members as in listener.h; known=A+B; since_ns and delay_ns in seconds, as since=, delay=
    ports TIME NETNS LOW HIGH RESERVED TW_REUSE
                                    the local ports of a network namespace; - when a number is not known
    resets COUNT FIRST LAST LADDR LPORT RADDR RPORT REASON SOCKET [syn] [rest]
                                    so many resets for packets of no session, sent at the monotonic times FIRST to LAST
    at TIME SKADDR PID COMM LADDR LPORT RADDR RPORT OLDSTATE NEWSTATE MS [MEMBER=VALUE...]
                                    a transition; an address with a colon is that of an IPv6 socket; COMM, HOST and
                                    KERNEL may have escapes as in C; MS is the time in OLDSTATE, ~MS about, >=MS at least, - when it is not known; with members,
                                    it has details: those of DETAILS, minisock=to or =of, facts=A+B as in transition.h;
                                    cause=NAME is not written: it is what the model expects
    cgroup ID PATH                  the path of a cgroup
    tick TIME                       it is that late, at the monotonic TIME
    repeat COUNT SECONDS            the transition above again and again, each so many seconds after the one before
    clock TIME WALL                 the wall clock was set: at the monotonic TIME it said WALL
    losses TRANSITIONS DURATIONS    lost so far
    end [TRANSITIONS]               the end mark; it counts the transitions, unless it is to claim another number

and what damages a recording, or makes another kind of file:

    include NAME                    the statements of NAME.txt
    header MEMBER=VALUE...          the header to come says otherwise: version=N, size=N (of the header), order=other
    raw HEX                         these bytes
    flip OFFSET                     one bit of the byte there
    cut SIZE                        only the first SIZE bytes; when negative, all but the last ones
"""

import ast
import datetime
import decimal
import functools
import ipaddress
import pathlib
import re
import shlex
import struct
import sys
import typing

STATES = {"ESTABLISHED": 1, "SYN_SENT": 2, "SYN_RECV": 3, "FIN_WAIT1": 4, "FIN_WAIT2": 5, "TIME_WAIT": 6, "CLOSE": 7,
          "CLOSE_WAIT": 8, "LAST_ACK": 9, "LISTEN": 10, "CLOSING": 11, "NEW_SYN_RECV": 12}

NATIVE_ORDER = "<" if sys.byteorder == "little" else ">"
MAGIC = b"\x89TCPST\r\n"
BYTE_ORDER_MARK = 0x01020304
VERSION = 4
HEADER_SIZE = 304
COMM_SIZE = 16
TRANSITION = "QQQ16s16s16sIHHBBBB"
# What versions 2 to 4 added, in the order of the record.
DETAILS = {"pid": "I", "cookie": "Q", "cgroup": "Q", "tx_bytes": "Q", "rx_bytes": "Q", "minisock_address": "Q", "due_ns": "Q",
           "comm": "16s", "uid": "I", "netns": "I", "facts": "I", "rtt_us": "I", "min_rtt_us": "I", "retrans": "I",
           "cwnd": "I", "mss": "I", "idle_ms": "I", "err": "H", "err_soft": "H", "shutdown": "B", "retransmits": "B",
           "probes": "B", "signal": "B", "owner_from": "B", "reset_reason": "B2x",
           "tx_queue": "I", "rx_queue": "I", "known": "I", "isn_local": "I", "isn_remote": "I", "segs_out": "I",
           "connect_end": "B", "icmp_err": "B", "icmp_type": "B", "icmp_code": "B4x"}
# The bits of known, set where one of these is said.
KNOWN = {"isn_local": 1, "isn_remote": 1, "segs_out": 2, "connect_end": 4}
HAS_DETAILS = 8
DURATION_FLAGS = {"": 1, "~": 2, ">=": 4}
MINISOCK_FLAGS = {"": 0, "to": 16, "of": 32}
OWNER_FROM = [None, "connect", "listen", "accept", "inherited", "scan", "use", "kernel"]
ENTRY_KINDS = {"transition": 1, "clock": 2, "losses": 3, "end": 4, "cgroup": 5, "tick": 6, "snapshot": 7,
               "resets": 8, "listener": 9, "ports": 10}
RESETS = "16s16sHHIBBBB4xQQQ"
LISTENER_EVENTS = ["found", "began", "ended", "accepted"]
LISTENER_KNOWN = {"ACCEPTED": 1, "OVERFLOWS": 2, "COOKIES": 4, "NETNS": 8, "DELAY": 16}
LISTENER = {"time_ns": "Q", "skaddr": "Q", "cookie": "Q", "delay_ns": "Q", "event": "B", "known": "B", "ip": "B", "owner_from": "B",
            "lport": "H2x", "since_ns": "Q", "laddr": "16s", "comm": "16s", "cgroup": "Q", "pid": "I", "uid": "I", "netns": "I",
            "queue": "I", "limit": "I", "peak": "I", "queued_before": "I", "drops": "I", "queued": "Q", "accepted": "Q",
            "overflows": "Q", "cookies": "Q", "netns_overflows": "Q", "netns_drops": "Q"}
LISTENER_SIZE_ACCEPTED = 40
RESET_SOCKETS = ["none", "listener", "time_wait"]
RESET_NETNS = 4026531840
CGROUP = "Q256s"
TRANSITION_SIZE = struct.calcsize("=" + TRANSITION + "".join(DETAILS.values()))
ENTRY_SIZES = [0, TRANSITION_SIZE, 8, 24, 32, 264, 8, TRANSITION_SIZE] + 24 * [0]
PORTS = "QIHHIBB2x"
# Where they are at all: kinds 8 to 10.
ANNOUNCED = {"resets": struct.calcsize("=" + RESETS), "listeners": struct.calcsize("=" + "".join(LISTENER.values())), "ports": struct.calcsize("=" + PORTS)}
HEADER = pathlib.Path(__file__).resolve().parent.parent.parent / "src/trace/transition.h"
REASONS = HEADER.parent / "reset.h"
FACTS = {name: 1 << int(bit) for name, bit in re.findall(r"\bFACT_(\w+) = 1 << (\d+)", HEADER.read_text())}


def crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82f63b78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc_table()


@functools.lru_cache(maxsize=4096)
def crc32c(data):
    state = 0xffffffff
    for byte in data:
        state = CRC_TABLE[(state ^ byte) & 0xff] ^ state >> 8
    return state ^ 0xffffffff


class Transition(typing.NamedTuple):
    time_ns: int
    skaddr: int
    pid: int
    comm: bytes
    ip: int
    laddr: str
    lport: int
    raddr: str
    rport: int
    oldstate: str
    newstate: str
    duration_ns: typing.Optional[int]
    wall_ns: int        # the time of day that goes with time_ns
    known: str = ""     # of the duration: "", "~" or ">="
    details: typing.Optional[dict] = None   # those that are told; None: it has none
    minisock: str = ""  # "to", "of"


def nanoseconds(text, exponent=9):
    """Seconds, or with exponent 6 milliseconds."""
    number = decimal.Decimal(text).scaleb(exponent)
    if number != int(number):
        raise ValueError(f"{text} has a fraction of a nanosecond")
    return int(number)


def wall_nanoseconds(text):
    """An instant as in 2024-02-29T23:59:58.5, UTC, since 1970."""
    second, _, fraction = text.partition(".")
    since = datetime.datetime.fromisoformat(second + "+00:00").timestamp()
    return int(since) * 10**9 + nanoseconds("0." + (fraction or "0"))


def with_escapes(text):
    """The bytes of a word with \\n, \\x1b and the like in it; other characters as UTF-8."""
    quoted = "".join(char if char.isascii() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in text)
    return ast.literal_eval("b'" + quoted.replace("'", "\\'") + "'")


def with_size_of_comm(name):
    if len(name) > COMM_SIZE:
        raise ValueError(f"{name} has more than {COMM_SIZE} bytes")
    return name


def packed_address(text):
    """16 bytes, IPv4 as ::ffff:a.b.c.d."""
    address = ipaddress.ip_address(text)
    return b"\0" * 10 + b"\xff\xff" + address.packed if address.version == 4 else address.packed


def read_details(members):
    """{name: value} of words like uid=33; those that are not told are zero."""
    said = dict(member.split("=", 1) for member in members)
    details = {"cause": said.pop("cause", None), "comm": with_size_of_comm(with_escapes(said.pop("comm", ""))),
               "facts": sum(FACTS[name] for name in said.pop("facts", "").split("+") if name),
               "owner_from": OWNER_FROM.index(said.pop("owner_from", None)), "cookie": int(said.pop("cookie", "0"), 16)}
    details.update({name: int(value) for name, value in said.items()})
    for name, bit in KNOWN.items():
        if name in details:
            details["known"] = details.get("known", 0) | bit
    if set(details) - set(DETAILS) - {"cause"}:
        raise ValueError(f"no such member: {set(details) - set(DETAILS)}")
    return details


class Recording:
    """data: the bytes of the file; transitions: those in it; is_damaged: some of it cannot be read."""

    def __init__(self, path):
        self.folder = pathlib.Path(path).parent
        self.data = b""
        self.transitions = []
        self.is_damaged = False
        self.start_ns = 0
        self.wall_offset_ns = 0
        self.lost = (0, 0)
        self.byte_order = NATIVE_ORDER
        self.version = VERSION
        self.header_size = HEADER_SIZE
        self.cgroups = {}
        self.take_file(path)

    def take_file(self, path):
        for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            try:
                getattr(self, "take_" + words[0])(*words[1:])
            except (AttributeError, TypeError, ValueError, KeyError, SyntaxError) as error:
                sys.exit(f"{path}:{number}: {error}")

    def pack(self, layout, *values):
        return struct.pack(self.byte_order + layout, *values)

    def add_entry(self, kind, payload):
        head = self.pack("HH", ENTRY_KINDS[kind], len(payload))
        self.data += head + self.pack("I", crc32c(head + payload)) + payload

    def add_transition(self, change):
        self.transitions.append(change)
        flags = MINISOCK_FLAGS[change.minisock] | (0 if change.details is None else HAS_DETAILS)
        if change.duration_ns is not None:
            flags |= DURATION_FLAGS[change.known]
        said = change.details or {}
        details = [said.get(name, b"" if layout.endswith("s") else 0) for name, layout in DETAILS.items()]
        is_snapshot = said.get("facts", 0) & FACTS["STANDING"]
        self.add_entry("snapshot" if is_snapshot else "transition", self.pack(
            TRANSITION + "".join(DETAILS.values()), change.time_ns, change.duration_ns or 0, change.skaddr,
            packed_address(change.laddr), packed_address(change.raddr), change.comm, change.pid, change.lport, change.rport,
            change.ip, STATES[change.oldstate], STATES[change.newstate], flags, *details))

    def take_start(self, time, wall, host, kernel, *kinds):
        self.start_ns = nanoseconds(time)
        self.wall_offset_ns = wall_nanoseconds(wall) - self.start_ns
        header = MAGIC + self.pack("IHHqQ72s72s", BYTE_ORDER_MARK, self.version, self.header_size, self.wall_offset_ns,
                                   self.start_ns, with_escapes(host), with_escapes(kernel))
        sizes = ENTRY_SIZES[:8] + [size if kind in kinds else 0 for kind, size in ANNOUNCED.items()] + ENTRY_SIZES[11:]
        header += self.pack("32H56xI", *sizes, 0)
        self.data += header + self.pack("I", crc32c(header))

    def take_at(self, time, skaddr, pid, comm, laddr, lport, raddr, rport, oldstate, newstate, ms, *members):
        time_ns = nanoseconds(time)
        known, number = re.fullmatch(r"(~|>=|)([0-9.]+|-)", ms).groups()
        minisock = [member[len("minisock="):] for member in members if member.startswith("minisock=")]
        details = [member for member in members if not member.startswith("minisock=")]
        self.add_transition(Transition(
            time_ns, int(skaddr, 16), int(pid), with_size_of_comm(with_escapes(comm)), 6 if ":" in laddr else 4,
            laddr, int(lport), raddr, int(rport), oldstate, newstate, None if number == "-" else nanoseconds(number, 6),
            time_ns + self.wall_offset_ns, known, read_details(details) if members else None, "".join(minisock)))

    def take_cgroup(self, number, path):
        self.cgroups[int(number)] = path
        self.add_entry("cgroup", self.pack(CGROUP, int(number), path.encode()))

    def take_repeat(self, count, seconds):
        step_ns = nanoseconds(seconds)
        for _ in range(int(count)):
            last = self.transitions[-1]
            self.add_transition(last._replace(time_ns=last.time_ns + step_ns, wall_ns=last.wall_ns + step_ns))

    def take_clock(self, time, wall):
        self.wall_offset_ns = wall_nanoseconds(wall) - nanoseconds(time)
        self.add_entry("clock", self.pack("q", self.wall_offset_ns))

    def take_resets(self, count, first, last, laddr, lport, raddr, rport, reason, socket, *flags):
        numbers = re.findall(r'X\((\w+), "(\w+)"\)', REASONS.read_text())
        number = [name for _, name in numbers].index(reason) + 2 if reason != "-" else 0
        ends = (b"", b"", 0, 0, 0, 0) if "rest" in flags else (
            packed_address(laddr), packed_address(raddr), int(lport), int(rport), RESET_NETNS, 6 if ":" in laddr else 4)
        self.add_entry("resets", self.pack(RESETS, *ends, number, RESET_SOCKETS.index(socket), ("syn" in flags) + 2 * ("rest" in flags),
                                           int(count), nanoseconds(first), nanoseconds(last)))

    def take_listener(self, time, event, cookie, *members):
        said = {"time_ns": nanoseconds(time), "event": LISTENER_EVENTS.index(event), "cookie": int(cookie)}
        for name, value in (member.split("=", 1) for member in members):
            if name in ("since", "delay"):
                said[f"{name}_ns"] = nanoseconds(value)
            elif name == "laddr":
                said |= {"laddr": packed_address(value), "ip": 6 if ":" in value else 4}
            elif name == "known":
                said[name] = sum(LISTENER_KNOWN[bit] for bit in value.split("+"))
            elif name == "owner_from":
                said[name] = OWNER_FROM.index(value)
            else:
                said[name] = value.encode() if name == "comm" else int(value)
        strange = said.keys() - LISTENER.keys()
        if strange:
            raise ValueError(f"a listener has no {strange}")
        payload = self.pack("".join(LISTENER.values()), *(said.get(name, b"" if layout.endswith("s") else 0) for name, layout in LISTENER.items()))
        self.add_entry("listener", payload[:LISTENER_SIZE_ACCEPTED] if event == "accepted" else payload)

    def take_ports(self, time, netns, low, high, reserved, tw_reuse):
        number = lambda word: 0 if word == "-" else int(word)
        known = (reserved != "-") + 2 * (tw_reuse != "-")
        self.add_entry("ports", self.pack(PORTS, nanoseconds(time), int(netns), int(low), int(high), number(reserved), number(tw_reuse), known))

    def take_tick(self, time):
        self.add_entry("tick", self.pack("Q", nanoseconds(time)))

    def take_losses(self, transitions, durations):
        self.lost = (int(transitions), int(durations))
        self.add_entry("losses", self.pack("QQ8x", *self.lost))

    def take_end(self, transitions=None):
        count = len(self.transitions) if transitions is None else int(transitions)
        self.add_entry("end", self.pack("QQ8xQ", *self.lost, count))

    def take_include(self, name):
        self.take_file(self.folder / f"{name}.txt")

    def take_header(self, *members):
        self.is_damaged = True
        said = dict(member.split("=") for member in members)
        self.version = int(said.get("version", self.version))
        self.header_size = int(said.get("size", self.header_size))
        if "order" in said:
            self.byte_order = "<" if NATIVE_ORDER == ">" else ">"

    def take_raw(self, digits):
        self.is_damaged = True
        self.data += bytes.fromhex(digits)

    def take_flip(self, offset):
        self.is_damaged = True
        damaged = bytearray(self.data)
        damaged[int(offset)] ^= 1
        self.data = bytes(damaged)

    def take_cut(self, size):
        self.is_damaged = True
        self.data = self.data[:int(size)]
