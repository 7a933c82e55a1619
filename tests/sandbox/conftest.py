"""The demo's world, built and laid out once per session, and any twin behind a real socket."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from mam_assets.sandbox.twins.serving import Twin, TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import LaidOutWorld, lay_out
from mam_assets.sandbox.world.model import World
from tests.patience import PATIENCE_SECONDS

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

Serve = Callable[[Twin], httpx.Client]


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(NOW)


@pytest.fixture(scope="session")
def laid_out(world: World) -> Iterator[LaidOutWorld]:
    with tempfile.TemporaryDirectory(prefix="mam-assets-world-") as root:
        yield lay_out(world, Path(root))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Stand a twin up on loopback and get a client for it; a crash of the twin fails the test."""
    servers: list[TwinServer] = []
    clients: list[httpx.Client] = []

    def start(twin: Twin) -> httpx.Client:
        server = TwinServer(twin)
        servers.append(server)
        # Without TLS there is nothing to verify, and loading the certificates takes longer than the test.
        clients.append(httpx.Client(base_url=server.start(), verify=False, timeout=PATIENCE_SECONDS))
        return clients[-1]

    yield start
    for client in clients:
        client.close()
    for server in servers:
        server.stop()
        assert server.crashes == []
