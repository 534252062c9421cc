#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Makes a recording from its description: make-recording.py NAME.txt >NAME.tcps"""

import sys

sys.dont_write_bytecode = True

from recording import Recording     # noqa: E402

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.buffer.write(Recording(sys.argv[1]).data)
