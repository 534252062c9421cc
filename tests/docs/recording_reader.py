# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A reader of recordings, written from docs/recording.md alone."""

import ipaddress
import struct

MAGIC = b"\x89TCPST\r\n"
STATES = [None, "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
          "LISTEN", "CLOSING", "NEW_SYN_RECV"]
OWNER_FROM = [None, "connect", "listen", "accept", "inherited", "scan", "use", "kernel"]
SIZES_BEFORE_4 = {1: {1: 88, 2: 8, 3: 16, 4: 24}, 2: {1: 200, 2: 8, 3: 16, 4: 24, 5: 264},
                  3: {1: 208, 2: 8, 3: 16, 4: 24, 5: 264, 6: 8}}
MEMBERS = [("time_ns", "Q"), ("duration_ns", "Q"), ("skaddr", "Q"), ("laddr", "16s"), ("raddr", "16s"), ("c_comm", "16s"),
           ("c_pid", "I"), ("lport", "H"), ("rport", "H"), ("ip", "B"), ("oldstate", "B"), ("newstate", "B"), ("flags", "B"),
           ("pid", "I"), ("cookie", "Q"), ("cgroup", "Q"), ("tx_bytes", "Q"), ("rx_bytes", "Q"), ("minisock", "Q"),
           ("due_ns", "Q"), ("comm", "16s"), ("uid", "I"), ("netns", "I"), ("facts", "I"), ("rtt_us", "I"),
           ("min_rtt_us", "I"), ("retrans", "I"), ("cwnd", "I"), ("mss", "I"), ("idle_ms", "I"), ("err", "H"),
           ("err_soft", "H"), ("shutdown", "B"), ("retransmits", "B"), ("probes", "B"), ("signal", "B"), ("owner_from", "B"),
           ("reset_reason", "B"), ("reserved", "H"), ("tx_queue", "I"), ("rx_queue", "I"), ("known", "I"), ("isn_local", "I"),
           ("isn_remote", "I"), ("segs_out", "I"), ("connect_end", "B"), ("icmp_err", "B"),
           ("icmp_type", "B"), ("icmp_code", "B"), ("reserved2", "I")]
LAYOUT = "".join(layout for _, layout in MEMBERS)
EXACT, ABOUT, AT_LEAST, DETAILS, TO_MINISOCK, OF_MINISOCK = (1 << bit for bit in range(6))
FACT_IDLE, FACT_FOUND, FACT_SNAPSHOT, FACT_QUEUES = 1 << 13, 1 << 19, 1 << 20, 1 << 21


class Damaged(Exception):
    """It is not what the page says."""


def check(condition, message):
    if not condition:
        raise Damaged(message)


def crc32c(data):
    state = 0xffffffff
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82f63b78 if state & 1 else 0)     # 0x1edc6f41, reflected
    return state ^ 0xffffffff


def old_checksum(seed, data, order):
    total = seed ^ 0xcbf29ce484222325
    for word, in struct.iter_unpack(order + "Q", data):
        total ^= word
        total = (total << 29 | total >> 35) % 2**64 * 0x9e3779b97f4a7c15 % 2**64
    return (total ^ total >> 32) % 2**32


def text(place):
    return place.split(b"\0")[0].decode("utf-8", "replace")


class Reader:
    """origin: what the header says; entries: [(kind, payload)]; is_complete: there is an end mark."""

    def __init__(self, data):
        check(data[:8] == MAGIC, "magic")
        self.order = "<" if data[8:12] == b"\x04\x03\x02\x01" else ">"
        mark, self.version, size, self.wall_offset, self.start, host, kernel = self.unpack("IHHqQ72s72s", data[8:176])
        check(mark == 0x01020304 and 1 <= self.version <= 4, "byte order or version")
        self.host, self.kernel = text(host), text(kernel)
        self.sizes = SIZES_BEFORE_4.get(self.version)
        if self.version == 4:
            check(size == 304, "size of the header")
            check(self.unpack("I", data[300:304])[0] == crc32c(data[:300]), "checksum of the header")
            self.sizes = dict(enumerate(self.unpack("32H", data[176:240])))
        else:
            check(size == self.sizes[1], "size of a transition")
            check(self.unpack("Q", data[176:184])[0] == old_checksum(0, data[:176], self.order), "checksum of the header")
        self.entries = list(self.read_entries(data[304 if self.version == 4 else 184:]))
        self.is_complete = bool(self.entries) and self.entries[-1][0] == 4
        if self.is_complete:
            count = sum(kind in (1, 7) for kind, _ in self.entries)
            check(self.unpack("Q", self.entries[-1][1][-8:])[0] == count, "count of the end mark")

    def unpack(self, layout, data):
        return struct.unpack(self.order + layout, data)

    def read_entries(self, data):
        kind = None
        while len(data) >= 8:
            check(kind != 4, "something follows the end mark")
            kind, size, checksum = self.unpack("HHI", data[:8])
            most = self.sizes.get(kind, 0)
            check(size and size % 8 == 0 and (size <= most if self.version == 4 else size == most), f"kind {kind}, size {size}")
            if len(data) < 8 + size:
                return
            payload = data[8:8 + size]
            wanted = crc32c(data[:4] + payload) if self.version == 4 else old_checksum(kind << 16 | size, payload, self.order)
            check(checksum == wanted, f"checksum of an entry of kind {kind}")
            yield kind, payload
            data = data[8 + size:]

    def transition(self, payload):
        size = struct.calcsize("=" + LAYOUT)
        values = self.unpack(LAYOUT, payload[:size].ljust(size, b"\0"))
        return dict(zip((name for name, _ in MEMBERS), values))


def address(record, name):
    if record["ip"] == 4:
        return str(ipaddress.IPv4Address(record[name][12:]))
    return record[name]


def milliseconds(nanoseconds):
    return float("%.3f" % (nanoseconds // 1000 / 1000))


def is_printed(kind, record):
    is_snapshot = kind == 7 or record["facts"] & FACT_SNAPSHOT
    goes_on = record["flags"] & TO_MINISOCK and record["oldstate"] == record["newstate"]
    is_request = record["flags"] & OF_MINISOCK and 3 in (record["oldstate"], record["newstate"])
    return not is_snapshot and not goes_on and not is_request


def details(record, cgroups):
    """JSON keys and values of the members from offset 84 on; those that are derived are left out."""
    def of_socket(value):
        return None if record["facts"] & FACT_FOUND else value

    has_queues = record["facts"] & FACT_QUEUES
    found = {
        "pid": record["pid"] or None, "comm": text(record["comm"]) or None, "owner_from": OWNER_FROM[record["owner_from"]],
        "uid": of_socket(record["uid"]), "netns": record["netns"] or None, "cgroup": cgroups.get(record["cgroup"]),
        "cgroup_id": record["cgroup"] or None, "cookie": "%x" % record["cookie"] if record["cookie"] else None,
        "tx_bytes": of_socket(record["tx_bytes"]), "rx_bytes": of_socket(record["rx_bytes"]),
        "rtt_ms": milliseconds(record["rtt_us"] * 1000) or None, "min_rtt_ms": milliseconds(record["min_rtt_us"] * 1000) or None,
        "retrans": of_socket(record["retrans"]), "cwnd": of_socket(record["cwnd"]) or None, "mss": of_socket(record["mss"]) or None,
        "tx_queue": record["tx_queue"] if has_queues else None, "rx_queue": record["rx_queue"] if has_queues else None,
        "idle_ms": record["idle_ms"] if record["facts"] & FACT_IDLE else None,
        "isn_local": record["isn_local"] if record["known"] & 1 else None,
        "isn_remote": record["isn_remote"] if record["known"] & 1 else None,
        "segs_out": record["segs_out"] if record["known"] & 2 else None,
        "icmp_type": record["icmp_type"] or None,
        "icmp_code": record["icmp_code"] if record["icmp_type"] else None,
    }
    return found if record["flags"] & DETAILS else dict.fromkeys(found)


def lines(reader):
    """What `tcpstates -r FILE -j` prints, as dicts; time as nanoseconds since 1970, IPv6 addresses as bytes."""
    wall_offset, cgroups = reader.wall_offset, {}
    for kind, payload in reader.entries:
        if kind == 2:
            wall_offset, = reader.unpack("q", payload[:8])
        elif kind == 5:
            cgroups[reader.unpack("Q", payload[:8])[0]] = text(payload[8:264])
        elif kind in (1, 7):
            record = reader.transition(payload)
            check(record["ip"] in (4, 6), "address family")
            if not is_printed(kind, record):
                continue
            known = {"ms": EXACT, "ms_about": ABOUT, "ms_at_least": AT_LEAST}
            is_of_nobody = record["flags"] & OF_MINISOCK and not text(record["c_comm"])
            yield {
                "time": record["time_ns"] + wall_offset, "skaddr": "%x" % record["skaddr"] if record["skaddr"] else None,
                "c_pid": None if is_of_nobody else record["c_pid"], "c_comm": None if is_of_nobody else text(record["c_comm"]),
                "ip": record["ip"],
                "laddr": address(record, "laddr"), "lport": record["lport"], "raddr": address(record, "raddr"),
                "rport": record["rport"], "oldstate": STATES[record["oldstate"]], "newstate": STATES[record["newstate"]],
                **{key: milliseconds(record["duration_ns"]) if record["flags"] & flag else None for key, flag in known.items()},
                **details(record, cgroups),
            }
