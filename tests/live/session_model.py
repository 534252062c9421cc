# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What --sessions must say, worked out a second time: from the JSON lines of the same recording, by cookie.

The program goes by socket addresses, minisocks and the order of records; here a session is what has one cookie, from a
beginning to an end: where TIME_WAIT begins, or with --minisocks where it ends. Looks at sessions that stay are in no line,
so of those that go on the path is compared, and that figures are not known or no less than in the last line. The scan at
the end may have found one in a state of which no line tells.
"""

import datetime


class Differs(Exception):
    """What is shown is something else than what the lines make."""


def expect(what, wanted, got):
    if wanted != got:
        raise Differs(f"{what}\nexpected {wanted!r}\ngot      {got!r}")


OPENING = {"SYN_SENT", "SYN_RECV"}
LOCAL = {"FIN_WAIT1", "FIN_WAIT2", "CLOSING", "TIME_WAIT"}
REMOTE = {"CLOSE_WAIT", "LAST_ACK"}
ORDERLY = {None, "close", "shutdown", "exit", "signal", "kernel", "peer_fin", "fin_acked", "time_wait_full", "timer", "recycled"}
SENT_HERE = {"close", "shutdown", "exit", "signal", "kernel", "reset_unread", "reset_linger", "reset_late_data", "disconnect",
             "repair", "no_port", "connect_failed", "destroyed", "listener_closed", "no_memory"}
NOBODY = {"unreachable", "syn_timeout", "retrans_timeout", "keepalive", "user_timeout", "zero_window"}
OWNER = ["pid", "comm", "owner_from", "accepted"]
LASTING = ["uid", "netns", "cgroup", "cgroup_id", "cookie", "skaddr", "ip", "laddr", "raddr", "rport"]
COUNTERS = ["tx_bytes", "rx_bytes", "retrans"]
FIGURES = COUNTERS + ["rtt_ms", "min_rtt_ms", "cwnd", "mss"]
KINDS = ["ms", "ms_about", "ms_at_least"]
ROUNDING_MS = 0.0021


def is_of_listener(line):
    return line["newstate"] == "LISTEN" or (line["oldstate"] == "LISTEN" and line["newstate"] != "SYN_RECV")


def begins(line):
    return line["oldstate"] in ("CLOSE", "LISTEN")


def ends(line, minisocks):
    return line["newstate"] == "CLOSE" or (line["newstate"] == "TIME_WAIT" and not minisocks)


def grouped(lines, minisocks):
    """The lines of each session, in the order in which they were first seen."""
    groups, present = [], {}
    for line in lines:
        if is_of_listener(line):
            continue
        key = line["cookie"] or (line["skaddr"], line["laddr"], line["lport"], line["raddr"], line["rport"])
        if line["oldstate"] == "TIME_WAIT" and not minisocks:
            present.pop(key, None)
            continue
        if key not in present or begins(line):
            present[key] = []
            groups.append(present[key])
        present[key].append(line)
        if ends(line, minisocks):
            del present[key]
    return groups


def step(state, line, cause):
    return {"state": state, **{kind: line[kind] if line else None for kind in KINDS}, "cause": cause}


def path_of(lines):
    """Without the state that it is in."""
    path, state, cause = [], None, None
    for line in lines:
        if not begins(line):
            if state and state != line["oldstate"]:
                path.append(step(state, None, cause))
                cause = None
            if state != line["oldstate"]:
                path.append(None)
            path.append(step(line["oldstate"], line, cause))
        state, cause = line["newstate"], line["cause"]
    return path


def first_close(lines):
    """The line in which the first end closes, if it was seen."""
    open_states = OPENING | {"ESTABLISHED"}
    return next((line for line in lines if line["oldstate"] in open_states and line["newstate"] not in open_states), None)


def closed_by(states, has_ended, cause):
    for state in states:
        if state in LOCAL or state in REMOTE:
            return "local" if state in LOCAL else "peer"
    if not has_ended or cause is None:
        return None
    return {**dict.fromkeys(SENT_HERE, "local"), **dict.fromkeys(NOBODY, "none"), "reset_received": "peer", "refused": "peer"}.get(cause)


def handshake(path, state):
    """(milliseconds, kind of knowledge), or None. state: the one it is in."""
    steps = [element for element in path if element]
    opening = steps[:next((at for at, one in enumerate(steps) if one["state"] not in OPENING), len(steps))]
    is_finished = len(opening) < len(steps) or state not in OPENING | {"CLOSE"}
    return total(opening) if opening and is_finished else None


def total(steps):
    known = [next((kind for kind in KINDS if one[kind] is not None), None) for one in steps]
    if not any(known):
        return None
    kind = "ms_at_least" if None in known or "ms_at_least" in known else max(known, key=KINDS.index)
    return sum(one[of] for one, of in zip(steps, known) if of), kind


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def ms_between(earlier, later):
    return (instant(later) - instant(earlier)) / datetime.timedelta(milliseconds=1)


def session_of(lines, minisocks):
    """What is to be shown of it: some values, and times as (milliseconds, kind of knowledge) or None."""
    first, last = lines[0], lines[-1]
    has_ended = ends(last, minisocks)
    path = path_of(lines)
    states = [element["state"] for element in path if element] + [last["newstate"]]
    closing = first_close(lines)
    cause = closing and closing["cause"]
    if has_ended and last["cause"] not in ORDERLY and last["oldstate"] != "TIME_WAIT":
        cause = last["cause"]
    signals = [line["signal"] for line in lines if line["signal"]]
    reasons = [line["reset_reason"] for line in lines if line["reset_reason"]]
    values = {
        "time": first["time"] if begins(first) else None, "end": last["time"] if has_ended else None,
        "role": {"LISTEN": "server", "CLOSE": "client"}.get(first["oldstate"]), "state": last["newstate"],
        "idle_ms": closing and closing["idle_ms"], "signal": signals[0] if signals else None,
        "reset_reason": reasons[-1] if reasons else None, "closed_by": closed_by(states, has_ended, last["cause"]),
        "cause": cause, "end_cause": last["cause"] if has_ended else None, **{key: last[key] for key in LASTING},
    }
    if last["lport"] or has_ended:
        values["lport"] = last["lport"] or None
    if has_ended:
        values.update({key: last[key] for key in OWNER + FIGURES})
    if values["role"] == "client":
        values["accepted"] = None
    times = {"handshake_": handshake(path, last["newstate"])}
    if has_ended:
        last_steps = [element for element in path if element][-1:]
        times["time_wait_"] = total(last_steps) if last_steps and last_steps[0]["state"] == "TIME_WAIT" else None
        times[""] = whole(first, last, path)
    if last["newstate"] == "TIME_WAIT":
        times["life_"] = whole(first, last, path)
        times["time_wait_"] = None if has_ended else ...
    if has_ended and last["newstate"] == "TIME_WAIT":
        path = path + [step("TIME_WAIT", None, last["cause"])]
    return {"values": values, "times": times, "path": path, "has_ended": has_ended, "is_partial": None in path, "last": last}


def whole(first, last, path):
    """From the first time to the last one; known as the first and the last state are."""
    if not begins(first):
        return None         # a lower bound, which is looked at by itself
    if not path:
        return 0, "ms"
    kinds = []
    for element in [path[-1]] + [path[0]] * (first["oldstate"] == "LISTEN"):
        kinds.append("ms_about" if element["ms_about"] is not None else "ms")
    if last["c_pid"] is None and path[-1]["ms_at_least"] is not None:
        kinds.append("ms_at_least")     # of a minisock, by when it was last seen
    if first["oldstate"] == "LISTEN" and path[0]["ms"] is None:
        kinds.append("ms_at_least" if path[0]["ms_about"] is None else "ms_about")
    return ms_between(first["time"], last["time"]), max(kinds, key=KINDS.index)


def check_time(what, shown, prefix, wanted):
    if wanted is ...:
        return
    found = {kind: shown[prefix + kind] for kind in KINDS if shown[prefix + kind] is not None}
    if wanted is None:
        expect(what, {}, found)
    elif list(found) != [wanted[1]] or abs(found[wanted[1]] - wanted[0]) > ROUNDING_MS:
        raise Differs(f"{what}: should be {wanted}, but is {found}")


def check_path(what, shown, wanted):
    """Sums of hand-overs may differ in the last digit."""
    expect(f"{what}: path", [one and (one["state"], one["cause"]) for one in wanted],
           [one and (one["state"], one["cause"]) for one in shown])
    for one, other in zip(wanted, shown):
        for kind in KINDS if one else []:
            if (one[kind] is None) != (other[kind] is None) or abs((one[kind] or 0) - (other[kind] or 0)) > ROUNDING_MS:
                raise Differs(f"{what}: {other} should be {one}")


def check_figures(what, shown, last):
    """Of one that has not ended."""
    for key in FIGURES:
        if shown["state"] == "TIME_WAIT":
            expect(f"{what}: {key}", last[key], shown[key])
        elif key in COUNTERS and shown[key] is not None and shown[key] < last[key]:
            raise Differs(f"{what}: {key} is {shown[key]}, and was {last[key]}")


def gone_on_unseen(shown, wanted):
    """What is wanted of a session that the scan at the end found elsewhere."""
    last = wanted["last"]
    path = wanted["path"] + [step(last["newstate"], None, last["cause"]), None]
    states = [element["state"] for element in path if element] + [shown["state"]]
    values = {**wanted["values"], "state": shown["state"], "closed_by": closed_by(states, False, None)}
    return {**wanted, "path": path, "values": values, "times": {}}


def check_session(shown, wanted):
    what = f"session {shown['cookie'] or shown['skaddr']} {shown['lport']}>{shown['rport']}"
    if not wanted["has_ended"] and shown["state"] != wanted["last"]["newstate"]:
        wanted = gone_on_unseen(shown, wanted)
    for key, value in wanted["values"].items():
        expect(f"{what}: {key}", value, shown[key])
    if not wanted["has_ended"]:
        check_figures(what, shown, wanted["last"])
    for prefix, value in wanted["times"].items():
        if prefix not in ("", "life_") or shown["time"]:
            check_time(f"{what}: {prefix}ms", shown, prefix, value)
    if wanted["has_ended"]:
        expect(f"{what}: status", "ended", shown["status"])
        expect(f"{what}: partial", wanted["is_partial"], shown["partial"])
        check_path(what, shown["path"], wanted["path"])
        return
    expect(f"{what}: is shown as", True, shown["status"] in ("open", "lost"))
    rest = shown["path"][:len(shown["path"]) - (shown["status"] == "lost")]
    expect(f"{what}: state", wanted["values"]["state"], rest[-1]["state"])
    check_path(what, rest[:-1], wanted["path"])


def identity(one):
    return one["cookie"] or one["skaddr"], one["end"], one["raddr"], one["rport"]


def check_sessions(lines, shown, minisocks=False):
    """Each of these lines' sessions is shown, and nothing else; those that ended in their order, then the others in theirs."""
    groups = grouped(lines, minisocks)
    wanted = [session_of(group, minisocks) for group in groups]
    last_of = {id(group[-1]): number for number, group in enumerate(groups)}
    ended = [wanted[last_of[id(line)]] for line in lines if id(line) in last_of and ends(line, minisocks)]
    others = [one for one in wanted if not one["has_ended"]]
    shown_ended = [one for one in shown if one["status"] == "ended"]
    expect("sessions that ended", [identity(one["values"]) for one in ended], list(map(identity, shown_ended)))
    for one, other in zip(shown_ended, ended):
        check_session(one, other)
    rest = {identity(one): one for one in shown if one["status"] != "ended"}
    for one in others:
        if identity(one["values"]) not in rest:
            raise Differs(f"not shown: {one}")
        check_session(rest.pop(identity(one["values"])), one)
    return len(ended), rest
