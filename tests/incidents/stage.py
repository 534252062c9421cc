# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real programs of a test: in the foreground, with a directory of their own, ended by their pid."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import wait
from outcome import Failed

PLACES = "/usr/sbin", "/sbin"


def path_of(command):
    """Debian has servers in directories that are not in every PATH."""
    path = shutil.which(command, path=os.pathsep.join([os.environ["PATH"], *PLACES]))
    if not path:
        raise Failed(f"there is no {command}: run scripts/deps install incidents")
    return path


class Running:
    """A program that runs; its output is in a file."""

    def __init__(self, log, command, user=None, host=None, **how):
        """user: whose rights it has; host: a process, in whose network namespace it runs."""
        self.log, self.name = log, command[0]
        words = ["nsenter", f"--net=/proc/{host}/ns/net"] if host else []
        if user:
            how |= {"user": user, "group": user, "extra_groups": []}
        with open(log, "wb") as output:
            self.process = subprocess.Popen([*words, path_of(command[0]), *map(str, command[1:])], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=subprocess.STDOUT, **how)
        self.pid = self.process.pid

    def said(self):
        return self.log.read_text(errors="replace")

    def listens(self, *ports):
        """Waits until something does, in its network namespace, at each of these ports."""
        wait.until(lambda: not self.is_over() and {(port, 0, "LISTEN") for port in ports} <= wait.table(self.pid),
                   f"{self.name} listens at {ports}")
        return self

    def is_over(self):
        if self.process.poll() is None:
            return False
        raise Failed(f"{self.name} has ended with status {self.process.returncode}: {self.said()[-2000:]}")

    def finish(self):
        """Waits until it ends by itself; its exit status."""
        try:
            return self.process.wait(wait.PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name} does not end: {self.said()[-2000:]}") from error

    def succeed(self):
        status = self.finish()
        if status:
            raise Failed(f"{self.name}: status {status}: {self.said()[-2000:]}")
        return self.said()

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """By this signal; a stopped one goes on for that."""
        if self.process.poll() is None:
            self.send(number)
            self.send(signal.SIGCONT)
            self.finish()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Stage(contextlib.ExitStack):
    """What one test starts. It ends with the test, the last first."""

    def __init__(self):
        super().__init__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="tcpstates-incident-")))
        self.folder.chmod(0o755)
        self.count = 0

    def new_path(self, name):
        self.count += 1
        return self.folder / f"{self.count}-{name}"

    def new_folder(self, name, owner=None):
        folder = self.new_path(name)
        folder.mkdir()
        if owner:
            shutil.chown(folder, owner, owner)
        return folder

    def write(self, name, text):
        path = self.new_path(name)
        path.write_text(text)
        return path

    def start(self, *command, **how):
        """For a program that serves: with end() it ends in order, otherwise the stage ends it."""
        running = Running(self.new_path("log"), command, **how)
        self.callback(running.kill)
        self.callback(running.end)
        return running

    def client(self, *command, **how):
        """For one that ends by itself, or is of no use when the stage ends."""
        running = Running(self.new_path("log"), command, **how)
        self.callback(running.kill)
        return running

    def run(self, *command, **how):
        """To its end, which must be good; what it says."""
        return self.client(*command, **how).succeed()


