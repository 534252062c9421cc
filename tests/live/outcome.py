# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a test ends when it does not simply return."""

MOST = 600      # characters of a value in a message


class Failed(Exception):
    """The program did something else than it should."""


class Skipped(Exception):
    """The kernel of this machine cannot do what the test needs."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(what, got, wanted):
    check(got == wanted, f"{what}: {difference(got, wanted)}got {short(got)}, wanted {short(wanted)}")


def difference(got, wanted):
    """Of long lists: where it begins."""
    if not isinstance(got, list) or not isinstance(wanted, list) or len(repr(got)) < MOST:
        return ""
    for number, (one, other) in enumerate(zip(got, wanted)):
        if one != other:
            return f"[{number}] is {short(one)}, not {short(other)}; "
    return f"{len(got)} instead of {len(wanted)}; "


def short(value, most=MOST):
    text = repr(value)
    return text if len(text) <= most else text[:most] + "..."
