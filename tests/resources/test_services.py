"""The kit: from settings to clients."""

from __future__ import annotations

import subprocess
import sys

import dagster as dg
import httpx
import pytest
from sqlalchemy import Engine

from mam_assets.domain.budgets import SERVICES
from mam_assets.resources.audiobookshelf import Audiobookshelf, AudiobookshelfResource
from mam_assets.resources.errors import RateLimited, Refused
from mam_assets.resources.services import ServiceKit, address
from mam_assets.resources.torrent_client import TorrentClient, TorrentClientResource
from mam_assets.settings import Settings


@pytest.fixture
def kit(clean_settings: Settings, clean_engine: Engine) -> ServiceKit:
    return ServiceKit.open(clean_settings, "run-1", engine=clean_engine)


def answering(status: int = 200) -> httpx.MockTransport:
    return httpx.MockTransport(lambda _: httpx.Response(status, json={}))


def test_every_service_has_an_address_and_a_client(kit: ServiceKit) -> None:
    for service in SERVICES:
        with kit.client(service, transport=answering()) as client:
            assert str(client.base_url).rstrip("/") == address(kit.settings, service)


def test_the_limits_of_the_settings_are_kept_per_run(clean_settings: Settings, clean_engine: Engine) -> None:
    settings = clean_settings.model_copy(
        update={"mam_session_limit": 2, "mam_url": "http://127.0.0.1:1", "pace_scale": 0.01}
    )
    kits = [ServiceKit.open(settings, "run-1", engine=clean_engine) for _ in range(2)]
    for one in kits:
        one.client("mam", transport=answering()).get("/")
    with pytest.raises(RateLimited, match="used its 2 requests"):
        kits[0].client("mam", transport=answering()).get("/")
    another = ServiceKit.open(settings, "run-2", engine=clean_engine)
    assert another.client("mam", transport=answering()).get("/").status_code == 200


def test_a_hurried_pace_is_honoured_on_loopback_only(clean_settings: Settings, clean_engine: Engine) -> None:
    changes = {"pace_scale": 0.01, "prowlarr_url": "http://localhost:9696"}
    kit = ServiceKit.open(clean_settings.model_copy(update=changes), engine=clean_engine)
    scales: dict[str, float] = kit.gate._scales  # type: ignore[attr-defined]
    assert (scales["prowlarr"], scales["mam"], scales["goodreads"]) == (0.01, 1.0, 1.0)


def test_kits_without_a_run_are_sessions_of_their_own(clean_settings: Settings, clean_engine: Engine) -> None:
    keys = {ServiceKit.open(clean_settings, engine=clean_engine).gate._session_key for _ in range(3)}  # type: ignore[attr-defined]
    assert len(keys) == 3


def test_a_dry_run_reaches_every_client(clean_settings: Settings, clean_engine: Engine) -> None:
    kit = ServiceKit.open(clean_settings.model_copy(update={"mam_dry_run": True}), engine=clean_engine)
    with pytest.raises(Refused, match="dry run"):
        Audiobookshelf.from_kit(kit).scan("library")
    with pytest.raises(Refused, match="dry run"):
        TorrentClient.from_kit(kit).remove("f" * 40, delete_files=False)


def test_the_settings_secrets_are_hidden(clean_settings: Settings, clean_engine: Engine) -> None:
    settings = Settings(
        _env_file=None,
        abs_token="abs-token-value",
        qbittorrent_password="qb-password",
        database_url=clean_settings.database_url,
    )
    kit = ServiceKit.open(settings, engine=clean_engine)
    assert kit.redactor.clean("abs-token-value and qb-password") == "<hidden> and <hidden>"


@pytest.fixture
def environment(clean_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clean_settings.database_url is not None
    monkeypatch.setenv("DATABASE_URL", clean_settings.database_url.get_secret_value())


@pytest.mark.usefixtures("environment")
def test_dagster_vends_the_plain_clients() -> None:
    seen: list[object] = []

    @dg.asset
    def shelf(
        audiobookshelf: dg.ResourceParam[Audiobookshelf], torrent_client: dg.ResourceParam[TorrentClient]
    ) -> dg.MaterializeResult[None]:
        seen.extend((audiobookshelf, torrent_client))
        return dg.MaterializeResult()

    resources = {
        "audiobookshelf": AudiobookshelfResource(url="http://127.0.0.1:1"),
        "torrent_client": TorrentClientResource(),
    }
    assert dg.materialize([shelf], resources=resources).success
    assert [type(client) for client in seen] == [Audiobookshelf, TorrentClient]
    assert str(seen[0]._client.base_url) == "http://127.0.0.1:1"  # type: ignore[attr-defined]


def test_the_heavy_library_is_loaded_only_when_it_is_used() -> None:
    script = "import mam_assets.resources.torrent_client, sys; sys.exit('qbittorrentapi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
