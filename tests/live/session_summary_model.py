# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What --sessions --summary must say, worked out a second time: from the lines of --sessions -j, by plain lists.

Percentiles are exact here, by nearest rank; the program's are the middle of a bucket of a histogram.
"""

import collections
import math

from session_model import OPENING, ORDERLY, Differs, expect, instant

# What the model needs of each session; segs_out is printed on request only.
FIELDS = ("time,end,status,partial,role,pid,comm,netns,cgroup,laddr,lport,raddr,rport,life_ms,life_ms_about,life_ms_at_least,handshake_ms,"
          "handshake_ms_about,handshake_ms_at_least,tx_bytes,rx_bytes,retrans,segs_out,closed_by,cause,path")
EXACT = 0.023           # of a percentile
ROUNDING_MS = 0.0011    # both are printed with three decimals


def port_of(session):
    return {"client": session["rport"], "server": session["lport"]}.get(session["role"])


def value_of(session, key):
    """Groups do not tell IPv4 from IPv4-mapped addresses."""
    if key == "port":
        return port_of(session)
    if key in ("laddr", "raddr") and "." in session[key]:
        return session[key].split(":")[-1]
    return session[key]


def key_of(session, keys):
    return tuple(value_of(session, key) for key in keys)


def has_failed(session):
    """Not established at all, or cut off."""
    if session["status"] != "ended":
        return False
    states = [step and step["state"] for step in session["path"]]
    return session["cause"] not in ORDERLY or (not session["partial"] and bool(states) and set(states) <= OPENING)


def nearest_rank(numbers, percent):
    return sorted(numbers)[max(math.ceil(len(numbers) * percent / 100), 1) - 1]


def check_times(what, row, sessions, name):
    known = [session[f"{name}_ms{kind}"] for session in sessions for kind in ("", "_about") if session[f"{name}_ms{kind}"] is not None]
    expect(f"{what}: {name}_timed", len(known), row[f"{name}_timed"])
    expect(f"{what}: {name}_at_least", sum(session[f"{name}_ms_at_least"] is not None for session in sessions), row[f"{name}_at_least"])
    if not known:
        expect(f"{what}: {name}", [None] * 3, [row[f"{name}_{which}_ms"] for which in ("p50", "p99", "max")])
        return
    expect(f"{what}: {name}_max_ms", max(known), row[f"{name}_max_ms"])
    for percent in 50, 99:
        wanted, shown = nearest_rank(known, percent), row[f"{name}_p{percent}_ms"]
        if abs(shown - wanted) > EXACT * wanted + ROUNDING_MS:
            raise Differs(f"{what}: {name}_p{percent}_ms is {shown}, not {wanted}: {sorted(known)}")


def check_failures(what, row, sessions):
    failed = collections.Counter(session["cause"] for session in sessions if has_failed(session))
    expect(f"{what}: failed", sum(failed.values()), row["failed"])
    if not failed:
        expect(f"{what}: cause of no failure", (None, 0), (row["failed_cause"], row["failed_cause_count"]))
        return
    expect(f"{what}: failed_cause_count", max(failed.values()), row["failed_cause_count"])
    expect(f"{what}: {row['failed_cause']} of {failed}", row["failed_cause_count"], failed[row["failed_cause"]])


def check_figures(what, row, sessions):
    measured = [session for session in sessions if session["tx_bytes"] is not None]
    counted = [session for session in measured if session["segs_out"] is not None]
    expect(f"{what}: measured", len(measured), row["measured"])
    for key in "tx_bytes", "rx_bytes", "retrans":
        expect(f"{what}: {key}", sum(session[key] for session in measured) if measured else None, row[key])
    segments = sum(session["segs_out"] for session in counted)
    expect(f"{what}: segs_out", segments if counted else None, row["segs_out"])
    share = sum(session["retrans"] for session in counted) * 100 / segments if segments else None
    if (share is None) != (row["retrans_percent"] is None) or abs((share or 0) - (row["retrans_percent"] or 0)) > 0.0011:
        raise Differs(f"{what}: retrans_percent is {row['retrans_percent']}, not {share}")


def check_row(what, row, ended, still_open):
    """ended: those whose end was seen, or not."""
    expect(f"{what}: sessions", len(ended), row["sessions"])
    expect(f"{what}: open", still_open, row["open"])
    expect(f"{what}: lost", sum(session["status"] == "lost" for session in ended), row["lost"])
    for end in "local", "peer", "none":
        expect(f"{what}: closed_{end}", sum(session["closed_by"] == end for session in ended), row[f"closed_{end}"])
    check_failures(what, row, ended)
    check_times(what, row, ended, "handshake")
    check_times(what, row, ended, "life")
    check_figures(what, row, ended)
    if row["span"] and abs(row["rate"] - len(ended) / row["span"]) > 0.0011 + 0.0001 * row["rate"]:
        raise Differs(f"{what}: {row['rate']} a second, of {len(ended)} in {row['span']} s")


def grouped(sessions, keys):
    groups = collections.defaultdict(list)
    for session in sessions:
        groups[key_of(session, keys)].append(session)
    return groups


def check_whole(sessions, rows, keys):
    """The report of the whole run has each group, and no other; how many."""
    rows = [row for row in rows if row["report"] == "whole"]
    groups = grouped(sessions, keys)
    shown = [tuple(row[key] for key in keys) for row in rows]
    expect("groups", sorted(map(repr, groups)), sorted(map(repr, shown)))
    ranks = [(row["sessions"], row["open"]) for row in rows]
    expect("order", sorted(ranks, reverse=True), ranks)
    for key, row in zip(shown, rows):
        ended = [session for session in groups[key] if session["status"] != "open"]
        check_row(f"{keys} {key}", row, ended, len(groups[key]) - len(ended))
    return len(rows)


def check_intervals(sessions, rows, keys, start, seconds):
    """Each session is counted in the interval in which it ended; start: when tracing began. How many reports there are."""
    wanted, shown = collections.Counter(), collections.Counter()
    for session in sessions:
        if session["status"] == "ended":
            wanted[int((instant(session["end"]) - start).total_seconds() // seconds), key_of(session, keys)] += 1
    for row in rows:
        if row["report"] == "interval":
            number = round((instant(row["time"]) - start).total_seconds() / seconds) - 1
            shown[number, tuple(row[key] for key in keys)] += row["sessions"] - row["lost"]
    last = max((number for number, _ in shown), default=-1)
    wanted = {at: count for at, count in wanted.items() if at[0] <= last}
    expect("sessions of intervals", dict(sorted(wanted.items(), key=repr)), dict(sorted((+shown).items(), key=repr)))
    return len({number for number, _ in shown})
