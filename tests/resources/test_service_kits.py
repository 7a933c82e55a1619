"""The four clients as settings make them: through the shared gate, with the cookie kept in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from mam_assets.resources.errors import NotAuthorised, Refused
from mam_assets.resources.goodreads import Goodreads, GoodreadsResource
from mam_assets.resources.google_books import GoogleBooks, GoogleBooksResource
from mam_assets.resources.mam import Mam, MamResource
from mam_assets.resources.prowlarr import Prowlarr, ProwlarrResource
from mam_assets.resources.services import ServiceKit
from mam_assets.sandbox.twins.mam import FIRST_MAM_ID, MamTwin
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import lay_out
from mam_assets.settings import Settings


@pytest.fixture
def twin(tmp_path: Path) -> MamTwin:
    world = build_world(datetime(2026, 3, 1, 12, tzinfo=UTC))
    return MamTwin(lay_out(replace(world, releases=world.releases[:3], owned=()), tmp_path))


@pytest.fixture
def server(twin: MamTwin) -> Iterator[TwinServer]:
    with TwinServer(twin) as server:
        yield server


def changed(settings: Settings, **environment: object) -> Settings:
    return Settings.model_validate({**settings.model_dump(exclude_unset=True), "pace_scale": 0.001, **environment})


def test_the_cookie_survives_from_client_to_client(
    clean_settings: Settings, clean_engine: Engine, twin: MamTwin, server: TwinServer
) -> None:
    """Prowlarr PR #2205: mam_id rotates on each answer and must be stored."""
    settings = changed(clean_settings, mam_url=server.address, mam_id=FIRST_MAM_ID)
    for run in ("run-1", "run-2"):
        mam = Mam.from_kit(ServiceKit.open(settings, run, engine=clean_engine))
        assert mam.check() == "demo"
        assert mam.user().username == "demo"
        mam.close()
    assert twin.current_mam_id != FIRST_MAM_ID
    assert twin.violations == []
    with clean_engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM service_cookies")).scalar_one() == twin.current_mam_id


def test_a_dead_session_leaves_the_kept_cookie_and_a_new_one_replaces_it(
    clean_settings: Settings, clean_engine: Engine, twin: MamTwin, server: TwinServer
) -> None:
    settings = changed(clean_settings, mam_url=server.address, mam_id=FIRST_MAM_ID)
    mam = Mam.from_kit(ServiceKit.open(settings, "run-1", engine=clean_engine))
    mam.check()
    kept = twin.current_mam_id
    twin.expire_session()
    with pytest.raises(NotAuthorised) as caught:
        mam.check()
    assert kept not in str(caught.value)
    with clean_engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM service_cookies")).scalar_one() == kept
    mam.close()
    twin.control("session", {"mam_id": "made%3Danew"})
    anew = changed(settings, mam_id="made%3Danew")
    mam = Mam.from_kit(ServiceKit.open(anew, "run-2", engine=clean_engine))
    assert mam.check() == "demo"
    mam.close()


def test_without_credentials_clients_are_made_and_say_what_is_missing(
    clean_settings: Settings, clean_engine: Engine
) -> None:
    kit = ServiceKit.open(changed(clean_settings, goodreads_enabled=False), engine=clean_engine)
    with pytest.raises(NotAuthorised, match="MAM_ID"):
        Mam.from_kit(kit).check()
    with pytest.raises(Refused, match="GOODREADS_ENABLED"):
        Goodreads.from_kit(kit).book("1")
    assert isinstance(Prowlarr.from_kit(kit), Prowlarr)
    assert isinstance(GoogleBooks.from_kit(kit), GoogleBooks)


@pytest.mark.parametrize(
    ("resource", "client"),
    [
        (MamResource(url="http://127.0.0.1:1"), Mam),
        (ProwlarrResource(), Prowlarr),
        (GoogleBooksResource(), GoogleBooks),
        (GoodreadsResource(), Goodreads),
    ],
)
def test_each_resource_vends_its_plain_client(
    resource: dg.ConfigurableResource[object],
    client: type,
    bare_environment: None,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = resource.create_resource(dg.build_init_resource_context())
    assert isinstance(made, client)
