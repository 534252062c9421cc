# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a test ends when it does not simply return."""


class Failed(Exception):
    """The program did something else than it should."""


class Skipped(Exception):
    """The kernel of this machine cannot do what the test needs."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(what, got, wanted):
    check(got == wanted, f"{what}: got {short(got)}, wanted {short(wanted)}")


def short(value, most=600):
    text = repr(value)
    return text if len(text) <= most else text[:most] + "..."
