# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The static program, and the programs that the live tests are helped by, for any architecture."""

import os
import pathlib

from debian import Suite, output_of, own_suite

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
LIBRARIES = ["libc6-dev", "libbpf-dev", "libelf-dev", "zlib1g-dev"]


class Build:
    """`tool()` and `helpers()` are paths of finished programs."""

    def __init__(self, cache, architecture):
        self.cache, self.architecture = cache, architecture
        self.place = cache / "build" / architecture
        self.native = architecture == output_of(["dpkg", "--print-architecture"]).strip()
        self.triplet = TRIPLETS[architecture]

    def sysroot(self):
        suite = Suite(self.cache, own_suite(), self.architecture)
        return suite.unpacked(self.cache / "packages" / f"libraries-{self.architecture}", LIBRARIES)

    def compiler(self):
        return ["cc"] if self.native else [f"{self.triplet}-gcc", f"--sysroot={self.sysroot()}"]

    def tool(self):
        if self.native:
            output_of(["make", "-C", TREE, "static"])
            return TREE / "build/static/tcpstates"
        root = self.sysroot()
        libraries = {"PKG_CONFIG_LIBDIR": f"{root}/usr/lib/{self.triplet}/pkgconfig:{root}/usr/share/pkgconfig",
                     "PKG_CONFIG_SYSROOT_DIR": str(root)}
        output_of(["make", "-C", TREE, "static", f"B={self.place}", f"CC={' '.join(self.compiler())}",
                   f"BPF_INCLUDES=-idirafter {root}/usr/include/{self.triplet}"], env={**os.environ, **libraries})
        return self.place / "static/tcpstates"

    def helpers(self):
        """{name: path} of the load, with which the live tests make many connections."""
        load = self.place / "tests/load"
        load.parent.mkdir(parents=True, exist_ok=True)
        output_of([*self.compiler(), "-D_GNU_SOURCE", "-O2", "-static", TREE / "bench/load.c", "-o", load])
        return {load.name: load}
