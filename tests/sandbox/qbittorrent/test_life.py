"""A torrent's life in the twin of qBittorrent: added once, checked, downloaded, stopped."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import qbittorrentapi

from mam_assets.sandbox.twins.bencode import read_torrent
from mam_assets.sandbox.twins.serving import TwinServer
from tests.patience import PATIENCE_SECONDS
from tests.sandbox.qbittorrent.conftest import ANNOUNCE, Clock, Swarm, add, added, state


def test_the_info_hash_is_that_of_an_independent_reader(swarm: Swarm) -> None:
    for name in swarm.torrents:
        torrent = read_torrent(swarm.file(name))
        assert torrent.info_hash == swarm.hash(name)
        assert (torrent.private, torrent.trackers, torrent.comment) == (True, (ANNOUNCE,), "for the twin")
    assert [name for name, _ in read_torrent(swarm.file("book")).files] == ["Book/1.mp3", "Book/2.mp3"]


@pytest.mark.parametrize(
    "content", [b"", b"<html>log in</html>", b"d4:infoi1ee", b"de", b"i5e", b"l", b"d4:infod4:name1:aee", b"5:abc"]
)
def test_what_is_no_torrent_is_no_torrent(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_torrent(content)


def test_a_known_torrent_is_checked_downloaded_and_delivered(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, tmp_path: Path
) -> None:
    own = swarm.hash("book")
    assert added(client, swarm.file("book"), save_path=str(tmp_path / "mine"))
    assert state(client, own) == ("checkingResumeData", 0.0)
    clock.now += 6
    assert state(client, own) == ("downloading", 0.5)
    assert not (tmp_path / "mine" / "Book").exists()
    clock.now += 6
    assert state(client, own) == ("uploading", 1.0)
    assert (tmp_path / "mine" / "Book" / "2.mp3").read_bytes() == b"two" * 500
    clock.now += 60
    (torrent,) = client.torrents_info(category="ours", tag="mam")
    assert torrent["state"] == "stalledUP"
    assert torrent["tags"] == "mam, x"
    assert torrent["content_path"] == torrent["root_path"] == str(tmp_path / "mine" / "Book")
    assert torrent["completion_on"] == torrent["added_on"] + 11
    assert torrent["seeding_time"] == 61
    assert torrent["amount_left"] == 0
    assert [file["name"] for file in client.torrents_files(own)] == ["Book/1.mp3", "Book/2.mp3"]
    assert client.torrents_properties(own)["save_path"] == str(tmp_path / "mine")
    assert [(row["status"], row["tier"]) for row in client.torrents_trackers(own)] == [(0, -1)] * 3 + [(2, 0)]


def test_a_single_file_lies_in_the_save_path_itself(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, tmp_path: Path
) -> None:
    add(client, swarm.file("single"))
    clock.now += 20
    (torrent,) = client.torrents_info(torrent_hashes=swarm.hash("single"))
    assert torrent["root_path"] == ""
    assert Path(torrent["content_path"]) == tmp_path / "downloads" / "Alone.m4b"
    assert Path(torrent["content_path"]).stat().st_size == torrent["size"]


@pytest.mark.parametrize(("name", "progress"), [("endless", 0.37), ("unknown", 0.0)])
def test_some_torrents_stall_for_ever(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, name: str, progress: float
) -> None:
    add(client, swarm.file(name))
    clock.now += 86_400
    assert state(client, swarm.hash(name)) == ("stalledDL", progress)


def test_a_torrent_is_added_once(client: qbittorrentapi.Client, swarm: Swarm) -> None:
    assert added(client, swarm.file("book"))
    assert not added(client, swarm.file("book"))
    assert len(client.torrents_info(category="ours")) == 1


def test_since_5_2_the_answer_names_what_was_added(client: qbittorrentapi.Client, swarm: Swarm, version: str) -> None:
    answer = add(client, swarm.file("book"))
    if version == "5.2.3":
        assert list(answer["added_torrent_ids"]) == [swarm.hash("book")]
    else:
        assert answer == "Ok."


@pytest.mark.parametrize("content", [b"<html>log in</html>", b"d3:foo3:bare"])
def test_a_bad_file_is_refused_by_name(client: qbittorrentapi.Client, content: bytes) -> None:
    with pytest.raises(qbittorrentapi.UnsupportedMediaType415Error, match="is not a valid torrent file"):
        add(client, content)


def test_two_files_of_one_name_are_one(server: TwinServer, swarm: Swarm) -> None:
    with httpx.Client(base_url=f"{server.address}/api/v2", trust_env=False, timeout=PATIENCE_SECONDS) as plain:
        plain.post("/auth/login", data={"username": "admin", "password": "right"})
        parts = [("t1", ("a.torrent", swarm.file("book"))), ("t2", ("a.torrent", swarm.file("single")))]
        plain.post("/torrents/add", files=parts, data={"category": "ours"})
        rows = plain.get("/torrents/info", params={"category": "ours"}).json()
    assert [row["hash"] for row in rows] == [swarm.hash("single")]


def test_a_magnet_waits_for_its_metadata(client: qbittorrentapi.Client, clock: Clock) -> None:
    magnet = f"magnet:?xt=urn:btih:{'AB' * 20}&dn=Some+Book"
    client.torrents_add(urls=magnet, category="ours")
    clock.now += 60
    (torrent,) = client.torrents_info(category="ours")
    assert (torrent["hash"], torrent["name"], torrent["state"]) == ("ab" * 20, "Some Book", "metaDL")


def test_a_magnet_of_known_peers_learns_its_files_and_completes(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock
) -> None:
    own = swarm.hash("book")
    client.torrents_add(urls=f"magnet:?xt=urn:btih:{own}", category="ours")
    assert state(client, own) == ("metaDL", 0.0)
    clock.now += 6
    assert state(client, own) == ("downloading", 0.5)
    assert len(client.torrents_files(own)) == 2
    clock.now += 6
    assert state(client, own) == ("uploading", 1.0)


def test_a_stopped_torrent_goes_no_further(
    client: qbittorrentapi.Client, swarm: Swarm, clock: Clock, version: str
) -> None:
    own = swarm.hash("book")
    add(client, swarm.file("book"), is_stopped=True)
    clock.now += 100
    stopped = "pausedDL" if version == "4.6.7" else "stoppedDL"
    assert state(client, own) == (stopped, 0.0)
    assert [row["hash"] for row in client.torrents_info(status_filter="stopped")] == [own]
    client.torrents_start(torrent_hashes=own)
    clock.now += 4
    assert state(client, own) == ("downloading", 0.4)
    client.torrents_stop(torrent_hashes=own)
    clock.now += 100
    assert state(client, own) == (stopped, 0.4)
