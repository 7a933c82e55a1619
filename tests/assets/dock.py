"""Our acquiring assets beside twins of MAM, Prowlarr, qBittorrent and Audiobookshelf, with true files on disk.

The world is laid out once for the session and only read; each test has its own library, downloads, database and clock,
and all twins live by that clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.pool import NullPool

from mam_assets.domain.budgets import paces
from mam_assets.domain.names import normalise_person
from mam_assets.domain.wanting import work_key
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.mam import Mam
from mam_assets.resources.prowlarr import Prowlarr
from mam_assets.resources.redaction import Redactor
from mam_assets.resources.services import ServiceKit
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.resources.torrent_logins import failed_logins
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.prowlarr import ProwlarrTwin
from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.qbittorrent_torrents import contents_of
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import LaidOutWorld, lay_out
from mam_assets.sandbox.world.model import BuiltRelease, WorldWork
from mam_assets.settings import Settings
from mam_assets.store import gaps, tables
from mam_assets.store.gaps import Wanted
from tests.assets.house import Run, dagster_instance
from tests.patience import limits_beside

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEYS = {
    "abs_token": "recognisable-abs-key-1",
    "qbittorrent_password": "recognisable-password-2",
    "prowlarr_api_key": "recognisablekey3recognisablekey3",
}


class MovedClock(Clock):
    """A clock that only moves when somebody sleeps or the test says so."""

    def __init__(self) -> None:
        super().__init__("UTC")
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def seconds(self) -> float:
        return self.moment.timestamp()

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def forget_failed_logins() -> None:
    """As a new process begins: this one has run other tests."""
    failed_logins._failed.clear()


class Dock:
    """The database, the twins, and a way to run assets between them."""

    def __init__(
        self, engine: Engine, settings: Settings, stack: ExitStack, folder: Path, laid_out: LaidOutWorld
    ) -> None:
        self.engine = engine
        self.laid_out = laid_out
        self.clock = MovedClock()
        self.library = folder / "library"
        self.downloads = folder / "downloads"
        self.library.mkdir()
        self.downloads.mkdir()
        self.shelf = AudiobookshelfTwin(
            self.library, world=laid_out.world, token=KEYS["abs_token"], clock=self.clock.seconds, scan_seconds=0.3
        )
        self.client = QBittorrentTwin(
            contents_of(laid_out.releases),
            self.downloads,
            password=KEYS["qbittorrent_password"],
            clock=self.clock.seconds,
            download_seconds=60,
        )
        self.mam = MamTwin(laid_out)
        self.prowlarr = ProwlarrTwin(laid_out, api_key=KEYS["prowlarr_api_key"])
        twins = (self.shelf, self.client, self.mam, self.prowlarr)
        self.servers = {twin.name: stack.enter_context(TwinServer(twin)) for twin in twins}
        address = {name: server.address for name, server in self.servers.items()}
        self.settings = settings.model_copy(
            update={
                "abs_url": address["audiobookshelf"],
                "qbittorrent_url": address["qbittorrent"],
                "prowlarr_url": address["prowlarr"],
                "mam_url": address["mam"],
                "mam_id": SecretStr(self.mam.current_mam_id),
                "library_path": self.library,
                "qbittorrent_save_path": str(self.downloads),
                "min_free_gib": 0.0,
                **{name: SecretStr(value) for name, value in KEYS.items()},
            }
        )
        forget_failed_logins()

    # --- running ------------------------------------------------------------------------------------------------

    def change(self, **settings: Any) -> None:
        """Settings that hold for the runs to come."""
        secret = {name for name in settings if name in KEYS or name == "mam_id"}
        self.settings = self.settings.model_copy(
            update={name: SecretStr(value) if name in secret else value for name, value in settings.items()}
        )

    def kit(self) -> ServiceKit:
        settings = self.settings
        gate = MemoryGate(
            paces(
                google_books_daily_limit=1,
                goodreads_daily_limit=1,
                mam_session_limit=settings.mam_session_limit,
            ),
            scale=0.0,
            dry_run=settings.mam_dry_run,
            clock=self.clock.now,
            sleep=self.clock.sleep,
            dice=lambda: 0.5,
        )
        return ServiceKit(settings, self.engine, gate, Redactor(settings.secrets()))

    def run(
        self,
        *assets: dg.AssetsDefinition | dg.AssetChecksDefinition,
        ok: bool = True,
        meddle: Callable[[dict[str, Any]], None] = lambda resources: None,
        **config: Mapping[str, Any],
    ) -> Run:
        """Materialise assets as one run, one session at MAM. `meddle` may change its resources before."""
        self.clock.sleep(1)
        kit = self.kit()
        limits = {name: limits_beside(server) for name, server in self.servers.items()}
        clients = {
            "audiobookshelf": Audiobookshelf.from_kit(kit, limits=limits["audiobookshelf"]),
            "prowlarr": Prowlarr.from_kit(kit, limits=limits["prowlarr"]),
            "mam": Mam.from_kit(kit, limits=limits["mam"]),
        }
        torrent_client = TorrentClient.from_kit(kit, limits=limits["qbittorrent"])
        torrent_client._sleep = self.clock.sleep
        resources = {
            "database": self.engine,
            "settings": self.settings,
            "clock": self.clock,
            "torrent_client": torrent_client,
            **clients,
        }
        meddle(resources)
        try:
            result = dg.materialize(
                list(assets),
                resources=resources,
                run_config={
                    "ops": {name: {"config": dict(value)} for name, value in config.items()},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=dagster_instance(),
                raise_on_error=False,
            )
        finally:
            for client in clients.values():
                client.close()
        run = Run(result)
        assert run.ok is ok, run.error
        return run

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.clock.moment += timedelta(**span)

    # --- the world ----------------------------------------------------------------------------------------------

    def release(self, release_id: int) -> BuiltRelease:
        return self.laid_out.release(release_id)

    def work(self, release_id: int) -> WorldWork:
        (work_id,) = self.release(release_id).release.work_ids
        return next(work for work in self.laid_out.world.works if work.work_id == work_id)

    def want(
        self, release_id: int, *, known_author: bool = True, priority: int = 2, runtime: float | None = None
    ) -> int:
        """Open the gap for which a release of the world is offered; returns its id."""
        work = self.work(release_id)
        series = next((s for s in self.laid_out.world.series if s.series_id == work.series_id), None)
        with self.engine.begin() as connection:
            author_id = self._author(connection, work.authors[0]) if known_author else None
            key = work_key(work.title, work.authors)
            wanted = Wanted(
                work_key=key,
                title=work.title,
                authors=work.authors,
                reason="series_gap",
                author_id=author_id,
                series_name=series.name if series else None,
                series_number=work.position,
                other_titles=work.other_titles,
                priority=priority,
            )
            gap_id = gaps.write_wanted(connection, [wanted], self.clock.now()).open_ids[key]
            connection.execute(
                text("UPDATE missing_books SET expected_runtime_seconds = :s WHERE id = :id"),
                {"s": runtime, "id": gap_id},
            )
            return gap_id

    def _author(self, connection: Any, name: str) -> int:
        table = tables.Author.__table__
        found = connection.execute(select(table.c.id).where(table.c.name == name)).scalar()
        if found is None:
            row = {"name": name, "name_key": normalise_person(name)}
            row = {key: value for key, value in row.items() if key in table.c}
            found = connection.execute(insert(table).values(**row).returning(table.c.id)).scalar_one()
        return int(found)

    def approve_held(self) -> None:
        """A person takes every release that was held: what Prowlarr shows often lacks the proof."""
        with self.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO users (name, role) VALUES ('someone', 'admin') ON CONFLICT DO NOTHING")
            )
            connection.execute(
                text("UPDATE release_decisions SET approved_by = (SELECT id FROM users LIMIT 1) WHERE verdict = 'hold'")
            )

    def ours(self) -> dict[str, str]:
        """The torrents of our category in the client: info-hash → state."""
        self.client.torrents.advance()
        rows = self.client.torrents.rows.values()
        return {row.hash: self.client.torrents.state(row) for row in rows if row.category == "mam-assets"}

    def in_library(self) -> list[str]:
        return sorted(str(path.relative_to(self.library)) for path in self.library.rglob("*") if path.is_file())

    def cut_connections(self) -> None:
        """Everybody's connection to the database ends, as when the server is restarted."""
        with create_engine(self.engine.url, poolclass=NullPool).begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    # --- looking ------------------------------------------------------------------------------------------------

    def rows(self, statement: str, **given: Any) -> list[Any]:
        with self.engine.begin() as connection:
            return list(connection.execute(text(statement), given).all())

    def download(self, gap_id: int) -> Any:
        """The one download of a gap."""
        (row,) = self.rows("SELECT * FROM downloads WHERE missing_book_id = :gap", gap=gap_id)
        return row

    def gap(self, gap_id: int) -> Any:
        (row,) = self.rows("SELECT * FROM missing_books WHERE id = :gap", gap=gap_id)
        return row

    def blocked(self) -> list[str]:
        return [row.guid_key for row in self.rows("SELECT guid_key FROM blocked_releases ORDER BY id")]

    def requests(self, service: str, path: str = "") -> list[Any]:
        return [request for request in self.servers[service].requests if path in request.path]


@pytest.fixture(scope="session")
def built_world(tmp_path_factory: pytest.TempPathFactory) -> LaidOutWorld:
    """The releases with an oddity of their own and some ordinary ones, with content; no library."""
    world = build_world(NOW)
    few = tuple(release for release in world.releases if release.release_id <= 1050)
    return lay_out(replace(world, releases=few, owned=()), tmp_path_factory.mktemp("built"))


@pytest.fixture
def dock(clean_engine: Engine, clean_settings: Settings, tmp_path: Path, built_world: LaidOutWorld) -> Iterator[Dock]:
    """A dock of the test's own."""
    with ExitStack() as stack:
        dock = Dock(clean_engine, clean_settings, stack, tmp_path, built_world)
        yield dock
        assert dock.client.touched_foreign == [], "a torrent that is not ours was changed"
        assert dock.mam.violations == []
        assert not [report for server in dock.servers.values() for report in server.crashes]
