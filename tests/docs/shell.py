# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The completion in a bash of its own: called as bash calls it, and by the Tab key."""

import os
import pty
import select
import subprocess
import tempfile
import time

import tool
from outcome import Failed, check_equal

COMPLETION = tool.TREE / "completion/tcpstates"
SECONDS = 60

# Here, tcpstates is a function that asks the program under test or shows its arguments.
SETUP = f"""
tcpstates() {{
	case "$*" in
	--help | *"--fields help") "{tool.PATH}" "$@" ;;
	*) printf '<%s>\\n' "$@" ;;
	esac
}}
source "{COMPLETION}"
"""

# compopt works in readline only; what it is told is shown instead.
CALL = SETUP + """
compopt() { echo "compopt $*"; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_tcpstates "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
[[ ${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(*words):
    """What is offered for the last word: (what compopt is told, candidates)."""
    done = subprocess.run(["bash", "--noprofile", "--norc", "-c", CALL, "bash", "tcpstates", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    check_equal(f"completion of {words}: status and messages", (done.returncode, done.stderr), (0, ""))
    lines = done.stdout.splitlines()
    told = [line for line in lines if line.startswith("compopt ")]
    return told, [line for line in lines if line not in told]


PROMPT = b"(ready) "
RC = SETUP + f"""
PS1='{PROMPT.decode()}'
bind 'set bell-style none' 'set enable-bracketed-paste off' 2>/dev/null
"""


def read_until(terminal, end):
    text, deadline = b"", time.monotonic() + SECONDS
    while not text.endswith(end):
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Failed(f"bash says nothing more after {text!r}")
        text += os.read(terminal, 4096)
    return text


def typed(keys, folder):
    """The arguments that tcpstates gets when these keys are typed at a prompt, Tab and Enter among them."""
    with tempfile.NamedTemporaryFile("w") as rc:
        rc.write(RC)
        rc.flush()
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(folder)
            environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "INPUTRC": os.devnull, "HISTFILE": "", "HOME": str(folder)}
            os.execvpe("bash", ["bash", "--noprofile", "--rcfile", rc.name, "-i"], environment)
        try:
            read_until(terminal, PROMPT)
            os.write(terminal, keys.encode())
            shown = read_until(terminal, PROMPT).decode().split("\r\n")
        finally:
            os.close(terminal)
            os.waitpid(child, 0)
    return [line[1:-1] for line in shown if line.startswith("<")]
