# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The source tree, and the directory that make builds into: $B, which is make's variable, or build/."""

import os
import pathlib

TREE = pathlib.Path(__file__).resolve().parent.parent
BUILD = TREE / (os.environ.get("B") or "build")
