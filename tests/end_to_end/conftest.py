"""What whole flows need: real torrent clients, a tracker, and a small library that lacks one book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mam_assets.resources.torrent_logins import failed_logins
from mam_assets.settings import Settings
from tests.end_to_end.jungle import Jungle, open_jungle
from tests.end_to_end.real_clients import PASSWORD, USERNAME, QBittorrent, required_program
from tests.end_to_end.tracker import Tracker


@pytest.fixture(scope="session")
def qbittorrent_nox() -> str:
    """The path of the real client."""
    return required_program("qbittorrent-nox", "qbittorrent-nox")


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    """A tracker on loopback."""
    with Tracker() as tracker:
        yield tracker


@pytest.fixture
def start_client(qbittorrent_nox: str, tmp_path: Path) -> Iterator[Callable[[str], QBittorrent]]:
    """Start a real client by name; each ends with the test."""
    with ExitStack() as clients:

        def start(name: str) -> QBittorrent:
            client = QBittorrent(qbittorrent_nox, tmp_path / name)
            clients.callback(client.stop)
            client.start()
            return client

        yield start


@pytest.fixture
def jungle(tracker: Tracker, tmp_path: Path) -> Iterator[Jungle]:
    """The small world and its twins: The Jungle Book is owned, The Second Jungle Book is offered."""
    with open_jungle(tmp_path / "world", tracker.announce) as jungle:
        yield jungle


@pytest.fixture
def downloader(start_client: Callable[[str], QBittorrent]) -> QBittorrent:
    """The client that the assets talk to."""
    return start_client("downloader")


@pytest.fixture
def seeder(start_client: Callable[[str], QBittorrent], jungle: Jungle, tracker: Tracker) -> QBittorrent:
    """The client that has the whole book and shares it."""
    client = start_client("seeder")
    jungle.share(client, tracker)
    return client


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch,
    bare_environment: None,
    clean_url: str,
    tmp_path: Path,
    jungle: Jungle,
    downloader: QBittorrent,
) -> pytest.MonkeyPatch:
    """The environment that a person's `.env` would give: the twins, the real client, a database of the test's own."""
    given = jungle.environment() | {
        "DATABASE_URL": clean_url,
        "DATA_DIR": str(tmp_path / "data"),
        "QBITTORRENT_URL": downloader.url,
        "QBITTORRENT_USERNAME": USERNAME,
        "QBITTORRENT_PASSWORD": PASSWORD,
        "QBITTORRENT_SAVE_PATH": str(downloader.save_path / "books"),
    }
    assert {name.lower() for name in given} <= Settings.model_fields.keys()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)  # away from the .env of whoever runs the tests
    monkeypatch.setattr("mam_assets.resources.torrent_client.failed_logins", type(failed_logins)())
    return monkeypatch
