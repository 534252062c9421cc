# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
A pool of HTTP connections that does not notice when the server closes one. Arguments: host, port, connections, seconds
without a request before the pool is used again.
"""

import http.client
import sys
import threading
import time


def ask(connection):
    connection.request("GET", "/")
    connection.getresponse().read()
    return time.monotonic()


host, port, count, idle = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
failed = []


def use():
    connection = http.client.HTTPConnection(host, port)
    last = ask(connection)
    time.sleep(max(0, last + idle - time.monotonic()))
    try:
        ask(connection)
    except (ConnectionError, http.client.RemoteDisconnected) as error:
        failed.append(error)
    connection.close()


threads = [threading.Thread(target=use) for _ in range(count)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(failed))
