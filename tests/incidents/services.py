# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The servers: configured, started, waited for. Each has ports of the test's own."""

import os
import pathlib
import signal

import own_ports
from outcome import Failed

NGINX = """
worker_processes 1;
daemon off;
user root;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {rest}
    server {{
        listen {port} {listen};
        root {root};
        {server}
    }}
}}
"""

HAPROXY = """
global
    maxconn 512
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    retries 0
frontend in
    bind 127.0.0.1:{port}
    default_backend out
backend out
    {backend}
    server one 127.0.0.1:{to}
"""

PGBOUNCER = """
[databases]
test = host=127.0.0.1 port={to} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
{rest}
"""

PAGE = "<h1>It works</h1>\n"
USER = "postgres"       # its server does not run as root


class Server:
    """A service that runs, and its port."""

    def __init__(self, running, port):
        self.running, self.port = running, port

    def url(self, path="", host="127.0.0.1"):
        return f"http://{host}:{self.port}/{path}"


def nginx(stage, server="", rest="", listen="", port=None, host=None):
    """server, rest: more lines of the server's block, and of the one around it; listen: more words of listen."""
    folder, port = stage.new_folder("nginx"), port or own_ports.new()
    root = folder / "root"
    root.mkdir()
    (root / "index.html").write_text(PAGE)
    config = stage.write("nginx.conf", NGINX.format(folder=folder, root=root, port=port, server=server, rest=rest, listen=listen))
    running = stage.start("nginx", "-c", config, "-p", folder, "-e", "stderr", host=host).listens(port)
    running.root = root
    return Server(running, port)


def haproxy(stage, to, backend="http-reuse safe"):
    port = own_ports.new()
    config = stage.write("haproxy.cfg", HAPROXY.format(port=port, to=to, backend=backend))
    return Server(stage.start("haproxy", "-db", "-f", config).listens(port), port)


def redis(stage, *options, host=None, address="127.0.0.1"):
    port = own_ports.new()
    running = stage.start("redis-server", "--port", port, "--bind", address, "--dir", stage.new_folder("redis"), "--save", "",
                          "--daemonize", "no", *options, host=host)
    return Server(running.listens(port), port)


def http_server(stage, script=None):
    """Python's own; or one that a script makes of it, which gets the port as its argument."""
    port, folder = own_ports.new(), stage.new_folder("http")
    (folder / "index.html").write_text(PAGE)
    what = [script, port] if script else ["-m", "http.server", "-b", "127.0.0.1", port]
    return Server(stage.start("python3", *what, cwd=folder).listens(port), port)


def postgres_programs():
    """The newest version's."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if not found:
        raise Failed("there is no PostgreSQL: run scripts/deps install incidents")
    return found[-1].parent


def postgres(stage):
    programs, folder, port = postgres_programs(), stage.new_folder("postgres", USER), own_ports.new()
    data = folder / "data"
    stage.run(programs / "initdb", "-D", data, "-A", "trust", "-U", USER, "--no-sync", "--locale=C", user=USER, cwd=folder)
    running = stage.start(programs / "postgres", "-D", data, "-p", port, "-k", folder, "-c", "listen_addresses=127.0.0.1",
                          "-c", "fsync=off", "-c", "dynamic_shared_memory_type=mmap", user=USER, cwd=folder)
    stage.callback(running.end, signal.SIGINT)      # does not wait for its clients
    return Server(running.listens(port), port)


def pgbouncer(stage, to, rest=""):
    port, folder = own_ports.new(), stage.new_folder("pgbouncer", USER)
    config = stage.write("pgbouncer.ini", PGBOUNCER.format(port=port, to=to, rest=rest))
    return Server(stage.start("pgbouncer", config, user=USER, cwd=folder).listens(port), port)


def pgbench(stage, server, *options, database="postgres"):
    """Read-only transactions; its tables are there."""
    return stage.client("pgbench", "-n", "-S", *options, "-h", "127.0.0.1", "-p", server.port, "-U", USER, database,
                        env={**os.environ, "PGSSLMODE": "disable"})


def psql(stage, server, database):
    return stage.client("psql", "-h", "127.0.0.1", "-p", server.port, "-U", USER, "-Atc", "select 1", database)


def make_pgbench_tables(stage, server):
    stage.run("pgbench", "-i", "-q", "-h", "127.0.0.1", "-p", server.port, "-U", USER, "postgres")
