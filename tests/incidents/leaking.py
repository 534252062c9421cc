# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A server that answers, and then forgets the connection. Argument: the port."""

import http.server
import sys

forgotten = []


class Leaking(http.server.ThreadingHTTPServer):
    def shutdown_request(self, request):
        forgotten.append(request)


Leaking(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
