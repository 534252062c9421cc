# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A minimal Debian system in a directory, made by debootstrap from the machine's own mirror, and entered by chroot."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import netns
from debian import KEYRING, REFRESH_SECONDS, Suite, mirrors, output_of
from tree import TREE

CODENAMES = {"12": "bookworm", "13": "trixie", "sid": "unstable"}
PACKAGES = ["git", "make", "sudo"]
ARCHIVES = "var/cache/apt/archives"
USER = "user"
CLONE = f"/home/{USER}/tcpstates"
# How the machine's own apt reaches its mirror: proxies, and how old the lists of a mirror that stands still may be.
APT_SETTINGS = r"Acquire::(https?::.*|Check-Valid-Until|Check-Date|Max-ValidTime|Retries) \".+\";"


class System:
    """
    `with System(cache, name) as system:` makes it, with the tree at HEAD cloned by an ordinary user who may use sudo; at
    the end no process of it, no mount and no directory is left. Packages stay in the cache for the next time. Another run
    for the same suite waits. The caller has a mount namespace of its own.
    """

    def __init__(self, cache, name):
        self.name = name
        self.suite = Suite(cache, CODENAMES[name], output_of(["dpkg", "--print-architecture"]).strip())
        self.home = cache / "fresh" / CODENAMES[name]
        self.root = self.home / "root"
        self.archives = self.home / "archives"
        self.base = self.home / "base.tar"

    def __enter__(self):
        self.archives.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.home / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        try:
            self.remove()
            self.make_base()
            self.mount()
            self.configure()
            self.clone()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error):
        self.end_processes()
        self.remove()
        self.lock.close()

    def make_base(self):
        """Unpacks it as debootstrap has left it, today if need be."""
        if not self.base.exists() or time.time() - self.base.stat().st_mtime > REFRESH_SECONDS:
            output_of(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", f"--keyring={KEYRING}",
                       f"--cache-dir={self.archives}", self.suite.name, self.root, mirrors()["Debian"]])
            new = self.base.with_suffix(".new")
            output_of(["tar", "-C", self.root, "--exclude=./proc/*", "--exclude=./sys/*", "--numeric-owner", "-cf", new, "."])
            new.rename(self.base)
            self.remove()
        self.root.mkdir()
        output_of(["tar", "-C", self.root, "--numeric-owner", "-xpf", self.base])

    def mount(self):
        """What chroot's users mount; the root directory itself is no mount point."""
        for source in "/proc", "/sys", "/dev":
            netns.mount(source, f"{self.root}{source}", flags=netns.MS_BIND | netns.MS_REC)
        netns.mount(str(self.archives), f"{self.root}/{ARCHIVES}", flags=netns.MS_BIND)

    def configure(self):
        (self.root / "etc/apt/sources.list").write_text(self.suite.sources())
        settings = [line for line in output_of(["apt-config", "dump"]).splitlines() if re.fullmatch(APT_SETTINGS, line)]
        (self.root / "etc/apt/apt.conf.d/90machine").write_text("".join(f"{line}\n" for line in settings))
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost {os.uname().nodename}\n::1 localhost\n")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        output_of(self.as_root("useradd", "--create-home", "--shell", "/bin/bash", USER))
        sudoers = self.root / "etc/sudoers.d" / USER
        sudoers.write_text(f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n")
        sudoers.chmod(0o440)

    def clone(self):
        """Only what is committed."""
        with tempfile.NamedTemporaryFile(dir=self.root / "tmp", suffix=".bundle") as bundle:
            output_of(["git", "-c", "safe.directory=*", "-C", TREE, "bundle", "create", "--quiet", bundle.name, "HEAD"])
            os.chmod(bundle.name, 0o644)
            output_of(self.as_user(f"git clone --quiet /tmp/{pathlib.Path(bundle.name).name} {CLONE}", folder="/"))

    def as_root(self, *words):
        return ["chroot", str(self.root), *words]

    def as_user(self, command, folder=CLONE):
        """The words that have the user type this command in a shell, in the clone."""
        return self.as_root("su", "-", USER, "-c", f"cd {folder} && {command}")

    def packages(self):
        """{name: version} of what is installed."""
        lines = output_of(self.as_root("dpkg-query", "-W")).splitlines()
        return dict(line.split("\t") for line in lines)

    def processes(self):
        """Those whose root directory is the system's."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/root"):
            with contextlib.suppress(OSError):
                if os.path.samefile(path, self.root):
                    found.append(int(path.parent.name))
        return found

    def end_processes(self):
        while left := self.processes():
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.01)

    def mounts(self):
        lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        return [point for point in (line.split()[4] for line in lines) if point.startswith(f"{self.root}/")]

    def remove(self):
        """The directory, once nothing is mounted below it: /dev and the packages must not go with it."""
        for point in reversed(self.mounts()):
            subprocess.run(["umount", "--lazy", point], check=True)
        if left := self.mounts():
            raise OSError(f"still mounted: {' '.join(left)}")
        if self.root.exists():
            output_of(["rm", "-rf", "--one-file-system", self.root])
