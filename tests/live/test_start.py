# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
From the start to the first line on a machine that does other work: who is told that the program is ready sees each
connection that is made from then on, on each start.
"""

import contextlib
import os
import tempfile
import time

import own_ports
import traffic
import wait
from marks import alone
from other_work import Load
from outcome import check
from place import IPV4
from tool import check_good_end, here

BUSY = 20
STARTS = 1          # of each kind
CONNECTIONS = 5     # after each start
CHUNK = 1 << 20     # bytes
SECONDS = 900       # for the load, at most: longer than a test may take
# The owner is what the scan at the start is for; more than the test asks for, nobody can read fast enough.
FIELDS = "lport,rport,oldstate,newstate,pid"
STATES = ["SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "CLOSE_WAIT", "LAST_ACK", "CLOSE"]


def choices():
    """Ways to ask for the test's sessions: all of the machine, and filters, which the kernel judges at other places each."""
    ours = own_ports.as_range()
    return [[], ["-L", ours], ["-D", ours], ["-L", ours, "-D", ours], ["--remote", "127.0.0.0/8", "-4"], [here()]]


def connect_and_close(listener):
    """Both ends have ports of the test's own; the client closes first. The client's port."""
    client = traffic.new_socket(IPV4, own_ports.new())
    client.connect((IPV4.raddr, traffic.port_of(listener)))
    child, _ = listener.accept()
    port = traffic.port_of(client)
    client.close()
    wait.reached("CLOSE_WAIT", child)
    child.close()
    return port


class Shown:
    """
    The lines of the test's sessions in a file that the program writes: it does not wait for the test to read what the rest
    of the machine does.
    """

    def __init__(self, file):
        self.file, self.offset, self.rest, self.lines = file, 0, b"", []

    def read(self):
        """What is there so far, and no more: the rest of the machine may write faster than this reads."""
        end = os.fstat(self.file.fileno()).st_size
        while self.offset < end:
            data = os.pread(self.file.fileno(), min(CHUNK, end - self.offset), self.offset)
            self.offset += len(data)
            complete, newline, self.rest = (self.rest + data).rpartition(b"\n")
            self.lines += own_ports.lines_in(complete + newline, b'port":')

    def states_of(self, client_port):
        """In which states either end of a session is seen to get."""
        number = b":%d," % client_port
        return {state for state in STATES
                if any(number in line and b'"newstate":"%s"' % state.encode() in line for line in self.lines)}

    def wait_for(self, is_there, what):
        def looked():
            self.read()
            return is_there()
        wait.until(looked, what)


def milliseconds(begin):
    return round((time.monotonic() - begin) * 1000)


@contextlib.contextmanager
def listening():
    with traffic.new_socket(IPV4, own_ports.new()) as listener:
        listener.listen(16)
        yield listener


def start_and_connect(program, options, listener):
    """Milliseconds from exec to "ready", and from there to the first line; all connections are seen."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as file, \
            program.start("-j", "-F", FIELDS, *options, everywhere=True, stdout=file) as tool:
        shown, ready, begin = Shown(file), milliseconds(begin), time.monotonic()
        ports = [connect_and_close(listener)]
        shown.wait_for(lambda: shown.lines, f"{options}: the first line")
        first = milliseconds(begin)
        ports += [connect_and_close(listener) for _ in range(CONNECTIONS - 1)]
        for port in ports:
            shown.wait_for(lambda: shown.states_of(port) == set(STATES), f"{options}: all states of the session from {port}")
        check_good_end(tool.end())
    return ready, first


@alone
def test_first_event(program):
    """With 20 busy processes, connections, and other tracers that attach and detach."""
    times = []
    with Load(SECONDS, BUSY) as load:
        for options in choices() * STARTS:
            with listening() as listener:
                times.append(start_and_connect(program, options, listener))
    ready, first = (sorted(some) for some in zip(*times))
    print(f"# start.first_event: ready after {ready[0]} to {ready[-1]} ms, its first line {first[0]} to {first[-1]} ms later, "
          f"beside {load.describe()}", flush=True)
    check(load.is_whole, "a process of the load ended before the test did")
    check(load.attached(), "no other tracer was attached")
