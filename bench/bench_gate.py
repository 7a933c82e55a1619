"""What a request costs on its way through the transport and the gates, against plain httpx, on loopback.

Run `python bench/bench_gate.py`; it prints a table. The gaps of the paces are scaled to nothing, so that what is left
is our own work: the transport, and the statements and commits of the gate that all processes share.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from sqlalchemy import Engine, event

from mam_assets.domain.budgets import Pace
from mam_assets.resources.database import connect
from mam_assets.resources.gate import Gate, MemoryGate
from mam_assets.resources.http import build_client
from mam_assets.resources.postgres_gate import PostgresGate
from mam_assets.resources.redaction import Redactor
from mam_assets.settings import load_settings
from mam_assets.store import embedded

ROUNDS = 10
REQUESTS = 30
UNHURRIED = 1e-9
OPEN = Pace(1.0, 1.0)
COUNTED = Pace(1.0, 1.0, session_limit=10**6, daily_limit=10**6)
ALONE = Pace(1.0, 1.0, session_limit=10**6, daily_limit=10**6, one_at_a_time=True)


class Answer(BaseHTTPRequestHandler):
    """Answers everything with a few bytes and keeps the connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the receipt of its own first part

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _serve(tell: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    tell.send(server.server_port)
    server.serve_forever()


@contextmanager
def loopback() -> Iterator[str]:
    """The address of a server in a process of its own, so that it does not share our interpreter's lock."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def count_statements(engine: Engine, into: Counter[str]) -> None:
    """Count what goes to the database."""
    event.listen(engine, "before_cursor_execute", lambda *_: into.update(["statements"]))
    event.listen(engine, "commit", lambda *_: into.update(["commits"]))


def main() -> None:
    """Measure in turn and print."""
    with tempfile.TemporaryDirectory(prefix="mam-assets-bench-") as folder, loopback() as url:
        Path(folder).chmod(0o711)  # where root runs this, the server's own user passes through
        data_dir = Path(folder) / "data"
        engine = connect(load_settings(_env_file=None, database_url=None, data_dir=data_dir))
        try:
            measure(engine, url)
        finally:
            engine.dispose()
            embedded.leave(data_dir)


def measure(engine: Engine, url: str) -> None:
    """One line for each way."""
    paces = {"open": OPEN, "counted": COUNTED, "alone": ALONE}
    shared = PostgresGate(engine, paces, session_key="bench", scales=dict.fromkeys(paces, UNHURRIED))

    def through(gate: Gate, service: str) -> httpx.Client:
        return build_client(service, url, gate=gate, redactor=Redactor())

    ways: dict[str, httpx.Client] = {
        "plain httpx": httpx.Client(base_url=url, trust_env=False),
        "transport, gate in memory": through(MemoryGate(paces, scale=UNHURRIED), "open"),
        "transport, shared gate": through(shared, "open"),
        "… with session and day counted": through(shared, "counted"),
        "… and one at a time": through(shared, "alone"),
    }
    counted: Counter[str] = Counter()
    count_statements(engine, counted)
    spent: dict[str, list[float]] = {title: [] for title in ways}
    asked: dict[str, Counter[str]] = {}
    for number in range(ROUNDS + 1):
        for title, client in ways.items():
            counted.clear()
            times = [_timed(client) for _ in range(REQUESTS)]
            asked[title] = Counter(counted)
            if number:  # the first round opens connections
                spent[title] += times
    floor = statistics.median(spent["plain httpx"])
    print(f"Medians of {ROUNDS * REQUESTS} requests each, taken in turn, in milliseconds.\n")
    print(f"{'way':34}{'each':>8}{'above plain':>13}{'statements':>12}{'commits':>9}")
    for title, seconds in spent.items():
        each = statistics.median(seconds)
        statements, commits = (asked[title][kind] / REQUESTS for kind in ("statements", "commits"))
        print(f"{title:34}{each * 1000:8.2f}{(each - floor) * 1000:13.2f}{statements:12.1f}{commits:9.1f}")
    for client in ways.values():
        client.close()


def _timed(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.get("/")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
