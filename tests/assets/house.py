"""Our assets beside twins of the services that they ask: a library, Goodreads, Google Books and MAM over loopback.

Nothing is laid out on disk: the assets tested here read lists and pages, no files.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.goodreads import Goodreads, Robots
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.resources.mam import Mam
from mam_assets.resources.services import ServiceKit
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.google_books import GoogleBooksTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import LaidOutWorld
from mam_assets.sandbox.world.model import BuiltRelease, OwnedItem, World
from mam_assets.settings import Settings
from tests.patience import limits_beside

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


@cache
def dagster_instance() -> dg.DagsterInstance:
    """Dagster's storage in memory, for all runs of this process: our assets read nothing of the runs before, and its
    tables take longer to make than most runs."""
    return dg.DagsterInstance.ephemeral()


@contextmanager
def _dagster_storage() -> Iterator[dg.DagsterInstance]:
    """The storage of this process; for another thread one of its own: two would lock each other out of it."""
    if threading.current_thread() is threading.main_thread():
        yield dagster_instance()
        return
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class SetClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__("UTC")
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def _unbuilt(world: World) -> LaidOutWorld:
    """The releases as MAM lists them, without content: nobody downloads here."""
    built = [
        BuiltRelease(release, b"d4:infode", f"{release.release_id:040x}", Path("/nowhere"), 50_000_000)
        for release in world.releases
    ]
    return LaidOutWorld(world, Path("/nowhere"), Path("/nowhere"), tuple(built))


class House:
    """The database, the twins, and a way to run assets of ours between them."""

    def __init__(self, engine: Engine, settings: Settings, stack: ExitStack, folder: Path, world: World) -> None:
        self.engine = engine
        self.world = world
        self.clock = SetClock()
        self.shelf_twin = AudiobookshelfTwin(folder / "library", world.owned, world=world, token="key")
        self.google_twin = GoogleBooksTwin(world, key="google")
        self.mam_twin = MamTwin(_unbuilt(world))
        self.goodreads_twin = GoodreadsTwin(world)
        twins = (self.shelf_twin, self.google_twin, self.mam_twin, self.goodreads_twin)
        self.servers = {twin.name: stack.enter_context(TwinServer(twin)) for twin in twins}
        address = {name: server.address for name, server in self.servers.items()}
        self.settings = settings.model_copy(
            update={
                "abs_url": address["audiobookshelf"],
                "abs_token": _secret("key"),
                "google_books_url": f"{address['google_books']}/books/v1",
                "google_books_api_key": _secret("google"),
                "goodreads_url": address["goodreads"],
                "mam_url": address["mam"],
                "mam_id": _secret(self.mam_twin.current_mam_id),
                "pace_scale": 0.0005,
            }
        )
        self._robots = Robots()

    # --- running ------------------------------------------------------------------------------------------------

    def run(
        self, *assets: dg.AssetsDefinition | dg.AssetChecksDefinition, ok: bool = True, **config: Mapping[str, Any]
    ) -> Run:
        """Materialise assets (with their checks), each service under a session of its own. `config` is by asset."""
        self.clock.sleep(1)
        kit = ServiceKit.open(self.settings, f"run-{uuid4().hex}", engine=self.engine)
        limits = {name: limits_beside(server) for name, server in self.servers.items()}
        clients: dict[str, Any] = {
            "audiobookshelf": Audiobookshelf.from_kit(kit, limits=limits["audiobookshelf"]),
            "google_books": GoogleBooks.from_kit(kit, limits=limits["google_books"]),
            "goodreads": Goodreads.from_kit(kit, limits=limits["goodreads"], robots=self._robots),
            "mam": Mam.from_kit(kit, limits=limits["mam"]),
        }
        try:
            with _dagster_storage() as instance:
                result = dg.materialize(
                    list(assets),
                    resources={"database": self.engine, "settings": self.settings, "clock": self.clock, **clients},
                    run_config={
                        "ops": {name: {"config": dict(value)} for name, value in config.items()},
                        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                    },
                    instance=instance,
                    raise_on_error=False,
                )
        finally:
            for client in clients.values():
                client.close()
        run = Run(result)
        assert run.ok is ok, run.error
        return run

    # --- looking ------------------------------------------------------------------------------------------------

    def rows(self, statement: str, **given: Any) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(text(statement), given).all())

    def value(self, statement: str, **given: Any) -> Any:
        with self.engine.begin() as connection:
            return connection.execute(text(statement), given).scalar()

    def column(self, statement: str, **given: Any) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(text(statement), given).scalars())

    def requests(self, service: str) -> list[Any]:
        return list(self.servers[service].requests)

    def everything(self) -> dict[str, list[Any]]:
        """The rows that a second run must leave as they are."""
        return {
            "books": self.rows(
                "SELECT id, abs_id, title, author, series, status, metadata_source FROM books ORDER BY 1"
            ),
            "authors": self.rows("SELECT id, name FROM authors ORDER BY 1"),
            "series": self.rows("SELECT id, name, goodreads_id, books_owned, books_missing FROM series ORDER BY 1"),
            "names": self.rows("SELECT series_id, name, source FROM series_names ORDER BY 1, 2, 3"),
            "entries": self.rows("SELECT id, title, status, book_id FROM catalog_entries ORDER BY 1"),
            "gaps": self.rows(
                "SELECT id, work_key, closed_date, download_status, reasons FROM missing_books ORDER BY 1"
            ),
            "corrections": self.rows("SELECT id, field_name FROM metadata_corrections ORDER BY 1"),
        }


class Run:
    """What a run reported."""

    def __init__(self, result: Any) -> None:
        self._result = result
        self.ok: bool = result.success

    def of(self, asset: str) -> dict[str, Any]:
        """The metadata of an asset's materialisation, plain values."""
        (event,) = self._result.asset_materializations_for_node(asset)
        return {name: value.value for name, value in event.metadata.items()}

    @property
    def made(self) -> set[str]:
        return {event.asset_key.path[-1] for event in self._result.get_asset_materialization_events()}

    @property
    def checks(self) -> dict[str, bool]:
        return {check.check_name: check.passed for check in self._result.get_asset_check_evaluations()}

    @property
    def error(self) -> str:
        """The innermost error of a failed run, as a person reads it."""
        for event in self._result.all_events:
            found = getattr(event.event_specific_data, "error", None)
            if found is not None:
                while found.cause is not None:
                    found = found.cause
                return str(found.message)
        return ""


def _secret(value: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(value)


def item(key: str, title: str | None, *authors: str, **changes: Any) -> OwnedItem:
    """An item of the library, one file of an hour."""
    plain = OwnedItem(
        key=key, work_id=None, folder=f"items/{key}", files=((f"{key}.m4b", 3600.0),), title=title, authors=authors
    )
    return replace(plain, **changes)


@pytest.fixture(scope="session")
def whole_world() -> World:
    return build_world(NOW)


@pytest.fixture
def house(clean_engine: Engine, clean_settings: Settings, tmp_path: Path, whole_world: World) -> Iterator[House]:
    """The house with the demo's whole world."""
    with ExitStack() as stack:
        yield House(clean_engine, clean_settings, stack, tmp_path, whole_world)


@pytest.fixture
def make_house(clean_engine: Engine, clean_settings: Settings, tmp_path: Path, whole_world: World) -> Iterator[Any]:
    """A function: the house with a library of these items; what exists outside is the whole world."""
    with ExitStack() as stack:

        def make(owned: Iterable[OwnedItem]) -> House:
            world = replace(whole_world, owned=tuple(owned))
            return House(clean_engine, clean_settings, stack, tmp_path, world)

        yield make
