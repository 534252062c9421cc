# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Scenarios: each makes a few connections at a place and returns the lives its sockets should have had."""

import ctypes
import errno
import socket
import struct
import time

import own_ports
import wait
from delayed_link import FIN, SYN
from netns import libc
from story import Life, Step

AF_UNSPEC = struct.pack("=H14x", socket.AF_UNSPEC)
LINGER_0 = struct.pack("=ii", 1, 0)
SO_ATTACH_FILTER = 26
DROP_ALL = struct.pack("=HBBI", 0x06, 0, 0, 0)      # BPF_RET 0


def hold():
    """Lets the states reached so far last for a while."""
    time.sleep(0.03)


def port_of(one):
    return one.getsockname()[1]


def new_socket(place, port=None):
    one = socket.socket(place.family, socket.SOCK_STREAM)
    one.settimeout(wait.PATIENCE)
    if port is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((place.laddr, port))
    return one


def close(*sockets, unaccepted=0):
    """Closes them, and waits until all their changes are made: the kernel has freed them, and those never accepted."""
    left = wait.sockets() - len(sockets) - unaccepted
    for one in sockets:
        one.close()
    wait.at_most_sockets(left)


def reset_on_close(one):
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)


def disconnect(one):
    if libc.connect(one.fileno(), AF_UNSPEC, len(AF_UNSPEC)):
        raise OSError(ctypes.get_errno(), "connect(AF_UNSPEC)")


def drop_all_received(one):
    """A socket filter that drops every packet makes one end a black hole."""
    code = ctypes.create_string_buffer(DROP_ALL, len(DROP_ALL))
    program = struct.pack("@HP", 1, ctypes.addressof(code))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


class Listener:
    def __init__(self, place, port=None, backlog=16):
        self.place = place
        self.port = port or own_ports.new()
        with Step() as born:
            self.socket = new_socket(place, self.port)
        self.life = Life(place, "CLOSE", born, self.port, 0)
        hold()
        with Step() as listening:
            self.socket.listen(backlog)
        self.life.becomes("LISTEN", listening, ours=True)

    def close(self, unaccepted=0):
        with Step() as closing:
            close(self.socket, unaccepted=unaccepted)
        self.life.becomes("CLOSE", closing, ours=True)


class Connection:
    """A client connected to a listener, the accepted child, and the lives of both up to now."""

    def __init__(self, listener, port=None):
        place = listener.place
        with Step() as born:
            self.client = new_socket(place, port)
        hold()
        with Step() as connecting:
            self.client.connect((place.raddr, listener.port))
            self.child, _ = listener.socket.accept()
            wait.reached("ESTABLISHED", self.client, self.child)
        self.connecting = connecting
        lport = port_of(self.client)
        self.client_life = Life(place, "CLOSE", born, lport, listener.port, bound=port is not None)
        self.client_life.becomes("SYN_SENT", connecting, ours=True).becomes("ESTABLISHED", connecting)
        self.child_life = child_life(listener, lport, connecting)

    def lives(self):
        return [self.client_life, self.child_life]


def child_life(listener, rport, connecting):
    """An accepted socket: nobody knows since when it was in LISTEN, for it never was."""
    life = Life(listener.place, "LISTEN", None, listener.port, rport)
    return life.becomes("SYN_RECV", connecting).becomes("ESTABLISHED", connecting, known=None)


def active_close(place):
    """The client closes first. An orphan leaves FIN_WAIT2 at once: a time-wait minisock takes over."""
    listener = Listener(place)
    connection = Connection(listener)
    hold()
    with Step() as first:
        close(connection.client)
        wait.reached("CLOSE_WAIT", connection.child)
    hold()
    with Step() as second:
        close(connection.child)
    connection.client_life.becomes("FIN_WAIT1", first, ours=True).becomes("FIN_WAIT2", first).becomes("CLOSE", first)
    life = connection.child_life.becomes("CLOSE_WAIT", first)
    life.becomes("LAST_ACK", second, ours=True).becomes("CLOSE", second)
    listener.close()
    return [listener.life] + connection.lives()


def passive_close(place):
    """The server closes first."""
    listener = Listener(place)
    connection = Connection(listener)
    hold()
    with Step() as first:
        close(connection.child)
        wait.reached("CLOSE_WAIT", connection.client)
    hold()
    with Step() as second:
        close(connection.client)
    connection.child_life.becomes("FIN_WAIT1", first, ours=True).becomes("FIN_WAIT2", first).becomes("CLOSE", first)
    connection.client_life.becomes("CLOSE_WAIT", first).becomes("LAST_ACK", second, ours=True).becomes("CLOSE", second)
    listener.close()
    return [listener.life] + connection.lives()


def half_close_client(connection):
    connection.client.shutdown(socket.SHUT_WR)
    wait.reached("FIN_WAIT2", connection.client)
    wait.reached("CLOSE_WAIT", connection.child)


def half_close(place):
    """The client shuts its sending side; the server goes on sending for a while."""
    listener = Listener(place)
    connection = Connection(listener)
    hold()
    with Step() as first:
        half_close_client(connection)
    hold()
    connection.child.send(b"still here")
    hold()
    with Step() as second:
        close(connection.child)
        wait.reached("CLOSE", connection.client)
    connection.client_life.becomes("FIN_WAIT1", first, ours=True).becomes("FIN_WAIT2", first).becomes("CLOSE", second)
    life = connection.child_life.becomes("CLOSE_WAIT", first)
    life.becomes("LAST_ACK", second, ours=True).becomes("CLOSE", second)
    close(connection.client)
    listener.close()
    return [listener.life] + connection.lives()


def close_in_fin_wait2(place):
    """
    The client shuts its sending side, and closes before the server does. The kernel sets FIN_WAIT2 once more then,
    which is no transition.
    """
    listener = Listener(place)
    connection = Connection(listener)
    with Step() as first:
        half_close_client(connection)
    hold()
    with Step() as second:
        close(connection.client)
    hold()
    with Step() as third:
        close(connection.child)
    life = connection.client_life.becomes("FIN_WAIT1", first, ours=True).becomes("FIN_WAIT2", first)
    life.becomes("CLOSE", second, ours=True)
    connection.child_life.becomes("CLOSE_WAIT", first).becomes("LAST_ACK", third, ours=True).becomes("CLOSE", third)
    listener.close()
    return [listener.life] + connection.lives()


def refused(place):
    unused = new_socket(place, own_ports.new())
    with Step() as born:
        client = new_socket(place, own_ports.new())
    hold()
    with Step() as connecting:
        error = client.connect_ex((place.raddr, port_of(unused)))
        wait.reached("CLOSE", client)
    assert error == errno.ECONNREFUSED, error
    life = Life(place, "CLOSE", born, port_of(client), port_of(unused))
    life.becomes("SYN_SENT", connecting, ours=True).becomes("CLOSE", connecting)
    close(client, unused)
    return [life]


def reset(place):
    """SO_LINGER with time 0: close() sends a reset."""
    listener = Listener(place)
    connection = Connection(listener)
    reset_on_close(connection.client)
    hold()
    with Step() as closing:
        close(connection.client)
        wait.reached("CLOSE", connection.child)
    connection.client_life.becomes("CLOSE", closing, ours=True)
    connection.child_life.becomes("CLOSE", closing)
    close(connection.child)
    listener.close()
    return [listener.life] + connection.lives()


def reset_half_closed(place):
    """The client has shut its sending side and is then reset by the server: FIN_WAIT2 and CLOSE_WAIT end in CLOSE."""
    listener = Listener(place)
    connection = Connection(listener)
    with Step() as first:
        half_close_client(connection)
    reset_on_close(connection.child)
    hold()
    with Step() as second:
        close(connection.child)
        wait.reached("CLOSE", connection.client)
    connection.client_life.becomes("FIN_WAIT1", first, ours=True).becomes("FIN_WAIT2", first).becomes("CLOSE", second)
    connection.child_life.becomes("CLOSE_WAIT", first).becomes("CLOSE", second, ours=True)
    close(connection.client)
    listener.close()
    return [listener.life] + connection.lives()


def reset_unacknowledged(place):
    """The server hears nothing more: the client's FIN stays unacknowledged until a reset. FIN_WAIT1 to CLOSE."""
    listener = Listener(place)
    connection = Connection(listener)
    drop_all_received(connection.child)
    with Step() as first:
        connection.client.shutdown(socket.SHUT_WR)
    hold()
    reset_on_close(connection.child)
    with Step() as second:
        close(connection.child)
        wait.reached("CLOSE", connection.client)
    connection.client_life.becomes("FIN_WAIT1", first, ours=True).becomes("CLOSE", second)
    connection.child_life.becomes("CLOSE", second, ours=True)
    close(connection.client)
    listener.close()
    return [listener.life] + connection.lives()


def abandoned_connect(place):
    """Nobody answers, and the client gives up by closing: SYN_SENT to CLOSE."""
    listener = Listener(place)
    drop_all_received(listener.socket)
    with Step() as born:
        client = new_socket(place, own_ports.new())
    client.setblocking(False)
    with Step() as connecting:
        client.connect_ex((place.raddr, listener.port))
    hold()
    lport = port_of(client)
    with Step() as closing:
        close(client)
    life = Life(place, "CLOSE", born, lport, listener.port)
    life.becomes("SYN_SENT", connecting, ours=True).becomes("CLOSE", closing, ours=True)
    listener.close()
    return [listener.life, life]


def timed_out_connect(place):
    """Nobody answers until the user timeout is over, about a second."""
    listener = Listener(place)
    drop_all_received(listener.socket)
    with Step() as born:
        client = new_socket(place, own_ports.new())
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 200)
    with Step() as connecting:
        error = client.connect_ex((place.raddr, listener.port))
        wait.reached("CLOSE", client)
    assert error == errno.ETIMEDOUT, error
    life = Life(place, "CLOSE", born, port_of(client), listener.port)
    life.becomes("SYN_SENT", connecting, ours=True).becomes("CLOSE", connecting)
    close(client)
    listener.close()
    return [listener.life, life]


def listen_close_listen(place):
    """A listener shut down can listen again; the time between is spent in CLOSE."""
    listener = Listener(place)
    hold()
    with Step() as shutting:
        listener.socket.shutdown(socket.SHUT_RD)
    hold()
    with Step() as listening:
        listener.socket.listen(1)
    listener.life.becomes("CLOSE", shutting, ours=True).becomes("LISTEN", listening, ours=True)
    hold()
    listener.close()
    return [listener.life]


def reconnect(place):
    """connect(AF_UNSPEC) takes the connection down by a reset; the same socket connects again."""
    listener = Listener(place)
    connection = Connection(listener, own_ports.new())
    hold()
    with Step() as down:
        disconnect(connection.client)
        wait.reached("CLOSE", connection.client, connection.child)
    hold()
    with Step() as again:
        connection.client.connect((place.raddr, listener.port))
        second, _ = listener.socket.accept()
        wait.reached("ESTABLISHED", connection.client, second)
    connection.child_life.becomes("CLOSE", down)
    life = connection.client_life.becomes("CLOSE", down, ours=True)
    life.becomes("SYN_SENT", again, ours=True).becomes("ESTABLISHED", again)
    second_life = child_life(listener, life.lport, again)
    reset_on_close(second)
    with Step() as closing:
        close(second)
        wait.reached("CLOSE", connection.client)
    life.becomes("CLOSE", closing)
    second_life.becomes("CLOSE", closing, ours=True)
    close(connection.client, connection.child)
    listener.close()
    return [listener.life] + connection.lives() + [second_life]


def backlog(place):
    """Three connections nobody accepts; the listener's end resets them."""
    listener = Listener(place)
    clients = []
    for _ in range(3):
        with Step() as born:
            client = new_socket(place)
        with Step() as connecting:
            client.connect((place.raddr, listener.port))
            wait.reached_unaccepted("ESTABLISHED", listener.port, port_of(client))
        life = Life(place, "CLOSE", born, port_of(client), listener.port, bound=False)
        life.becomes("SYN_SENT", connecting, ours=True).becomes("ESTABLISHED", connecting)
        clients.append((client, life, child_life(listener, port_of(client), connecting)))
    hold()
    with Step() as closing:
        listener.close(unaccepted=len(clients))
        wait.reached("CLOSE", *[client for client, _, _ in clients])
    for client, life, child in clients:
        close(client)
        life.becomes("CLOSE", closing)
        child.becomes("CLOSE", closing)
    return [listener.life] + [life for client in clients for life in client[1:]]


def self_connect(place):
    """A socket connected to itself: a simultaneous open with one socket."""
    with Step() as born:
        one = new_socket(place, own_ports.new())
    port = port_of(one)
    with Step() as connecting:
        one.connect((place.raddr, port))
        wait.reached("ESTABLISHED", one)
    hold()
    with Step() as closing:
        close(one)
    life = Life(place, "CLOSE", born, port, port)
    life.becomes("SYN_SENT", connecting, ours=True).becomes("SYN_RECV", connecting).becomes("ESTABLISHED", connecting)
    life.becomes("FIN_WAIT1", closing, ours=True).becomes("CLOSING", closing).becomes("CLOSE", closing)
    return [life]


def simultaneous_close(link, place):
    """Both ends close before they hear of each other: FIN_WAIT1, CLOSING."""
    listener = Listener(place)
    connection = Connection(listener)
    hold()
    link.hold(FIN)
    with Step() as closing:
        connection.client.shutdown(socket.SHUT_WR)
        connection.child.shutdown(socket.SHUT_WR)
    with Step() as crossing:
        link.let_go()
        wait.reached("CLOSE", connection.client, connection.child)
    for life in connection.lives():
        life.becomes("FIN_WAIT1", closing, ours=True).becomes("CLOSING", crossing).becomes("CLOSE", crossing)
    close(connection.client, connection.child)
    listener.close()
    return [listener.life] + connection.lives()


def simultaneous_open(link, place):
    """Two sockets connect to each other before they hear of each other."""
    with Step() as born:
        ends = [new_socket(place, own_ports.new()), new_socket(place, own_ports.new())]
    numbers = [port_of(end) for end in ends]
    link.hold(SYN)
    with Step() as begin:
        for end, peer in zip(ends, reversed(numbers)):
            end.setblocking(False)
            end.connect_ex((place.raddr, peer))
    with Step() as established:
        link.let_go()
        wait.reached("ESTABLISHED", *ends)
    lives = [Life(place, "CLOSE", born, *order) for order in (numbers, numbers[::-1])]
    for life in lives:
        life.becomes("SYN_SENT", begin, ours=True)
        life.becomes("SYN_RECV", established).becomes("ESTABLISHED", established)
    reset_on_close(ends[0])
    with Step() as closing:
        close(ends[0])
        wait.reached("CLOSE", ends[1])
    lives[0].becomes("CLOSE", closing, ours=True)
    lives[1].becomes("CLOSE", closing)
    close(ends[1])
    return lives
