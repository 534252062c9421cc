# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The little of io_uring that connects, accepts and closes: one request at a time, by system calls alone."""

import ctypes
import errno
import mmap
import os
import socket
import struct

from netns import libc
from outcome import Skipped

IO_URING_SETUP, IO_URING_ENTER = 425, 426       # alike on all architectures that these tests know
IORING_ENTER_GETEVENTS = 1
OP_ACCEPT, OP_CONNECT, OP_CLOSE = 13, 16, 19
ASYNC = 1 << 4      # IOSQE_ASYNC: by a worker thread of the kernel's
OFF_CQ_RING, OFF_SQES = 0x8000000, 0x10000000
PARAMS_SIZE, SQE_SIZE, CQE_SIZE = 120, 64, 16


def io_uring_setup(entries):
    params = ctypes.create_string_buffer(PARAMS_SIZE)
    number = libc.syscall(IO_URING_SETUP, entries, params)
    if number < 0 and ctypes.get_errno() in (errno.ENOSYS, errno.EPERM):
        raise Skipped(f"io_uring_setup() says {os.strerror(ctypes.get_errno())}")
    if number < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup()")
    return number, params.raw


class Ring:
    """Of one entry."""

    def __init__(self):
        self.number, params = io_uring_setup(1)
        # struct io_sqring_offsets and io_cqring_offsets, behind 10 words of struct io_uring_params
        self.sq_tail, self.sq_array = struct.unpack_from("=I", params, 44)[0], struct.unpack_from("=I", params, 64)[0]
        self.cq_head, self.cqes = struct.unpack_from("=I", params, 80)[0], struct.unpack_from("=I", params, 100)[0]
        self.sq = mmap.mmap(self.number, self.sq_array + 4, offset=0)
        self.cq = mmap.mmap(self.number, self.cqes + 2 * CQE_SIZE, offset=OFF_CQ_RING)
        self.sqes = mmap.mmap(self.number, SQE_SIZE, offset=OFF_SQES)
        self.turn = 0

    def do(self, operation, flags, descriptor, address=0, offset=0):
        """The request's result, or an OSError."""
        self.sqes[0:SQE_SIZE] = struct.pack("=BBHiQQ40x", operation, flags, 0, descriptor, offset, address)
        self.sq[self.sq_array:self.sq_array + 4] = bytes(4)
        self.turn += 1
        self.sq[self.sq_tail:self.sq_tail + 4] = struct.pack("=I", self.turn)
        if libc.syscall(IO_URING_ENTER, self.number, 1, 1, IORING_ENTER_GETEVENTS, None, 0) < 0:
            raise OSError(ctypes.get_errno(), "io_uring_enter()")
        where = self.cqes + (self.turn - 1) % 2 * CQE_SIZE
        result = struct.unpack_from("=i", self.cq, where + 8)[0]
        self.cq[self.cq_head:self.cq_head + 4] = struct.pack("=I", self.turn)
        if result < 0:
            raise OSError(-result, f"operation {operation} of io_uring: {os.strerror(-result)}")
        return result

    def connect(self, one, address, port, flags):
        where = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(address) + bytes(8)
        text = ctypes.create_string_buffer(where, len(where))
        self.do(OP_CONNECT, flags, one.fileno(), ctypes.addressof(text), len(where))

    def accept(self, listener, flags):
        return socket.socket(fileno=self.do(OP_ACCEPT, flags, listener.fileno()))

    def close(self, one, flags):
        self.do(OP_CLOSE, flags, one.detach())
