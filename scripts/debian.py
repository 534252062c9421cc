# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Debian packages of any suite and architecture, unpacked into a cache. apt works on lists and directories of its own; the
mirror, the proxies and the credentials are those that the machine's own apt uses, the signatures are always checked.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

ARCHITECTURES = {"x86_64-linux-gnu": "amd64", "aarch64-linux-gnu": "arm64"}     # compilers' words, and Debian's
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
REFRESH_SECONDS = 24 * 3600     # how old a suite's lists may be
LINE = "deb [signed-by={keyring} arch={architecture}] {mirror} {suite} main\n"
DEB = re.compile(r"^'[^']+' ([^_]+)_([^_]+)_[^_]+\.deb ", re.M)      # of --print-uris: name, version


class Unavailable(Exception):
    """Something that is needed cannot be had; says what and why."""


def output_of(command, **how):
    command = list(map(str, command))
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **how)
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed") from None
    if done.returncode:
        raise Unavailable(f"{command[0]} {command[-1]}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def mirrors():
    """The machine's own mirrors as {label: URI}: "Debian" has all suites, "Debian-Security" their updates."""
    form = "$(LABEL) $(REPO_URI)"
    lines = output_of(["apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian"]).splitlines()
    found = dict(reversed([line.split(" ", 1) for line in lines]))
    if "Debian" not in found:
        raise Unavailable("the machine's apt knows no Debian mirror")
    return found


def own_suite():
    """The suite that this machine's compilers come from."""
    words = dict(re.findall(r'^(\w+)="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M))
    return words.get("VERSION_CODENAME", "unstable")


class Suite:
    """One suite (with its security updates) for one architecture: `unpacked(names)` is all one needs of it."""

    def __init__(self, cache, name, architecture):
        self.name, self.architecture = name, architecture
        self.home = pathlib.Path(cache, "apt", f"{name}-{architecture}")
        self.fresh = False

    def options(self):
        own = {"Dir::Etc::SourceList": self.home / "sources.list", "Dir::Etc::SourceParts": "-",
               "Dir::State": self.home / "state", "Dir::State::status": self.home / "status",
               "Dir::Cache": self.home / "cache", "Dir::Cache::pkgcache": "pkgcache.bin", "Dir::Cache::srcpkgcache": "",
               "APT::Architecture": self.architecture, "APT::Architectures": self.architecture,
               "APT::Sandbox::User": "root", "Acquire::Languages": "none", "Acquire::GzipIndexes": "true",
               "Acquire::AllowReleaseInfoChange": "true", "Acquire::Retries": "3"}
        return [f"-o{key}={value}" for key, value in own.items()]

    def apt_get(self, *words, **how):
        return output_of(["apt-get", "-q", *self.options(), *words], **how)

    def sources(self):
        line = lambda mirror, suite: LINE.format(keyring=KEYRING, architecture=self.architecture, mirror=mirror, suite=suite)
        known = mirrors()
        text = line(known["Debian"], self.name)
        if self.name != "unstable" and "Debian-Security" in known:
            text += line(known["Debian-Security"], f"{self.name}-security")
        return text

    def refresh(self):
        """Fetches the lists when they are missing or old. Old ones will do when the mirror does not answer."""
        stamp = self.home / "updated"
        if self.fresh or stamp.exists() and time.time() - stamp.stat().st_mtime < REFRESH_SECONDS:
            return
        for folder in "state/lists/partial", "cache/archives/partial":
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        (self.home / "status").touch()
        (self.home / "sources.list").write_text(self.sources())
        try:
            self.apt_get("--error-on=any", "update")
            stamp.touch()
        except Unavailable as reason:
            if not stamp.exists():
                raise
            print(f"# {self.name} {self.architecture}: the lists of {time.ctime(stamp.stat().st_mtime)} will do: {reason}",
                  file=sys.stderr)
        self.fresh = True

    def closure(self, names, wanted):
        """These packages and all they depend on, as {name: version}, of the names wanted only."""
        self.refresh()
        said = self.apt_get("install", "--yes", "--no-install-recommends", "--print-uris", *names)
        found = {name: urllib.parse.unquote(version) for name, version in DEB.findall(said)}
        return {name: version for name, version in found.items() if re.search(wanted, name)}

    def unpacked(self, place, names, wanted=""):
        """The directory below `place` that has the packages in it, all in one tree; what was there before goes."""
        packages = self.closure(names, wanted)
        listing = "".join(f"{name} {version}\n" for name, version in sorted(packages.items()))
        tree, done = place / "tree", place / "packages"
        if done.exists() and done.read_text() == listing:
            return tree
        shutil.rmtree(place, ignore_errors=True)
        tree.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            self.apt_get("download", *(f"{name}={version}" for name, version in packages.items()), cwd=folder)
            for archive in sorted(pathlib.Path(folder).iterdir()):
                output_of(["dpkg-deb", "--extract", str(archive), str(tree)])
        done.write_text(listing)
        return tree


def cache_directory():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(base, "tcpstates-kernels")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
