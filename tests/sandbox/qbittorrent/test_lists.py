"""What the twin of qBittorrent lists, by category and as a difference, and what it refuses."""

from __future__ import annotations

import httpx
import pytest
import qbittorrentapi

from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.serving import Fault, TwinServer
from tests.patience import PATIENCE_SECONDS
from tests.sandbox.qbittorrent.conftest import Clock, Swarm, add


def test_lists_filter_sort_and_page(client: qbittorrentapi.Client) -> None:
    names = ["big-archive.tar", "debian-netinst.iso", "holiday-pictures.zip"]
    assert [row["name"] for row in client.torrents_info(sort="name")] == names
    assert [row["name"] for row in client.torrents_info(sort="name", reverse=True, limit=1)] == names[2:]
    assert [row["name"] for row in client.torrents_info(sort="name", offset=-1)] == names[2:]
    assert [row["name"] for row in client.torrents_info(category="")] == ["holiday-pictures.zip"]
    assert [row["name"] for row in client.torrents_info(status_filter="completed", sort="name")] == names[1:]
    assert [row["name"] for row in client.torrents_info(tag="")] == ["big-archive.tar"]
    assert list(client.torrents_info(torrent_hashes="f" * 40)) == []
    with pytest.raises(qbittorrentapi.HTTP400Error):
        client.torrents_info(sort="nonsense")


def test_the_fields_of_a_row_grow_with_the_version(client: qbittorrentapi.Client, version: str) -> None:
    keys = client.torrents_info()[0].keys()
    assert ("private" in keys) == (version != "4.6.7")
    assert ("pieces_have" in keys) == (version == "5.2.3")


def test_categories_must_exist_to_be_set(client: qbittorrentapi.Client, swarm: Swarm) -> None:
    own = swarm.hash("book")
    add(client, swarm.file("book"))
    with pytest.raises(qbittorrentapi.Conflict409Error):
        client.torrents_set_category(category="new", torrent_hashes=own)
    client.torrents_create_category(name="new", save_path="/somewhere")
    with pytest.raises(qbittorrentapi.Conflict409Error):
        client.torrents_create_category(name="new")
    client.torrents_set_category(category="new", torrent_hashes=own)
    assert [row["hash"] for row in client.torrents_info(category="new")] == [own]
    assert client.torrents_categories()["new"]["savePath"] == "/somewhere"
    client.torrents_remove_tags(tags="x", torrent_hashes=own)
    assert client.torrents_info(torrent_hashes=own)[0]["tags"] == "mam"


def test_a_delta_holds_only_what_changed(client: qbittorrentapi.Client, swarm: Swarm, clock: Clock) -> None:
    own = swarm.hash("book")
    client.auth_log_in()  # the client forgets the rid when its first call has to log in
    first = client.sync.maindata.delta()
    assert first["full_update"] is True
    assert len(first["torrents"]) == 3
    assert isinstance(first["server_state"]["global_ratio"], str)
    add(client, swarm.file("book"))
    second = client.sync.maindata.delta()
    assert "full_update" not in second
    assert "hash" not in second["torrents"][own]
    assert list(second["torrents"]) == [own]
    assert second["tags"] == ["mam", "x"]
    clock.now += 6
    third = client.sync.maindata.delta()
    assert third["torrents"][own]["state"] == "downloading"
    assert "name" not in third["torrents"][own]
    client.torrents_delete(torrent_hashes=own)
    assert client.sync.maindata.delta()["torrents_removed"] == [own]


def test_a_new_log_in_and_an_unknown_rid_need_a_full_update(client: qbittorrentapi.Client, server: TwinServer) -> None:
    rid = client.sync_maindata()["rid"]
    assert client.sync_maindata(rid=rid + 5)["full_update"] is True
    rid = client.sync_maindata()["rid"]
    server.set_fault(Fault.SESSION_EXPIRED)
    assert client.sync_maindata(rid=rid)["full_update"] is True


def test_the_free_space_can_be_made_small(client: qbittorrentapi.Client, twin: QBittorrentTwin) -> None:
    twin.control("free_space", {"bytes": 1000})
    assert client.sync_maindata()["server_state"]["free_space_on_disk"] == 1000
    twin.control("free_space", {"bytes": None})
    assert client.sync_maindata()["server_state"]["free_space_on_disk"] > 1000


@pytest.mark.parametrize(
    "order", [("fly", {}), ("remove", {"hash": "nope"}), ("force", {"hash": "nope", "state": "odd"})]
)
def test_a_twin_refuses_what_it_cannot_do(server: TwinServer, order: tuple[str, dict[str, str]]) -> None:
    answer = httpx.post(
        f"{server.address}/_twin/do/{order[0]}", json=order[1], trust_env=False, timeout=PATIENCE_SECONDS
    )
    assert answer.status_code == 400
