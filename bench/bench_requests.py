"""How many requests a month's rounds ask of each service, and how many days they take.

Run `python bench/bench_requests.py`, with `--books N` for another size; it prints a table and ends with 1 where a limit
of a service was exceeded. Everything is the real thing: the planner, the assets with their due-queries and clients, the
gate on a real PostgreSQL, over loopback to the twins, whose own logs are counted. Only time is made up: each request
moves the clock by the pace of its service, and between two runs it goes on to the next tick.

What is asked beside the rounds (searches for gaps, the daily scan, new imports) is not counted; gaps are taken to be
due all the time, so that a round has half of each session at MAM only.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import SecretStr
from request_world import NOW, ByShelf, Shelf, build_shelves, unbuilt, whole
from sqlalchemy import Engine, text

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.domain.budgets import SERVICES, Pace, budget_day, paces
from mam_assets.domain.rounds import Lane, LaneState, Start
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import connect
from mam_assets.resources.goodreads import Goodreads, Robots
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.resources.mam import Mam
from mam_assets.resources.postgres_gate import PostgresGate
from mam_assets.resources.redaction import Redactor
from mam_assets.resources.services import ServiceKit
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.google_books import GoogleBooksTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.serving import Twin, TwinServer
from mam_assets.sensors.rounds import Ran, decide, run_config
from mam_assets.settings import Settings, load_settings
from mam_assets.store import embedded

BOOKS = 7_500
TICK = timedelta(minutes=20)
MOST_DAYS = 60
_TOKEN, _KEY = "bench-library-key", "bench-google-key"
_UNHURRIED = 1e-9
_ASSETS = {Lane.SERIES: series_catalog, Lane.AUTHORS: author_catalog, Lane.METADATA: book_metadata}


class MadeUpClock(Clock):
    """Time as the bench has it: moved by requests, by pauses and by ticks."""

    def __init__(self) -> None:
        super().__init__("UTC")
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def today(self) -> date:
        return self.moment.date()

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class CountingGate(PostgresGate):
    """The real gate, with the pace spent on the made-up clock. ``days`` has the budget's day of each turn, in order."""

    def __init__(self, engine: Engine, pace: dict[str, Pace], clock: MadeUpClock, session: str, days: Days) -> None:
        super().__init__(
            engine,
            pace,
            session_key=session,
            scales=dict.fromkeys(SERVICES, _UNHURRIED),
            clock=clock.now,
            sleep=clock.sleep,
        )
        self._made_up, self._pace, self._days = clock, pace, days

    @contextmanager
    def turn(self, service: str, call: str) -> Iterator[None]:
        """As the real one; counts the turn once it was given."""
        pace = self._pace[service]
        with super().turn(service, call):
            self._days.setdefault(service, []).append(budget_day(pace, self._made_up.now()))
            yield
        self._made_up.sleep((pace.min_gap_seconds + pace.max_gap_seconds) / 2)


Days = dict[str, list[date]]


@dataclass
class House:
    """A database, twins, and what ran in them."""

    engine: Engine
    settings: Settings
    servers: dict[str, TwinServer]
    clock: MadeUpClock = field(default_factory=MadeUpClock)
    days: Days = field(default_factory=dict)
    ran: dict[Lane, Ran] = field(default_factory=lambda: dict.fromkeys(Lane, Ran()))
    runs: Counter[str] = field(default_factory=Counter)
    robots: Robots = field(default_factory=Robots)

    @property
    def paces(self) -> dict[str, Pace]:
        """The pace of each service, by the settings."""
        return paces(
            google_books_daily_limit=self.settings.google_books_daily_limit,
            goodreads_daily_limit=self.settings.goodreads_daily_limit,
            mam_session_limit=self.settings.mam_session_limit,
        )

    def read_library(self) -> None:
        """Read all of Audiobookshelf: what waits is known then."""
        self._run(books, {})

    def go_round(self) -> datetime:
        """Tick until nothing waits; when that was. Raises RuntimeError after 60 days."""
        end = self.clock.now() + timedelta(days=MOST_DAYS)
        while True:
            with self.engine.begin() as connection:
                decided, lanes = decide(
                    connection, self.settings, self.clock.now(), self.ran, busy=None, searching=False, searches_due=1
                )
            if decided.start is not None:
                self._take(decided.start, lanes[decided.start.lane])
            elif not any(lane.waiting for lane in lanes.values()):
                return self.clock.now()
            if self.clock.now() > end:
                raise RuntimeError(f"the round is not done after {MOST_DAYS} days: {'; '.join(decided.waits)}")
            self.clock.moment += TICK

    def _take(self, start: Start, lane: LaneState) -> None:
        before = self.ran[start.lane]
        self.ran[start.lane] = Ran(self.clock.now(), (lane.waiting, *before.waited)[:3])
        self.runs[start.lane.value] += 1
        self._run(_ASSETS[start.lane], run_config(start))

    def _run(self, asset: dg.AssetsDefinition, config: dict[str, Any]) -> None:
        session = f"bench-{self.runs.total()}"
        gate = CountingGate(self.engine, self.paces, self.clock, session, self.days)
        kit = ServiceKit(self.settings, self.engine, gate, Redactor(self.settings.secrets()))
        clients: dict[str, Any] = {
            "audiobookshelf": Audiobookshelf.from_kit(kit),
            "google_books": GoogleBooks.from_kit(kit),
            "goodreads": Goodreads.from_kit(kit, robots=self.robots),
            "mam": Mam.from_kit(kit),
        }
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        try:
            result = dg.materialize(
                [asset],
                resources={"database": self.engine, "settings": self.settings, "clock": self.clock, **clients},
                run_config=config | quiet,
            )
        finally:
            for client in clients.values():
                client.close()
        assert result.success


def play(shelves: list[Shelf], folder: Path) -> dict[str, Twin]:
    """The twins that answer for a world of any size."""
    world = whole(shelves)
    small = [shelf.world() for shelf in shelves]
    library = AudiobookshelfTwin(folder / "library", world.owned, world=None, token=_TOKEN)
    audible = [
        AudiobookshelfTwin(folder / f"shelf-{place}", shelf.owned, world=one, token=_TOKEN)
        for place, (shelf, one) in enumerate(zip(shelves, small, strict=True))
    ]
    twins: list[Twin] = [
        ByShelf(shelves, audible, otherwise=library, only="/api/search/"),
        ByShelf(shelves, [GoogleBooksTwin(one, key=_KEY) for one in small]),
        ByShelf(shelves, [GoodreadsTwin(one) for one in small]),
        MamTwin(unbuilt(world)),
    ]
    return {twin.name: twin for twin in twins}


@contextmanager
def furnished(shelves: list[Shelf], engine: Engine, settings: Settings, folder: Path) -> Iterator[House]:
    """The house with its twins on loopback."""
    with ExitStack() as stack:
        twins = play(shelves, folder)
        servers = {name: stack.enter_context(TwinServer(twin)) for name, twin in twins.items()}
        address = {name: server.address for name, server in servers.items()}
        mam = twins["mam"]
        assert isinstance(mam, MamTwin)
        there = {
            "abs_url": address["audiobookshelf"],
            "abs_token": SecretStr(_TOKEN),
            "google_books_url": f"{address['google_books']}/books/v1",
            "google_books_api_key": SecretStr(_KEY),
            "goodreads_url": address["goodreads"],
            "mam_url": address["mam"],
            "mam_id": SecretStr(mam.current_mam_id),
            "pace_scale": 0.0001,
            "timezone": "UTC",
        }
        yield House(engine, settings.model_copy(update=there), servers)


@dataclass(frozen=True)
class Asked:
    """What a service was asked in a month. ``limit`` is that of a day, or of a run; None where there is none."""

    service: str
    requests: int
    most: int
    limit: int | None
    per: str

    @property
    def exceeded(self) -> bool:
        return self.limit is not None and self.most > self.limit


def asked_of(house: House) -> list[Asked]:
    """By the twins' own logs; a day is that of the service's budget. Raises RuntimeError where they hold other requests
    than the gate let through."""
    found = []
    for service, server in sorted(house.servers.items()):
        days = house.days.get(service, [])
        if len(server.requests) != len(days):
            raise RuntimeError(f"{service} saw {len(server.requests)} requests, the gate let {len(days)} through")
        pace = house.paces[service]
        if pace.session_limit is not None:
            with house.engine.begin() as connection:
                most = connection.execute(
                    text("SELECT coalesce(max(used), 0) FROM service_sessions WHERE service = :s"), {"s": service}
                ).scalar_one()
            found.append(Asked(service, len(days), most, pace.session_limit, "run"))
        else:
            found.append(Asked(service, len(days), max(Counter(days).values(), default=0), pace.daily_limit, "day"))
    return found


@dataclass(frozen=True)
class Measured:
    """A whole round."""

    asked: list[Asked]
    days: float
    runs: Counter[str]
    known: dict[str, int]


def measure(engine: Engine, settings: Settings, number: int, folder: Path) -> Measured:
    """Read a library of so many books and go round it once."""
    with furnished(build_shelves(number), engine, settings, folder) as house:
        house.read_library()
        began = house.clock.now()
        ended = house.go_round()
        with engine.begin() as connection:
            known = {
                name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
                for name in ("books", "series", "authors", "catalog_entries", "metadata_corrections")
            }
        return Measured(asked_of(house), (ended - began) / timedelta(days=1), house.runs, known)


def main(arguments: list[str]) -> int:
    """Measure and print; 1 where a limit was exceeded."""
    parser = argparse.ArgumentParser(description="Requests that a month's rounds ask of each service.")
    parser.add_argument("--books", type=int, default=BOOKS, help="Size of the library.")
    wanted = parser.parse_args(arguments)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="mam-assets-bench-") as name:
        Path(name).chmod(0o711)  # where root runs this, the server's own user passes through
        data_dir = Path(name) / "data"
        settings = load_settings(_env_file=None, database_url=None, data_dir=data_dir)
        engine = connect(settings)
        try:
            measured = measure(engine, settings, wanted.books, Path(name))
        finally:
            engine.dispose()
            embedded.leave(data_dir)
    show(measured)
    print(f"\nMeasured in {time.perf_counter() - began:.0f} s of real time.")
    return int(any(asked.exceeded for asked in measured.asked))


def show(measured: Measured) -> None:
    """Print the table."""
    known = measured.known
    print(
        f"{known['books']:,} books, {known['series']:,} series, {known['authors']:,} authors, nothing known before.\n"
    )
    print(f"{'service':16}{'a month':>10}{'most':>8}{'limit':>8}  per")
    for asked in measured.asked:
        limit = "none" if asked.limit is None else f"{asked.limit:,}"
        note = "  EXCEEDED" if asked.exceeded else ""
        print(f"{asked.service:16}{asked.requests:>10,}{asked.most:>8,}{limit:>8}  {asked.per}{note}")
    runs = ", ".join(f"{count} of {lane}" for lane, count in sorted(measured.runs.items()))
    print(f"\nA full round takes {measured.days:.1f} days in {measured.runs.total()} runs ({runs}).")
    found = f"{known['catalog_entries']:,} catalogue entries, {known['metadata_corrections']:,} fields corrected"
    print(f"It found {found}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
