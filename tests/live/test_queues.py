# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What waits in the queues when a session ends by a reset or a timeout. The kernel empties the send queue before it changes the
state; the sequence numbers, from which the figures are made, are those from before.
"""

import json
import os
import socket

import traffic
import wait
from outcome import check_equal
from place import IPV4
from tool import check_good_end

UNREAD, UNACKNOWLEDGED = 77, 1234
TCP_USER_TIMEOUT = 18
FIELDS = "lport,rport,newstate,cause,tx_queue,rx_queue"


def end_of_child(program, end):
    """The child has read nothing of what the client sent, and the client gets nothing of what the child sends."""
    here = os.stat("/proc/self/ns/net").st_ino
    with program.start("-j", "-F", FIELDS, f"--netns={here}") as tool:
        listener = traffic.Listener(IPV4)
        connection = traffic.Connection(listener)
        rport = traffic.port_of(connection.client)
        connection.client.sendall(b"x" * UNREAD)
        connection.child.recv(UNREAD, socket.MSG_WAITALL | socket.MSG_PEEK)
        traffic.drop_all_received(connection.client)
        traffic.reset_on_close(connection.client)
        connection.child.sendall(b"y" * UNACKNOWLEDGED)
        end(connection)
        listener.close()
        ended = tool.end()
    check_good_end(ended)
    lines = [json.loads(line) for line in ended.lines]
    return [(line["cause"], line["tx_queue"], line["rx_queue"]) for line in lines
            if (line["lport"], line["rport"], line["newstate"]) == (listener.port, rport, "CLOSE")]


def reset_by_peer(connection):
    traffic.close(connection.client)
    wait.reached("CLOSE", connection.child)
    traffic.close(connection.child)


def time_out(connection):
    connection.child.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 300)
    wait.reached("CLOSE", connection.child)
    traffic.close(connection.child)
    traffic.close(connection.client)


def reset_with_data_unread(connection):
    traffic.close(connection.child)
    traffic.close(connection.client)


def test_reset_by_peer(program):
    check_equal("ends", end_of_child(program, reset_by_peer), [("reset_received", UNACKNOWLEDGED, UNREAD)])


def test_timeout(program):
    check_equal("ends", end_of_child(program, time_out), [("user_timeout", UNACKNOWLEDGED, UNREAD)])


def test_reset_unread(program):
    check_equal("ends", end_of_child(program, reset_with_data_unread), [("reset_unread", UNACKNOWLEDGED, UNREAD)])
