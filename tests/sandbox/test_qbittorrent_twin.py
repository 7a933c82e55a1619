"""The twin of qBittorrent as qbittorrent-api meets it, in each version that it plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import qbittorrentapi
import torf

from mam_assets.sandbox.twins.bencode import read_torrent
from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.qbittorrent_torrents import Content
from mam_assets.sandbox.twins.qbittorrent_versions import PROFILES
from mam_assets.sandbox.twins.serving import Fault, TwinServer

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


# --- log-in -----------------------------------------------------------------------------------------------------


def test_the_client_logs_in_by_itself_and_learns_the_version(client: qbittorrentapi.Client, version: str) -> None:
    assert client.app_version() == f"v{version}"
    assert client.app_web_api_version() == PROFILES[version].api
    assert client.app_build_info()["libtorrent"].startswith("2.0")
    assert client.app_preferences()["web_ui_max_auth_fail_count"] == 5
    assert client.transfer_info()["connection_status"] == "connected"


def test_the_client_first_asks_by_head(client: qbittorrentapi.Client, server: TwinServer) -> None:
    client.app_version()
    first = server.requests[0]
    assert (first.method, first.path, first.status) == ("HEAD", "/", 200)


def test_a_log_in_answers_as_its_version_does(server: TwinServer, version: str) -> None:
    with httpx.Client(base_url=server.address, trust_env=False) as plain:
        wrong = plain.post("/api/v2/auth/login", data={"username": "admin", "password": "wrong"})
        right = plain.post("/api/v2/auth/login", data={"username": "admin", "password": "right"})
    port = server.address.rpartition(":")[2]
    if version == "5.2.3":
        assert (wrong.status_code, right.status_code, right.text) == (401, 204, "")
        assert f"QBT_SID_{port}=" in right.headers["set-cookie"]
    else:
        assert (wrong.status_code, wrong.text, right.status_code, right.text) == (200, "Fails.", 200, "Ok.")
        assert right.headers["set-cookie"].startswith("SID=")


def test_five_wrong_passwords_ban_even_the_right_one_for_an_hour(server: TwinServer, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(qbittorrentapi.LoginFailed):
            client_of(server, password="wrong").auth_log_in()
    with pytest.raises(qbittorrentapi.Forbidden403Error, match="banned"):
        client_of(server).auth_log_in()
    clock.now += 3601
    client_of(server).auth_log_in()


def test_without_a_session_everything_is_forbidden(server: TwinServer) -> None:
    answer = httpx.get(f"{server.address}/api/v2/torrents/info", trust_env=False)
    assert (answer.status_code, answer.text) == (403, "Forbidden")


@pytest.mark.parametrize("cause", ["fault", "time"])
def test_an_expired_session_is_renewed_by_the_client(
    client: qbittorrentapi.Client, server: TwinServer, clock: Clock, cause: str
) -> None:
    client.app_version()
    if cause == "fault":
        server.set_fault(Fault.SESSION_EXPIRED)
    else:
        clock.now += 3601
    assert len(client.torrents_info()) == 3
    assert [logged.path for logged in server.requests].count("/api/v2/auth/login") == 2


def test_an_api_key_serves_only_since_5_2(server: TwinServer, version: str) -> None:
    headers = {"Authorization": "Bearer qbt_0123456789012345678901234567"}
    answer = httpx.get(f"{server.address}/api/v2/app/version", headers=headers, trust_env=False)
    assert answer.status_code == (200 if version == "5.2.3" else 403)


def test_after_log_out_the_session_is_gone(client: qbittorrentapi.Client, server: TwinServer) -> None:
    client.auth_log_in()
    client.auth_log_out()
    assert not client.is_logged_in


def test_calls_that_change_take_only_post_and_unknown_ones_are_not_found(server: TwinServer, version: str) -> None:
    with httpx.Client(base_url=f"{server.address}/api/v2", trust_env=False) as plain:
        plain.post("/auth/login", data={"username": "admin", "password": "right"})
        assert plain.get("/torrents/delete", params={"hashes": "all", "deleteFiles": "true"}).status_code == 405
        assert plain.get("/torrents/nonsense").status_code == 404
        old, new = (
            plain.post("/torrents/pause", data={"hashes": "x"}),
            plain.post("/torrents/stop", data={"hashes": "x"}),
        )
        assert [old.status_code, new.status_code] == ([200, 404] if version == "4.6.7" else [404, 200])
        assert plain.post("/torrents/delete", data={"hashes": "x"}).status_code == 400


# --- a torrent's life -------------------------------------------------------------------------------------------


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
    with httpx.Client(base_url=f"{server.address}/api/v2", trust_env=False) as plain:
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


@pytest.mark.parametrize("wanted", ["error", "missingFiles", "moving"])
def test_a_torrent_can_be_put_into_trouble_and_out_again(
    client: qbittorrentapi.Client, server: TwinServer, swarm: Swarm, clock: Clock, wanted: str
) -> None:
    own = swarm.hash("book")
    add(client, swarm.file("book"))
    clock.now += 3
    order = {"hash": own, "state": wanted}
    assert httpx.post(f"{server.address}/_twin/do/force", json=order, trust_env=False).status_code == 200
    clock.now += 60
    assert state(client, own) == (wanted, 0.2)
    httpx.post(f"{server.address}/_twin/do/force", json={"hash": own, "state": None}, trust_env=False)
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


# --- lists, categories, deltas ----------------------------------------------------------------------------------


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
    answer = httpx.post(f"{server.address}/_twin/do/{order[0]}", json=order[1], trust_env=False)
    assert answer.status_code == 400
