"""How a client logs in to the twin of qBittorrent, stays so, and is kept out."""

from __future__ import annotations

import httpx
import pytest
import qbittorrentapi

from mam_assets.sandbox.twins.qbittorrent_versions import PROFILES
from mam_assets.sandbox.twins.serving import Fault, TwinServer
from tests.patience import PATIENCE_SECONDS
from tests.sandbox.qbittorrent.conftest import Clock, client_of


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
    with httpx.Client(base_url=server.address, trust_env=False, timeout=PATIENCE_SECONDS) as plain:
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
    answer = httpx.get(f"{server.address}/api/v2/torrents/info", trust_env=False, timeout=PATIENCE_SECONDS)
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
    answer = httpx.get(
        f"{server.address}/api/v2/app/version", headers=headers, trust_env=False, timeout=PATIENCE_SECONDS
    )
    assert answer.status_code == (200 if version == "5.2.3" else 403)


def test_after_log_out_the_session_is_gone(client: qbittorrentapi.Client, server: TwinServer) -> None:
    client.auth_log_in()
    client.auth_log_out()
    assert not client.is_logged_in


def test_calls_that_change_take_only_post_and_unknown_ones_are_not_found(server: TwinServer, version: str) -> None:
    with httpx.Client(base_url=f"{server.address}/api/v2", trust_env=False, timeout=PATIENCE_SECONDS) as plain:
        plain.post("/auth/login", data={"username": "admin", "password": "right"})
        assert plain.get("/torrents/delete", params={"hashes": "all", "deleteFiles": "true"}).status_code == 405
        assert plain.get("/torrents/nonsense").status_code == 404
        old, new = (
            plain.post("/torrents/pause", data={"hashes": "x"}),
            plain.post("/torrents/stop", data={"hashes": "x"}),
        )
        assert [old.status_code, new.status_code] == ([200, 404] if version == "4.6.7" else [404, 200])
        assert plain.post("/torrents/delete", data={"hashes": "x"}).status_code == 400
