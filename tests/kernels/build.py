# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The static program and the load, for any architecture that the Makefile can build for."""

from debian import ARCHITECTURES, output_of
from tree import BUILD, TREE


class Build:
    """`tool()` and `load()` are paths of finished programs."""

    def __init__(self, architecture):
        triplet = {debian: triplet for triplet, debian in ARCHITECTURES.items()}[architecture]
        native = architecture == output_of(["dpkg", "--print-architecture"]).strip()
        self.cross = [] if native else [f"CROSS={triplet}-"]
        self.place = BUILD if native else BUILD / triplet

    def made(self, target, path):
        output_of(["make", "-C", TREE, *self.cross, target])
        return self.place / path

    def tool(self):
        return self.made("static", "static/tcpstates")

    def load(self):
        """With this one the live tests make many connections."""
        return self.made("static-load", "static/load")
