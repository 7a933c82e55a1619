"""What befalls a torrent in the twin of qBittorrent: trouble, removal, a restart, and other people's torrents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import qbittorrentapi

from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.serving import TwinServer
from tests.patience import PATIENCE_SECONDS
from tests.sandbox.qbittorrent.conftest import Clock, Swarm, add, client_of, state


@pytest.mark.parametrize("wanted", ["error", "missingFiles", "moving"])
def test_a_torrent_can_be_put_into_trouble_and_out_again(
    client: qbittorrentapi.Client, server: TwinServer, swarm: Swarm, clock: Clock, wanted: str
) -> None:
    own = swarm.hash("book")
    add(client, swarm.file("book"))
    clock.now += 3
    order = {"hash": own, "state": wanted}
    assert (
        httpx.post(
            f"{server.address}/_twin/do/force", json=order, trust_env=False, timeout=PATIENCE_SECONDS
        ).status_code
        == 200
    )
    clock.now += 60
    assert state(client, own) == (wanted, 0.2)
    httpx.post(
        f"{server.address}/_twin/do/force", json={"hash": own, "state": None}, trust_env=False, timeout=PATIENCE_SECONDS
    )
    assert state(client, own) == ("downloading", 0.2)
    clock.now += 9
    assert state(client, own) == ("uploading", 1.0)


def test_a_person_can_remove_a_torrent(client: qbittorrentapi.Client, twin: QBittorrentTwin, swarm: Swarm) -> None:
    add(client, swarm.file("book"))
    twin.control("remove", {"hash": swarm.hash("book")})
    assert list(client.torrents_info(torrent_hashes=swarm.hash("book"))) == []
    with pytest.raises(qbittorrentapi.NotFound404Error):
        client.torrents_files(swarm.hash("book"))


@pytest.mark.parametrize("delete_files", [True, False])
def test_a_deleted_torrent_takes_its_files_only_when_told(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, tmp_path: Path, delete_files: bool
) -> None:
    add(client, swarm.file("book"))
    clock.now += 20
    client.torrents_info()
    assert (tmp_path / "downloads" / "Book" / "1.mp3").exists()
    client.torrents_delete(delete_files=delete_files, torrent_hashes=swarm.hash("book"))
    assert list(client.torrents_info(category="ours")) == []
    assert (tmp_path / "downloads" / "Book").exists() != delete_files


def test_a_recheck_of_vanished_files_begins_anew(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, tmp_path: Path
) -> None:
    own = swarm.hash("single")
    add(client, swarm.file("single"))
    clock.now += 20
    client.torrents_info()
    client.torrents_recheck(torrent_hashes=own)
    assert state(client, own) == ("checkingUP", 1.0)
    clock.now += 30
    assert state(client, own) == ("stalledUP", 1.0)
    (tmp_path / "downloads" / "Alone.m4b").unlink()
    client.torrents_recheck(torrent_hashes=own)
    clock.now += 6
    assert state(client, own) == ("downloading", 0.5)


def test_a_restart_keeps_the_torrents(
    build: Callable[[], QBittorrentTwin], client: qbittorrentapi.Client, swarm: Swarm, clock: Clock
) -> None:
    add(client, swarm.file("book"))
    clock.now += 6
    with TwinServer(build()) as after:
        again = client_of(after)
        assert state(again, swarm.hash("book")) == ("downloading", 0.5)
        assert set(again.torrents_tags()) == {"keep", "mam", "x"}
        assert set(again.torrents_categories()) == {"linux", "ours"}
        again._trigger_session_initialization()


def test_foreign_torrents_are_there_and_touching_them_is_seen(
    client: qbittorrentapi.Client, twin: QBittorrentTwin, swarm: Swarm
) -> None:
    assert {row["category"] for row in client.torrents_info()} == {"linux", ""}
    add(client, swarm.file("book"))
    client.torrents_delete(delete_files=True, torrent_hashes=swarm.hash("book"))
    assert twin.touched_foreign == []
    client.torrents_add_tags(tags="x", torrent_hashes="all")
    assert len(twin.touched_foreign) == 3
