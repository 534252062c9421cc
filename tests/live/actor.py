# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Processes that play the ends of a connection, so that it is known whose each session is."""

import ctypes
import os
import pickle
import select
import signal
import socket
import struct
import time
import traceback

import netns
import traffic
from outcome import Failed

PR_SET_NAME = 15
SO_DETACH_FILTER = 27
NETLINK_SOCK_DIAG, SOCK_DESTROY, NLM_F_REQUEST, NLM_F_ACK = 4, 21, 1, 4
FIN_WAIT2 = 5        # of enum tcp_state
PATIENCE = 30       # seconds an actor may wait for one thing


def set_name(name):
    """Of the thread that calls."""
    netns.checked(netns.libc.prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0))


class Stage:
    """What an actor has at hand: its sockets."""

    listener = one = None


class Actor:
    """
    A process of its own. actor.do(function, ...) calls function(stage, ...) there and returns its answer;
    actor.begin(...) only has it begin, actor.finish() waits for the answer.
    """

    def __init__(self, name):
        self.comm = name
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(2 * PATIENCE)
        self.is_busy = False
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.closerange(3, theirs.fileno())
                os.closerange(theirs.fileno() + 1, 1 << 10)
                play(name, theirs)
            finally:
                os._exit(0)
        theirs.close()
        self.do(nothing)    # from here on it has its name

    def begin(self, function, *arguments):
        self.control.send(pickle.dumps((function, arguments)))
        self.is_busy = True

    def finish(self):
        self.is_busy = False
        reply = self.control.recv(1 << 16)
        if not reply:
            raise Failed(f"{self.comm} died")
        is_good, answer = pickle.loads(reply)
        if not is_good:
            raise Failed(f"{self.comm}: {answer}")
        return answer

    def do(self, function, *arguments):
        self.begin(function, *arguments)
        return self.finish()

    def wait(self):
        """Until it has ended, and the kernel has closed what it had."""
        if self.pid:
            os.waitpid(self.pid, 0)
        self.pid, pid = 0, self.pid
        self.control.close()
        return pid

    def die(self, number):
        os.kill(self.pid, number)
        self.wait()

    def leave(self):
        """It calls exit()."""
        self.begin(exit_now)
        self.is_busy = False
        self.wait()

    def end(self):
        if self.pid:
            self.die(signal.SIGKILL)


def play(name, control):
    set_name(name)
    stage = Stage()
    while request := control.recv(1 << 16):
        function, arguments = pickle.loads(request)
        try:
            answer = True, function(stage, *arguments)
        except BaseException:
            answer = False, traceback.format_exc()
        control.send(pickle.dumps(answer))


def nothing(stage):
    pass


def exit_now(stage):
    os._exit(3)


def listen(stage, place, port, backlog=128):
    stage.listener = traffic.new_socket(place, port)
    stage.listener.listen(backlog)


def prepare(stage, place, port, *options):
    """A bound socket with options (level, name, value)."""
    stage.one = traffic.new_socket(place, port)
    for option in options:
        stage.one.setsockopt(*option)


def connect(stage, place, port):
    stage.one.connect((place.raddr, port))


def connect_in_vain(stage, place, port):
    """The error it ends with."""
    stage.one.settimeout(None)
    return stage.one.connect_ex((place.raddr, port))


def connect_later(stage, place, port):
    """Begins to connect."""
    stage.one.setblocking(False)
    stage.one.connect_ex((place.raddr, port))
    stage.one.settimeout(PATIENCE)


def accept(stage):
    stage.one, _ = stage.listener.accept()
    stage.one.settimeout(PATIENCE)


def set_option(stage, *option):
    stage.one.setsockopt(*option)


def await_event(stage):
    """Until there is something to read, be it an end or an error; without a call that locks the socket."""
    poll = select.poll()
    poll.register(stage.one, select.POLLIN)
    if not poll.poll(PATIENCE * 1000):
        raise TimeoutError("nothing comes")


def has_event(stage):
    """As await_event() waits for, within a moment."""
    poll = select.poll()
    poll.register(stage.one, select.POLLIN)
    return bool(poll.poll(20))


def await_error(stage):
    """Until the kernel gives the connection up."""
    poll = select.poll()
    poll.register(stage.one, 0)
    if not poll.poll(PATIENCE * 1000):
        raise TimeoutError("no error comes")


def info(stage, size=232):
    """The beginning of struct tcp_info (linux/tcp.h)."""
    return stage.one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)


def await_info(stage, is_right):
    """Nothing tells of these changes."""
    deadline = time.monotonic() + PATIENCE
    while not is_right(info(stage)):
        if time.monotonic() > deadline:
            raise TimeoutError("TCP_INFO stays as it is")
        time.sleep(0.001)


def await_state(stage, number):
    """A number of enum tcp_state."""
    await_info(stage, lambda got: got[0] == number)


def await_acked(stage):
    """Until all that was sent is acknowledged."""
    await_info(stage, lambda got: struct.unpack_from("=I", got, 24)[0] == 0)


def await_window_closed(stage):
    await_info(stage, lambda got: struct.unpack_from("=I", got, 228)[0] == 0)


def close(stage):
    stage.one.close()


def close_listener(stage):
    stage.listener.close()


def shutdown_listener(stage):
    stage.listener.shutdown(socket.SHUT_RD)


def shutdown(stage, how=socket.SHUT_WR):
    stage.one.shutdown(how)


def half_close(stage, how=socket.SHUT_WR):
    """Up to FIN_WAIT2: the peer's kernel may wait a little before it acknowledges the FIN."""
    shutdown(stage, how)
    await_state(stage, FIN_WAIT2)


def disconnect(stage):
    traffic.disconnect(stage.one)


def send(stage, size=1):
    stage.one.sendall(bytes(size))


def receive(stage, size=1):
    while size:
        size -= len(stage.one.recv(size))


def read_end(stage):
    """Reads up to the peer's FIN; the number of bytes."""
    count = 0
    while data := stage.one.recv(1 << 16):
        count += len(data)
    return count


def fill(stage):
    """Sends as much as goes without waiting."""
    stage.one.setblocking(False)
    try:
        while True:
            stage.one.send(bytes(1 << 16))
    except BlockingIOError:
        stage.one.settimeout(PATIENCE)


def hear_nothing(stage):
    """Packets that come are dropped from here on."""
    traffic.drop_all_received(stage.one)


def listener_hears_nothing(stage):
    traffic.drop_all_received(stage.listener)


def hear_again(stage):
    stage.one.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def diag_request(place, lport, rport):
    """struct inet_diag_req_v2 (linux/inet_diag.h)."""
    addresses = (socket.inet_pton(place.family, text).ljust(16, b"\0") for text in (place.laddr, place.raddr))
    ports = struct.pack("!HH", lport, rport)
    any_cookie = b"\xff" * 8
    return struct.pack("=BBBxI4s16s16sI8s", place.family, socket.IPPROTO_TCP, 0, ~0 & 0xFFFFFFFF, ports, *addresses, 0,
                       any_cookie)


def destroy(stage, place, lport, rport):
    """As "ss -K" does."""
    request = diag_request(place, lport, rport)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
        diag.send(struct.pack("=IHHII", 16 + len(request), SOCK_DESTROY, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + request)
        error = -struct.unpack_from("=i", diag.recv(1 << 16), 16)[0]
    if error:
        raise OSError(error, f"destroying {lport} to {rport}: {os.strerror(error)}")


def lose(stage):
    """Sends the connection and both ends of a pair of sockets through that pair, and closes them all."""
    pair = socket.socketpair(socket.AF_UNIX)
    socket.send_fds(pair[0], [b"x"], [stage.one.fileno(), pair[0].fileno(), pair[1].fileno()])
    for one in *pair, stage.one:
        one.close()


def have_garbage_collected(stage):
    """Closing any such socket has the collector look, unless it is at it."""
    with socket.socket(socket.AF_UNIX):
        pass


def talk_and_close(server, client):
    """Of two actors that are connected: the client sends and closes, the server reads to the end and closes all it has."""
    client.do(send)
    server.do(receive)
    client.do(close)
    server.do(read_end)
    server.do(close)
    server.do(close_listener)
