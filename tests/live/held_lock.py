# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Holds the lock of a socket in a process of its own: send() takes it, and then waits for a page of what it is to send, which
userfaultfd(2) keeps back.
"""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import platform
import select
import socket
import struct
import threading

import wait
from netns import libc
from outcome import Skipped

SYS_USERFAULTFD = {"x86_64": 323, "aarch64": 282}
UFFD_API = 0xAA
UFFDIO_API = 0xC018AA3F
UFFDIO_REGISTER = 0xC020AA00
UFFDIO_ZEROPAGE = 0xC020AA04
MODE_MISSING = 1
SO_MEMINFO = 55
WORD_OF_BACKLOG = 7     # SK_MEMINFO_BACKLOG


def userfaultfd():
    fd = libc.syscall(SYS_USERFAULTFD[platform.machine()], os.O_CLOEXEC | os.O_NONBLOCK)     # without that, it cannot be polled
    if fd < 0 and ctypes.get_errno() == errno.ENOSYS:
        raise Skipped("this kernel has no userfaultfd")
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    fcntl.ioctl(fd, UFFDIO_API, bytearray(struct.pack("QQQ", UFFD_API, 0, 0)))
    return fd


def send_when_allowed(one, say, hear):
    """In a process of its own: says when it has the lock, and lets it go when it hears something."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    place = ctypes.addressof(ctypes.c_char.from_buffer(page))
    faults = userfaultfd()
    fcntl.ioctl(faults, UFFDIO_REGISTER, bytearray(struct.pack("QQQQ", place, mmap.PAGESIZE, MODE_MISSING, 0)))
    sender = threading.Thread(target=libc.send, args=(one.fileno(), ctypes.c_void_p(place), mmap.PAGESIZE, socket.MSG_NOSIGNAL))
    sender.start()
    select.select([faults], [], [])
    os.write(say, b"x")
    os.read(hear, 1)
    fcntl.ioctl(faults, UFFDIO_ZEROPAGE, bytearray(struct.pack("QQQq", place, mmap.PAGESIZE, 0, 0)))
    sender.join()


def close_all_but(*kept):
    """So that what the test closes is closed."""
    last = 2
    for fd in sorted(kept):
        os.closerange(last + 1, fd)
        last = fd
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))


@contextlib.contextmanager
def held(one):
    """Until the end of the block; the answer is the process that holds it."""
    os.close(userfaultfd())
    (heard, say), (hear, release) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        try:
            close_all_but(one.fileno(), say, hear)
            send_when_allowed(one, say, hear)
        finally:
            os._exit(0)
    try:
        os.read(heard, 1)
        yield pid
    finally:
        os.write(release, b"x")
        os.waitpid(pid, 0)
        for fd in heard, say, hear, release:
            os.close(fd)


def await_backlog(one):
    """Packets have come that wait for the lock."""
    def has_any():
        return struct.unpack("9I", one.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[WORD_OF_BACKLOG] > 0

    wait.until(has_any, "a packet waits for the lock")
