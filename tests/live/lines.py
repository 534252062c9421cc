# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The program's lines as dicts of typed values, whatever the format."""

import csv
import json
import re

NUMBERS = {"ip", "lport", "rport", "c_pid"}
CSV_HEADER = "SKADDR,C-PID,C-COMM,IP,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS"
CSV_KEYS = CSV_HEADER.lower().replace("-", "_").split(",")
# Lines as bcc has them: sockets only, which end in CLOSE, where JSON follows their sessions into TIME_WAIT.
AS_BCC = "-s", "--no-header"


def from_json(lines):
    return [json.loads(line) for line in lines]


def typed(key, text):
    if key == "ms":
        return float(text) if text else None
    return int(text) if key in NUMBERS else text


def from_rows(rows):
    return [{key: typed(key, text) for key, text in zip(CSV_KEYS, row, strict=True)} for row in rows]


def from_csv(file):
    rows = csv.reader(file)
    next(rows)
    return from_rows(rows)


def from_lines(lines):
    """Lines that were printed with AS_BCC."""
    return from_rows(csv.reader(line.decode() for line in lines))


def lost_in_all(errors):
    """The total of the last message, 0 if nothing was lost."""
    totals = [re.search(r"\d+", line) for line in errors if "lost" in line and "in all" in line]
    return int(totals[-1][0]) if totals else 0
