# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A network and a mount namespace of the test's own, set up by system calls alone."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import time

from outcome import Skipped

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_RDONLY = 1 << 0
MS_REMOUNT = 1 << 5
MS_BIND = 1 << 12
MS_REC = 1 << 14
MS_PRIVATE = 1 << 18
MNT_DETACH = 1 << 1
SIOCSIFADDR = 0x8916
SIOCSIFNETMASK = 0x891C
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
IFA_F_TENTATIVE = 0x40

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def unshare(flags):
    checked(libc.unshare(flags))


def mount(source, target, kind=None, flags=0):
    encode = lambda text: None if text is None else os.fsencode(text)
    checked(libc.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags), None))


def unmount(target):
    """As far as this mount namespace is concerned, also while it is in use."""
    checked(libc.umount2(os.fsencode(target), MNT_DETACH))


def private_mounts():
    """From here on, what this process mounts is seen by itself and its children only."""
    unshare(CLONE_NEWNS)
    child = os.fork()
    if not child:
        status = 1
        try:
            make_all_private()
            status = 0
        except OSError as error:
            print(f"# mounts cannot be made private: {error}", flush=True)
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise OSError("the mounts of this namespace cannot be made private")


def make_all_private():
    """
    The root directory of a plain chroot is no mount point, so that its propagation cannot be set by that name. Joining a
    mount namespace takes the process to the namespace's own root (setns(2)), which is one: this is for a child.
    """
    with open("/proc/self/ns/mnt") as namespace:
        checked(libc.setns(namespace.fileno(), CLONE_NEWNS))
    mount(None, "/", flags=MS_REC | MS_PRIVATE)


def private_network():
    unshare(CLONE_NEWNET)
    bring_up("lo")


def inode():
    """Of the network namespace, by which --netns and the lines name it."""
    return os.stat("/proc/self/ns/net").st_ino


def bring_up(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", interface.encode(), 0)
        answer = fcntl.ioctl(control, SIOCGIFFLAGS, request)
        flags = struct.unpack("16sH14x", answer)[1] | IFF_UP
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", interface.encode(), flags))


def add_address4(interface, address, netmask):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for call, value in (SIOCSIFADDR, address), (SIOCSIFNETMASK, netmask):
            request = struct.pack("16sHH4s8x", interface.encode(), socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, call, request)


def add_address6(interface, address, prefix):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        number = socket.inet_pton(socket.AF_INET6, address)
        request = struct.pack("=16sIi", number, prefix, socket.if_nametoindex(interface))
        fcntl.ioctl(control, SIOCSIFADDR, request)
    deadline = time.monotonic() + 60
    while is_tentative(number) and time.monotonic() < deadline:
        time.sleep(0.001)


def is_tentative(number):
    """The kernel lets an IPv6 address be used only after a check, which it makes in the background."""
    rows = pathlib.Path("/proc/net/if_inet6").read_text().splitlines()
    flags = {row.split()[0]: int(row.split()[4], 16) for row in rows}
    return bool(flags[number.hex()] & IFA_F_TENTATIVE)


def counter(name):
    """One of TcpExt in /proc/net/netstat, of this network namespace."""
    rows = [line.split() for line in pathlib.Path("/proc/net/netstat").read_text().splitlines() if line.startswith("TcpExt:")]
    return int(rows[1][rows[0].index(name)])


def sysctl(name, value):
    """Sets net.* in this network namespace."""
    path = pathlib.Path("/proc/sys", *name.split("."))
    if not path.exists():
        raise Skipped(f"this kernel has no {name}")
    path.write_text(f"{value}\n")
