# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The programs of Debian's package libbpf-tools: NAME-libbpf from Debian 13 on, NAME before; scripts/deps looks for both."""

import os

FOLDER = "/usr/sbin"        # and not $PATH, where our own tcpstates may be


def path_of(name):
    """None when it is not installed."""
    paths = [f"{FOLDER}/{name}-libbpf", f"{FOLDER}/{name}"]
    return next((path for path in paths if os.access(path, os.X_OK)), None)
