# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the runner has to know of a test. Without a mark it runs beside others, in the order of the files."""


def alone(test):
    """It measures what the machine does, or changes what all of the machine shares: no other test runs beside it."""
    test.is_alone = True
    return test


def first(test):
    """It waits for long, for the kernel's timers: the others run meanwhile."""
    test.is_first = True
    return test


def is_alone(test):
    return getattr(test, "is_alone", False)


def is_first(test):
    return getattr(test, "is_first", False)
