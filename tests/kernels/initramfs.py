# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the guest finds in its memory when it starts: cpio archives, of which the kernel unpacks any number in a row."""

import lzma
import os
import pathlib
import re
import stat

LEFT_OUT = re.compile(r"usr/(share/(doc|man|info|locale|lintian|bug|zoneinfo)|lib/udev|include)(/|$)|(lib|etc)/udev(/|$)")


class Archive:
    """Writes one cpio archive in the "newc" form; everything belongs to root."""

    def __init__(self, stream):
        self.stream = stream
        self.folders = set()
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.entry("TRAILER!!!", 0, b"")

    def entry(self, name, mode, data):
        self.count += 1
        path = name.encode() + b"\0"
        numbers = [self.count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0]
        self.write(b"070701" + "".join(f"{number:08X}" for number in numbers).encode() + path)
        self.write(data)

    def write(self, data):
        self.stream.write(data + bytes(-len(data) % 4))

    def folder(self, name):
        """A directory and those it is in."""
        if name in ("", ".") or name in self.folders:
            return
        self.folder(os.path.dirname(name))
        self.folders.add(name)
        self.entry(name, stat.S_IFDIR | 0o755, b"")

    def file(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFLNK | 0o777, os.fsencode(target))

    def copy(self, name, source):
        """A file, a link, or a directory with all that is in it."""
        if LEFT_OUT.match(name):
            return
        if source.is_symlink():
            self.link(name, os.readlink(source))
        elif source.is_dir():
            self.folder(name)
            for inner in sorted(source.iterdir()):
                self.copy(f"{name}/{inner.name}".lstrip("/"), inner)
        else:
            self.file(name, source.read_bytes(), source.stat().st_mode & 0o777)


class Modules:
    """The modules of an unpacked kernel package."""

    def __init__(self, tree):
        self.paths = {path.name.split(".")[0].replace("-", "_"): path for path in tree.rglob("*.ko*")}

    def code(self, name):
        path = self.paths[name]
        return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()

    def in_order(self, names):
        """These and what they need as {name: code}, in the order of loading; those built into the kernel are left out."""
        found = {}
        for name in names:
            if name in self.paths and name not in found:
                code = self.code(name)
                needs = re.search(rb"\0depends=([^\0]*)", code)[1].decode().replace("-", "_")
                found.update(self.in_order(needs.split(",")))
                found[name] = code
        return found


def write_modules(archive, tree, names):
    """The modules as /modules/NN-NAME.ko."""
    archive.folder("modules")
    for number, (name, code) in enumerate(Modules(tree).in_order(names).items()):
        archive.file(f"modules/{number:02}-{name}.ko", code)


def kernel_image(tree):
    return next(pathlib.Path(tree).rglob("vmlinuz*"))


def release(tree):
    """What `uname -r` will say."""
    return next(path for path in pathlib.Path(tree).rglob("modules/*") if path.is_dir()).name
