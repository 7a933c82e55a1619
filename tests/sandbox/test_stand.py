"""The sandbox as a whole: six services answer, and a second run goes on where the first one stopped."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import qbittorrentapi

from mam_assets.sandbox.stand import Sandbox
from mam_assets.sandbox.twins.bencode import read_torrent
from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.qbittorrent_torrents import contents_of
from tests.patience import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder, download_seconds=0.1) as running:
        yield running
        assert running.crashes() == []


def test_every_service_answers_to_the_settings_given(sandbox: Sandbox) -> None:
    settings = sandbox.environment()
    with httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as plain:
        bearer = {"Authorization": f"Bearer {settings['ABS_TOKEN']}"}
        libraries = plain.get(f"{settings['ABS_URL']}/api/libraries", headers=bearer).json()["libraries"]
        assert libraries[0]["folders"][0]["fullPath"] == settings["LIBRARY_PATH"]
        items = plain.get(f"{settings['ABS_URL']}/api/libraries/{libraries[0]['id']}/items", headers=bearer).json()
        assert items["total"] == len(sandbox.world.owned)
        key = {"X-Api-Key": settings["PROWLARR_API_KEY"]}
        assert plain.get(f"{settings['PROWLARR_URL']}/api/v1/indexer", headers=key).status_code == 200
        search = {"q": "isbn:0", "key": settings["GOOGLE_BOOKS_API_KEY"]}
        assert plain.get(f"{settings['GOOGLE_BOOKS_URL']}/volumes", params=search).status_code == 200
        assert plain.get(f"{settings['GOODREADS_URL']}/robots.txt").status_code == 200
        cookie = {"Cookie": f"mam_id={settings['MAM_ID']}"}
        assert plain.get(f"{settings['MAM_URL']}/json/checkCookie.php", headers=cookie).status_code == 200
    client = qbittorrentapi.Client(
        host=settings["QBITTORRENT_URL"],
        username=settings["QBITTORRENT_USERNAME"],
        password=settings["QBITTORRENT_PASSWORD"],
    )
    assert client.app_version() == "v5.1.4"
    client._trigger_session_initialization()
    counts = sandbox.request_counts()
    assert counts["audiobookshelf"] == 2
    assert min(counts.values()) >= 1


def test_a_second_run_keeps_addresses_and_the_cookie(folder: Path) -> None:
    with Sandbox(folder) as first:
        settings = first.environment()
        cookie = {"Cookie": f"mam_id={settings['MAM_ID']}"}
        httpx.get(
            f"{settings['MAM_URL']}/json/checkCookie.php", headers=cookie, trust_env=False, timeout=PATIENCE_SECONDS
        )
        settings = first.environment()
    with Sandbox(folder) as second:
        assert second.environment() == settings


def test_a_port_that_is_taken_is_replaced(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with Sandbox(folder, ports={"mam": taken}) as sandbox:
            assert not sandbox.environment()["MAM_URL"].endswith(f":{taken}")
            ports = json.loads((folder / "ports.json").read_text())
            assert sandbox.environment()["MAM_URL"] == f"http://127.0.0.1:{ports['mam']}"


def test_a_release_travels_from_torrent_to_library(sandbox: Sandbox) -> None:
    """By hand, over the twins alone: what the system has to do."""
    built = next(built for built in sandbox.laid_out.releases if built.release.behaviour == "ok")
    settings = sandbox.environment()
    client = qbittorrentapi.Client(
        host=settings["QBITTORRENT_URL"],
        username=settings["QBITTORRENT_USERNAME"],
        password=settings["QBITTORRENT_PASSWORD"],
    )
    client.torrents_add(torrent_files=built.torrent, category="mam-assets")
    sandbox.qbittorrent.control("finish", {"hash": built.info_hash})
    (torrent,) = client.torrents_info(torrent_hashes=built.info_hash)
    assert torrent["progress"] == 1
    arrived = sum(path.stat().st_size for path in sandbox.save_path.rglob("*") if path.is_file())
    assert arrived == built.total_bytes
    client._trigger_session_initialization()


def test_every_release_delivers_its_files(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each torrent of the world that can be read at all, the ones with names that climb out of the folder too."""
    twin = QBittorrentTwin(contents_of(sandbox.laid_out.releases), tmp_path)
    for built in sandbox.laid_out.releases:
        if built.release.behaviour == "html_torrent":
            continue
        file, own = read_torrent(built.torrent), tmp_path / built.info_hash
        assert file.info_hash == built.info_hash
        twin.torrents.add(file, save_path=str(own), category="", tags=[], stopped=False)
        twin.control("finish", {"hash": built.info_hash})
        arrived = [path for path in own.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in arrived) == built.total_bytes, built.release
    assert {path.name for path in tmp_path.iterdir()} == set(twin.torrents.rows) - {f"{n:040x}" for n in (1, 2, 3)}
