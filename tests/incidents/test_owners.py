# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Incidents whose culprit is a program: it does not close, does not read, does not reuse, closes too early."""

import pathlib
import signal

import netns
import services
import wait
from incident import check_found, client, diagnose, server
from marks import alone
from stage import Stage

HERE = pathlib.Path(__file__).resolve().parent
MANY = 8


def fetch(stage, *urls, options=()):
    stage.run("curl", "-sS", "-o", "/dev/null", *options, *urls)


def states(port):
    """Of the sessions that a server at that port has."""
    return [state for lport, _, state in wait.table() if lport == port]


def test_close_wait_leak(program):
    """One of four services does not close."""
    with Stage() as stage:
        leaking = services.http_server(stage, HERE / "leaking.py")
        well = [services.nginx(stage), services.http_server(stage)]
        cache = services.redis(stage)

        def play():
            for _ in range(MANY):
                fetch(stage, leaking.url())
                for one in well:
                    fetch(stage, one.url())
                stage.run("redis-cli", "-p", cache.port, "set", "key", "value")
            wait.until(lambda: states(leaking.port).count("CLOSE_WAIT") >= MANY, "the leaking service has its sessions")

        found = diagnose(program, play)
        check_found(found, server("close-wait-leak", "python3", leaking.port),
                    also=[client("slow-peer-close", "curl", leaking.port)])


def test_port_exhaustion(program):
    """A client that makes a connection for each request finds no port for the next one."""
    netns.sysctl("net.ipv4.ip_local_port_range", "40000 40199")
    netns.sysctl("net.ipv4.tcp_tw_reuse", 0)
    with Stage() as stage:
        cache = services.redis(stage)

        def play():
            stage.client("redis-benchmark", "-p", cache.port, "-k", 0, "-c", 4, "-n", 1000, "-t", "set").finish()

        found = diagnose(program, play, seconds=10)
        check_found(found, *[client(rule, "redis-benchmark", cache.port) for rule in ("no-port", "port-pressure")],
                    also=[client("pool-churn", "redis-benchmark", cache.port)])


def test_stale_reuse(program):
    """The server drops connections after a second without requests; the client's pool uses them later."""
    with Stage() as stage:
        web = services.nginx(stage, "keepalive_timeout 1s;")

        def play():
            said = stage.run("python3", HERE / "pool.py", "127.0.0.1", web.port, MANY, 2)
            assert int(said) == MANY, said

        found = diagnose(program, play, seconds=8)
        check_found(found, client("stale-reuse", "python3", web.port))


@alone
def test_pool_churn(program):
    """A pooler that uses each connection to the database once."""
    with Stage() as stage:
        database = services.postgres(stage)
        services.make_pgbench_tables(stage, database)
        pooler = services.pgbouncer(stage, database.port, "server_lifetime = 0")

        def play():
            services.pgbench(stage, pooler, "-c", 8, "-T", 6, database="test").succeed()

        found = diagnose(program, play)
        check_found(found, client("pool-churn", "pgbouncer", database.port))


def test_accept_queue_full(program):
    """A server is busy with one slow command; its queue of new connections is full."""
    with Stage() as stage:
        cache = services.redis(stage, "--tcp-backlog", 4, "--enable-debug-command", "yes")

        def play():
            stage.client("redis-cli", "-p", cache.port, "debug", "sleep", 16)
            wait.until(lambda: states(cache.port).count("ESTABLISHED") == 1, "redis has the command")
            for _ in range(12):
                stage.client("redis-cli", "-p", cache.port, "ping")
            wait.until(lambda: states(cache.port).count("ESTABLISHED") > 4, "its queue is full")

        found = diagnose(program, play)
        check_found(found, *[server(rule, "redis-server", cache.port) for rule in ("backlog-full", "not-accepted")],
                    also=[server("accept-slow", "redis-server", cache.port)])


def resets_of_unread():
    """How many the kernel has sent in this network namespace."""
    names, numbers = [line.split() for line in pathlib.Path("/proc/net/netstat").read_text().splitlines() if line.startswith("TcpExt:")]
    return int(numbers[names.index("TCPAbortOnClose")])


def test_unread_reset(program):
    """The server refuses uploads, and closes without having read them: a client may lose the answer."""
    with Stage() as stage:
        web = services.http_server(stage)
        upload = stage.write("upload", "x" * 60000)

        def play():
            begin = resets_of_unread()
            while resets_of_unread() < begin + MANY:    # some clients close sooner than the server
                stage.client("curl", "-sS", "-o", "/dev/null", "-H", "Expect:", "--data-binary", f"@{upload}", web.url()).finish()

        found = diagnose(program, play)
        check_found(found, server("unread-reset", "python3", web.port), also=[client("peer-resets", "curl", web.port)])


def test_receiver_does_not_read(program):
    """A download whose client has stopped."""
    with Stage() as stage:
        web = services.nginx(stage)
        with open(web.running.root / "large", "wb") as large:
            large.truncate(1 << 30)

        def play():
            download = stage.client("curl", "-sS", "--limit-rate", "1M", "-o", "/dev/null", web.url("large"))
            wait.until(lambda: "ESTABLISHED" in states(web.port), "the download has begun")
            download.send(signal.SIGSTOP)

        found = diagnose(program, play)
        check_found(found, client("owner-does-not-read", "curl", web.port), server("peer-does-not-read", "nginx", web.port))
