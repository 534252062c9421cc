# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The same programs working well: nothing is found but notes."""

import os
import time

import netns
import own_ports
import services
from incident import diagnose, told
from outcome import check
from stage import Stage, path_of

SECONDS = 30        # of a trace
BUSY = 22           # of traffic
OWNERS = "nginx haproxy postgres pgbouncer pgbench psql redis-server redis-cli redis-benchmark python3 curl ssh sshd".split()
PACE = 0.2          # from one round of short connections to the next

SSHD = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
"""


def sshd(stage):
    """The command that reaches it. Its directory for privilege separation is a fixed one."""
    netns.mount("none", "/run", "tmpfs")
    os.mkdir("/run/sshd", 0o755)
    folder, port = stage.new_folder("ssh"), own_ports.new()
    for name in "host", "user":
        stage.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name)
    config = stage.write("sshd_config", SSHD.format(port=port, folder=folder))
    stage.start(path_of("sshd"), "-D", "-e", "-f", config).listens(port)
    return ["ssh", "-q", "-i", folder / "user", "-p", port, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "BatchMode=yes", "root@127.0.0.1"]


def long_traffic(stage, database, pooler, cache, proxy, remote):
    """Connections that are used all the time, or at times."""
    for server, name in (database, "postgres"), (pooler, "test"):
        services.pgbench(stage, server, "-c", 4, "-T", BUSY, database=name)
    stage.client("redis-benchmark", "-p", cache.port, "-c", 20, "-n", 100000000, "-q", "-t", "set,get")
    stage.client("redis-cli", "-p", cache.port, "subscribe", "news")
    stage.client(*remote, "cat /dev/zero | head -c 50000000; sleep 60")
    stage.client("curl", "-sS", "--limit-rate", "200k", "-o", "/dev/null", proxy.url("large"))


def short_traffic(stage, webs, database, pooler, cache, remote):
    """One round; all at once."""
    round_ = [stage.client("curl", "-sS", *[word for _ in range(5) for word in ("-o", "/dev/null", web.url())]) for web in webs]
    round_.append(stage.client("redis-cli", "-p", cache.port, "incr", "rounds"))
    round_ += [services.psql(stage, server, name) for server, name in ((database, "postgres"), (pooler, "test"))]
    round_.append(stage.client(*remote, "true"))
    for one in round_:
        one.succeed()


def test_mixed_traffic(program):
    """A website behind a proxy, a database behind a pooler, a cache, shells; short and long connections side by side."""
    with Stage() as stage:
        remote = sshd(stage)
        web, files, cache, database = services.nginx(stage), services.http_server(stage), services.redis(stage), services.postgres(stage)
        services.make_pgbench_tables(stage, database)
        proxy, pooler = services.haproxy(stage, web.port), services.pgbouncer(stage, database.port)
        (web.running.root / "large").write_bytes(bytes(1 << 20))

        def play():
            long_traffic(stage, database, pooler, cache, proxy, remote)
            begin, rounds = time.monotonic(), 0
            while time.monotonic() < begin + BUSY:
                short_traffic(stage, (web, files, proxy), database, pooler, cache, remote)
                rounds += 1
                time.sleep(max(0, begin + rounds * PACE - time.monotonic()))

        found = diagnose(program, play, seconds=SECONDS, owners=OWNERS)
        check(not [line for line in found if line["severity"] != "note"], f"found: {told(found)}")
