# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Incidents whose cause is the network, or a host on it."""

import pathlib
import signal

import delayed_link
import hosts
import services
import wait
from delayed_link import DelayedLink
from incident import Culprit, check_found, client, diagnose, server
from outcome import Skipped, check, check_equal
from stage import Stage
from test_resets_lack import tells_resets

HERE = pathlib.Path(__file__).resolve().parent
MANY = 8
DELAY = 0.1         # of the link, one way
TIMEOUT = 1.0       # of nginx for idle connections


def states():
    return {(lport, state) for lport, _, state in wait.table()}


def test_syn_loss(program):
    """Every other SYN to one of two services is dropped."""
    with Stage() as stage:
        slow, well = services.nginx(stage), services.nginx(stage)
        rules = f"""
            table inet firewall {{
                chain in {{
                    type filter hook input priority 0;
                    tcp dport {slow.port} tcp flags & (syn | ack) == syn numgen inc mod 2 < 1 drop
                }}
            }}"""
        stage.run("nft", "-f", stage.write("rules.nft", rules))

        def play():
            clients = [stage.client("curl", "-sS", "-o", "/dev/null", one.url()) for one in (slow, well) for _ in range(2 * MANY)]
            for one in clients:
                one.succeed()

        found = diagnose(program, play)
        check_found(found, client("syn-loss", "curl", slow.port))


def test_happy_eyeballs(program):
    """IPv6 of a service is a black hole: its clients connect by IPv4, later."""
    with Stage() as stage:
        web = services.nginx(stage)
        both = "--resolve", f"web.test:{web.port}:[::1],127.0.0.1"
        rules = f"""
            table inet firewall {{
                chain in {{
                    type filter hook input priority 0;
                    ip6 daddr ::1 tcp dport {web.port} drop
                }}
            }}"""
        stage.run("nft", "-f", stage.write("rules.nft", rules))

        def play():
            for _ in range(MANY):
                stage.run("curl", "-sS", "-o", "/dev/null", *both, web.url(host="web.test"))

        found = diagnose(program, play, seconds=8)
        check_found(found, client("happy-eyeballs", "curl", web.port, "::1"))


def test_keepalive_race(program):
    """Requests cross the server's close: the client's pool keeps connections for as long as the server."""
    with Stage() as stage, DelayedLink(DELAY):
        web = services.nginx(stage, f"keepalive_timeout {TIMEOUT:.0f}s;")

        def play():
            for _ in range(3):
                stage.run("python3", HERE / "pool.py", delayed_link.THERE, web.port, MANY, TIMEOUT - DELAY)

        found = diagnose(program, play)
        check_found(found, client("keepalive-race", "python3", web.port, delayed_link.THERE),
                    also=[client("stale-reuse", "python3", web.port, delayed_link.THERE)])


def test_peer_vanishes(program):
    """In the middle of a download, the link to the client is cut."""
    with Stage() as stage, DelayedLink(0.005) as link:
        web = services.nginx(stage)
        with open(web.running.root / "large", "wb") as large:
            large.truncate(1 << 30)

        def play():
            stage.client("curl", "-sS", "-o", "/dev/null", web.url("large", delayed_link.THERE))
            begin = link.count
            wait.until(lambda: link.count > begin + 100, "the download is under way")
            link.delivers = lambda flags: False

        found = diagnose(program, play)
        check_found(found, server("stalled", "nginx", web.port))


def test_refused_in_deploy(program):
    """A service is restarted; its proxy goes on asking for it meanwhile."""
    with Stage() as stage:
        web = services.nginx(stage)
        proxy = services.haproxy(stage, web.port)

        def ask():
            return stage.client("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", proxy.url())

        def play():
            nonlocal web
            check_equal("answer", ask().succeed(), "200")
            web.running.end(signal.SIGQUIT)
            answers = [one.succeed() for one in [ask() for _ in range(MANY)]]
            check_equal("answers", set(answers), {"503"})
            web = services.nginx(stage, port=web.port)
            check_equal("answer", ask().succeed(), "200")

        found = diagnose(program, play)
        check_found(found, client("refused", "haproxy", web.port))
        text = next(line["text"] for line in found if line["rule"] == "refused")
        check("; nginx closed its listener there " in text and " before the first, and nginx listened again " in text, text)


def test_nat_forgets(program):
    """
    A NAT forgets what is idle for two seconds. The server's keepalive probes, later, find nobody; a client that goes on,
    later, gets no answer.
    """
    with Stage() as stage:
        gate, guest = hosts.start(stage)
        hosts.forgetful(stage, gate, seconds=2)
        cache = services.redis(stage, "--tcp-keepalive", 4, "--protected-mode", "no", address=hosts.HERE)
        web = services.nginx(stage)

        def play():
            stage.client("redis-cli", "-h", hosts.HERE, "-p", cache.port, "subscribe", "news", host=guest.pid)
            stage.client("python3", HERE / "pool.py", hosts.HERE, web.port, 1, 4, host=guest.pid)
            # Only now does redis know of its client that it is gone.
            wait.until(lambda: (cache.port, "ESTABLISHED") in states(), "redis has a client")
            wait.until(lambda: (cache.port, "ESTABLISHED") not in states(), "redis gives its client up")

        found = diagnose(program, play, others=[hosts.network_of(guest)])
        check_found(found, server("silent-drop", "redis-server", cache.port), client("stalled", "python3", web.port, hosts.HERE))


def test_port_scan(program):
    """A host tries the first thousand ports; one service is there."""
    if not tells_resets():
        raise Skipped("this kernel does not report resets of no session")
    with Stage() as stage:
        _, guest = hosts.start(stage)
        web = services.nginx(stage)

        def play():
            stage.run("nmap", "-sS", "-Pn", "-n", "-p", f"1-1000,{web.port}", hosts.HERE, host=guest.pid)
            stage.run("curl", "-sS", "-o", "/dev/null", web.url())

        found = diagnose(program, play, seconds=8)
        check_found(found, Culprit("port-scan", None, None, None, hosts.CLIENT))
