"""A twin of qBittorrent in each version that it plays, its peers, and a person's client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import qbittorrentapi
import torf

from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.qbittorrent_torrents import Content
from mam_assets.sandbox.twins.qbittorrent_versions import PROFILES
from mam_assets.sandbox.twins.serving import TwinServer

ANNOUNCE = "http://127.0.0.1:9/announce/0123456789abcdef"


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_795_340_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=sorted(PROFILES))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def made(root: Path, name: str, files: dict[str, bytes]) -> torf.Torrent:
    """A torrent and its content below ``root``; a single file when there is one of that name."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    torrent = torf.Torrent(path=root / name, trackers=[ANNOUNCE], private=True, comment="for the twin")
    torrent.generate()
    return torrent


class Swarm:
    """The torrents that peers of the twin have, by name."""

    def __init__(self, root: Path) -> None:
        self.torrents = {
            "book": made(root / "1", "Book", {"Book/1.mp3": b"one" * 500, "Book/2.mp3": b"two" * 500}),
            "single": made(root / "2", "Alone.m4b", {"Alone.m4b": b"alone" * 500}),
            "endless": made(root / "3", "Endless", {"Endless/1.mp3": b"never" * 500}),
            "unknown": made(root / "4", "Unknown", {"Unknown/1.mp3": b"nobody has it" * 100}),
        }
        behaviours = {"book": "ok", "single": "ok", "endless": "never_completes"}
        self.contents = {
            self.hash(name): Content(root / str(number), behaviours[name], self.file(name))
            for number, name in enumerate(self.torrents, start=1)
            if name in behaviours
        }

    def hash(self, name: str) -> str:
        return str(self.torrents[name].infohash)

    def file(self, name: str) -> bytes:
        return bytes(self.torrents[name].dump())


@pytest.fixture
def swarm(tmp_path: Path) -> Swarm:
    return Swarm(tmp_path / "swarm")


@pytest.fixture
def build(swarm: Swarm, tmp_path: Path, clock: Clock, version: str) -> Callable[[], QBittorrentTwin]:
    """A twin; each further one is the same after a restart."""

    def again() -> QBittorrentTwin:
        return QBittorrentTwin(
            swarm.contents,
            tmp_path / "downloads",
            version=version,
            password="right",
            api_key="qbt_0123456789012345678901234567",
            state_path=tmp_path / "state.json",
            clock=clock,
            download_seconds=10,
            check_seconds=1,
        )

    return again


@pytest.fixture
def twin(build: Callable[[], QBittorrentTwin]) -> QBittorrentTwin:
    return build()


@pytest.fixture
def server(twin: QBittorrentTwin) -> Iterator[TwinServer]:
    with TwinServer(twin) as running:
        yield running
        assert running.crashes == []


def client_of(server: TwinServer, password: str = "right", **options: Any) -> qbittorrentapi.Client:
    return qbittorrentapi.Client(host=server.address, username="admin", password=password, **options)


@pytest.fixture
def client(server: TwinServer) -> Iterator[qbittorrentapi.Client]:
    client = client_of(server)
    yield client
    client._trigger_session_initialization()


def add(client: qbittorrentapi.Client, content: bytes, **options: Any) -> Any:
    return client.torrents_add(torrent_files=content, category="ours", tags=["mam", "x"], **options)


def added(client: qbittorrentapi.Client, content: bytes, **options: Any) -> bool:
    """Whether the client says so, in the way of either version."""
    try:
        answer = add(client, content, **options)
    except qbittorrentapi.Conflict409Error:
        return False
    return answer == "Ok." or (not isinstance(answer, str) and answer["success_count"] == 1)


def state(client: qbittorrentapi.Client, info_hash: str) -> tuple[str, float]:
    (torrent,) = client.torrents_info(torrent_hashes=info_hash)
    return torrent["state"], round(torrent["progress"], 2)
