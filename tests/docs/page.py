# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The man page. What it says is read from its source: how far a paragraph is indented depends on the version of groff. That
it fits into a terminal of 80 columns is seen in groff's output.
"""

import functools
import re
import shutil
import subprocess

from outcome import check
from tool import TREE

PATH = TREE / "man/tcpstates.8"
COLUMNS = 80
GROFF = ["groff", "-man", "-ww", "-Tascii", "-P-cbou", "-rHY=0", f"-rLL={COLUMNS - 2}n"]
ESCAPES = {r"\-": "-", r"\(dq": '"', r"\e": "\\", r"\fI": "", r"\fR": "", r"\(->": "->", r"\(bu": "", r"\&": ""}


@functools.cache
def rendered():
    """(text, warnings)"""
    check(shutil.which("groff"), "groff is missing (Debian package groff-base)")
    done = subprocess.run([*GROFF, PATH], capture_output=True, text=True)
    check(done.returncode == 0, f"groff: status {done.returncode}, {done.stderr}")
    return done.stdout, done.stderr


def cut(lines, heading):
    """{title: its lines of source}, for what begins with this macro; what comes before the first is left out."""
    parts, title = {}, None
    for line in lines:
        if line.startswith(f".{heading} "):
            title = " ".join(arguments(line))
            parts[title] = []
        elif title is not None:
            parts[title].append(line)
    return parts


def arguments(line):
    """Of a macro, plain; those in quotation marks are one."""
    return [plain(quoted or word) for quoted, word in re.findall(r'"([^"]*)"|(\S+)', line.split(" ", 1)[1])]


def section(title):
    """The lines of a section, as in the source."""
    sections = cut(PATH.read_text().splitlines(), "SH")
    check(title in sections, f"the man page has no section {title}")
    return sections[title]


def subsections(title):
    return cut(section(title), "SS")


def shown(line):
    """What a line of source shows, as plain text: one of text, or a macro that sets its arguments in fonts."""
    if not line.startswith("."):
        return plain(line)
    macro = line[1:].split(" ")[0]
    if macro in ("B", "I"):
        return " ".join(arguments(line))
    return "".join(arguments(line)) if macro in ("BI", "BR", "IB", "IR", "RB", "RI") else ""


def text(lines):
    """What lines of source show, on one line."""
    return " ".join(" ".join(map(shown, lines)).split())


def paragraphs(lines, tag):
    """[(match of tag, text)] of the .TP paragraphs whose tag begins so."""
    found, body = [], None
    for before, line in zip(["", *lines], lines):
        if before == ".TP":
            match = re.match(tag + r"(?=\s|$)", shown(line))
            body = [] if match else None
            found += [(match, body)] if match else []
        elif line.startswith((".TP", ".PP")):
            body = None
        elif body is not None:
            body.append(line)
    return [(match, text(body)) for match, body in found]


def definitions(title):
    """[(tag, text)] of the section's .TP paragraphs whose tag is one word."""
    return [(match[1], body) for match, body in paragraphs(section(title), r"(\w+)$")]


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
