# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How a replay goes on and ends when its input, its readers or the user do something beside the data."""

import fcntl
import os
import pathlib
import pty
import random
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import time

from program import ORDINARY_USER, SECONDS, Failed, expect, expect_lines

HEADER_SIZE = 304
TRANSITION_SIZE = 240
END_SIZE = 40
MOMENTS, MOMENT_SECONDS = 8, 0.3


def read_recording(program, name):
    return (program.folder / name).read_bytes()


def put_copy(program, name, data):
    """A file of the ordinary user's; returns its name for the program."""
    path = program.folder / "copies" / name
    path.write_bytes(data)
    if os.geteuid() == 0:
        os.chown(path, ORDINARY_USER, ORDINARY_USER)
    return f"copies/{name}"


def read_lines(stream, count):
    """So many lines, which must come while the program waits."""
    text, until = b"", time.monotonic() + SECONDS
    while text.count(b"\n") < count:
        is_ready = select.select([stream], [], [], max(0, until - time.monotonic()))[0]
        more = os.read(stream.fileno(), 65536) if is_ready else b""
        if not more:
            raise Failed(f"{count} lines should be out, but these are: {text!r}")
        text += more


def check_signal(program, number):
    """A line is out at once; then the program waits for the recorder, and the signal ends it without a word."""
    data = read_recording(program, "session.tcps")
    process = program.start("-r", "-", stdin=subprocess.PIPE)
    process.stdin.write(data[:HEADER_SIZE + TRANSITION_SIZE + 1])
    process.stdin.flush()
    read_lines(process.stdout, 2)
    process.send_signal(number)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed("it goes on") from None
    expect("status, output and messages", (0, b"", b""), program.wait(process))


def sigint_in_a_long_recording(program):
    """The user has seen enough: what is in the file still is not waited for."""
    many = read_recording(program, "many.tcps")
    long = put_copy(program, "long.tcps", many[:HEADER_SIZE] + many[HEADER_SIZE:-END_SIZE] * 50)
    process = program.start("-r", long, "-s", "--no-header")
    read_lines(process.stdout, 1)
    process.send_signal(signal.SIGINT)
    ended = program.wait(process)
    expect("status", 0, ended.status)
    lines = ended.stdout.count(b"\n")
    if lines > 50000:
        raise Failed(f"{lines} of 100000 lines came after SIGINT")


def reader_goes_away(program):
    process = program.start("-r", "many.tcps")
    read_lines(process.stdout, 1)
    process.stdout.close()
    process.stdout = None
    expect("status, output and messages", (0, None, b""), program.wait(process))


def output_is_full(program):
    with open("/dev/full", "w") as full:
        ended = program.run("-r", "session.tcps", stdout=full)
    expect("status and messages", (1, b"tcpstates: cannot write to standard output: No space left on device\n"),
           (ended.status, ended.stderr))


def recording_is_full(program):
    ended = program.run("-r", "session.tcps", "-o", "/dev/full")
    expect("status and messages", (1, b"tcpstates: cannot write to /dev/full: No space left on device\n"),
           (ended.status, ended.stderr))


def one_output_is_full(program):
    """The other output is complete, and the exit status is 1."""
    lines = program.run("-r", "many.tcps", "-s").stdout
    ended = program.run("-r", "many.tcps", "-s", "-o", "/dev/full")
    expect("status and messages", (1, b"tcpstates: cannot write to /dev/full: No space left on device\n"),
           (ended.status, ended.stderr))
    expect_lines("lines", lines, ended.stdout)
    with open("/dev/full", "w") as full:
        ended = program.run("-r", "many.tcps", "-s", "-o", "copies/beside-full.tcps", stdout=full)
    expect("status", 1, ended.status)
    expect_lines("the recording", lines, program.run("-r", "copies/beside-full.tcps", "-s").stdout)


def recording_over_the_limit(program):
    """A message says that the file is too large (ulimit -f); the lines are complete."""
    lines = program.run("-r", "many.tcps", "-s").stdout
    ended = program.run("-r", "many.tcps", "-s", "-o", "copies/too-large.tcps",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    expect("status and messages", (1, b"tcpstates: cannot write to copies/too-large.tcps: File too large\n"),
           (ended.status, ended.stderr))
    expect_lines("lines", lines, ended.stdout)


def check_sigterm_at_any_moment(program, arguments):
    """Between exec and the end: by the signal, or as after SIGINT; and soon."""
    for _ in range(MOMENTS):
        process = program.start(*arguments, stdin=subprocess.PIPE)
        time.sleep(random.random() * MOMENT_SECONDS)    # not to wait for anything: any moment will do
        process.send_signal(signal.SIGTERM)
        ended = program.wait(process)
        if ended.status not in (0, -signal.SIGTERM) or b"Sanitizer" in ended.stderr:
            raise Failed(f"status {ended.status}, {ended.stderr!r}")


def is_asleep(process):
    """Whether the program itself, not what executes it, sleeps; as it reads a file, it waits for nothing else."""
    name, state = re.search(r"\((.*)\) (\w)", pathlib.Path(f"/proc/{process.pid}/stat").read_text()).groups()
    return (name, state) == ("tcpstates", "S")


def fifo_without_reader(program):
    """A signal ends the program while it waits for a reader."""
    path = program.folder / "copies/fifo"
    os.mkfifo(path, 0o666)
    os.chmod(path, 0o666)
    process = program.start("-r", "session.tcps", "-q", "-o", "copies/fifo")
    until = time.monotonic() + SECONDS
    while not is_asleep(process) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    expect("status", -signal.SIGTERM, program.wait(process).status)


def recording_is_private(program):
    """Only the owner can read it, whatever the umask is."""
    program.run("-r", "session.tcps", "-q", "-o", "copies/private.tcps", preexec_fn=lambda: os.umask(0))
    expect("mode", 0o600, (program.folder / "copies/private.tcps").stat().st_mode & 0o777)


def recording_by_link(program):
    """A link is followed in a directory of the user's own, not where others can write."""
    shared = program.folder / "copies/shared"
    shared.mkdir()
    for folder, is_followed in (program.folder / "copies", True), (shared, False):
        target, link = folder / "target", folder / "link"
        put_copy(program, str(target.relative_to(program.folder / "copies")), b"as before")
        link.symlink_to("target")
        if not is_followed:
            shared.chmod(0o1777)
        ended = program.run("-r", "session.tcps", "-q", "-o", str(link.relative_to(program.folder)))
        expect(f"{link}: status", 0 if is_followed else 1, ended.status)
        expect(f"{link}: whether what it leads to is as before", not is_followed, target.read_bytes() == b"as before")


def check_not_overwritten(program, name, by_link=False, by_standard_input=False):
    data = read_recording(program, "many.tcps")
    replay = record = put_copy(program, f"{name}.tcps", data)
    if by_link:
        record = f"copies/{name}-link.tcps"
        (program.folder / record).symlink_to(f"{name}.tcps")
    with open(program.folder / replay, "rb") as itself:
        ended = program.run("-r", "-" if by_standard_input else replay, "-q", "-o", record, stdin=itself)
    is_kept = read_recording(program, replay) == data
    expect("status, and whether the recording is still there", (2, True), (ended.status, is_kept))
    if f'"{record}"'.encode() not in ended.stderr:
        raise Failed(f"{record} is not named: {ended.stderr!r}")


def check_closed_input(program):
    closed = ["/bin/sh", "-c", 'exec "$0" "$@" <&-', program.path, "-r", "-"]
    process = subprocess.run(closed, cwd=program.folder, capture_output=True, timeout=SECONDS)
    expect("status", 1, process.returncode)
    expect("messages", b"tcpstates: standard input: cannot read: Bad file descriptor\n", process.stderr)


def on_terminal(program, columns, *arguments):
    """The lines that a terminal of so many columns is sent."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = program.start(*arguments, stdout=end)
    os.close(end)
    shown = b""
    try:
        while data := os.read(terminal, 65536):
            shown += data
    except OSError:     # nobody has the other end any more
        pass
    os.close(terminal)
    process.communicate()
    return shown.decode().splitlines()


def lines_fit_the_terminal(program):
    """Those of a view are cut at its edge, by characters; --wide, and bcc's table, are whole."""
    for arguments in ["--sessions"], ["--sessions", "-w"], []:
        whole = program.run("-r", "sessions.tcps", *arguments).stdout.decode().splitlines()
        for columns in 40, 100, 1000:
            is_cut = arguments == ["--sessions"]
            expect(f"{arguments} in {columns} columns", [line[:columns] if is_cut else line for line in whole],
                   on_terminal(program, columns, "-r", "sessions.tcps", *arguments))


TESTS = {
    "lines_fit_the_terminal": lines_fit_the_terminal,
    "sigint": lambda program: check_signal(program, signal.SIGINT),
    "sigterm": lambda program: check_signal(program, signal.SIGTERM),
    "sighup": lambda program: check_signal(program, signal.SIGHUP),
    "sigint_in_a_long_recording": sigint_in_a_long_recording,
    "reader_goes_away": reader_goes_away,
    "output_is_full": output_is_full,
    "recording_is_full": recording_is_full,
    "one_output_is_full": one_output_is_full,
    "fifo_without_reader": fifo_without_reader,
    "recording_over_the_limit": recording_over_the_limit,
    "sigterm_at_any_moment": lambda program: check_sigterm_at_any_moment(program, ["-r", "many.tcps", "--sessions"]),
    "sigterm_at_any_moment_of_waiting": lambda program: check_sigterm_at_any_moment(program, ["-r", "-"]),
    "recording_is_private": recording_is_private,
    "recording_by_link": recording_by_link,
    "over_itself_by_name": lambda program: check_not_overwritten(program, "by-name"),
    "over_itself_by_link": lambda program: check_not_overwritten(program, "by-link", by_link=True),
    "over_itself_by_standard_input": lambda program: check_not_overwritten(program, "by-input", by_standard_input=True),
    "closed_standard_input": check_closed_input,
}
