# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The man page as such."""

import re

import page
import shell
from outcome import check, check_equal

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "OPTIONS", "STATE CHANGES", "OWNER", "CAUSES", "SESSIONS",
            "STUCK SESSIONS", "DIAGNOSIS", "LOCAL PORTS", "RESETS", "LISTENERS", "SUMMARY", "OUTPUT FORMATS", "FIELDS", "FIELDS OF A SESSION", "FIELDS OF A STUCK SESSION",
            "FIELDS OF A FINDING", "FIELDS OF LOCAL PORTS", "FIELDS OF RESETS", "FIELDS OF LISTENERS", "CHECK", "RECORDINGS", "JOURNAL", "LOSS", "MEMORY", "COMPATIBILITY", "REQUIREMENTS", "EXIT STATUS",
            "DIAGNOSTICS", "ENVIRONMENT", "FILES", "SEE ALSO"]
LICENCE = "SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause"


def test_no_warnings():
    check_equal("groff's warnings", page.rendered()[1], "")


def test_width():
    long = [line for line in page.rendered()[0].splitlines() if len(line) > page.COLUMNS]
    check(not long, f"lines of more than {page.COLUMNS} columns: {long}")


def test_sections():
    found = re.findall(r'^\.SH "?([^"\n]*)', page.PATH.read_text(), re.MULTILINE)
    check_equal("sections", found, SECTIONS)


def test_cross_references():
    """What is referred to as a section or subsection is one."""
    titles = set(re.findall(r'^\.S[HS] "?([^"\n]*)', page.PATH.read_text(), re.MULTILINE))
    text = page.text(page.PATH.read_text().splitlines())
    for reference in re.findall(r"\(?see ([A-Z][A-Za-z]*(?: [A-Za-z]+)?)[).;,]", text):
        check(reference in titles, f"there is no section {reference}")


def test_licence():
    for path in page.PATH, shell.COMPLETION:
        check(LICENCE in path.read_text().splitlines()[0], f"{path}: the first line does not tell the licence")
