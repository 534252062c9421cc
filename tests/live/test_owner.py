# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whose a session is: in every line from the first one on in which it can be known."""

import errno
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import actor
import churn
import held_lock
import netns
import observe
import own_ports
import traffic
import uring
import wait
from causes import OPENS, Cast, Session, check_causes, collect
from kernel_record import KernelRecord, out_of_reach
from lines import from_json
from marks import alone
from outcome import Skipped, check, check_equal
from place import IPV4
from tool import check_good_end

CLOSED_FIRST = "FIN_WAIT1:close! FIN_WAIT2:fin_acked"
CLOSED_LAST = "CLOSE_WAIT:peer_fin LAST_ACK:close CLOSE:fin_acked"
RESET = "CLOSE:reset_linger!"
RESET_BY_PEER = "CLOSE:reset_received"
NOBODY = 65534


# ---- many connections

SESSIONS = 10_000
ACTS_OF_SERVER = {"fin": "LAST_ACK", "serverfin": "FIN_WAIT1", "rst": None}


def check_owner(line, port, parent, server, client, has_used, way):
    """A child belongs to the parent, which called listen(), until the server is known to have it; then for good."""
    here = f"{line['oldstate']}>{line['newstate']} of {line['lport']} to {line['rport']}"
    shown = line["owner_from"], line["pid"], line["comm"]
    if line["rport"] == 0:
        check_equal(here, shown, ("listen" if line["newstate"] == "LISTEN" else shown[0], shown[1], churn.COMM))
    elif line["rport"] == port:
        check_equal(here, shown, ("connect", client, churn.COMM))
    elif has_used:
        check_equal(here, shown, (way, server, churn.COMM))
    else:
        ways = [("inherited", parent, churn.COMM), (way, server, churn.COMM)]
        check(shown in ways, f"{here}: got {shown}, wanted one of {ways}")


def check_many(lines, port, mode, parent, server, client, sees_accept):
    users, way = set(), "accept" if sees_accept else "use"
    for line in lines:
        check_owner(line, port, parent, server, client, line["cookie"] in users, way)
        if line["owner_from"] == way and line["rport"]:
            users.add(line["cookie"])
        elif line["lport"] == port and line["rport"]:
            check(line["newstate"] != ACTS_OF_SERVER[mode], f"its own act does not make the server the owner: {line}")


def many(mode):
    @alone
    def test(program):
        port, fields = own_ports.new(), ("-F", "laddr,lport,raddr,rport,oldstate,newstate,pid,comm,owner_from,cookie")
        with (tempfile.TemporaryFile() as file, KernelRecord(64) as record,
              program.start("-j", *fields, everywhere=True, stdout=file) as tool):
            with churn.gone(), churn.Churn(churn.ADDRESS4, port, 1, SESSIONS, mode) as run:
                parent = run.process.pid
                pids = {role: pid for role, pid, _ in run.finish()}
            record.stop()
            sees_accept = tool.sees_accept()
            check_good_end(tool.end())
            file.seek(0)
            lines = list(filter(churn.is_ours, from_json(own_ports.lines_in(file.read(), b'port":'))))
        opened = [line for line in lines if line["newstate"] == "SYN_RECV"]
        unseen = out_of_reach(record.events)
        check_equal("connections", len(opened), SESSIONS - sum(event.oldstate == "SYN_RECV" for event in unseen))
        check(len(lines) >= SESSIONS * 6 + 2 - 2 * len(unseen), f"only {len(lines)} lines")
        check_many(lines, port, mode, parent, pids["server"], pids["client"], sees_accept)
    return test


test_many_reset = many("rst")
test_many_closed_by_client = many("fin")
test_many_closed_by_server = many("serverfin")


# ---- who has the socket


def accept_and_close(stage):
    actor.accept(stage)
    actor.close(stage)


def fork_worker(stage, name):
    """A child process that accepts and closes; its process id."""
    if not (pid := os.fork()):
        actor.set_name(name)
        accept_and_close(stage)
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


class Known:
    """Process id and name, as an actor has them."""

    def __init__(self, pid, comm):
        self.pid, self.comm = pid, comm


def forked(cast):
    """A server that forks before it accepts: its children are the users."""
    pair = cast.pair().connect(accepted=False)
    worker = Known(pair.server.do(fork_worker, "worker"), "worker")
    pair.client.do(actor.await_event)
    pair.client.do(actor.close)
    return pair.sessions(CLOSED_LAST) + [pair.child_session(CLOSED_FIRST, user=worker, acceptor=worker)]


def hand_on(stage, path):
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(path)
        socket.send_fds(way, [b"x"], [stage.one.fileno()])
    stage.one.close()


def await_way(stage, path):
    stage.way = socket.socket(socket.AF_UNIX)
    stage.way.bind(path)
    stage.way.listen(1)


def take_over(stage):
    way, _ = stage.way.accept()
    with way:
        stage.one = socket.socket(fileno=socket.recv_fds(way, 1, 1)[1][0])


def handed_on(cast):
    """By its descriptor, through a Unix socket."""
    pair, worker = cast.pair().connect(), cast.actor("worker")
    path = f"\0tcpstates-{pair.port}-{pair.server.pid}"
    worker.do(await_way, path)
    pair.server.do(hand_on, path)
    worker.do(take_over)
    worker.do(actor.close)
    pair.client.do(actor.await_event)
    pair.client.do(actor.close)
    return pair.sessions(CLOSED_LAST) + [pair.child_session(CLOSED_FIRST, user=worker)]


def in_thread(stage, name, function, *arguments):
    def run():
        actor.set_name(name)
        function(stage, *arguments)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def threaded(cast):
    """The process has a name of its own, which is not that of its threads."""
    pair = cast.pair()
    pair.prepare()
    pair.client.do(in_thread, "client-thread", actor.connect, pair.place, pair.port)
    pair.server.do(in_thread, "server-thread", accept_and_close)
    pair.client.do(actor.await_event)
    pair.client.do(in_thread, "client-thread", actor.close)
    return pair.sessions(CLOSED_LAST, CLOSED_FIRST)


def rename(stage, name):
    actor.set_name(name)


def renamed(cast):
    """The name is that of when the owner became known."""
    pair = cast.pair().connect()
    first = Known(pair.server.pid, pair.server.comm)
    pair.server.do(rename, "other")
    pair.server.do(actor.close)
    pair.client.do(actor.await_event)
    pair.client.do(actor.close)
    listener = Session((pair.port, 0), "CLOSE LISTEN", first, "listen")
    child = Session((pair.port, pair.client_port), "LISTEN SYN_RECV ESTABLISHED " + CLOSED_FIRST, first, "inherited",
                    user=Known(pair.server.pid, "other"), acceptor=first)
    return [listener, child, pair.client_session(OPENS + CLOSED_LAST)]


def test_whose(program):
    check_causes(program, forked, handed_on, threaded, renamed)


def serve_by_exec(stage, program):
    """Runs another program in this process, which accepts and closes what this one listens to."""
    os.dup2(stage.listener.fileno(), 0)
    script = "import socket; socket.socket(fileno=0).accept()[0].close()"
    os.execv(program, [program, "-S", "-c", script])


def test_exec(program):
    """The process keeps its id and has a new name, as has the session from the first act on."""
    def scenario(cast):
        with tempfile.TemporaryDirectory() as folder:
            other = pathlib.Path(folder, "other-name")
            other.symlink_to(os.path.realpath(sys.executable))
            pair = cast.pair().connect(accepted=False)
            pair.server.begin(serve_by_exec, str(other))
            pair.client.do(actor.await_event)
            pair.client.do(actor.close)
            pair.server.is_busy = False
            pair.server.wait()
        user = Known(pair.pids[pair.server], "other-name")
        return [pair.client_session(OPENS + CLOSED_LAST), pair.child_session(CLOSED_FIRST, user=user, acceptor=user)]
    check_causes(program, scenario)


# ---- io_uring


def ring_connect(stage, place, port, flags):
    stage.one.settimeout(None)      # else a worker thread does not wait for the end of the handshake (5.10)
    uring.Ring().connect(stage.one, place.raddr, port, flags)


def ring_serve(stage, flags):
    ring = uring.Ring()
    ring.close(ring.accept(stage.listener, flags), flags)


def by_ring(flags):
    def scenario(cast):
        pair = cast.pair()
        pair.prepare()
        pair.client.do(ring_connect, pair.place, pair.port, flags)
        pair.server.do(ring_serve, flags)
        pair.client.do(actor.await_event)
        pair.client.do(actor.close)
        return pair.sessions(CLOSED_LAST, CLOSED_FIRST)
    return scenario


def test_io_uring(program):
    """The process whose ring it is, be it by a call or by the kernel's worker thread of the process."""
    uring.Ring()
    check_causes(program, by_ring(0), by_ring(uring.ASYNC))


# ---- what else is known of the owner


def reset_and_collect(tool, cast, pair):
    pair.connect((socket.SOL_SOCKET, socket.SO_LINGER, traffic.LINGER_0))
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    sessions = pair.sessions(RESET.rstrip("!"), RESET_BY_PEER)
    lines = collect(tool, cast, sessions)
    sees_accept = tool.sees_accept()
    check_good_end(tool.end())
    for session in sessions:
        session.check(lines[session.ends], sees_accept)
    return lines


def become(stage, uid):
    os.setuid(uid)


def test_uid(program):
    """Of who made the socket; of who accepted it, in a child."""
    with Cast() as cast, program.start("-j") as tool:
        pair = cast.pair()
        pair.client.do(become, NOBODY)
        lines = reset_and_collect(tool, cast, pair)
    for ends, some in lines.items():
        check_equal(f"uid of {ends}", {line["uid"] for line in some}, {NOBODY if ends[1] == pair.port else 0})


def enter_netns(stage):
    netns.private_network()
    return netns.inode()


def test_netns(program):
    """Two processes in a network namespace that is not the tool's."""
    with Cast() as cast, program.start("-j", everywhere=True) as tool:
        one = cast.actor("elsewhere")
        inode, pid = one.do(enter_netns), one.pid
        check(inode != netns.inode(), "no namespace of its own")
        one.do(reset_own_connection, IPV4, own_ports.new())
        lines = [line for line in from_json(tool.lines_until(observe.mark())) if line["netns"] == inode]
        check_good_end(tool.end())
    check_equal("lines", len(lines), 8)
    check_equal("owners", {(line["pid"], line["comm"]) for line in lines}, {(pid, "elsewhere")})


def reset_own_connection(stage, place, port):
    listener = traffic.new_socket(place, port)
    listener.listen(1)
    client = traffic.new_socket(place)
    client.connect((place.raddr, port))
    child, _ = listener.accept()
    traffic.reset_on_close(client)
    client.close()
    stage.one = child
    actor.await_event(stage)
    child.close()
    listener.close()


def test_lock_of_another(program):
    """
    A packet that comes while a process has the socket's lock is processed by that process, when it lets the lock go: this
    does not make it the owner, as it may be anybody who looks at sockets.
    """
    with program.start("-j") as tool:
        listener = traffic.Listener(IPV4)
        client = traffic.new_socket(IPV4)
        client.connect((IPV4.raddr, listener.port))
        child, _ = listener.socket.accept()
        with held_lock.held(child) as holder:
            traffic.reset_on_close(client)
            client.close()
            held_lock.await_backlog(child)
        lines = from_json(tool.lines_until(observe.mark()))
        check_good_end(tool.end())
        traffic.close(child, listener.socket)
    [end] = [line for line in lines if line["lport"] == listener.port and line["newstate"] == "CLOSE" and line["rport"]]
    check_equal("on the CPU", end["c_pid"], holder)
    check_equal("cause", end["cause"], "reset_received")
    check_equal("owner", end["pid"], os.getpid())


def cgroup2():
    for row in pathlib.Path("/proc/mounts").read_text().splitlines():
        if row.split()[2] == "cgroup2":
            return pathlib.Path(row.split()[1])
    raise Skipped("no cgroup2 hierarchy is mounted")


def enter_cgroup(stage, path):
    pathlib.Path(path, "cgroup.procs").write_text("0")


def remove_cgroup(folder):
    """A process that has been waited for may be in it for a little longer."""
    def is_removed():
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True
    wait.until(is_removed, f"{folder} is empty")


def test_cgroup(program):
    """Of who made the socket: the inode number of its directory."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tcpstates-", dir=cgroup2()))
    try:
        with Cast() as cast, program.start("-j") as tool:
            pair = cast.pair()
            pair.client.do(enter_cgroup, str(folder))
            inode = folder.stat().st_ino
            lines = reset_and_collect(tool, cast, pair)
    finally:
        remove_cgroup(folder)
    groups = {ends: {line["cgroup_id"] for line in some} for ends, some in lines.items()}
    check_equal("cgroup of the client", groups[pair.client_port, pair.port], {inode})
    for ends, some in groups.items():
        check(ends[1] == pair.port or inode not in some and None not in some, f"cgroup of {ends}: {some}")


def cookies_of_ss():
    """{(local port, remote port): cookie}."""
    if not shutil.which("ss"):
        raise Skipped("no ss(8)")
    said = subprocess.run(["ss", "-tanpeH"], capture_output=True, text=True, check=True).stdout
    cookies = {}
    for row in said.splitlines():
        words = row.split()
        ends = tuple(int(word.rpartition(":")[2]) if not word.endswith("*") else 0 for word in words[3:5])
        cookies[ends] = next(word[3:] for word in words if word.startswith("sk:"))
    return cookies


def test_cookie(program):
    """One for all lines of a session, as ss(8) shows it; each session has its own."""
    with Cast() as cast, program.start("-j") as tool:
        pair = cast.pair().connect()
        shown = cookies_of_ss()
        sessions = pair.sessions("", "")
        lines = collect(tool, cast, sessions)
        check_good_end(tool.end())
    for ends, some in lines.items():
        check_equal(f"cookies of {ends}", {line["cookie"] for line in some}, {shown[ends]})
    check_equal("cookies", len(set(shown.values())), 3)
