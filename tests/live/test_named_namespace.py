# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sessions from before in a network namespace that no process is in, only a name: time-wait sockets outlive processes."""

import os
import pathlib

import netns
import traffic
import wait
from lines import from_json
from outcome import check_equal
from place import IPV4
from tool import check_good_end

NAMES = pathlib.Path("/run/netns")
LEFT = 3            # time-wait sockets of the namespace with a name


def left_in_time_wait(count):
    listener = traffic.Listener(IPV4)
    for _ in range(count):
        connection = traffic.Connection(listener)
        connection.client.close()
        connection.child.close()
        wait.reached_unaccepted("TIME_WAIT", connection.client_life.lport, listener.port)
    listener.socket.close()


def name_it(name):
    """Gives this process's network namespace a name, as ip-netns(8) does."""
    (NAMES / name).touch()
    netns.mount("/proc/self/ns/net", NAMES / name, flags=netns.MS_BIND)


def left_by_a_child(name):
    """Time-wait sockets in a network namespace with that name, whose only process ends; its number."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            netns.private_network()
            left_in_time_wait(LEFT)
            name_it(name)
            os.write(writer, netns.inode().to_bytes(8, "little"))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    check_equal("status of the child", os.waitpid(child, 0)[1], 0)
    inode = int.from_bytes(os.read(reader, 8), "little")
    os.close(reader)
    return inode


def now_by_netns(program, *options):
    with program.start("--summary", "--by", "state,netns", "-j", *options) as tool:
        ended = tool.end()
    check_good_end(ended)
    return {line["netns"]: line["now"] for line in from_json(ended.lines) if line["state"] == "TIME_WAIT"}


def test_without_a_process(program):
    """Counted with a name, also one with a process, and that once. What is no namespace is passed over."""
    netns.mount("tmpfs", "/run", "tmpfs")
    NAMES.mkdir()
    (NAMES / "file").write_text("no namespace")
    os.mkfifo(NAMES / "fifo")
    left_in_time_wait(1)
    name_it("ours")
    ours, theirs = netns.inode(), left_by_a_child("theirs")
    check_equal("of both", now_by_netns(program, "--netns", f"{ours},theirs"), {ours: 1, theirs: LEFT})
    check_equal("of the one without a process", now_by_netns(program, "--netns", "theirs"), {theirs: LEFT})
    check_equal("of the other one", now_by_netns(program, "--netns", "ours"), {ours: 1})
