"""A tracker for two peers on this machine: HTTP, compact answers, no memory beyond the test.

Belongs here: the announce call of BEP 3 and BEP 23. Does not belong here: scrapes, passkeys, ratios.
"""

from __future__ import annotations

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# The path must begin with /announce: libtorrent asks nothing else of a tracker on loopback.
PASSKEY = "feedfacefeedfacefeedfacefeedface"


class Tracker:
    """Knows who announced which torrent at which port of 127.0.0.1. Runs as a context manager."""

    def __init__(self) -> None:
        self._ports: dict[bytes, set[int]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def announce(self) -> str:
        """The address that goes into a .torrent."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/announce/{PASSKEY}"

    def knows(self, info_hash: str, port: int) -> bool:
        """Whether a peer at this port takes part in a torrent."""
        with self._lock:
            return port in self._ports.get(bytes.fromhex(info_hash), set())

    def answer(self, query: str) -> bytes:
        """Note who announces, and name every other peer."""
        asked = parse_qs(query, encoding="latin-1")
        info_hash, port = asked["info_hash"][0].encode("latin-1"), int(asked["port"][0])
        with self._lock:
            ports = self._ports.setdefault(info_hash, set())
            others = sorted(ports - {port})
            (ports.discard if asked.get("event") == ["stopped"] else ports.add)(port)
        peers = b"".join(socket.inet_aton("127.0.0.1") + struct.pack(">H", other) for other in others)
        return b"d8:intervali5e12:min intervali5e5:peers%d:%se" % (len(peers), peers)

    def __enter__(self) -> Tracker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(tracker: Tracker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = tracker.answer(urlsplit(self.path).query)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: a test's output is its own."""

    return Handler
