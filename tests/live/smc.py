# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sockets of SMC, which the kernel connects by TCP sockets of its own; without a device that can do SMC they fall back to TCP."""

import ctypes
import socket
import struct

import actor
from netns import checked, libc
from outcome import Skipped
from place import IPV4

AF_SMC = 43


def new():
    return socket.socket(AF_SMC, socket.SOCK_STREAM)


def need():
    try:
        new().close()
    except OSError as error:
        raise Skipped(f"this kernel has no SMC (module smc): {error.strerror}") from None


def call(function, one, port):
    """bind() or connect(): Python knows no addresses of these sockets."""
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(IPV4.raddr))
    checked(function(one.fileno(), ctypes.c_char_p(address), len(address)))


def listen(stage, port):
    stage.listener = new()
    stage.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    call(libc.bind, stage.listener, port)
    stage.listener.listen(8)


def connect(stage, port):
    stage.one = new()
    call(libc.connect, stage.one, port)
    stage.one.settimeout(actor.PATIENCE)


def accept(stage):
    number = checked(libc.accept(stage.listener.fileno(), None, None))
    stage.one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=number)    # its calls are those of TCP
    stage.one.settimeout(actor.PATIENCE)
