# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The man page: as a terminal of 80 columns shows it, and its .EX blocks."""

import functools
import re
import shutil
import subprocess

from outcome import check
from tool import TREE

PATH = TREE / "man/tcpstates.8"
COLUMNS = 80
GROFF = ["groff", "-man", "-ww", "-Tascii", "-P-cbou", "-rHY=0", f"-rLL={COLUMNS - 2}n"]
INDENT = 7                      # of text, and of what a paragraph of .TP begins with
ESCAPES = {r"\-": "-", r"\(dq": '"', r"\e": "\\", r"\fI": "", r"\fR": ""}


@functools.cache
def rendered():
    """(text, warnings)"""
    check(shutil.which("groff"), "groff is missing (Debian package groff-base)")
    done = subprocess.run([*GROFF, PATH], capture_output=True, text=True)
    check(done.returncode == 0, f"groff: status {done.returncode}, {done.stderr}")
    return done.stdout, done.stderr


def cut(lines, heading):
    """{what a heading says: its lines}; what comes before the first heading is under ""."""
    parts, title = {"": []}, ""
    for line in lines:
        if re.match(heading, line):
            title = line.strip()
            parts[title] = []
        else:
            parts[title].append(line)
    return parts


def section(title):
    """The lines of a section, as shown."""
    sections = cut(rendered()[0].splitlines(), r"\S")
    check(title in sections, f"the man page has no section {title}")
    return sections[title]


def subsections(title):
    parts = cut(section(title), r"   \S")
    del parts[""]
    return parts


def paragraphs(lines, tag):
    """[(match of tag, text)] of the .TP paragraphs whose first line matches."""
    found = []
    for line in lines:
        match = re.match(" " * INDENT + tag + r"(?=\s|$)", line)
        if match:
            found.append((match, line[match.end():].split()))
        elif found and line.startswith(" " * (INDENT + 1)):
            found[-1][1].extend(line.split())
    return [(match, " ".join(words)) for match, words in found]


def definitions(title):
    """[(tag, text)] of the section's paragraphs with ".TP" and ".B tag", from the source: plain text only."""
    source = re.search(rf"^\.SH {title}\n(.*?)^\.SH ", PATH.read_text(), re.MULTILINE | re.DOTALL)[1]
    found = re.findall(r"^\.TP\n\.B (\w+)\n((?:[^.\n].*\n|\.BR? .*\n)*)", source, re.MULTILINE)
    return [(tag, plain(" ".join(text.split()))) for tag, text in found]


def plain(line):
    """An input line without roff's escapes; only those of the table are known."""
    return re.sub(r"\\(?:\(..|f.|.)", lambda escape: ESCAPES[escape[0]], line)


def blocks(title):
    """The .EX blocks of a section or subsection, each a list of lines."""
    found, lines, here = [], None, False
    for line in PATH.read_text().splitlines():
        if line.startswith((".SH ", ".SS ")):
            here = line[4:].strip('"') == title
        elif line == ".EX":
            lines = []
        elif line == ".EE":
            if here:
                found.append(lines)
            lines = None
        elif lines is not None:
            lines.append(plain(line))
    return found


def entries(title):
    """The lines of a section's .EX blocks; indented lines go on where the one before ended."""
    found = []
    for block in blocks(title):
        for line in block:
            if line.startswith(" "):
                found[-1] = found[-1].removesuffix("\\").rstrip() + " " + line.strip()
            else:
                found.append(line)
    return found
