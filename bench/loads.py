# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the machine has to do meanwhile: loads in network namespaces of their own, on loopback."""
import ctypes
import os
import resource
import socket
import subprocess
import sys

from tree import BUILD

LOAD = str(BUILD / "bench/load")
TRANSITIONS = {"rst": 6, "fin": 10, "listen": 2}    # of one session, both ends
CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
IN_NAMESPACE = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
# all of them for clients, but for those that servers of further pairs are going to bind
WITH_ALL_PORTS = ["unshare", "--net", "sh", "-c",
                  "ip link set lo up; echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range; "
                  'echo 9000-9099 >/proc/sys/net/ipv4/ip_local_reserved_ports; exec "$@"', "sh"]


def enter_namespaces():
    """A network of our own, and a tracefs that the peers' classic tracepoints need."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET):
        sys.exit(f"bench: cannot make namespaces: {os.strerror(ctypes.get_errno())}; run it as root")
    commands = ["mount --make-rprivate /", "ip link set lo up"]
    if not os.path.exists("/sys/kernel/tracing/events"):
        commands.append("mount -t tracefs none /sys/kernel/tracing")
    for command in commands:
        subprocess.run(command.split(), check=True)


def load(mode, sessions, *options):
    """
    Runs a load to its end; its TIME_WAITs end with its namespace. Returns sessions a second, and the microseconds of CPU that
    client and server took for each.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [*IN_NAMESPACE, LOAD, *options, "-n", str(sessions), mode]
    answer = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    seconds = int(answer.split()[-2]) / 1e9
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return sessions / seconds, 1e6 * cpu / sessions


class Background:
    """A load that goes on beside a measurement."""

    def __init__(self, mode):
        self.process = subprocess.Popen([*IN_NAMESPACE, LOAD, "-n", "100000000", mode], stdout=subprocess.DEVNULL,
                                        start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.killpg(self.process.pid, 9)
        self.process.wait()


class Held:
    """Connections that are kept open: two sockets each."""

    def __init__(self, sockets):
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.per_pair = min(25000, descriptors - 100)       # fewer than there are ports, too
        self.pairs = max(1, sockets // 2 // self.per_pair)
        each = str(min(self.per_pair, sockets // 2))
        self.process = subprocess.Popen([*WITH_ALL_PORTS, LOAD, "-j", str(self.pairs), "-n", each, "hold"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        waiting = self.pairs
        while waiting:
            line = self.process.stdout.readline()
            if not line:
                raise OSError("the sockets cannot be held")
            waiting -= line == "holding\n"
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()


class Leak:
    """A connection whose server does not close after its client has."""

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.client = socket.create_connection(listener.getsockname())
            self.server = listener.accept()[0]
        self.client.shutdown(socket.SHUT_WR)
        return self

    def __exit__(self, *error):
        self.client.close()
        self.server.close()


def affordable(counts):
    """Those numbers of sockets that half of the free memory has room for: a held one takes 4 KB at most, traced."""
    with open("/proc/meminfo") as file:
        free_kb = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:"))
    return [count for count in counts if count * 4 <= free_kb / 2]
