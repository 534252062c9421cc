# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A virtual machine without acceleration: what its tests print comes as lines, what its kernel prints goes to a file."""

import os
import re
import select
import shutil
import subprocess
import time

# TCG alone: the same everywhere, and real kernels do not start under every /dev/kvm.
ARCHITECTURES = {
    "amd64": (["qemu-system-x86_64", "-machine", "q35,accel=tcg"], "ttyS0"),
    "arm64": (["qemu-system-aarch64", "-machine", "virt,accel=tcg,gic-version=3"], "ttyAMA0"),
}

# A clock that counts instructions, 2 ns each: the guest does not notice how slow it is, its durations are those of a real
# machine, and its sleeps take no time. Does not work with more than one CPU.
EXACT = ["-smp", "1", "-icount", "shift=1,sleep=off"]
# Two CPUs that really run at the same time, by the host's clock.
PARALLEL = ["-smp", "2"]

MEMORY = "1G"
MOST_SECONDS = 3600     # from start to end
MOST_SILENCE = 600      # between two lines
LAST_LINES = 15         # of the console, shown when the guest fails
COMPLAINT = re.compile(r"BUG:|Oops|WARNING:|general protection fault|Kernel panic")
HOST_IS_SLOW = re.compile(r"soft lockup|hard LOCKUP")


class Broken(Exception):
    """The guest did not come to its end."""


class Machine:
    def __init__(self, architecture, cpu, clock, kernel, initramfs, console):
        program, device = ARCHITECTURES[architecture]
        self.console = console
        self.command = [*program, "-cpu", cpu, *clock, "-m", MEMORY, "-nic", "none", "-no-reboot",
                        "-kernel", str(kernel), "-initrd", str(initramfs),
                        "-append", f"console={device} loglevel=7 panic=-1 oops=panic",
                        "-display", "none", "-monitor", "none", "-serial", f"file:{console}",
                        "-chardev", "stdio,id=tap,signal=off",
                        "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=tap,name=tap"]

    def lines(self):
        """What the tests in the guest print, line by line, until the machine is off."""
        if not shutil.which(self.command[0]):
            raise Broken(f"{self.command[0]} is not installed")
        self.console.unlink(missing_ok=True)
        # Its stdin stays open: at the end of the input qemu would take the guest's port for unconnected.
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                yield from self.read(process.stdout.fileno(), time.monotonic() + MOST_SECONDS)
            finally:
                process.kill()

    def read(self, stream, deadline):
        rest = b""
        while True:
            left = min(MOST_SILENCE, deadline - time.monotonic())
            if not select.select([stream], [], [], max(0, left))[0]:
                raise Broken("the guest is silent for too long" if left == MOST_SILENCE else "the guest takes too long")
            data = os.read(stream, 65536)
            *complete, rest = (rest + data).split(b"\n")
            for line in complete:
                yield line.decode(errors="replace").rstrip("\r")
            if not data:
                return

    def console_lines(self):
        return self.console.read_text(errors="replace").splitlines() if self.console.exists() else []

    def last_words(self):
        """The end of what the kernel printed."""
        return self.console_lines()[-LAST_LINES:]

    def complaints(self):
        """What the kernel found wrong with itself."""
        return [line for line in self.console_lines() if COMPLAINT.search(line) and not HOST_IS_SLOW.search(line)]
