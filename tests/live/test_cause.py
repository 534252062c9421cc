# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Why a session ends, and whose it is, on every line of both ends: each way that the kernel has."""

import errno
import os
import signal
import socket
import time

import actor
import netns
import own_ports
import traffic
import wait
from causes import OPENS, Named, Session, check_causes
from delayed_link import ACK, FIN, RST, DelayedLink, deliver_all
from icmp import HOST_UNREACHABLE, PORT_UNREACHABLE, Router
from marks import alone
from outcome import Skipped, check_equal
from place import SLOW

TCP = socket.IPPROTO_TCP
LINGER_0 = socket.SOL_SOCKET, socket.SO_LINGER, traffic.LINGER_0
RESET_BY_PEER = "CLOSE:reset_received"
CLOSED_BY_PEER = "CLOSE_WAIT:peer_fin LAST_ACK:close! CLOSE:fin_acked"
CLOSING = 11        # of enum tcp_state
TO_TIME_WAIT = "FIN_WAIT2:fin_acked TIME_WAIT:peer_fin"


# ---- the owner closes


def closed(cast):
    """The client's socket is gone in FIN_WAIT2 at once; what comes then is a minisock's."""
    pair = cast.pair().connect()
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    return pair.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked", "CLOSE_WAIT:peer_fin")


def closed_by_server(cast):
    pair = cast.pair().connect()
    pair.server.do(actor.close)
    pair.client.do(actor.await_event)
    pair.client.do(actor.close)
    client = "CLOSE_WAIT:peer_fin LAST_ACK:close CLOSE:fin_acked"
    return pair.sessions(client, "FIN_WAIT1:close! FIN_WAIT2:fin_acked")


def half_closed(how):
    def scenario(cast):
        pair = cast.pair().connect()
        pair.client.do(actor.shutdown, how)
        pair.server.do(actor.await_event)
        pair.server.do(actor.close)
        return pair.sessions("FIN_WAIT1:shutdown " + TO_TIME_WAIT, CLOSED_BY_PEER)
    return scenario


def shut_down_by_server(how):
    """After the client."""
    def scenario(cast):
        pair = cast.pair().connect()
        pair.client.do(actor.shutdown)
        pair.server.do(actor.await_event)
        pair.server.do(actor.shutdown, how)
        child = "CLOSE_WAIT:peer_fin LAST_ACK:shutdown! CLOSE:fin_acked"
        return pair.sessions("FIN_WAIT1:shutdown " + TO_TIME_WAIT, child)
    return scenario


def shut_down_then_closed(cast):
    """In FIN_WAIT2 the socket hands over to a minisock, which is no line in this view."""
    pair = cast.pair().connect()
    pair.client.do(actor.half_close)
    pair.server.do(actor.await_event)
    pair.client.do(actor.close)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked", "CLOSE_WAIT:peer_fin")


def test_close_and_shutdown(program):
    both, sending = socket.SHUT_RDWR, socket.SHUT_WR
    check_causes(program, closed, closed_by_server, half_closed(both), half_closed(sending),
                 shut_down_by_server(both), shut_down_by_server(sending), shut_down_then_closed)


# ---- the owner's process ends


def exited(cast):
    pair = cast.pair().connect()
    pair.client.leave()
    pair.server.do(actor.await_event)
    pair.server.leave()
    child = "CLOSE_WAIT:peer_fin LAST_ACK:exit! CLOSE:fin_acked"
    return pair.sessions("FIN_WAIT1:exit FIN_WAIT2:fin_acked", child, "CLOSE:exit")


def killed(number):
    def scenario(cast):
        pair = cast.pair().connect()
        pair.client.die(number)
        pair.server.do(actor.await_event)
        pair.server.die(number)
        child = "CLOSE_WAIT:peer_fin LAST_ACK:signal! CLOSE:fin_acked"
        return pair.sessions("FIN_WAIT1:signal FIN_WAIT2:fin_acked", child, "CLOSE:signal", signal=number)
    return scenario


def ended_while_connecting(end, cause, **how):
    def scenario(cast):
        pair = cast.pair()
        pair.server.do(actor.listener_hears_nothing)
        pair.prepare()
        pair.client.do(actor.connect_later, pair.place, pair.port)
        end(pair.client)
        return pair.sessions() + [pair.client_session(f"CLOSE SYN_SENT CLOSE:{cause}", **how)]
    return scenario


def test_process_ends(program):
    check_causes(program, exited, killed(signal.SIGKILL), killed(signal.SIGTERM), killed(signal.SIGSEGV),
                 ended_while_connecting(lambda client: client.leave(), "exit"),
                 ended_while_connecting(lambda client: client.die(signal.SIGKILL), "signal", signal=signal.SIGKILL))


# ---- resets


def linger_0(end, **how):
    def scenario(cast):
        pair = cast.pair().connect(LINGER_0)
        end(pair.client)
        pair.server.do(actor.await_event)
        return pair.sessions("CLOSE:reset_linger", RESET_BY_PEER)
    return scenario


def linger_0_by_server(cast):
    pair = cast.pair().connect()
    pair.server.do(actor.set_option, *LINGER_0)
    pair.server.do(actor.close)
    pair.client.do(actor.await_event)
    return pair.sessions(RESET_BY_PEER, "CLOSE:reset_linger!")


def linger_0_after_fin(cast):
    """The peer has closed already: it is in FIN_WAIT2, this end in CLOSE_WAIT."""
    pair = cast.pair().connect()
    pair.client.do(actor.half_close)
    pair.server.do(actor.await_event)
    pair.server.do(actor.set_option, *LINGER_0)
    pair.server.do(actor.close)
    pair.client.do(actor.await_error)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked " + RESET_BY_PEER,
                         "CLOSE_WAIT:peer_fin CLOSE:reset_linger!")


def reset_in_close_wait(cast):
    """The kernel says EPIPE then, not ECONNRESET."""
    pair = cast.pair().connect()
    pair.server.do(actor.half_close)
    pair.client.do(actor.await_event)
    pair.server.do(actor.set_option, *LINGER_0)
    pair.server.do(actor.close)
    pair.client.do(actor.await_error)
    child = "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked CLOSE:reset_linger"
    return pair.sessions("CLOSE_WAIT:peer_fin " + RESET_BY_PEER, child)


def linger2_below_0(cast):
    """An orphan is not kept in FIN_WAIT2."""
    pair = cast.pair().connect((TCP, socket.TCP_LINGER2, -1))
    pair.client.do(actor.close)
    pair.server.do(actor.await_error)
    child = "CLOSE_WAIT:peer_fin " + RESET_BY_PEER
    return pair.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked CLOSE:reset_linger", child)


def linger2_below_0_in_fin_wait2(cast):
    pair = cast.pair().connect((TCP, socket.TCP_LINGER2, -1))
    pair.client.do(actor.half_close)
    pair.server.do(actor.await_event)
    pair.client.do(actor.close)
    pair.server.do(actor.await_error)
    child = "CLOSE_WAIT:peer_fin " + RESET_BY_PEER
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked CLOSE:reset_linger", child)


def unread(end):
    def scenario(cast):
        pair = cast.pair().connect()
        pair.server.do(actor.send)
        pair.client.do(actor.await_event)
        end(pair.client)
        pair.server.do(actor.await_event)
        return pair.sessions("CLOSE:reset_unread", RESET_BY_PEER)
    return scenario


def unread_after_fin(cast):
    pair = cast.pair().connect()
    pair.client.do(actor.send)
    pair.client.do(actor.half_close)
    pair.server.do(actor.close)
    pair.client.do(actor.await_error)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked " + RESET_BY_PEER,
                         "CLOSE_WAIT:peer_fin CLOSE:reset_unread!")


def late_data(cast):
    """After shutdown(SHUT_RDWR) nobody reads any more: data is answered by a reset."""
    pair = cast.pair().connect()
    pair.client.do(actor.half_close, socket.SHUT_RDWR)
    pair.server.do(actor.await_event)
    pair.server.do(actor.send)
    pair.server.do(actor.await_error)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked CLOSE:reset_late_data",
                         "CLOSE_WAIT:peer_fin " + RESET_BY_PEER + "?")


def late_data_in_fin_wait1(cast):
    """
    The server does not hear of the client's end, and sends. Nor does it hear of the reset for that; but of one for the
    same data sent again, when nothing is left at the client of what it must not hear.
    """
    pair = cast.pair().connect()
    pair.server.do(actor.hear_nothing)
    pair.client.do(actor.close)
    pair.server.do(actor.send)
    wait.until(lambda: (pair.client_port, pair.port) not in wait.ends(), "the client's socket is gone")
    pair.server.do(actor.hear_again)
    pair.server.do(actor.await_event)
    return pair.sessions("FIN_WAIT1:close CLOSE:reset_late_data", RESET_BY_PEER + "?")


def disconnected(cast):
    pair = cast.pair().connect()
    pair.client.do(actor.disconnect)
    pair.server.do(actor.await_event)
    return pair.sessions("CLOSE:disconnect", RESET_BY_PEER)


def disconnected_after_shutdown(cast):
    """Nothing was unread."""
    pair = cast.pair().connect()
    pair.client.do(actor.half_close, socket.SHUT_RDWR)
    pair.server.do(actor.await_event)
    pair.client.do(actor.disconnect)
    pair.server.do(actor.await_error)
    return pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked CLOSE:disconnect",
                         "CLOSE_WAIT:peer_fin " + RESET_BY_PEER)


def test_resets(program):
    check_causes(program, linger_0(lambda client: client.do(actor.close)), linger_0(lambda client: client.leave()),
                 linger_0_by_server, linger_0_after_fin, reset_in_close_wait, linger2_below_0,
                 linger2_below_0_in_fin_wait2, unread(lambda client: client.do(actor.close)),
                 unread(lambda client: client.leave()), unread_after_fin, late_data, late_data_in_fin_wait1,
                 disconnected, disconnected_after_shutdown)


# ---- TCP_REPAIR


TCP_REPAIR = 19


def repaired(end, cause):
    """The peer does not hear of it. Nothing was unread."""
    def scenario(cast):
        pair = cast.pair().connect()
        pair.client.do(actor.set_option, TCP, TCP_REPAIR, 1)
        pair.client.do(end)
        return pair.sessions(f"CLOSE:{cause}", "")
    return scenario


def repaired_and_let_go(cast):
    pair = cast.pair().connect()
    for value in 1, -1:     # TCP_REPAIR_OFF_NO_WP
        pair.client.do(actor.set_option, TCP, TCP_REPAIR, value)
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    return pair.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked", "CLOSE_WAIT:peer_fin")


def test_repair(program):
    check_causes(program, repaired(actor.close, "repair"), repaired(actor.disconnect, "disconnect"), repaired_and_let_go)


# ---- the last FIN is never acknowledged


def ended_in_last_ack(end, cause, *options, how=socket.SHUT_WR):
    def scenario(cast):
        pair = cast.pair().connect()
        pair.server.do(actor.half_close)
        pair.client.do(actor.await_event)
        pair.server.do(actor.hear_nothing)
        pair.client.do(actor.shutdown, how)
        for option in options:
            pair.client.do(actor.set_option, *option)
        pair.client.do(end)
        return pair.sessions(f"CLOSE_WAIT:peer_fin LAST_ACK:shutdown CLOSE:{cause}",
                             "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked")
    return scenario


def ended_in_closing(cast):
    """Data that is unread at close(): this end sends a reset."""
    pair = cast.pair(SLOW).connect()
    pair.server.do(actor.send)
    pair.client.do(actor.await_event)
    cast.link.hold(FIN)
    for one in pair.client, pair.server:
        one.do(actor.shutdown)
    cast.link.delivers = lambda flags: flags & FIN or flags & RST
    cast.link.let_go()
    pair.client.do(actor.await_state, CLOSING)
    pair.server.do(actor.await_state, CLOSING)
    pair.client.do(actor.close)
    pair.server.do(actor.await_error)
    cast.link.delivers = deliver_all
    path = "FIN_WAIT1:shutdown{} CLOSING:peer_fin CLOSE:{}"
    return pair.sessions(path.format("", "reset_unread"), path.format("!", "reset_received"))


def test_last_fin_not_acked(program):
    check_causes(program, ended_in_last_ack(actor.disconnect, "disconnect"),
                 ended_in_last_ack(actor.disconnect, "disconnect", how=socket.SHUT_RDWR),
                 ended_in_last_ack(actor.close, "close", LINGER_0),
                 ended_in_last_ack(actor.close, "repair", (TCP, TCP_REPAIR, 1)))


def data_with_the_ack(cast):
    """ACKs of an orphan's FIN are lost; the same in a segment with data makes it FIN_WAIT2, and at once CLOSE."""
    pair = cast.pair(SLOW).connect()
    cast.link.delivers = lambda flags: flags != ACK
    pair.client.do(actor.close)
    pair.server.do(actor.await_event)
    pair.server.do(actor.send)
    pair.server.do(actor.await_error)
    cast.link.delivers = deliver_all
    return pair.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked CLOSE:reset_late_data",
                         "CLOSE_WAIT:peer_fin " + RESET_BY_PEER)


def closed_by_both(end):
    def scenario(cast):
        pair = cast.pair(SLOW).connect()
        cast.link.hold(FIN)
        for one in pair.client, pair.server:
            one.do(end)
        cast.link.let_go()
        cause = "close" if end is actor.close else "shutdown"
        path = "FIN_WAIT1:{}{} CLOSING:peer_fin TIME_WAIT:fin_acked"
        return pair.sessions(path.format(cause, ""), path.format(cause, "!"))
    return scenario


def test_on_a_slow_link(program):
    with DelayedLink(0.02) as link:
        for scenario in (data_with_the_ack, closed_by_both(actor.shutdown), closed_by_both(actor.close),
                         ended_in_closing):
            check_causes(program, lambda cast: setattr(cast, "link", link) or scenario(cast))


# ---- connect() fails


def refused(cast):
    pair = cast.pair()
    pair.server.do(actor.close_listener)
    pair.prepare()
    check_equal("connect", pair.client.do(actor.connect_in_vain, pair.place, pair.port), errno.ECONNREFUSED)
    return pair.sessions(listener="CLOSE:close") + [pair.client_session("CLOSE SYN_SENT CLOSE:refused")]


def told_by_router(code, error, cause):
    def scenario(cast):
        pair = cast.pair()
        pair.server.do(actor.listener_hears_nothing)
        pair.prepare()
        with Router(pair.port) as router:
            pair.client.begin(actor.connect_in_vain, pair.place, pair.port)
            router.complain_until(pair.client.control, code)
        check_equal("connect", pair.client.finish(), error)
        return pair.sessions() + [pair.client_session(f"CLOSE SYN_SENT CLOSE:{cause}")]
    return scenario


def test_connect(program):
    check_causes(program, refused, told_by_router(HOST_UNREACHABLE, errno.EHOSTUNREACH, "unreachable"),
                 told_by_router(PORT_UNREACHABLE, errno.ECONNREFUSED, "refused"),
                 ended_while_connecting(lambda client: client.do(actor.close), "close"),
                 ended_while_connecting(lambda client: client.do(actor.disconnect), "disconnect"),
                 ended_while_connecting(lambda client: client.do(actor.shutdown, socket.SHUT_RDWR), "shutdown"),
                 ended_while_connecting(lambda client: client.do(actor.shutdown, socket.SHUT_WR), "shutdown"))


# ---- nobody answers


def connect_unanswered(cause, *options):
    def scenario(cast):
        pair = cast.pair()
        pair.server.do(actor.listener_hears_nothing)
        pair.prepare(*options)
        pair.client.begin(actor.connect_in_vain, pair.place, pair.port)
        return pair.sessions() + [pair.client_session(f"CLOSE SYN_SENT CLOSE:{cause}")]
    return scenario


def deaf_pair(cast, *options):
    pair = cast.pair().connect(*options)
    pair.server.do(actor.hear_nothing)
    return pair


def data_unanswered(cause, *options):
    """Options that are set before there is data could end the session without."""
    def scenario(cast):
        pair = deaf_pair(cast)
        pair.client.do(actor.send)
        for option in options:
            pair.client.do(actor.set_option, *option)
        pair.client.begin(actor.await_error)
        return pair.sessions(f"CLOSE:{cause}", "")
    return scenario


def data_to_unreachable(cast):
    """ICMP tells, but an established session is given up only when the retransmissions are over."""
    pair = deaf_pair(cast)
    with Router(pair.port) as router:
        pair.client.do(actor.send)
        router.complain(HOST_UNREACHABLE, with_data=True)
    pair.client.begin(actor.await_error)
    return pair.sessions("CLOSE:unreachable", "")


def data_in_close_wait(cast):
    pair = cast.pair().connect()
    pair.server.do(actor.half_close)
    pair.server.do(actor.hear_nothing)
    pair.client.do(actor.send)
    pair.client.begin(actor.await_error)
    return pair.sessions("CLOSE_WAIT:peer_fin CLOSE:retrans_timeout", "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked")


def fin_unanswered(end, cause):
    """Of an orphan, or not."""
    def scenario(cast):
        pair = deaf_pair(cast)
        pair.client.do(end)
        return pair.sessions(f"FIN_WAIT1:{cause} CLOSE:retrans_timeout", "")
    return scenario


def last_fin_unanswered(cast):
    pair = cast.pair().connect()
    pair.server.do(actor.half_close)
    pair.server.do(actor.hear_nothing)
    pair.client.do(actor.close)
    return pair.sessions("CLOSE_WAIT:peer_fin LAST_ACK:close CLOSE:retrans_timeout",
                         "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked")


KEEPALIVE = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (TCP, socket.TCP_KEEPIDLE, 1),
             (TCP, socket.TCP_KEEPINTVL, 1), (TCP, socket.TCP_KEEPCNT, 1))


def keepalive_unanswered(cause, *options):
    def scenario(cast):
        pair = deaf_pair(cast, *KEEPALIVE, *options)
        pair.client.begin(actor.await_error)
        return pair.sessions(f"CLOSE:{cause}", "")
    return scenario


def window_closed(cause, *options, then=()):
    """The server does not read, and falls silent when its window is closed."""
    def scenario(cast):
        pair = cast.pair().connect((TCP, socket.TCP_MAXSEG, 1000), *options)
        pair.client.do(actor.fill)
        pair.client.do(actor.await_window_closed)
        pair.client.do(actor.await_acked)
        pair.server.do(actor.hear_nothing)
        for option in then:
            pair.client.do(actor.set_option, *option)
        pair.client.begin(actor.await_error)
        return pair.sessions(f"CLOSE:{cause}", "")
    return scenario


def test_timeouts(program):
    netns.sysctl("net.ipv4.tcp_retries2", 3)
    netns.sysctl("net.ipv4.tcp_orphan_retries", 2)
    user_timeout, long_timeout = ((TCP, socket.TCP_USER_TIMEOUT, ms) for ms in (500, 60000))
    check_causes(program, connect_unanswered("syn_timeout", (TCP, socket.TCP_SYNCNT, 1)),
                 connect_unanswered("user_timeout", user_timeout),
                 connect_unanswered("syn_timeout", (TCP, socket.TCP_SYNCNT, 1), long_timeout),
                 data_unanswered("retrans_timeout"), data_unanswered("user_timeout", user_timeout),
                 data_unanswered("retrans_timeout", *KEEPALIVE), data_to_unreachable, data_in_close_wait,
                 fin_unanswered(actor.close, "close"), fin_unanswered(actor.shutdown, "shutdown"),
                 last_fin_unanswered, keepalive_unanswered("keepalive"),
                 keepalive_unanswered("user_timeout", user_timeout),
                 window_closed("zero_window"), window_closed("zero_window", *KEEPALIVE),
                 window_closed("zero_window", long_timeout), window_closed("user_timeout", then=[user_timeout]))


# ---- listeners


def listener_closed(end, cause, **how):
    """Two connections that nobody accepted, one of which the client has closed."""
    def scenario(cast):
        pair, other = cast.pair(), cast.actor("client-other")
        port = own_ports.new()
        pair.connect(accepted=False)
        other.do(actor.prepare, pair.place, port)
        other.do(actor.connect, pair.place, pair.port)
        other.do(actor.half_close)
        pair.pids[other] = other.pid
        end(pair.server)
        for one in pair.client, other:
            one.do(actor.await_error)
        closing = f"FIN_WAIT1:shutdown FIN_WAIT2:fin_acked {RESET_BY_PEER}"
        return pair.sessions(RESET_BY_PEER, "CLOSE:listener_closed", f"CLOSE:{cause}", **how) + [
            Session((port, pair.port), OPENS + closing, Named(pair, other), "connect"),
            Session((pair.port, port), "LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT:peer_fin CLOSE:listener_closed",
                    Named(pair, pair.server), "inherited")]
    return scenario


def test_listener_closed(program):
    check_causes(program, listener_closed(lambda server: server.do(actor.close_listener), "close"),
                 listener_closed(lambda server: server.do(actor.shutdown_listener), "shutdown"),
                 listener_closed(lambda server: server.leave(), "exit"),
                 listener_closed(lambda server: server.die(signal.SIGKILL), "signal", signal=signal.SIGKILL))


# ---- somebody else ends it


def destroyed(cast):
    pair, killer = cast.pair().connect(), cast.actor("killer")
    killer.do(actor.destroy, pair.place, pair.client_port, pair.port)
    pair.server.do(actor.await_event)
    return pair.sessions("CLOSE:destroyed", RESET_BY_PEER, killer=killer.pid)


def destroyed_at_server(cast):
    pair, killer = cast.pair().connect(), cast.actor("killer")
    killer.do(actor.destroy, pair.place, pair.port, pair.client_port)
    pair.client.do(actor.await_event)
    return pair.sessions(RESET_BY_PEER, "CLOSE:destroyed", killer=killer.pid)


def destroyed_while_connecting(cast):
    pair, killer = cast.pair(), cast.actor("killer")
    pair.server.do(actor.listener_hears_nothing)
    pair.prepare()
    pair.client.do(actor.connect_later, pair.place, pair.port)
    killer.do(actor.destroy, pair.place, pair.client_port, pair.port)
    return pair.sessions() + [pair.client_session("CLOSE SYN_SENT CLOSE:destroyed", killer=killer.pid)]


def destroyed_orphan(cast):
    pair, killer = cast.pair().connect(), cast.actor("killer")
    pair.server.do(actor.hear_nothing)
    pair.client.do(actor.close)
    killer.do(actor.destroy, pair.place, pair.client_port, pair.port)
    return pair.sessions("FIN_WAIT1:close CLOSE:destroyed", "", killer=killer.pid)


def destroyed_listener(cast):
    """And with it what it has not accepted."""
    pair, killer = cast.pair().connect(accepted=False), cast.actor("killer")
    killer.do(actor.destroy, pair.place, pair.port, 0)
    pair.client.do(actor.await_event)
    return pair.sessions(RESET_BY_PEER, "CLOSE:listener_closed", "CLOSE:destroyed", killer=killer.pid)


def test_destroyed(program):
    check_causes(program, destroyed, destroyed_at_server, destroyed_while_connecting, destroyed_listener)


def test_destroyed_orphan(program):
    check_causes(program, destroyed_orphan)


# ---- the kernel itself


def closed_by_kernel(cast):
    """A descriptor that only an unreachable message holds is closed by the kernel's collector of such garbage."""
    pair = cast.pair().connect()
    pair.client.do(actor.lose)
    while not pair.server.do(actor.has_event):
        pair.client.do(actor.have_garbage_collected)
    return pair.sessions("FIN_WAIT1:kernel FIN_WAIT2:fin_acked", "CLOSE_WAIT:peer_fin")


def test_closed_by_kernel(program):
    check_causes(program, closed_by_kernel)


# ---- the kernel's limits

ORPHANS = 60


def open_machine_sysctl(stage, path, outside):
    """The few that are the whole machine's show in the machine's own network namespace, where process `outside` is."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    with open(f"/proc/{outside}/ns/net") as there:
        netns.checked(netns.libc.setns(there.fileno(), 0))
    try:
        stage.limit = os.open(path, os.O_RDWR)
        return True
    except FileNotFoundError:
        return False
    finally:
        netns.checked(netns.libc.setns(here, 0))
        os.close(here)


def connect_many(stage, place, port, count):
    stage.many = [traffic.new_socket(place) for _ in range(count)]
    for one in stage.many:
        one.connect((place.raddr, port))


def accept_deaf(stage, count):
    stage.many = [stage.listener.accept()[0] for _ in range(count)]
    for one in stage.many:
        traffic.drop_all_received(one)


def close_many(stage):
    for one in stage.many:
        one.close()


def close_beyond_limit(stage):
    """There is a limit that others meet for a moment only: it stands while the socket is closed, no longer."""
    old = os.pread(stage.limit, 64, 0)
    try:
        os.pwrite(stage.limit, b"%d" % (ORPHANS // 4), 0)
        stage.one.close()
    finally:
        os.pwrite(stage.limit, old, 0)


def keep_each_cpu_awake():
    """For some ticks, one after the other."""
    all_cpus = os.sched_getaffinity(0)
    for cpu in all_cpus:
        os.sched_setaffinity(0, {cpu})
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
    os.sched_setaffinity(0, all_cpus)


def port_of_one(stage):
    return traffic.port_of(stage.one)


def is_closed_beyond_limit(pair, state):
    keep_each_cpu_awake()
    pair.client_port = 0    # the kernel's choice: it may take many
    pair.connect()
    pair.client_port = pair.client.do(port_of_one)
    if state == "LAST_ACK":
        pair.server.do(actor.half_close)
    pair.server.do(actor.hear_nothing)
    pair.client.do(close_beyond_limit)
    return (pair.client_port, pair.port, state) not in wait.table()


def close_too_many(pair, state):
    """
    The kernel judges by a count that it renews ten times a second, or later: its timer does not wake an idle CPU
    (tcp_orphan_update(), TIMER_DEFERRABLE). So this closes one after the other until there is one too many.
    """
    if not pair.client.do(open_machine_sysctl, "/proc/sys/net/ipv4/tcp_max_orphans", os.getppid()):
        raise Skipped("this is not the machine's own network namespace: tcp_max_orphans cannot be set")
    pair.client.do(connect_many, pair.place, pair.port, ORPHANS)
    pair.server.do(accept_deaf, ORPHANS)
    pair.client.do(close_many)
    wait.until(lambda: is_closed_beyond_limit(pair, state), "an orphan is one too many")


def orphan_too_many(cast):
    pair = cast.pair()
    close_too_many(pair, "FIN_WAIT1")
    return pair.sessions("FIN_WAIT1:close CLOSE:no_memory", "")


def last_orphan_too_many(cast):
    """Its FIN is not acknowledged."""
    pair = cast.pair()
    close_too_many(pair, "LAST_ACK")
    return pair.sessions("CLOSE_WAIT:peer_fin LAST_ACK:close CLOSE:no_memory", "FIN_WAIT1:shutdown! FIN_WAIT2:fin_acked")


@alone
def test_too_many_orphans(program):
    check_causes(program, orphan_too_many)


@alone
def test_too_many_last_orphans(program):
    check_causes(program, last_orphan_too_many)


def closed_by_each(cast):
    """One end is an orphan, the other not."""
    pair = cast.pair().connect()
    pair.client.do(actor.half_close)
    pair.server.do(actor.await_event)
    pair.server.do(actor.close)
    other = cast.pair().connect()
    other.client.do(actor.close)
    other.server.do(actor.await_event)
    return (pair.sessions("FIN_WAIT1:shutdown FIN_WAIT2:fin_acked CLOSE:time_wait_full", CLOSED_BY_PEER) +
            other.sessions("FIN_WAIT1:close FIN_WAIT2:fin_acked CLOSE:time_wait_full", "CLOSE_WAIT:peer_fin"))


def test_time_wait_full(program):
    netns.sysctl("net.ipv4.tcp_max_tw_buckets", 0)
    check_causes(program, closed_by_each)
