# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a test says that it failed."""


class Failed(Exception):
    pass


def check(condition, why):
    if not condition:
        raise Failed(why)


def check_equal(what, found, wanted):
    check(found == wanted, f"{what}:\n  found  {found!r}\n  wanted {wanted!r}")


def check_same_items(what, found, wanted):
    """Lists or dictionaries; names what one has and the other has not."""
    if found == wanted:
        return
    only_found = [item for item in found if item not in wanted]
    only_wanted = [item for item in wanted if item not in found]
    raise Failed(f"{what} differ: too many {only_found}, missing {only_wanted}" if only_found or only_wanted
                 else f"{what} differ in order or value:\n  found  {found}\n  wanted {wanted}")
