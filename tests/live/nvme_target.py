# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
The kernel's NVMe target over TCP (nvmet-tcp), which listens and accepts by sockets of the kernel's own. It is set up in
configfs: the process that writes there has the kernel make the listener in that call, and close it in another.
"""

import contextlib
import pathlib

import actor
import netns
from outcome import Skipped

CONFIG = pathlib.Path("/sys/kernel/config")
PORTS, SUBSYSTEMS = CONFIG / "nvmet/ports", CONFIG / "nvmet/subsystems"
ADDRESS = "127.0.0.1"
RUBBISH = b"\xff" * 8       # as long as the header that the target reads first, so that nothing stays unread


def need():
    """Makes configfs visible to this test."""
    if not pathlib.Path("/sys/module/nvmet_tcp").exists():
        raise Skipped("the kernel's NVMe target over TCP (module nvmet_tcp) is not loaded")
    if not PORTS.exists():
        netns.mount("none", CONFIG, "configfs")


def link_of(port):
    return PORTS / str(port) / "subsystems" / f"tcpstates-{port}"


def offer(stage, port):
    """The link has the kernel listen, in the network namespace of the process that makes it."""
    subsystem, place = SUBSYSTEMS / link_of(port).name, PORTS / str(port)
    subsystem.mkdir()
    (subsystem / "attr_allow_any_host").write_text("1")
    place.mkdir()
    for name, value in ("trtype", "tcp"), ("adrfam", "ipv4"), ("traddr", ADDRESS), ("trsvcid", str(port)):
        (place / f"addr_{name}").write_text(value)
    link_of(port).symlink_to(subsystem)


def withdraw(stage, port):
    """Without the link, the kernel closes the listener."""
    link_of(port).unlink()


def clear(port):
    with contextlib.suppress(FileNotFoundError):
        withdraw(None, port)
    for folder in PORTS / str(port), SUBSYSTEMS / link_of(port).name:
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()


@contextlib.contextmanager
def setter(port):
    """The process that has the kernel listen at a port; what it leaves in configfs is removed."""
    process = actor.Actor("nvme setter")
    try:
        process.do(offer, port)
        yield process
    finally:
        process.end()
        clear(port)


def send_rubbish(stage):
    """The target closes a connection that begins with this, from a kernel thread."""
    stage.one.sendall(RUBBISH)
